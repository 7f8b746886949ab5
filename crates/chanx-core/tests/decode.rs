//! From text to messages: what is accepted, what is refused, and with which faults.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::OnceLock;

use chanx_core::camelize::Naming;
use chanx_core::decode::{Decoded, MAX_DEPTH, Rejected, decode};
use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet};
use chanx_core::wire::{Envelope, WireFormat};
use garde::{Path, Report, Validate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
enum Incoming {
    Ping,
    Echo(String),
    Any(Value),
    Count(u64),
    Sum(Sum),
    Sums(BTreeMap<String, Vec<Option<Sum>>>),
    Closed(Closed),
    Flat(Flat),
    Shape(Shape),
    Widths(Widths),
    External(Vec<External>),
}

/// Variants of each kind, told apart by their names.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum External {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { n: u8 },
}

/// What serde reads ahead into a buffer of its own.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Tagged { n: i64 },
    List { items: Vec<Wrapped> },
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
struct Wrapped {
    either: Either,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
}

/// Integers of every width.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
struct Widths {
    a: i8,
    b: i16,
    c: i32,
    d: i64,
    e: u8,
    f: u16,
    g: u32,
    h: usize,
    i: i128,
    j: Option<[u64; 1]>,
}

/// Two numbers with a rule that no schema knows.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Validate)]
struct Sum {
    #[garde(range(max = 100))]
    left_hand: u64,
    #[garde(custom(is_even))]
    right_hand: u64,
}

/// A whole message that refuses fields it does not know.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    payload: String,
    room: u64,
}

/// A whole message that keeps the fields it does not know.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
struct Flat {
    payload: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn is_even(number: &u64, _: &()) -> garde::Result {
    if number.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new("must be even")) }
}

impl Message for Incoming {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| {
            MessageSet::builder()
                .nothing("ping", "")
                .payload::<String>("echo", "")
                .payload::<Value>("any", "")
                .optional_payload::<u64>("count", "")
                .payload::<Sum>("sum", "")
                .payload::<BTreeMap<String, Vec<Option<Sum>>>>("sums", "")
                .whole::<Closed>("closed", "")
                .whole::<Flat>("flat", "")
                .payload::<Shape>("shape", "")
                .payload::<Widths>("widths", "")
                .payload::<Vec<External>>("external", "")
                .build()
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Echo(_) => "echo",
            Self::Any(_) => "any",
            Self::Count(_) => "count",
            Self::Sum(_) => "sum",
            Self::Sums(_) => "sums",
            Self::Closed(_) => "closed",
            Self::Flat(_) => "flat",
            Self::Shape(_) => "shape",
            Self::Widths(_) => "widths",
            Self::External(_) => "external",
        }
    }
}

impl IncomingMessage for Incoming {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "ping" => fields.nothing().map(|()| Self::Ping),
            "echo" => fields.payload().map(Self::Echo),
            "any" => fields.payload().map(Self::Any),
            "count" => fields.optional_payload(|| 7).map(Self::Count),
            "sum" => fields.payload().map(Self::Sum),
            "sums" => fields.payload().map(Self::Sums),
            "closed" => fields.whole().map(Self::Closed),
            "flat" => fields.whole().map(Self::Flat),
            "shape" => fields.payload().map(Self::Shape),
            "widths" => fields.payload().map(Self::Widths),
            "external" => fields.payload().map(Self::External),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), Report> {
        let mut report = Report::new();
        if let Self::Sum(sum) = self {
            sum.validate_into(&(), &mut || Path::new("payload"), &mut report);
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    }
}

fn read(text: &str) -> Result<Decoded<Incoming>, Rejected> {
    decode(text, &WireFormat::default())
}

fn camel() -> WireFormat {
    WireFormat { naming: Naming::CamelCase, ..WireFormat::default() }
}

/// The text is this message, whether declared names travel as they are or not.
#[track_caller]
fn accepts(text: &str, message: &Incoming) {
    for wire in [WireFormat::default(), camel()] {
        let decoded = decode::<Incoming>(text, &wire).map(|decoded| decoded.message);
        assert_eq!(decoded.as_ref(), Ok(message), "{text}, {:?}", wire.naming);
    }
}

