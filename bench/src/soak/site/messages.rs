//! What clients and the consumer say to each other. Groups and messages have numbers.

use chanx::Message;

/// The longest text that a group message may be asked to have.
const LONGEST: u32 = 60_000;

#[derive(Message)]
pub(super) enum Incoming {
    Join(u32),
    Leave(u32),
    /// Asks for a group message with a text of `size` bytes.
    Say {
        group: u32,
        number: u32,
        #[garde(range(max = LONGEST))]
        size: u32,
    },
    Echo(#[garde(length(chars, min = 1, max = 500))] String),
    /// Makes the handler fail.
    Fail,
}

#[derive(Message)]
#[message(outgoing)]
pub(super) enum Outgoing {
    Joined(u32),
    Left(u32),
    /// The channel layer took the message of this number.
    Accepted(u32),
    /// The channel layer did not, or not for all.
    Rejected(u32),
    Echo(String),
    /// Messages may be missing.
    Missed,
}

#[derive(Message)]
pub(super) enum GroupMessage {
    Said { group: u32, number: u32, text: String },
}
