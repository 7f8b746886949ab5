//! `#[derive(Message)]`: what each kind of variant reads, checks, writes and describes.

use chanx::Message;
use chanx_core::decode::{Rejected, decode};
use chanx_core::encode::encode;
use chanx_core::message::{IncomingMessage, MessageInfo, OutgoingMessage};
use chanx_core::wire::{Envelope, WireFormat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Every kind of variant, in both directions.
#[derive(Clone, Debug, PartialEq, Message)]
enum Room {
    /// Asks for a sign of life.
    Ping,
    Echo(String),
    /// Says something.
    ///
    /// To all.
    Say(
        /// What is said.
        #[garde(length(chars, min = 1, max = 5))]
        String,
    ),
    SayTo {
        /// Who hears it.
        groups: Vec<String>,
        #[garde(length(chars, max = 5))]
        text: String,
    },
    #[message(default)]
    Jump(i64),
    #[message(default = "everywhere")]
    Look(Place),
    #[message(default)]
    Turn(#[garde(range(min = -180, max = 180))] i64),
    #[message(whole)]
    Move(Move),
    #[message(rename = "t_int")]
    Typed(i64),
    r#Type(bool),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Place {
    Here,
    Everywhere,
}

fn everywhere() -> Place {
    Place::Everywhere
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
struct Move {
    #[garde(range(max = 9))]
    speed: u8,
    #[garde(skip)]
    payload: String,
}

fn read<M: IncomingMessage>(text: &str) -> Result<M, Rejected> {
    decode(text, &WireFormat::default()).map(|decoded| decoded.message)
}

fn write<M: OutgoingMessage>(message: &M) -> String {
    let mut out = Vec::new();
    encode(message, &Envelope::default(), &WireFormat::default(), &mut out).expect("the message has a JSON form");
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn faults<M: IncomingMessage + std::fmt::Debug>(text: &str) -> Value {
    serde_json::to_value(read::<M>(text).expect_err("the message is bad").faults).expect("faults are JSON")
}

fn info<M: chanx_core::message::Message>(action: &str) -> &'static MessageInfo {
    M::messages().find(action).expect("the action is in the set")
}

#[track_caller]
fn round_trip(message: Room, text: &str) {
    assert_eq!(write(&message), text);
    assert_eq!(read::<Room>(text), Ok(message));
}

#[test]
fn every_kind_of_variant_goes_out_and_comes_back() {
    round_trip(Room::Ping, r#"{"action":"ping","payload":null}"#);
    round_trip(Room::Echo("a".into()), r#"{"action":"echo","payload":"a"}"#);
    round_trip(Room::Say("a".into()), r#"{"action":"say","payload":"a"}"#);
    let say_to = Room::SayTo { groups: vec!["g".into()], text: "t".into() };
    round_trip(say_to, r#"{"action":"say_to","payload":{"groups":["g"],"text":"t"}}"#);
    round_trip(Room::Jump(3), r#"{"action":"jump","payload":3}"#);
    round_trip(Room::Look(Place::Here), r#"{"action":"look","payload":"Here"}"#);
    round_trip(Room::Turn(90), r#"{"action":"turn","payload":90}"#);
    let whole = Room::Move(Move { speed: 9, payload: "p".into() });
    round_trip(whole, r#"{"action":"move","payload":"p","speed":9}"#);
    round_trip(Room::Typed(1), r#"{"action":"t_int","payload":1}"#);
    round_trip(Room::r#Type(true), r#"{"action":"type","payload":true}"#);
}

#[test]
fn a_payload_with_a_default_may_be_left_out() {
    assert_eq!(read(r#"{"action":"jump"}"#), Ok(Room::Jump(0)));
    assert_eq!(read(r#"{"action":"turn"}"#), Ok(Room::Turn(0)));
    assert_eq!(read(r#"{"action":"look"}"#), Ok(Room::Look(Place::Everywhere)));
}

#[test]
fn other_payloads_must_be_there() {
    let missing = |action| json!([{"type": "missing", "loc": [action, "payload"], "msg": "Field required"}]);
    assert_eq!(faults::<Room>(r#"{"action":"echo"}"#), missing("echo"));
    assert_eq!(faults::<Room>(r#"{"action":"say_to"}"#), missing("say_to"));
}

#[test]
fn the_payload_may_come_before_the_action() {
    let text = r#"{"payload":{"text":"t","groups":[]},"action":"say_to"}"#;
    assert_eq!(read(text), Ok(Room::SayTo { groups: vec![], text: "t".into() }));
    let text = r#"{"speed":1,"payload":"p","action":"move"}"#;
    assert_eq!(read(text), Ok(Room::Move(Move { speed: 1, payload: "p".into() })));
}

#[test]
fn the_envelope_is_none_of_the_fields() {
    for text in [
        r#"{"action":"move","ref":"r","speed":1,"version":1,"payload":"p"}"#,
        r#"{"version":1,"speed":1,"payload":"p","ref":"r","action":"move"}"#,
    ] {
        let decoded = decode::<Room>(text, &WireFormat::default()).expect("the message is good");
        assert_eq!(decoded.message, Room::Move(Move { speed: 1, payload: "p".into() }));
        assert_eq!(decoded.envelope, Envelope { reference: Some("r".into()), versioned: true });
    }
}

#[test]
fn an_unknown_action_is_refused() {
    assert_eq!(faults::<Room>(r#"{"action":"dance"}"#)[0]["type"], "union_tag_invalid");
}

#[test]
fn descriptions_are_the_doc_comments() {
    assert_eq!(info::<Room>("ping").description, "Asks for a sign of life.");
    assert_eq!(info::<Room>("say").description, "Says something.\n\nTo all.");
    assert_eq!(info::<Room>("echo").description, "");
}

#[test]
fn the_actions_stand_in_the_order_of_the_variants() {
    let actions: Vec<_> = Room::messages().iter().map(|message| message.action).collect();
    let expected = ["ping", "echo", "say", "say_to", "jump", "look", "turn", "move", "t_int", "type"];
    assert_eq!(actions, expected);
}

#[test]
fn constraints_and_doc_comments_reach_the_schema() {
    let say = &info::<Room>("say").schema["properties"]["payload"];
    assert_eq!(*say, json!({"type": "string", "minLength": 1, "maxLength": 5, "description": "What is said."}));
    let say_to = &info::<Room>("say_to").schema["properties"]["payload"];
    assert_eq!(say_to["properties"]["text"], json!({"type": "string", "maxLength": 5}));
    assert_eq!(say_to["properties"]["groups"]["description"], "Who hears it.");
    assert_eq!(say_to["required"], json!(["groups", "text"]));
    assert_eq!(info::<Room>("turn").schema["properties"]["payload"]["minimum"], -180);
}

#[test]
fn a_helper_never_becomes_a_definition() {
    let names: Vec<_> = Room::messages().definitions().keys().collect();
    assert_eq!(names, ["Place"]);
}

#[track_caller]
fn check_fault(text: &str, kind: &str, loc: &Value) {
    let faults = faults::<Room>(text);
    assert_eq!(faults.as_array().map(Vec::len), Some(1), "{faults}");
    assert_eq!((&faults[0]["type"], &faults[0]["loc"]), (&json!(kind), loc));
}

#[test]
fn broken_constraints_are_faults() {
    check_fault(r#"{"action":"say","payload":"123456"}"#, "string_too_long", &json!(["say", "payload"]));
    check_fault(
        r#"{"action":"say_to","payload":{"groups":[],"text":"123456"}}"#,
        "string_too_long",
        &json!(["say_to", "payload", "text"]),
    );
    check_fault(r#"{"action":"move","payload":"p","speed":10}"#, "less_than_equal", &json!(["move", "speed"]));
    check_fault(r#"{"action":"turn","payload":200}"#, "less_than_equal", &json!(["turn", "payload"]));
}

fn is_even(value: &u8, _: &()) -> garde::Result {
    if value.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new("odd")) }
}

/// A type that brings a rule of its own, which no schema knows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema, garde::Validate)]
struct Pair {
    #[garde(custom(is_even))]
    left: u8,
    #[garde(matches(left))]
    right: u8,
}

/// Rules that only the validation library knows, wherever they can stand.
#[derive(Debug, PartialEq, Message)]
#[message(incoming)]
enum Ruled {
    One(Pair),
    Maybe(Option<Pair>),
    Many(Vec<Pair>),
    Direct(#[garde(custom(is_even))] u8),
    Typed(#[schemars(title = "A pair")] Pair),
    Skipped(#[garde(skip)] Pair),
    Fields {
        pair: Pair,
        #[garde(custom(is_even))]
        even: u8,
        #[garde(matches(even))]
        same: u8,
        #[garde(inner(custom(is_even)))]
        list: Vec<u8>,
        #[garde(dive, length(max = 1))]
        dived: Vec<Pair>,
        #[garde(skip)]
        skipped: Option<Pair>,
    },
    #[message(whole)]
    Whole(Pair),
}

#[track_caller]
fn check_locations(text: &str, locations: &Value) {
    let faults = faults::<Ruled>(text);
    let found: Value = faults.as_array().into_iter().flatten().map(|fault| fault["loc"].clone()).collect();
    assert_eq!(found, *locations, "{faults}");
    assert!(faults.as_array().into_iter().flatten().all(|fault| fault["type"] == "value_error"), "{faults}");
}

#[test]
fn a_type_that_can_be_checked_is_checked_wherever_it_stands() {
    check_locations(
        r#"{"action":"one","payload":{"left":1,"right":2}}"#,
        &json!([["one", "payload", "left"], ["one", "payload", "right"]]),
    );
    check_locations(r#"{"action":"maybe","payload":{"left":1,"right":1}}"#, &json!([["maybe", "payload", "left"]]));
    check_locations(
        r#"{"action":"many","payload":[{"left":2,"right":2},{"left":1,"right":1}]}"#,
        &json!([["many", "payload", 1, "left"]]),
    );
    check_locations(r#"{"action":"typed","payload":{"left":1,"right":1}}"#, &json!([["typed", "payload", "left"]]));
    check_locations(r#"{"action":"whole","left":2,"right":1}"#, &json!([["whole", "right"]]));
}

#[test]
fn rules_at_the_variant_are_checked_where_the_fields_lie() {
    check_locations(r#"{"action":"direct","payload":3}"#, &json!([["direct", "payload"]]));
    check_locations(
        r#"{"action":"fields","payload":{"pair":{"left":3,"right":3},"even":1,"same":2,"list":[2,3],
            "dived":[{"left":5,"right":5}],"skipped":{"left":1,"right":2}}}"#,
        &json!([
            ["fields", "payload", "dived", 0, "left"],
            ["fields", "payload", "even"],
            ["fields", "payload", "list", 1],
            ["fields", "payload", "same"],
            ["fields", "payload", "pair", "left"],
        ]),
    );
}

#[test]
fn what_keeps_or_skips_the_rules_passes() {
    let pair = || Pair { left: 2, right: 2 };
    let fields = Ruled::Fields {
        pair: pair(),
        even: 4,
        same: 4,
        list: vec![6],
        dived: vec![pair()],
        skipped: Some(Pair { left: 1, right: 3 }),
    };
    assert_eq!(fields.validate().map_err(|report| report.to_string()), Ok(()));
    assert_eq!(read(r#"{"action":"maybe","payload":null}"#), Ok(Ruled::Maybe(None)));
    let text = r#"{"action":"skipped","payload":{"left":1,"right":3}}"#;
    assert_eq!(read(text), Ok(Ruled::Skipped(Pair { left: 1, right: 3 })));
}

/// All rules of garde that chanx carries over to borrowed fields.
#[derive(Debug, PartialEq, Message)]
#[message(incoming)]
enum Rules {
    All {
        #[garde(
            ascii,
            alphanumeric,
            length(bytes, min = 1),
            length(utf16, min = 1),
            prefix("a"),
            suffix("z"),
            contains("m")
        )]
        text: String,
        #[garde(email)]
        email: Option<String>,
        #[garde(url)]
        url: String,
        #[garde(ip)]
        ip: String,
        #[garde(ipv4)]
        ipv4: String,
        #[garde(pattern("^[0-9]+$"))]
        digits: String,
        #[garde(required, range(equal = 1))]
        one: Option<u8>,
        #[garde(length(min = 1), inner(inner(length(chars, min = 1))))]
        nested: Vec<Vec<String>>,
    },
}

fn all(text: &str, email: &str, others: [&str; 4], one: Option<u8>) -> Rules {
    let [url, ip, ipv4, digits] = others.map(str::to_owned);
    let nested = vec![vec![text.to_owned()]];
    Rules::All { text: text.into(), email: Some(email.into()), url, ip, ipv4, digits, one, nested }
}

#[test]
fn each_rule_of_garde_holds_for_borrowed_fields() {
    let good = all("amz", "a@b.cc", ["http://a.b/", "::1", "127.0.0.1", "12"], Some(1));
    assert_eq!(good.validate().map_err(|report| report.to_string()), Ok(()));
    let bad = all("", "a", ["b", "c", "::1", "d"], None);
    let report = bad.validate().expect_err("every field breaks its rules");
    let mut paths: Vec<_> = report.iter().map(|(path, _)| path.to_string()).collect();
    paths.dedup();
    let expected = ["digits", "email", "ip", "ipv4", "nested[0][0]", "one", "text", "url"];
    assert_eq!(paths, expected.map(|field| format!("payload.{field}")));
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a number as text, whatever its type.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::{fmt::Display, str::FromStr};

    pub(super) fn serialize<T: Display + Copy, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom("not a number"))
    }
}

/// serde's attributes, which must hold in both directions.
#[derive(Debug, PartialEq, Message)]
enum Renamed {
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    Fields {
        first_name: String,
        #[serde(rename = "from")]
        sender: u8,
        #[serde(default, skip_serializing_if = "is_default")]
        count: u8,
        #[serde(with = "as_text")]
        #[schemars(with = "String")]
        number: i64,
        r#type: bool,
    },
    One(
        #[serde(with = "as_text")]
        #[schemars(with = "String")]
        i64,
    ),
}

#[test]
fn serde_attributes_hold_in_both_directions() {
    let text = r#"{"action":"fields","payload":{"firstName":"a","from":1,"number":"7","type":true}}"#;
    let fields = Renamed::Fields { first_name: "a".into(), sender: 1, count: 0, number: 7, r#type: true };
    assert_eq!(write(&fields), text);
    assert_eq!(read(text), Ok(fields));
    assert_eq!(write(&Renamed::One(7)), r#"{"action":"one","payload":"7"}"#);
    assert_eq!(read(r#"{"action":"one","payload":"7"}"#), Ok(Renamed::One(7)));
    let unknown = r#"{"action":"fields","payload":{"firstName":"a","from":1,"number":"7","type":true,"x":1}}"#;
    assert_eq!(faults::<Renamed>(unknown)[0]["loc"], json!(["fields", "payload", "x"]));
    let schema = &info::<Renamed>("fields").schema["properties"]["payload"];
    let names: Vec<_> = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    assert_eq!(names, ["firstName", "from", "count", "number", "type"]);
}

/// A set that is only sent asks for nothing that reading needs, and its constraints are documentation.
#[derive(Message)]
#[message(outgoing, rename_all = "SCREAMING_SNAKE_CASE")]
enum Sent {
    OnlyWritten(OnlyWritten),
    SomeFields {
        only: OnlyWritten,
        #[garde(length(chars, max = 1))]
        text: &'static str,
    },
}

#[derive(Serialize, JsonSchema)]
struct OnlyWritten {
    text: &'static str,
}

#[test]
fn a_set_that_is_only_sent_needs_no_deserialize() {
    let message = Sent::SomeFields { only: OnlyWritten { text: "a" }, text: "long" };
    assert_eq!(write(&message), r#"{"action":"SOME_FIELDS","payload":{"only":{"text":"a"},"text":"long"}}"#);
    let message = Sent::OnlyWritten(OnlyWritten { text: "a" });
    assert_eq!(write(&message), r#"{"action":"ONLY_WRITTEN","payload":{"text":"a"}}"#);
}

/// A set that is only received asks for nothing that writing needs. Names of its own do not meet those of the macro.
#[derive(Debug, PartialEq, Message)]
#[message(incoming, rename_all = "kebab-case")]
enum Received {
    OnlyRead(OnlyRead),
    Fields {
        fields: OnlyRead,
        action: u8,
        payload: u8,
        report: u8,
        private: u8,
    },
    /// May be called what serde and schemars would call it.
    Error(u8),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct OnlyRead(u8);

#[test]
fn a_set_that_is_only_received_needs_no_serialize() {
    assert_eq!(read(r#"{"action":"only-read","payload":1}"#), Ok(Received::OnlyRead(OnlyRead(1))));
    assert_eq!(read(r#"{"action":"error","payload":1}"#), Ok(Received::Error(1)));
    let text = r#"{"action":"fields","payload":{"fields":1,"action":2,"payload":3,"report":4,"private":5}}"#;
    let fields = Received::Fields { fields: OnlyRead(1), action: 2, payload: 3, report: 4, private: 5 };
    assert_eq!(read(text), Ok(fields));
}

/// Types may be called like the parameters of the functions that the macro writes.
#[test]
fn names_of_types_are_the_users_own() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct A(u8);
    type M = u8;
    type S = u8;
    #[derive(Debug, PartialEq, Message)]
    enum Short {
        A(A),
        M(M),
        S { s: S },
    }
    assert_eq!(read(r#"{"action":"a","payload":1}"#), Ok(Short::A(A(1))));
    assert_eq!(write(&Short::M(1)), r#"{"action":"m","payload":1}"#);
    assert_eq!(write(&Short::S { s: 1 }), r#"{"action":"s","payload":{"s":1}}"#);
}

/// chanx under another name, as a crate that re-exports it has it.
mod facade {
    pub(crate) use chanx::__private;
}

#[test]
fn chanx_may_be_found_elsewhere() {
    #[derive(Debug, PartialEq, Message)]
    #[message(crate = "facade")]
    enum Elsewhere {
        Say { text: String },
    }
    let text = r#"{"action":"say","payload":{"text":"a"}}"#;
    assert_eq!(write(&Elsewhere::Say { text: "a".into() }), text);
    assert_eq!(read(text), Ok(Elsewhere::Say { text: "a".into() }));
}

/// A message may be declared anywhere, and types beside it may be called like its variants.
#[test]
fn an_enum_in_a_function_sees_the_types_beside_it() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Step {
        height: u8,
    }
    #[derive(Debug, PartialEq, Message)]
    enum Local {
        Step { step: Step },
    }
    let text = r#"{"action":"step","payload":{"step":{"height":1}}}"#;
    assert_eq!(write(&Local::Step { step: Step { height: 1 } }), text);
    assert_eq!(read(text), Ok(Local::Step { step: Step { height: 1 } }));
}
