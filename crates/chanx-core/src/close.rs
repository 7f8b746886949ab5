//! Close codes: what each one means, what a client should do about it, and which may stand in a close frame.
//!
//! The codes below 3000 are those of RFC 6455, section 7.4.1, and of its registry; those from 4000 on are chanx's own.

use std::fmt;

/// The longest reason in bytes: a control frame carries 125 (RFC 6455, section 5.5), and the code takes two of them.
pub const MAX_REASON_LEN: usize = 123;

/// Why a connection ends, as a number that is allowed in a close frame.
///
/// A value of this type is always sendable, so neither side can be made to write a code that the other must refuse.
///
/// ```
/// use chanx_core::close::CloseCode;
///
/// assert_eq!(CloseCode::try_from(1001), Ok(CloseCode::GOING_AWAY));
/// assert_eq!(CloseCode::refused(403).to_string(), "4403");
/// assert!(CloseCode::try_from(1006).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server shuts down, or the page of the client was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the rules of the WebSocket protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// The peer sent a kind of data that is not served here.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// A rule of the application forbids what the peer did.
    pub const POLICY: Self = Self(1008);
    /// A message is larger than the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The server failed; the reason names the entry in its log.
    pub const INTERNAL: Self = Self(1011);
    /// The server restarts.
    pub const RESTART: Self = Self(1012);
    /// The server has too much to do at present.
    pub const TRY_AGAIN: Self = Self(1013);
    /// Nothing was heard from the client for too long, not even the answer to a ping.
    pub const IDLE: Self = Self(4408);
    /// The client reads more slowly than messages arrive for it, and its queue was full.
    pub const TOO_SLOW: Self = Self(4413);

    /// The code for a client that authentication or permissions turned away with an HTTP `status`: 4000 + status.
    ///
    /// A status has three digits; anything above 999 counts as 999. No refusal uses the statuses 408 and 413, whose
    /// codes are [`IDLE`](Self::IDLE) and [`TOO_SLOW`](Self::TOO_SLOW).
    #[must_use]
    pub const fn refused(status: u16) -> Self {
        Self(4000 + if status < 1000 { status } else { 999 })
    }

    /// Whether `code` may stand in a close frame, in either direction: 1000 to 1003, 1007 to 1014, 3000 to 4999.
    ///
    /// The others are unassigned, or only describe an end without a close frame (RFC 6455, sections 7.4.1 and 7.4.2).
    #[must_use]
    pub const fn is_sendable(code: u16) -> bool {
        matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// The entry of [`CLOSE_CODES`] for this code; an application's own codes have none.
    #[must_use]
    pub fn info(self) -> Option<&'static CloseCodeInfo> {
        CLOSE_CODES.iter().find(|info| info.code == self)
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        if Self::is_sendable(code) { Ok(Self(code)) } else { Err(InvalidCloseCode(code)) }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number that no close frame may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("close code {0} cannot be sent; 1000 to 1003, 1007 to 1014 and 3000 to 4999 can")]
pub struct InvalidCloseCode(pub u16);

/// What a close frame says.
///
/// Without a code the frame is empty on the wire, and the reason is not sent (RFC 6455, section 5.5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloseFrame {
    /// Why the connection ends.
    pub code: Option<CloseCode>,
    /// A few words for the log of the other side; of more than [`MAX_REASON_LEN`] bytes only the beginning is sent.
    pub reason: String,
}

impl CloseFrame {
    /// A close frame with a code and a reason, which may be empty.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self { code: Some(code), reason: reason.into() }
    }

    /// The part of the reason that fits into a frame, cut between two characters.
    #[must_use]
    pub fn sent_reason(&self) -> &str {
        &self.reason[..self.reason.floor_char_boundary(MAX_REASON_LEN)]
    }

    /// The payload that says this on the wire: nothing, or two bytes of code and then the reason.
    #[must_use]
    pub fn to_payload(&self) -> Vec<u8> {
        match self.code {
            Some(code) => [&code.as_u16().to_be_bytes(), self.sent_reason().as_bytes()].concat(),
            None => Vec::new(),
        }
    }
}

