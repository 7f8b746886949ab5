//! Groups, events and audiences: several connections of one site or two, over in-memory streams and with paused time.

#[path = "../support/log.rs"]
mod log;
mod site;

mod audiences;
mod blocking;
mod events;
mod foreign;
mod leaving;
mod membership;
mod pressure;
mod sending;
mod sizes;
