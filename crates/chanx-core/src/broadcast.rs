//! A group message as the clients of one endpoint get it: read once, written once for each relation to its sender.

use std::borrow::Cow;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::builtin::Builtin;
use crate::camelize::{Naming, camelize, camelize_keys};
use crate::decode::{Rejected, decode};
use crate::deflate::Window;
use crate::encode::{EncodeError, encode};
use crate::frame::{Opcode, write_compressed, write_frame};
use crate::layer::{Content, ORIGIN_BYTES, message_format};
use crate::message::{IncomingMessage, OutgoingMessage};
use crate::session::SessionConfig;
use crate::wire::{Envelope, WireFormat};

const IS_MINE: &str = "is_mine";
const IS_CURRENT: &str = "is_current";

/// What a group message is to one of those who get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The same logged-in user sent it.
    pub is_mine: bool,
    /// This very connection sent it.
    pub is_current: bool,
}

/// A group message in the words of one endpoint, but for its origin.
#[derive(Debug)]
pub struct Broadcast {
    action: &'static str,
    /// A JSON object.
    text: Vec<u8>,
}

/// Why an endpoint's clients do not get a group message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BroadcastError {
    /// It is none of the messages that the endpoint declares, or has faults.
    #[error("the message is none of those that are declared, or has faults: {}", .0.kinds())]
    Refused(Rejected),
    /// It is no JSON object.
    #[error("the message is no JSON object")]
    NoObject,
    /// It cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl Broadcast {
    /// Reads a group message whose declared ones are `M`.
    ///
    /// # Errors
    /// Content that is not one of them, or not an object.
    pub fn new<M: IncomingMessage + OutgoingMessage>(
        content: &Content,
        wire: &WireFormat,
    ) -> Result<Self, BroadcastError> {
        match content {
            Content::Declared(text) => Self::declared::<M>(text, wire),
            Content::Raw(text) => Self::raw(text, wire),
        }
    }

    fn declared<M: IncomingMessage + OutgoingMessage>(text: &str, wire: &WireFormat) -> Result<Self, BroadcastError> {
        let message = decode::<M>(text, message_format()).map_err(BroadcastError::Refused)?.message;
        let mut text = Vec::new();
        encode(&message, &Envelope::default(), wire, &mut text)?;
        Ok(Self { action: message.action(), text })
    }

    fn raw(text: &str, wire: &WireFormat) -> Result<Self, BroadcastError> {
        let mut object: Map<String, Value> = serde_json::from_str(text).map_err(|_| BroadcastError::NoObject)?;
        object.shift_remove(IS_MINE);
        object.shift_remove(IS_CURRENT);
        let object = Value::Object(object);
        let object = match wire.naming {
            Naming::AsDeclared => object,
            // Nothing is declared here, so that everything is.
            Naming::CamelCase => camelize_keys(object),
        };
        Ok(Self { action: "", text: object.to_string().into_bytes() })
    }

    /// The message's action; empty for a raw one.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// How many bytes the message has at most, whatever its origin is.
    pub fn size(&self) -> usize {
        self.text.len() + ORIGIN_BYTES
    }

    /// The frames for those to whom the message has this origin: the message, and `group_complete` if completions are sent.
    ///
    /// The message is compressed for clients that agreed on a window, if it is worth it, and refers to no other. What
    /// follows it never is: it is too short.
    pub fn frames(&self, origin: Origin, window: Option<Window>, config: &SessionConfig) -> Vec<u8> {
        let text = self.text_for(origin, config);
        let mut frames = Vec::new();
        match window.and_then(|window| deflate(&text, window, config)) {
            None => write_frame(&mut frames, Opcode::Text, &text),
            Some(compressed) => write_compressed(&mut frames, Opcode::Text, &compressed),
        }
        if config.send_completion {
            write_frame(&mut frames, Opcode::Text, &completion(&config.wire));
        }
        frames
    }

    fn text_for(&self, origin: Origin, config: &SessionConfig) -> Vec<u8> {
        let object = self.text.strip_suffix(b"}").unwrap_or(&self.text);
        let separator = if object == b"{" { "" } else { "," };
        let [mine, current] = origin_keys(&config.wire);
        let tail = format!("{separator}\"{mine}\":{},\"{current}\":{}}}", origin.is_mine, origin.is_current);
        [object, tail.as_bytes()].concat()
    }
}