/// The text is refused with these faults: kind and place of each.
#[track_caller]
fn refuses(text: &str, faults: &Value) {
    for wire in [WireFormat::default(), camel()] {
        let rejected = decode::<Incoming>(text, &wire).unwrap_err();
        let found: Vec<_> = rejected.faults.iter().map(|fault| json!([fault.kind, fault.loc])).collect();
        assert_eq!(&Value::from(found), faults, "{text}, {:?}", wire.naming);
    }
}

/// The text is refused, and the message of its only fault reads so.
#[track_caller]
fn says(text: &str, message: &str) {
    let rejected = read(text).unwrap_err();
    let messages: Vec<_> = rejected.faults.iter().map(|fault| &*fault.msg).collect();
    assert_eq!(messages, [message], "{text}");
}

fn echo(text: &str) -> Incoming {
    Incoming::Echo(text.to_owned())
}

#[test]
fn keys_come_in_any_order() {
    for text in [
        r#"{"action":"echo","payload":"x"}"#,
        r#"{"payload":"x","action":"echo"}"#,
        r#"{"more":[1],"action":"echo","payload":"x"}"#,
        r#"{"version":1,"ref":"r","payload":"x","action":"echo"}"#,
        " {\n\"action\" :\t\"echo\",\r\"payload\" : \"x\" } ",
    ] {
        accepts(text, &echo("x"));
    }
}

