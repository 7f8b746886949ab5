//! In which words servers speak: JSON messages as they are, or wrapped in those of another protocol.
//!
//! A dialect says everything that differs between two servers that do the same work: what clients send and what
//! they hear, to the byte. Frames, order and counting are the same for all.

/// The words of a kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"action":…,"payload":…}`.
    Json,
    /// The same as the one argument of an event of Socket.IO, over Engine.IO. Echoes are acknowledgements.
    SocketIo,
}

/// What tells a new member that it is one.
const READY: &str = r#"{"action":"ready","payload":null}"#;

impl Dialect {
    /// What follows the path of the address in the request.
    pub(crate) fn query(self) -> &'static str {
        match self {
            Self::Json => "",
            Self::SocketIo => "?EIO=4&transport=websocket",
        }
    }

    /// What the server says first after the upgrade, and what the client answers to each; empty answers are not
    /// sent. Only the beginnings of texts are compared, because they may bring identifiers. Questions for a
    /// [sign of life](Self::sign_of_life) may come in between.
    pub(crate) fn greeting(self, is_member: bool) -> &'static [(&'static str, &'static str)] {
        match (self, is_member) {
            (Self::Json, false) => &[],
            (Self::Json, true) => &[(READY, "")],
            (Self::SocketIo, _) => &[("0{", "40"), ("40{", ""), ("42[\"ready\"", "")],
        }
    }

    /// What a client sends to get `payload` back.
    pub(crate) fn echo(self, payload: &str) -> String {
        match self {
            Self::Json => format!(r#"{{"action":"echo","payload":"{payload}"}}"#),
            Self::SocketIo => format!(r#"420["echo",{}]"#, Self::Json.echo(payload)),
        }
    }

    /// What comes back for it.
    pub(crate) fn echoed(self, payload: &str) -> String {
        match self {
            Self::Json => self.echo(payload),
            Self::SocketIo => format!("430[{}]", Self::Json.echo(payload)),
        }
    }

    /// What says that a message is dealt with, where that is wanted.
    pub(crate) fn completion(self) -> &'static str {
        match self {
            Self::Json => r#"{"action":"complete","payload":null}"#,
            // An acknowledgement says that by itself.
            Self::SocketIo => "",
        }
    }

    /// What a member sends to be heard by its group.
    pub(crate) fn say(self, payload: &str) -> String {
        match self {
            Self::Json => format!(r#"{{"action":"say","payload":"{payload}"}}"#),
            Self::SocketIo => format!(r#"42["say",{}]"#, Self::Json.say(payload)),
        }
    }

    /// What members hear.
    pub(crate) fn said(self, payload: &str, is_current: bool) -> String {
        match self {
            Self::Json => {
                format!(r#"{{"action":"said","payload":"{payload}","is_mine":false,"is_current":{is_current}}}"#)
            }
            Self::SocketIo => format!(r#"42["said",{}]"#, Self::Json.said(payload, is_current)),
        }
    }

    /// What a member sends to leave its group and join it again.
    pub(crate) fn rejoin(self, payload: &str) -> String {
        match self {
            Self::Json => format!(r#"{{"action":"rejoin","payload":"{payload}"}}"#),
            Self::SocketIo => format!(r#"420["rejoin",{}]"#, Self::Json.rejoin(payload)),
        }
    }

    /// What comes back for it.
    pub(crate) fn rejoined(self, payload: &str) -> String {
        match self {
            Self::Json => format!(r#"{{"action":"rejoined","payload":"{payload}"}}"#),
            Self::SocketIo => format!("430[{}]", Self::Json.rejoined(payload)),
        }
    }

    /// The answer to a text that is no message but asks whether the client lives.
    pub(crate) fn sign_of_life(self, text: &[u8]) -> Option<&'static str> {
        match self {
            Self::SocketIo if text == b"2" => Some("3"),
            _ => None,
        }
    }
}
