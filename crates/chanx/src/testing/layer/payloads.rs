//! What is in a message survives the way.

use serde_json::{Map, Value, json};

use super::fixture::LayerFixture;
use super::process::{Process, group};
use super::recorder::Arrival;
use crate::layer::{Content, Event, GroupMessage, LayerMessage};

/// Group messages of both kinds arrive as they were sent, with all that says where they come from.
pub async fn group_messages_survive<F: LayerFixture>() {
    let mut messages = Vec::new();
    for content in [Content::Declared as fn(String) -> Content, Content::Raw] {
        for exclude_current in [true, false] {
            for (from_channel, from_user) in [(None, None), (Some("specific.1!2"), Some("7"))] {
                messages.push(group_message(content, exclude_current, from_channel, from_user));
            }
        }
    }
    for user in ["0", "-1", "007", "a@b.example", "ünï☃", "9223372036854775808", "1.5"] {
        messages.push(group_message(Content::Declared, true, None, Some(user)));
    }
    all_survive::<F>(messages).await;
}

/// Events arrive as they were sent.
pub async fn events_survive<F: LayerFixture>() {
    let data = values().into_iter().map(|value| json!({"handler": "changed", "payload": value}));
    all_survive::<F>(data.map(|data| LayerMessage::Event(Event { data: data.to_string() }))).await;
}

/// Messages of other applications arrive as they were sent, whatever is in them.
pub async fn foreign_messages_survive<F: LayerFixture>() {
    let objects = values().into_iter().map(|value| json!({"type": "some.kind", "value": value}));
    all_survive::<F>(objects.chain([json!({}), json!({"type": 7})]).map(|value| LayerMessage::Other(object(value))))
        .await;
}

/// The content of a message arrives as it was sent: text of every script, large, deep, with numbers up to the ends of their
/// ranges, and with its keys in their order.
pub async fn content_survives<F: LayerFixture>() {
    let contents = values().into_iter().map(|value| json!({"action": "said", "payload": value}));
    let message = |content: Value| {
        LayerMessage::Group(GroupMessage {
            content: Content::Raw(content.to_string()),
            exclude_current: false,
            from_channel: None,
            from_user: None,
        })
    };
    all_survive::<F>(contents.map(message)).await;
}

/// What JSON can say.
fn values() -> Vec<Value> {
    let deep =
        (0..100).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) });
    let long_array: Vec<u64> = (0..5000).collect();
    let long_object: Map<String, Value> = (0..300).map(|number| (format!("key{number}"), number.into())).collect();
    vec![
        json!(null),
        json!([true, false, null, "", [], {}]),
        json!("Grüße, мир, 世界, 🦀, e\u{301}, \u{202e}rtl, \u{0}\u{1}\u{1f}\u{7f}\u{85}\u{2028}\u{ffff}\u{10ffff}"),
        json!("\"\\/\u{8}\u{c}\n\r\t{}[]:,"),
        json!([0, -1, 1, 127, 128, -32, -33, -128, -129, 255, 256, 65535, 65536, u32::MAX, i32::MIN]),
        json!([u64::MAX, i64::MAX, i64::MIN, u64::from(u32::MAX) + 1]),
        json!([0.5, -0.25, 0.1, 1.0, -0.0, 1e-7, 1e21, 123_456.789, 5e-324]),
        json!({"zebra": 1, "apple": 2, "Mango": 3, "": 4, "ключ": 5, "a b\n": 6, "10": 7, "9": 8}),
        json!("x".repeat(60 * 1024)),
        json!("ж☃🦀".repeat(5000)),
        json!(["y".repeat(31), "y".repeat(32), "y".repeat(255), "y".repeat(256), "y".repeat(65536)]),
        json!(long_array),
        Value::Object(long_object),
        deep,
    ]
}

async fn all_survive<F: LayerFixture>(messages: impl IntoIterator<Item = LayerMessage>) {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let (room, channel) = (group("room"), receiver.layer().new_channel());
    receiver.subscribe(&room).await;
    for message in messages {
        sender.group_send(&room, message.clone()).await;
        let Arrival::Group(_, arrived) = receiver.recorder().next().await else {
            panic!("a group message was expected")
        };
        assert_eq!(normal(arrived), normal(message.clone()));
        sender.send(&channel, message.clone()).await;
        let Arrival::Channel(_, arrived) = receiver.recorder().next().await else {
            panic!("a direct message was expected")
        };
        assert_eq!(normal(arrived), normal(message));
    }
}

/// The message in a form that tells all that must survive, the order of keys included, and nothing else.
fn normal(message: LayerMessage) -> String {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    match message {
        LayerMessage::Group(message) => {
            let (kind, text) = match &message.content {
                Content::Declared(text) => ("declared", text),
                Content::Raw(text) => ("raw", text),
            };
            let origin = (message.exclude_current, message.from_channel, message.from_user);
            format!("{kind} {} {origin:?}", parse(text))
        }
        LayerMessage::Event(event) => format!("event {}", parse(&event.data)),
        LayerMessage::Other(object) => format!("other {}", Value::Object(object)),
    }
}

fn group_message(
    content: impl Fn(String) -> Content,
    exclude_current: bool,
    from_channel: Option<&str>,
    from_user: Option<&str>,
) -> LayerMessage {
    LayerMessage::Group(GroupMessage {
        content: content(r#"{"action":"said","payload":{"b":"ü","a":1.5}}"#.to_owned()),
        exclude_current,
        from_channel: from_channel.map(str::to_owned),
        from_user: from_user.map(str::to_owned),
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_the_same_when_they_are_read_again() {
        for value in values() {
            let text = value.to_string();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap().to_string(), text);
        }
    }
}
