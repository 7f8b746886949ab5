//! The messages that cross a layer, and their form as a JSON object, which is Chanx's.

use std::io;

use serde_json::{Map, Value};
use thiserror::Error;

const GROUP_MESSAGE: &str = "send_group_member";
const EVENT: &str = "handle_channel_event";

/// The bytes that [`Broadcast`](crate::broadcast::Broadcast) adds to the content of a group message at most.
pub(crate) const ORIGIN_BYTES: usize = r#","is_mine":false,"is_current":false"#.len();

/// What one channel or a group is sent.
///
/// As a JSON object it is what a Chanx consumer sends and takes, so that layers which share a store with Python carry it
/// both ways. Dates, UUIDs and the like are strings in it.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerMessage {
    /// A message for the clients of a group.
    Group(GroupMessage),
    /// An event for the consumers of a group.
    Event(Event),
    /// Anything else: understood by other applications that share the layer, and by no chanx consumer.
    Other(Map<String, Value>),
}

/// A message for the clients of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupMessage {
    /// What the clients get.
    pub content: Content,
    /// Whether the connection that sent it is left out.
    pub exclude_current: bool,
    /// The channel of that connection; none: no connection sent it.
    pub from_channel: Option<String>,
    /// The [`user_key`](super::user_key) of its user; none: anonymous, or no connection.
    pub from_user: Option<String>,
}

/// The content of a group message, as the text of a JSON object with declared names and the key `action`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One of the messages that the members declare. It is not delivered to those who do not.
    Declared(String),
    /// Delivered as it is.
    Raw(String),
}

/// An event for the consumers of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A JSON object: the name of the event under `handler`, its content under `payload`.
    pub data: String,
}

/// A layer's message that lacks something, or has something of the wrong kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a `{kind}` of the channel layer has no usable `{key}`")]
pub struct MalformedMessage {
    kind: &'static str,
    key: &'static str,
}

impl LayerMessage {
    /// How many bytes the message has: those that a client gets of a group message, the data of an event, anything else as
    /// JSON.
    pub fn size(&self) -> usize {
        match self {
            Self::Group(GroupMessage { content: Content::Declared(text) | Content::Raw(text), .. }) => {
                text.len() + ORIGIN_BYTES
            }
            Self::Event(event) => event.data.len(),
            Self::Other(message) => json_size(message),
        }
    }

    /// The message as a JSON object.
    ///
    /// # Errors
    /// Content that is not the text of a JSON object.
    pub fn to_object(&self) -> Result<Map<String, Value>, MalformedMessage> {
        match self {
            Self::Group(message) => message.to_object(),
            Self::Event(event) => {
                let data = parse(&event.data).ok_or(MalformedMessage { kind: EVENT, key: "event_data" })?;
                Ok(object([("type", EVENT.into()), ("event_data", data.into())]))
            }
            Self::Other(message) => Ok(message.clone()),
        }
    }

    /// The message that a JSON object stands for. A full stop in its type stands for an underscore, as in Channels.
    ///
    /// # Errors
    /// A group message or an event that lacks something.
    pub fn from_object(mut object: Map<String, Value>) -> Result<Self, MalformedMessage> {
        let kind = object.get("type").and_then(Value::as_str).map(|kind| kind.replace('.', "_"));
        match kind.as_deref() {
            Some(GROUP_MESSAGE) => GroupMessage::from_object(object).map(Self::Group),
            Some(EVENT) => match object.remove("event_data") {
                Some(Value::Object(data)) => Ok(Self::Event(Event { data: Value::Object(data).to_string() })),
                _ => Err(MalformedMessage { kind: EVENT, key: "event_data" }),
            },
            _ => Ok(Self::Other(object)),
        }
    }
}

impl GroupMessage {
    fn to_object(&self) -> Result<Map<String, Value>, MalformedMessage> {
        let (kind, text) = match &self.content {
            Content::Declared(text) => ("message", text),
            Content::Raw(text) => ("json", text),
        };
        let mut content = parse(text).ok_or_else(|| malformed("content"))?;
        if kind == "message" {
            // Chanx's receivers expect both keys, and write over them.
            content.insert("is_mine".to_owned(), false.into());
            content.insert("is_current".to_owned(), false.into());
        }
        Ok(object([
            ("type", GROUP_MESSAGE.into()),
            ("content", content.into()),
            ("kind", kind.into()),
            ("exclude_current", self.exclude_current.into()),
            ("from_channel", self.from_channel.as_deref().into()),
            ("from_user_pk", self.from_user.as_deref().map_or(Value::Null, key_to_value)),
        ]))
    }

