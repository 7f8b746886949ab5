//! Sockets of the chat, to be included by the application.

use chanx::routing::{Routes, path};
use chanx::{Consumer, Endpoint};

use crate::consumer::RoomConsumer;

pub(crate) fn router() -> Routes<Endpoint> {
    Routes::new([path("chat/<slug:room>/", RoomConsumer::endpoint()).name("room")])
}
