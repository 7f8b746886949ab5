//! What a failure must lead to, as the documents say it: written down once more, without the driver's help.

use tracing::Level;

use crate::journal::{Kind, Phase};
use crate::plan::Endpoint;

/// How something that the driver ran ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Ok,
    Error,
    Closed,
    Panic,
    TimedOut,
    Abandoned,
}

impl From<Kind> for End {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Error => Self::Error,
            Kind::Closed => Self::Closed,
            Kind::Panic => Self::Panic,
        }
    }
}

/// What follows: a line in the log, and for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    Nothing,
    /// A warning.
    GivenUp,
    /// An error of which the client learns nothing.
    Noted,
    /// An `error` with an id.
    Told,
    /// 1011.
    Closes,
    /// `authentication` 500, and 1011.
    Refuses,
}

pub(crate) fn follows(phase: Phase, end: End, is_ending: bool, endpoint: Endpoint) -> Follows {
    let is_before = matches!(phase, Phase::Connect | Phase::Groups | Phase::Greet);
    let is_of_a_message = matches!(phase, Phase::Message | Phase::Reading);
    match end {
        End::Ok => Follows::Nothing,
        // Nobody waits for it any more.
        End::Abandoned => Follows::GivenUp,
        // A consequence of the end, and no failure.
        End::Closed if is_ending => Follows::Nothing,
        _ if phase == Phase::Admission => Follows::Refuses,
        _ if is_before => Follows::Closes,
        _ if phase == Phase::Farewell => Follows::Noted,
        End::Panic if !endpoint.is_lenient => Follows::Closes,
        _ if is_of_a_message && endpoint.is_bare => Follows::Closes,
        _ if is_of_a_message => Follows::Told,
        _ => Follows::Noted,
    }
}

/// The line that the log must have: its level, its text, and the phase that it names.
pub(crate) fn line(follows: Follows, phase: Phase) -> Option<(Level, &'static str, Option<&'static str>)> {
    let named = Some(match phase {
        Phase::Admission => "Admission",
        Phase::Connect | Phase::Groups | Phase::Greet => "Opening",
        Phase::Reading => "Reading",
        Phase::Message => "Message",
        Phase::Event | Phase::Missed => "Event",
        Phase::Farewell => "Farewell",
    });
    Some(match follows {
        Follows::Nothing => return None,
        Follows::GivenUp => (Level::WARN, "a handler was given up after the end of its connection", named),
        Follows::Noted => (Level::ERROR, "a handler failed", named),
        Follows::Told if phase == Phase::Reading => (Level::ERROR, "a message could not be read", None),
        Follows::Told => (Level::ERROR, "a handler failed", None),
        Follows::Closes => (Level::ERROR, "the connection failed", named),
        Follows::Refuses => (Level::ERROR, "authentication failed", None),
    })
}