/// The keys that tell the origin: whether the message is the user's own, and whether it is the connection's own.
pub(crate) fn origin_keys(wire: &WireFormat) -> [Cow<'static, str>; 2] {
    [IS_MINE, IS_CURRENT].map(|declared| match wire.naming {
        Naming::AsDeclared => declared.into(),
        Naming::CamelCase => camelize(declared),
    })
}

fn deflate(text: &[u8], window: Window, config: &SessionConfig) -> Option<Vec<u8>> {
    let compression = config.compression.as_ref().filter(|_| text.len() >= config.compression_threshold)?;
    compression.deflate(text, window)
}

fn completion(wire: &WireFormat) -> Vec<u8> {
    let mut text = Vec::new();
    // The message has no content that could fail.
    let _ = encode(&Builtin::GroupComplete, &Envelope::default(), wire, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{GroupMessage, LayerMessage};
    use crate::message::Never;

    fn frames(content: &str, origin: Origin, config: &SessionConfig) -> String {
        let broadcast = Broadcast::new::<Never>(&Content::Raw(content.to_owned()), &config.wire).unwrap();
        let frames = broadcast.frames(origin, None, config);
        let length = usize::from(frames[1]);
        String::from_utf8(frames[2..2 + length].to_vec()).unwrap()
    }

    #[test]
    fn the_origin_stands_behind_the_rest() {
        let config = SessionConfig::default();
        let mine = Origin { is_mine: true, is_current: false };
        assert_eq!(frames(r#"{"a":1}"#, mine, &config), r#"{"a":1,"is_mine":true,"is_current":false}"#);
        assert_eq!(frames("{}", Origin::default(), &config), r#"{"is_mine":false,"is_current":false}"#);
        let claims = r#"{"is_mine":true,"a":{"is_mine":true}}"#;
        let expected = r#"{"a":{"is_mine":true},"is_mine":false,"is_current":false}"#;
        assert_eq!(frames(claims, Origin::default(), &config), expected);
    }

    #[test]
    fn raw_content_is_camelized_throughout() {
        let mut config = SessionConfig::default();
        config.wire.naming = Naming::CamelCase;
        let expected = r#"{"snakeKey":2,"isMine":false,"isCurrent":false}"#;
        assert_eq!(frames(r#"{"snakeKey":1,"snake_key":2}"#, Origin::default(), &config), expected);
    }

    #[test]
    fn the_size_is_that_of_the_longest_text() {
        for content in [r#"{"a":1}"#, "{}"] {
            let content = Content::Raw(content.to_owned());
            let broadcast = Broadcast::new::<Never>(&content, &WireFormat::default()).unwrap();
            let sizes: Vec<_> = [false, true]
                .map(|is_mine| Origin { is_mine, is_current: is_mine })
                .map(|origin| broadcast.text_for(origin, &SessionConfig::default()).len())
                .into();
            assert!(sizes.iter().all(|size| *size <= broadcast.size()), "{sizes:?} and {}", broadcast.size());
            let message = GroupMessage { content, exclude_current: false, from_channel: None, from_user: None };
            assert_eq!(LayerMessage::Group(message).size(), broadcast.size(), "senders count the same");
        }
    }

    #[test]
    fn a_completion_follows_if_the_settings_say_so() {
        let config = SessionConfig { send_completion: true, ..SessionConfig::default() };
        let broadcast = Broadcast::new::<Never>(&Content::Raw("{}".to_owned()), &config.wire).unwrap();
        let frames = broadcast.frames(Origin::default(), None, &config);
        assert!(frames.ends_with(br#"{"action":"group_complete","payload":null}"#));
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        let content = Content::Declared(r#"{"action":"x"}"#.to_owned());
        let error = Broadcast::new::<Never>(&content, &WireFormat::default()).unwrap_err();
        assert!(matches!(error, BroadcastError::Refused(_)), "{error}");
        let error = Broadcast::new::<Never>(&Content::Raw("[]".to_owned()), &WireFormat::default()).unwrap_err();
        assert!(matches!(error, BroadcastError::NoObject), "{error}");
    }
}
