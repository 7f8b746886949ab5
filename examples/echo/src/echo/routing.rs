//! Sockets of the echo, to be included by the application.

use chanx::routing::{Routes, path};
use chanx::{Consumer, Endpoint};

use super::consumers::EchoConsumer;

pub(crate) fn router() -> Routes<Endpoint> {
    Routes::new([path("echo/", EchoConsumer::endpoint()).name("echo")])
}
