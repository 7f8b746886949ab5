//! The schemas of chanx's own messages, held against what a session writes.

use chanx_core::builtin::{AuthenticationOutcome, Builtin, Failure};
use chanx_core::camelize::Naming;
use chanx_core::description::{MessageDescription, describe_messages};
use chanx_core::encode::encode;
use chanx_core::message::Message;
use chanx_core::validation::{Fault, diagnose};
use chanx_core::wire::{Envelope, WireFormat};
use serde_json::{Map, Value, json};

fn is_described(messages: &[MessageDescription], frame: &Value) -> bool {
    let message = messages.iter().find(|message| frame["action"] == *message.action).unwrap();
    let none = Map::new();
    let definitions = message.schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    diagnose(&message.schema, definitions, frame, &[], Naming::AsDeclared).is_empty()
}

fn written(message: &Builtin, wire: &WireFormat) -> Value {
    let mut text = Vec::new();
    encode(message, &Envelope::default(), wire, &mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn what_is_sent_is_what_is_described() {
    let refused = json!({"detail": "Authentication credentials were not provided."});
    let sent = [
        Builtin::Authentication(AuthenticationOutcome {
            status_code: 401,
            status_text: "Unauthorized".to_owned(),
            data: refused,
        }),
        Builtin::Invalid(vec![Fault::new("int_type", ["echo".into(), 3.into()], "Input should be a valid integer")]),
        Builtin::Failed(Failure::new("a-1".to_owned())),
        Builtin::Complete,
        Builtin::GroupComplete,
    ];
    for naming in [Naming::AsDeclared, Naming::CamelCase] {
        let wire = WireFormat { naming, ..WireFormat::default() };
        let messages = describe_messages(Builtin::messages(), &wire);
        for message in &sent {
            let frame = written(message, &wire);
            assert!(is_described(&messages, &frame), "{frame}");
        }
        assert!(messages.iter().all(|message| is_described(&messages, &message.example)));
    }
}

#[test]
fn an_error_is_a_list_of_faults_or_a_failure() {
    let messages = describe_messages(Builtin::messages(), &WireFormat::default());
    let error = |payload: Value| is_described(&messages, &json!({"action": "error", "payload": payload}));
    assert!(error(json!([{"type": "missing", "loc": [], "msg": "Field required"}])));
    assert!(!error(json!([{"type": "missing", "loc": [true], "msg": "Field required"}])));
    assert!(error(json!({"detail": "Failed to process message", "id": "a-1"})));
    assert!(!error(json!({"detail": "connection refused: db.internal:5432", "id": "a-1"})));
    assert!(!error(json!("text")));
}
