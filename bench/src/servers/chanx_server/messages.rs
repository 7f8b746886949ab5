//! What clients and consumers say to each other. What clients say has a rule, as in applications.

use chanx::Message;

#[derive(Message)]
pub(in crate::servers) enum EchoIncoming {
    Echo(#[garde(length(chars, min = 1, max = 500))] String),
}

#[derive(Message)]
#[message(outgoing)]
pub(in crate::servers) enum EchoOutgoing {
    Echo(String),
}

#[derive(Message)]
pub(super) enum RoomIncoming {
    Say(#[garde(length(chars, min = 1, max = 500))] String),
    Echo(#[garde(length(chars, min = 1, max = 500))] String),
    Rejoin(#[garde(length(chars, min = 1, max = 500))] String),
}

#[derive(Message)]
#[message(outgoing)]
pub(super) enum RoomOutgoing {
    Ready,
    Echo(String),
    Rejoined(String),
}

#[derive(Message)]
pub(super) enum RoomMessage {
    Said(String),
}