    fn from_object(mut object: Map<String, Value>) -> Result<Self, MalformedMessage> {
        let Some(Value::Object(mut content)) = object.remove("content") else { return Err(malformed("content")) };
        let content = match object.get("kind").and_then(Value::as_str) {
            Some("message") => {
                content.shift_remove("is_mine");
                content.shift_remove("is_current");
                Content::Declared(Value::Object(content).to_string())
            }
            Some("json") => Content::Raw(Value::Object(content).to_string()),
            _ => return Err(malformed("kind")),
        };
        Ok(Self {
            content,
            exclude_current: object.get("exclude_current").and_then(Value::as_bool).unwrap_or(false),
            from_channel: object.get("from_channel").and_then(Value::as_str).map(str::to_owned),
            from_user: object.get("from_user_pk").and_then(key_from_value),
        })
    }
}

fn json_size(message: &Map<String, Value>) -> usize {
    let mut bytes = Count(0);
    // Counting cannot fail, and neither can writing values.
    let _ = serde_json::to_writer(&mut bytes, message);
    bytes.0
}

/// Counts what is written.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn malformed(key: &'static str) -> MalformedMessage {
    MalformedMessage { kind: GROUP_MESSAGE, key }
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Django's keys are integers mostly, and travel as such.
fn key_to_value(key: &str) -> Value {
    match key.parse::<i64>() {
        Ok(number) if number.to_string() == key => number.into(),
        _ => key.into(),
    }
}

fn key_from_value(value: &Value) -> Option<String> {
    match value {
        Value::String(key) => Some(key.clone()),
        Value::Number(key) => Some(key.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<LayerMessage, MalformedMessage> {
        let Value::Object(object) = value else { panic!("an object is needed") };
        LayerMessage::from_object(object)
    }

    fn declared() -> LayerMessage {
        LayerMessage::Group(GroupMessage {
            content: Content::Declared(r#"{"action":"member_message","payload":"hi"}"#.to_owned()),
            exclude_current: true,
            from_channel: Some("specific.a!b".to_owned()),
            from_user: Some("1".to_owned()),
        })
    }

    #[test]
    fn a_group_message_is_chanx_s_dictionary() {
        let expected = r#"{"type":"send_group_member","content":{"action":"member_message","payload":"hi","is_mine":false,"is_current":false},"kind":"message","exclude_current":true,"from_channel":"specific.a!b","from_user_pk":1}"#;
        let object = declared().to_object().unwrap();
        assert_eq!(Value::Object(object.clone()).to_string(), expected);
        assert_eq!(LayerMessage::from_object(object), Ok(declared()));
    }

    #[test]
    fn raw_content_stays_as_it_is() {
        let object =
            json!({"type": "send.group.member", "content": {"is_mine": 1}, "kind": "json", "from_user_pk": "k"});
        let Ok(LayerMessage::Group(message)) = read(object) else { panic!("a group message was expected") };
        assert_eq!(message.content, Content::Raw(r#"{"is_mine":1}"#.to_owned()));
        assert_eq!(
            (message.exclude_current, message.from_channel, message.from_user.as_deref()),
            (false, None, Some("k"))
        );
    }

    #[test]
    fn an_event_carries_its_data() {
        let object = json!({"type": "handle_channel_event", "event_data": {"handler": "notify", "payload": {"x": 1}}});
        let event = read(object.clone()).unwrap();
        assert_eq!(event, LayerMessage::Event(Event { data: r#"{"handler":"notify","payload":{"x":1}}"#.to_owned() }));
        assert_eq!(Value::Object(event.to_object().unwrap()), object);
    }

    #[test]
    fn what_lacks_something_is_named() {
        let table = [
            (json!({"type": "send_group_member", "content": {}}), "kind"),
            (json!({"type": "send_group_member", "kind": "json"}), "content"),
            (json!({"type": "send_group_member", "kind": "jsn", "content": {}}), "kind"),
            (json!({"type": "handle_channel_event"}), "event_data"),
            (json!({"type": "handle_channel_event", "event_data": []}), "event_data"),
        ];
        for (object, key) in table {
            assert_eq!(read(object).unwrap_err().key, key);
        }
    }

    #[test]
    fn other_messages_are_carried_and_not_understood() {
        for object in [json!({"x": 1}), json!({"type": "send_json"}), json!({"type": 7})] {
            let message = read(object.clone()).unwrap();
            assert_eq!(Value::Object(message.to_object().unwrap()), object);
            assert!(matches!(message, LayerMessage::Other(_)));
        }
    }

    #[test]
    fn the_size_is_what_is_written() {
        let other = json!({"type": "chat", "text": "é\n", "list": [1, 2.5, null]});
        assert_eq!(read(other.clone()).unwrap().size(), other.to_string().len());
        let event = LayerMessage::Event(Event { data: "{}".to_owned() });
        assert_eq!(event.size(), 2);
    }

    #[test]
    fn keys_that_are_no_plain_integers_stay_text() {
        for key in ["007", "+1", "9223372036854775808", "a"] {
            assert_eq!(key_to_value(key), Value::from(key));
        }
        assert_eq!(key_to_value("-7"), Value::from(-7));
    }
}