#[test]
fn keys_and_actions_may_be_escaped() {
    accepts(r#"{"\u0061ction":"\u0065cho","p\u0061yload":"\u0078\n"}"#, &echo("x\n"));
    accepts(r#"{"p\u0061yload":"x","\u0061ction":"ech\u006f"}"#, &echo("x"));
    assert_eq!(read(r#"{"action":"ping","re\u0066":"r"}"#).unwrap().envelope.reference.as_deref(), Some("r"));
}

#[test]
fn of_equal_keys_the_last_counts() {
    accepts(r#"{"action":"echo","payload":"x","payload":"y"}"#, &echo("y"));
    accepts(r#"{"action":"echo","payload":7,"payload":"y"}"#, &echo("y"));
    accepts(r#"{"action":"ping","action":"echo","payload":"x"}"#, &echo("x"));
    accepts(r#"{"action":"echo","payload":"x","action":"ping","payload":null}"#, &Incoming::Ping);
    accepts(r#"{"payload":"x","action":"ping","action":"echo"}"#, &echo("x"));
    accepts(r#"{"payload":"x","action":"any","action":"echo"}"#, &echo("x"));
    accepts(r#"{"payload":"x","action":7,"action":"echo"}"#, &echo("x"));
    accepts(r#"{"action":"closed","payload":"x","payload":"y","room":1}"#, &closed("y", 1));
    refuses(r#"{"action":"echo","payload":"x","action":7}"#, &json!([["union_tag_invalid", []]]));
    refuses(r#"{"action":"echo","payload":"x","payload":7}"#, &json!([["string_type", ["echo", "payload"]]]));
    assert_eq!(read(r#"{"action":"ping","ref":1,"ref":"r"}"#).unwrap().envelope.reference.as_deref(), Some("r"));
}

fn closed(payload: &str, room: u64) -> Incoming {
    Incoming::Closed(Closed { payload: payload.to_owned(), room })
}

#[test]
fn a_payload_is_missing_only_where_it_may() {
    accepts(r#"{"action":"ping"}"#, &Incoming::Ping);
    accepts(r#"{"action":"ping","payload":null}"#, &Incoming::Ping);
    accepts(r#"{"action":"count"}"#, &Incoming::Count(7));
    accepts(r#"{"action":"count","payload":8}"#, &Incoming::Count(8));
    accepts(r#"{"action":"any","payload":null}"#, &Incoming::Any(Value::Null));
    refuses(r#"{"action":"echo"}"#, &json!([["missing", ["echo", "payload"]]]));
    refuses(r#"{"action":"any"}"#, &json!([["missing", ["any", "payload"]]]));
    refuses(r#"{"action":"echo","payload":null}"#, &json!([["string_type", ["echo", "payload"]]]));
    refuses(r#"{"action":"count","payload":null}"#, &json!([["int_type", ["count", "payload"]]]));
    refuses(r#"{"action":"ping","payload":{}}"#, &json!([["none_required", ["ping", "payload"]]]));
}

#[test]
fn a_whole_message_that_refuses_other_fields_still_takes_the_envelope() {
    for text in [
        r#"{"action":"closed","payload":"x","room":1}"#,
        r#"{"action":"closed","version":1,"room":1,"ref":"r","payload":"x"}"#,
        r#"{"room":1,"ref":"r","payload":"x","action":"closed","version":1}"#,
    ] {
        accepts(text, &closed("x", 1));
    }
    refuses(
        r#"{"action":"closed","payload":1,"rooom":1,"ref":"r"}"#,
        &json!([
            ["string_type", ["closed", "payload"]],
            ["missing", ["closed", "room"]],
            ["extra_forbidden", ["closed", "rooom"]],
        ]),
    );
}

#[test]
fn a_whole_message_keeps_other_fields_but_not_the_envelope() {
    let rest = BTreeMap::from([("a".to_owned(), json!([1])), ("first_name".to_owned(), json!("n"))]);
    let flat = Incoming::Flat(Flat { payload: Some("x".to_owned()), rest });
    for text in [
        r#"{"action":"flat","a":[1],"payload":"x","ref":"r","first_name":"n","version":1}"#,
        r#"{"first_name":"n","ref":"r","payload":"x","version":1,"a":[1],"action":"flat"}"#,
    ] {
        accepts(text, &flat);
    }
    accepts(r#"{"action":"flat"}"#, &Incoming::Flat(Flat { payload: None, rest: BTreeMap::new() }));
}

#[test]
fn the_envelope_is_read_wherever_it_stands() {
    let envelope = |text: &str| {
        let envelope = read(text).unwrap().envelope;
        (envelope.reference, envelope.versioned)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(envelope(r#"{"action":"ping"}"#), (None, false));
    assert_eq!(envelope(r#"{"action":"ping","ref":"r"}"#), (some("r"), false));
    assert_eq!(envelope(r#"{"ref":"","version":1,"action":"ping"}"#), (some(""), true));
    assert_eq!(envelope(r#"{"action":"ping","ref":null,"version":null}"#), (None, false));
}

#[test]
fn the_envelope_has_faults_of_its_own() {
    for reference in ["1", "true", "[]", "{}"] {
        refuses(&format!(r#"{{"action":"ping","ref":{reference}}}"#), &json!([["string_type", ["ref"]]]));
    }
    for version in ["2", "0", "-1", "1.5", "1.0001", "true", r#""1""#, "[1]", "18446744073709551617"] {
        refuses(&format!(r#"{{"action":"ping","version":{version}}}"#), &json!([["literal_error", ["version"]]]));
    }
    refuses(
        r#"{"action":"echo","ref":1,"version":2,"payload":3}"#,
        &json!([["string_type", ["ref"]], ["literal_error", ["version"]], ["string_type", ["echo", "payload"]]]),
    );
}

#[test]
fn a_refused_message_still_says_what_its_answer_repeats() {
    let envelope = |text: &str| {
        let envelope = read(text).unwrap_err().envelope;
        (envelope.reference, envelope.versioned)
    };
    let known = (Some("r".to_owned()), true);
    assert_eq!(envelope(r#"{"action":"echo","payload":1,"ref":"r","version":1}"#), known);
    assert_eq!(envelope(r#"{"action":"sing","ref":"r","version":1}"#), known);
    assert_eq!(envelope(r#"{"ref":"r","version":1}"#), known);
    assert_eq!(envelope(r#"{"action":"ping","ref":"r","version":2}"#), (Some("r".to_owned()), false));
    assert_eq!(envelope(r#"{"action":"ping","ref":1,"version":1}"#), (None, true));
}

#[test]
fn an_unreadable_text_still_says_what_its_answer_repeats() {
    let nested = "[".repeat(200) + &"]".repeat(200);
    for (text, why) in [
        (r#"{"ref":"r","version":1"#, "EOF while parsing an object at line 1 column 22"),
        (
            r#"{"version":1,"ref":"r","action":"echo","payload":"\ud83d"}"#,
            "lone leading surrogate in hex escape at line 1 column 57",
        ),
        (
            r#"{"action":"echo","payload":"hi \ud83d","ref":"r","version":1.0}"#,
            "lone leading surrogate in hex escape at line 1 column 38",
        ),
        (
            r#"{"action":"echo","payload":"\udc00\ud800","ref":"r","version":1}"#,
            "lone leading surrogate in hex escape at line 1 column 34",
        ),
        (r#"{"action":"count","payload":1e400,"ref":"r","version":1}"#, "number out of range at line 1 column 33"),
        (r#"{"ref":"r","version":1,"action":"any","payload":NaN}"#, "expected value at line 1 column 49"),
        (r#"{"ref":"q","ref":"r","version":1,"action":"any","payload":[1,}"#, "expected value at line 1 column 62"),
        (r#"{"re\u0066":"r","version":1} {}"#, "trailing characters at line 1 column 30"),
        (&format!(r#"{{"action":"any","payload":{nested},"ref":"r","version":1}}"#), "nested too deep"),
    ] {
        for wire in [WireFormat::default(), camel()] {
            let rejected = decode::<Incoming>(text, &wire).unwrap_err();
            let faults: Vec<_> = rejected.faults.iter().map(|fault| (&*fault.kind, &*fault.msg)).collect();
            assert_eq!(faults, [("json_invalid", &*format!("Invalid JSON: {why}"))], "{text}");
            assert_eq!(
                (rejected.envelope.reference.as_deref(), rejected.envelope.versioned),
                (Some("r"), true),
                "{text}"
            );
        }
    }
    for text in [
        r#"{"action":"ping","#,
        r#"{"action":"pi"ng","ref":"r"}"#,
        r#"{"ref":"\ud800"}"#,
        r#"{"ref":1,"payload":1e400}"#,
        &format!(r#"{{"ref":{nested}}}"#),
        "[]]",
    ] {
        assert_eq!(read(text).unwrap_err().envelope, Envelope::default(), "{text}");
    }
}

#[test]
fn a_whole_number_is_an_integer_however_it_is_written() {
    for seven in ["7", "7.0", "7e0", "0.7e1", "70e-1", "7.000"] {
        accepts(&format!(r#"{{"action":"count","payload":{seven}}}"#), &Incoming::Count(7));
        let texts = [
            format!(r#"{{"action":"closed","payload":"x","room":{seven}}}"#),
            format!(r#"{{"room":{seven},"payload":"x","action":"closed"}}"#),
        ];
        texts.iter().for_each(|text| accepts(text, &closed("x", 7)));
        let sums = |left_hand| {
            Incoming::Sums(BTreeMap::from([("a".to_owned(), vec![None, Some(Sum { left_hand, right_hand: 2 })])]))
        };
        let text = format!(r#"{{"action":"sums","payload":{{"a":[null,{{"left_hand":{seven},"right_hand":2.0}}]}}}}"#);
        accepts(&text, &sums(7));
        let shape = |shape: &str| format!(r#"{{"action":"shape","payload":{shape}}}"#);
        for (payload, expected) in [
            (format!(r#"{{"kind":"tagged","n":{seven}}}"#), Shape::Tagged { n: 7 }),
            (
                format!(r#"{{"kind":"list","items":[{{"either":{seven}}},{{"either":"x"}}]}}"#),
                Shape::List {
                    items: vec![
                        Wrapped { either: Either::Number(7) },
                        Wrapped { either: Either::Text("x".to_owned()) },
                    ],
                },
            ),
        ] {
            accepts(&shape(&payload), &Incoming::Shape(expected));
        }
        let widths = format!(
            r#"{{"a":{seven},"b":{seven},"c":{seven},"d":{seven},"e":{seven},"f":{seven},"g":{seven},"h":{seven},"i":{seven},"j":[{seven}]}}"#
        );
        let expected = Widths { a: 7, b: 7, c: 7, d: 7, e: 7, f: 7, g: 7, h: 7, i: 7, j: Some([7]) };
        accepts(&format!(r#"{{"action":"widths","payload":{widths}}}"#), &Incoming::Widths(expected));
    }
    accepts(r#"{"action":"count","payload":-0.0}"#, &Incoming::Count(0));
    accepts(r#"{"action":"count","payload":-0}"#, &Incoming::Count(0));
    accepts(r#"{"action":"count","payload":1e19}"#, &Incoming::Count(10_000_000_000_000_000_000));
    accepts(r#"{"action":"any","payload":[5.0,-0.0]}"#, &Incoming::Any(json!([5.0, -0.0])));
    assert!(read(r#"{"action":"ping","version":1.0}"#).unwrap().envelope.versioned);
    for fraction in ["7.5", "1e-1", "0.1", "-0.5"] {
        refuses(&format!(r#"{{"action":"count","payload":{fraction}}}"#), &json!([["int_type", ["count", "payload"]]]));
    }
}

#[test]
fn what_is_beyond_an_integer_is_out_of_its_range() {
    let place = json!(["count", "payload"]);
    for beyond in ["18446744073709551616", "18446744073709551616.0", "1e20", "1e300", &"9".repeat(300)] {
        refuses(&format!(r#"{{"action":"count","payload":{beyond}}}"#), &json!([["less_than_equal", place]]));
    }
    for below in ["-1", "-1.0", "-1e300"] {
        refuses(&format!(r#"{{"action":"count","payload":{below}}}"#), &json!([["greater_than_equal", place]]));
    }
    let widths = |a: &str, d: &str| {
        format!(
            r#"{{"action":"widths","payload":{{"a":{a},"b":1,"c":1,"d":{d},"e":1,"f":1,"g":1,"h":1,"i":1,"j":null}}}}"#
        )
    };
    refuses(
        &widths("-129.0", "9223372036854775808.0"),
        &json!([["greater_than_equal", ["widths", "payload", "a"]], ["less_than_equal", ["widths", "payload", "d"]]]),
    );
}

/// A JSON value holds integers of 64 bits: larger ones are read where no value is needed in between, and never rounded.
#[test]
fn an_integer_beyond_64_bits_is_exact_or_refused() {
    let text = r#"{"action":"widths","payload":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":18446744073709551617,"j":null}}"#;
    let widths = Widths { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 18_446_744_073_709_551_617, j: None };
    assert_eq!(read(text).unwrap().message, Incoming::Widths(widths));
    let rejected = decode::<Incoming>(text, &camel()).unwrap_err();
    assert_eq!(json!(rejected.faults[0].loc), json!(["widths", "payload", "i"]));
}

#[test]
fn as_many_faults_are_reported_as_the_settings_say() {
    let digits = |count| Vec::from_iter(std::iter::repeat_n("-1", count)).join(",");
    let text = format!(r#"{{"action":"sums","ref":1,"payload":{{"a":[{}]}}}}"#, digits(5_700));
    for (max_faults, reported) in [(1, 1), (2, 2), (20, 20), (5_000, 5_000)] {
        for naming in [Naming::AsDeclared, Naming::CamelCase] {
            let wire = WireFormat { naming, max_faults, ..WireFormat::default() };
            assert_eq!(decode::<Incoming>(&text, &wire).unwrap_err().faults.len(), reported);
        }
    }
    let rejected = read(&text).unwrap_err();
    assert_eq!(rejected.kinds(), "string_type, model_type (19)");
}

#[test]
fn faults_take_a_bounded_number_of_bytes() {
    let key = "\\u0000".repeat(10_000);
    let hostile = [
        format!(
            r#"{{"action":"sums","payload":{{"{key}":[{}]}}}}"#,
            Vec::from_iter(std::iter::repeat_n("1", 1000)).join(",")
        ),
        format!(r#"{{"action":"{key}"}}"#),
        format!(r#"{{"action":{{"{key}":[{}1]}}}}"#, "1,".repeat(1000)),
    ];
    for text in hostile {
        let faults = read(&text).unwrap_err().faults;
        let size = serde_json::to_string(&faults).unwrap().len();
        assert!(size < 64 * 1024, "{size} bytes of faults for {} of {} bytes", faults.len(), text.len());
    }
}

#[test]
fn an_action_is_one_of_the_set() {
    const EXPECTED: &str =
        "'ping', 'echo', 'any', 'count', 'sum', 'sums', 'closed', 'flat', 'shape', 'widths', 'external'";
    for (action, tag) in [
        (r#""sing""#, "sing"),
        (r#""Ping""#, "Ping"),
        (r#""""#, ""),
        (r#""pi\u006eg ""#, "ping "),
        (r#""complete""#, "complete"),
        ("7", "7"),
        ("null", "null"),
        ("[\"ping\"]", "[\"ping\"]"),
    ] {
        let msg = format!("Input tag '{tag}' found using 'action' does not match any of the expected tags: {EXPECTED}");
        says(&format!(r#"{{"action":{action}}}"#), &msg);
        says(&format!(r#"{{"payload":null,"action":{action}}}"#), &msg);
    }
    says("{}", "Unable to extract tag using discriminator 'action'");
    refuses(r#"{"Action":"ping"}"#, &json!([["union_tag_not_found", []]]));
}

#[test]
fn the_key_of_the_action_is_a_setting() {
    let wire = WireFormat { action_key: "kind".to_owned(), ..WireFormat::default() };
    let text = r#"{"payload":"x","kind":"echo"}"#;
    assert_eq!(decode::<Incoming>(text, &wire).unwrap().message, echo("x"));
    let flat = decode::<Incoming>(r#"{"kind":"flat","action":"other"}"#, &wire).unwrap().message;
    let rest = BTreeMap::from([("action".to_owned(), json!("other"))]);
    assert_eq!(flat, Incoming::Flat(Flat { payload: None, rest }));
    let rejected = decode::<Incoming>(r#"{"action":"echo"}"#, &wire).unwrap_err();
    assert_eq!(rejected.faults[0].msg, "Unable to extract tag using discriminator 'kind'");
}

#[test]
fn what_is_no_json_object_is_unusable() {
    for text in [
        "",
        " ",
        "hello",
        "{",
        r#"{"action":"ping"} {}"#,
        r#"{"action":"ping",}"#,
        r#"{action:"ping"}"#,
        "{'action':'ping'}",
        r#"{"action":"pi
ng"}"#,
        "\u{feff}{\"action\":\"ping\"}",
        r#"{"action":"any","payload":NaN}"#,
        r#"{"action":"any","payload":-Infinity}"#,
        r#"{"action":"ping","other":NaN}"#,
        r#"{"action":"any","payload":01}"#,
        r#"{"action":"echo","payload":"\ud800"}"#,
        r#"{"action":"echo","payload":"\udc00\ud800"}"#,
        r#"{"action":"\ud800"}"#,
        r#"{"action":"ping","\ud800":1}"#,
    ] {
        refuses(text, &json!([["json_invalid", []]]));
        assert!(read(text).unwrap_err().is_unusable(), "{text}");
    }
    for text in ["[]", "1", "null", "true", r#""{\"action\":\"ping\"}""#] {
        refuses(text, &json!([["dict_type", []]]));
        assert!(read(text).unwrap_err().is_unusable(), "{text}");
    }
    for text in ["{}", r#"{"action":"sing"}"#, r#"{"action":"echo"}"#] {
        assert!(!read(text).unwrap_err().is_unusable(), "{text}");
    }
}

#[test]
fn a_pair_of_surrogates_is_one_character() {
    accepts(r#"{"action":"echo","payload":"\ud83d\ude00"}"#, &echo("😀"));
}

#[test]
fn nesting_is_limited_wherever_it_stands() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    // The object of the message itself is one level.
    for fits in [1, 100, MAX_DEPTH - 1] {
        accepts(&format!(r#"{{"action":"ping","other":{}}}"#, nested(fits)), &Incoming::Ping);
        assert!(read(&format!(r#"{{"action":"any","payload":{}}}"#, nested(fits))).is_ok(), "{fits}");
    }
    for too_deep in [MAX_DEPTH, 500, 20_000] {
        for text in [
            format!(r#"{{"action":"ping","other":{}}}"#, nested(too_deep)),
            format!(r#"{{"other":{},"action":"ping"}}"#, nested(too_deep)),
            format!(r#"{{"action":"any","payload":{}}}"#, nested(too_deep)),
            format!(r#"{{"action":"any","payload":{}1}}"#, r#"{"a":"#.repeat(too_deep)),
            nested(too_deep + 1),
        ] {
            refuses(&text, &json!([["json_invalid", []]]));
        }
    }
    let brackets = "[".repeat(1000);
    accepts(&format!(r#"{{"action":"echo","payload":"{brackets}"}}"#), &echo(&brackets));
}

#[test]
fn a_struct_is_not_read_from_an_array_however_deep() {
    refuses(r#"{"action":"sum","payload":[2,2]}"#, &json!([["model_type", ["sum", "payload"]]]));
    let nested = r#"{"action":"sums","payload":{"a":[null,[2,2]]}}"#;
    refuses(nested, &json!([["model_type", ["sums", "payload", "a", 1]]]));
    let sum = Sum { left_hand: 2, right_hand: 2 };
    let sums = Incoming::Sums(BTreeMap::from([("a".to_owned(), vec![None, Some(sum)])]));
    accepts(r#"{"action":"sums","payload":{"a":[null,{"left_hand":2,"right_hand":2}]}}"#, &sums);
}

#[test]
fn a_unit_variant_is_its_name() {
    let external = |payload: &str| format!(r#"{{"action":"external","payload":{payload}}}"#);
    accepts(
        &external(r#"["unit",{"newtype":1.0},{"tuple":[2,"x"]},{"struct":{"n":3.0}}]"#),
        &Incoming::External(vec![
            External::Unit,
            External::Newtype(1),
            External::Tuple(2, "x".to_owned()),
            External::Struct { n: 3 },
        ]),
    );
    refuses(&external(r#"[{"unit":null}]"#), &json!([["enum", ["external", "payload", 0]]]));
    refuses(&external(r#"["newtype"]"#), &json!([["dict_type", ["external", "payload", 0]]]));
    refuses(&external(r#"[{"struct":[3]}]"#), &json!([["model_type", ["external", "payload", 0, "struct"]]]));
    refuses(&external(r#"[{}]"#), &json!([["enum", ["external", "payload", 0]]]));
    let both = external(r#"[{"newtype":1,"tuple":[2,"x"]}]"#);
    refuses(&both, &json!([["extra_forbidden", ["external", "payload", 0, "tuple"]]]));
}

#[test]
fn numbers_are_checked_where_they_are_used() {
    accepts(r#"{"action":"count","payload":18446744073709551615}"#, &Incoming::Count(u64::MAX));
    let digits = "9".repeat(400);
    refuses(r#"{"action":"count","payload":-1}"#, &json!([["greater_than_equal", ["count", "payload"]]]));
    assert!(read(&format!(r#"{{"action":"count","payload":{digits}}}"#)).is_err());
    for ignored in ["18446744073709551617", "1e308", "-0.0"] {
        accepts(&format!(r#"{{"action":"ping","other":{ignored}}}"#), &Incoming::Ping);
    }
    for ignored in ["1e999", "-1e999", &digits] {
        let decoded = read(&format!(r#"{{"action":"ping","other":{ignored}}}"#));
        assert_eq!(decoded.unwrap().message, Incoming::Ping, "{ignored}");
    }
}

#[test]
fn a_rule_that_the_schema_does_not_know_is_a_value_error() {
    accepts(
        r#"{"action":"sum","payload":{"left_hand":100,"right_hand":2}}"#,
        &Incoming::Sum(Sum { left_hand: 100, right_hand: 2 }),
    );
    let rejected = read(r#"{"action":"sum","payload":{"left_hand":1,"right_hand":3},"ref":"r"}"#).unwrap_err();
    let found: Vec<_> = rejected.faults.iter().map(|fault| (&*fault.kind, json!(fault.loc), &*fault.msg)).collect();
    let expected = [("value_error", json!(["sum", "payload", "right_hand"]), "Value error, must be even")];
    assert_eq!(found, expected);
    assert_eq!(rejected.envelope.reference.as_deref(), Some("r"));
}

#[test]
fn rules_are_for_messages_that_the_schema_has_accepted() {
    let kinds = |payload: &str| {
        let rejected = read(&format!(r#"{{"action":"sum","payload":{payload}}}"#)).unwrap_err();
        rejected.faults.iter().map(|fault| fault.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(r#"{"left_hand":"1","right_hand":3}"#), ["int_type"]);
    assert_eq!(kinds(r#"{"left_hand":101,"right_hand":3}"#), ["less_than_equal"]);
}

#[test]
fn in_camel_case_both_names_are_read_and_faults_are_told_in_it() {
    let sum = Incoming::Sum(Sum { left_hand: 1, right_hand: 2 });
    for payload in [r#"{"leftHand":1,"rightHand":2}"#, r#"{"left_hand":1,"rightHand":2}"#] {
        let text = format!(r#"{{"payload":{payload},"action":"sum"}}"#);
        assert_eq!(decode::<Incoming>(&text, &camel()).unwrap().message, sum, "{text}");
    }
    let missing = decode::<Incoming>(r#"{"action":"sum","payload":{"left_hand":1}}"#, &camel()).unwrap_err();
    assert_eq!(json!(missing.faults[0].loc), json!(["sum", "payload", "rightHand"]));
}

#[test]
fn a_key_without_characters_is_a_key_like_others() {
    for wire in [WireFormat::default(), camel()] {
        let decoded = decode::<Incoming>(r#"{"action":"ping","":"a"}"#, &wire);
        assert_eq!(decoded.unwrap().message, Incoming::Ping, "{:?}", wire.naming);
    }
}

#[test]
fn input_is_never_echoed() {
    for text in [
        r#"{"action":"echo","payload":["hunter2"]}"#,
        r#"{"action":"count","payload":"hunter2"}"#,
        r#"{"action":"sum","payload":{"left_hand":"hunter2","hunter2":1}}"#,
        r#"{"action":"ping","payload":"hunter2"}"#,
        r#"{"action":"ping","ref":["hunter2"]}"#,
        r#"{"action":"ping","version":"hunter2"}"#,
        r#"{"action":"sing","payload":"hunter2"}"#,
        r#"{"action":"echo","payload":"hunter2}"#,
        r#"{"action":"echo","payload":hunter2}"#,
        "hunter2",
        r#""hunter2""#,
        r#"{"action":"hunter2"#,
    ] {
        for wire in [WireFormat::default(), camel()] {
            let rejected = decode::<Incoming>(text, &wire).unwrap_err();
            assert!(!format!("{:?}", rejected.faults).contains("hunter"), "{text}: {rejected:?}");
        }
    }
}

/// Whatever a text is, it is either a message or has at least one fault, and neither way of reading panics.
#[test]
fn every_prefix_of_a_message_is_judged() {
    let text =
        r#"{"ref":"é\ud83d\ude00","action":"sum","payload":{"left_hand":1,"right_hand":[2.5e1,{"a":null}]},"x":-0}"#;
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        for wire in [WireFormat::default(), camel()] {
            let faults = decode::<Incoming>(&text[..end], &wire).unwrap_err().faults;
            assert!(!faults.is_empty(), "{}", &text[..end]);
        }
    }
}
