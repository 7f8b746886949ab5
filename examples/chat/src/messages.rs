//! What the page and the server say to each other, and what servers tell their consumers.

use chanx::Message;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::{ChatMessage, Page};
use crate::people::Person;
use crate::words::Words;

/// What the page may send. Answers repeat the `ref` of the message.
#[derive(Debug, PartialEq, Message)]
#[message(incoming)]
pub(crate) enum Incoming {
    /// Says something to the room. Answered with `sent`.
    Say(Words),
    /// Says something to one member alone. Answered with `sent`.
    Whisper {
        /// The member's id.
        to: i64,
        /// What to say.
        text: Words,
    },
    /// Tells the others whether a message is being written.
    Typing {
        /// Whether it still is.
        is_typing: bool,
    },
    /// Asks for the page of messages before this one.
    LoadHistory {
        /// A message's id.
        before: i64,
    },
    /// Everything up to this message has been seen.
    Read {
        /// A message's id.
        up_to: i64,
    },
}

/// What the page is sent by its own consumer.
#[derive(Debug, PartialEq, Message)]
#[message(outgoing)]
pub(crate) enum Outgoing {
    /// Who belongs to the room, and who of them is there.
    Roster {
        /// By name.
        members: Vec<Person>,
        /// The ids of those who are there.
        online: Vec<i64>,
    },
    /// A page of the room's messages.
    History(Page),
    /// The client's own message, as it was kept.
    Sent(ChatMessage),
    /// Somebody became a member, or is one no longer.
    Membership(ChatMessage),
    /// A message was understood but not obeyed.
    Refused {
        /// For programs.
        reason: Reason,
        /// For people.
        detail: String,
    },
}

/// Why a message is not obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Too many messages in too short a time.
    TooFast,
    /// A whisper to somebody who is not a member of the room.
    NotAMember,
    /// A whisper to oneself.
    Oneself,
}

/// What the members of a room send one another.
#[derive(Debug, PartialEq, Message)]
pub(crate) enum RoomMessage {
    /// Somebody said something to the room.
    Said(ChatMessage),
    /// Somebody said something to this user alone, perhaps in another room.
    Whispered {
        /// Where it was said.
        room: RoomLink,
        /// What was said.
        message: ChatMessage,
    },
    /// Somebody is writing, or has stopped.
    Typing {
        /// Who it is.
        person: Person,
        /// Whether a message is still being written.
        is_typing: bool,
    },
    /// The first connection of a member.
    Online(Person),
    /// The last connection of a member is gone.
    Offline(Person),
}

/// What pages tell the consumers of a room.
#[derive(Debug, PartialEq, Message)]
pub(crate) enum RoomEvent {
    /// Somebody became a member.
    Joined(ChatMessage),
    /// Somebody is a member no longer.
    Left(ChatMessage),
}

/// Where a room is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RoomLink {
    /// Its part of the address.
    pub(crate) slug: String,
    /// As people call it.
    pub(crate) name: String,
}
