//! Groups, events and audiences: several connections of one site or two, over in-memory streams and with paused time.

mod site;

mod audiences;
mod blocking;
mod events;
mod leaving;
mod membership;
mod pressure;
mod sending;