/// What a client should do after its connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAction {
    /// Nothing: the end was intended.
    StayAway,
    /// Connect again after a random delay, so that not all clients come back at once.
    Reconnect,
    /// Connect again, waiting longer after each failure.
    ReconnectWithBackOff,
    /// Connect again and ask for the messages that were missed.
    ReconnectAndResume,
    /// Let the user log in, or ask for access; connecting again as before ends the same way.
    LogIn,
    /// Look for the fault in the client's code.
    FixClient,
}

/// One line of the public table of close codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseCodeInfo {
    /// The code.
    pub code: CloseCode,
    /// What it says, for people.
    pub meaning: &'static str,
    /// What the client should do.
    pub action: ClientAction,
}

impl CloseCodeInfo {
    const fn new(code: CloseCode, meaning: &'static str, action: ClientAction) -> Self {
        Self { code, meaning, action }
    }
}

/// The close codes of a chanx server, in ascending order, for documents and clients.
///
/// A refusal with a status that is not listed has the code [`CloseCode::refused`] of it, and calls for the same action
/// as the refusals here.
pub const CLOSE_CODES: &[CloseCodeInfo] = &[
    CloseCodeInfo::new(CloseCode::NORMAL, "the connection has served its purpose", ClientAction::StayAway),
    CloseCodeInfo::new(CloseCode::GOING_AWAY, "the server goes away", ClientAction::Reconnect),
    CloseCodeInfo::new(CloseCode::PROTOCOL, "a frame broke the WebSocket protocol", ClientAction::FixClient),
    CloseCodeInfo::new(CloseCode::UNSUPPORTED, "this kind of data is not served", ClientAction::FixClient),
    CloseCodeInfo::new(CloseCode::INVALID_PAYLOAD, "text was not valid UTF-8", ClientAction::FixClient),
    CloseCodeInfo::new(CloseCode::POLICY, "a rule of the application was broken", ClientAction::FixClient),
    CloseCodeInfo::new(CloseCode::TOO_BIG, "a message was larger than the limit", ClientAction::FixClient),
    CloseCodeInfo::new(CloseCode::INTERNAL, "the server failed", ClientAction::ReconnectWithBackOff),
    CloseCodeInfo::new(CloseCode::RESTART, "the server restarts", ClientAction::Reconnect),
    CloseCodeInfo::new(CloseCode::TRY_AGAIN, "the server is overloaded", ClientAction::ReconnectWithBackOff),
    CloseCodeInfo::new(CloseCode::refused(401), "authentication is required", ClientAction::LogIn),
    CloseCodeInfo::new(CloseCode::refused(403), "access is not permitted", ClientAction::LogIn),
    CloseCodeInfo::new(CloseCode::refused(404), "the requested object does not exist", ClientAction::LogIn),
    CloseCodeInfo::new(CloseCode::IDLE, "nothing was heard from the client", ClientAction::Reconnect),
    CloseCodeInfo::new(CloseCode::TOO_SLOW, "the client read too slowly", ClientAction::ReconnectAndResume),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sendable_ranges_have_sharp_edges() {
        let sendable = [1000, 1003, 1007, 1014, 3000, 3999, 4000, 4999];
        let others = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX];
        for code in sendable {
            assert_eq!(CloseCode::try_from(code).map(u16::from), Ok(code));
        }
        for code in others {
            assert_eq!(CloseCode::try_from(code), Err(InvalidCloseCode(code)));
        }
    }

    #[test]
    fn a_refusal_is_4000_and_its_status() {
        assert_eq!(CloseCode::refused(401).as_u16(), 4401);
        assert_eq!(CloseCode::refused(999).as_u16(), 4999);
        assert_eq!(CloseCode::refused(u16::MAX).as_u16(), 4999);
    }

    #[test]
    fn the_table_is_sorted_and_sendable() {
        assert!(CLOSE_CODES.is_sorted_by(|a, b| a.code < b.code));
        assert!(CLOSE_CODES.iter().all(|info| CloseCode::is_sendable(info.code.as_u16())));
        assert_eq!(CloseCode::IDLE.info().map(|info| info.action), Some(ClientAction::Reconnect));
        assert_eq!(CloseCode(3000).info(), None);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let fits = CloseFrame::new(CloseCode::NORMAL, "x".repeat(MAX_REASON_LEN));
        assert_eq!(fits.sent_reason(), fits.reason);
        let two_bytes_each = CloseFrame::new(CloseCode::NORMAL, "ä".repeat(100));
        assert_eq!(two_bytes_each.sent_reason(), "ä".repeat(61));
    }
}
