//! The place of a fault that only the type or an application's own rule finds: it is the one that the client knows.

use std::collections::BTreeMap;

use chanx::Message;
use chanx_core::camelize::Naming;
use chanx_core::decode::decode;
use chanx_core::wire::WireFormat;
use garde::Validate;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Message)]
#[message(incoming)]
enum Incoming {
    Order(#[garde(dive)] Order),
    #[message(whole)]
    Sent(Order),
    Orders {
        #[serde(rename = "byName")]
        #[garde(dive)]
        by_name: BTreeMap<String, Vec<Option<Order>>>,
    },
    Shapes(#[garde(dive)] Vec<Shape>),
    Adjacent(#[garde(dive)] Adjacent),
    External(#[garde(dive)] External),
    Even(Even),
    Wrapped(#[garde(dive)] Wrapped),
}

/// A number of which only the type knows that it is even.
#[derive(Debug, JsonSchema)]
struct Even(#[expect(dead_code, reason = "only read")] i64);

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        if number % 2 == 0 { Ok(Self(number)) } else { Err(D::Error::custom("odd")) }
    }
}

fn is_odd(number: &i64, _: &()) -> garde::Result {
    if number % 2 == 1 { Ok(()) } else { Err(garde::Error::new("must be odd")) }
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
struct Order {
    #[expect(dead_code, reason = "only read")]
    even_number: Option<Even>,
    #[garde(inner(custom(is_odd)))]
    odd_numbers: Vec<i64>,
    #[serde(rename = "type")]
    #[garde(custom(is_odd))]
    kind: i64,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[garde(allow_unvalidated)]
enum Shape {
    Round {
        #[garde(custom(is_odd))]
        radius_in_pixels: i64,
    },
    Square(#[garde(dive)] Square),
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Square {
    #[garde(custom(is_odd))]
    side_length: i64,
    #[expect(dead_code, reason = "only read")]
    the_even: Option<Even>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", content = "data")]
#[garde(allow_unvalidated)]
enum Adjacent {
    Square(#[garde(dive)] Square),
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
enum External {
    Odd(#[garde(custom(is_odd))] i64),
    InSquare {
        #[garde(dive)]
        the_square: Square,
    },
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Serialize)]
struct Wrapped(#[garde(custom(is_odd))] i64);

/// The message has one fault, at this place in declared names and at that one in camelCase.
#[track_caller]
fn check(message: &Value, declared: &Value, camel: &Value) {
    for (naming, place) in [(Naming::AsDeclared, declared), (Naming::CamelCase, camel)] {
        let wire = WireFormat { naming, ..WireFormat::default() };
        let rejected = decode::<Incoming>(&message.to_string(), &wire).expect_err("the message is bad");
        let places: Vec<_> = rejected.faults.iter().map(|fault| json!([fault.kind, fault.loc])).collect();
        assert_eq!(Value::from(places), json!([["value_error", place]]), "{message} {naming:?}");
    }
}

#[track_caller]
fn check_same(message: &Value, place: &Value) {
    check(message, place, place);
}

#[test]
fn what_a_type_refuses_is_found_however_deep() {
    check_same(&json!({"action": "even", "payload": 1}), &json!(["even", "payload"]));
    let order = json!({"evenNumber": 1, "oddNumbers": [], "type": 1});
    check_same(&json!({"action": "order", "payload": order}), &json!(["order", "payload", "evenNumber"]));
    check_same(
        &json!({"action": "orders", "payload": {"byName": {"a.b[0]": [null, order]}}}),
        &json!(["orders", "payload", "byName", "a.b[0]", 1, "evenNumber"]),
    );
    let mut sent = order.clone();
    sent["action"] = json!("sent");
    check_same(&sent, &json!(["sent", "evenNumber"]));
    let square = json!({"side_length": 1, "the_even": 1});
    check(
        &json!({"action": "external", "payload": {"InSquare": {"the_square": square}}}),
        &json!(["external", "payload", "InSquare", "the_square", "the_even"]),
        &json!(["external", "payload", "inSquare", "theSquare", "theEven"]),
    );
    check(
        &json!({"action": "adjacent", "payload": {"kind": "Square", "data": square}}),
        &json!(["adjacent", "payload", "Square", "data", "the_even"]),
        &json!(["adjacent", "payload", "Square", "data", "theEven"]),
    );
}

/// Serde reads the content of an internally tagged enum ahead: what its type refuses there has no place of its own.
#[test]
fn what_a_type_refuses_in_a_tagged_enum_is_at_its_branch() {
    let square = json!({"kind": "square", "side_length": 1, "the_even": 1});
    check_same(&json!({"action": "shapes", "payload": [square]}), &json!(["shapes", "payload", 0, "square"]));
}

#[test]
fn what_a_rule_refuses_is_called_as_in_json() {
    let order = |odd: i64, kind: i64| json!({"oddNumbers": [1, odd], "type": kind});
    check_same(&json!({"action": "order", "payload": order(2, 1)}), &json!(["order", "payload", "oddNumbers", 1]));
    // garde calls the field `kind`, which is nothing like `type`: the place is that of the object around it.
    check_same(&json!({"action": "order", "payload": order(1, 2)}), &json!(["order", "payload"]));
    check_same(
        &json!({"action": "orders", "payload": {"byName": {"a.b[0]": [null, order(2, 1)]}}}),
        &json!(["orders", "payload", "byName", "a.b[0]", 1, "oddNumbers", 1]),
    );
    check_same(&json!({"action": "wrapped", "payload": 2}), &json!(["wrapped", "payload"]));
}

#[test]
fn what_a_rule_refuses_in_an_enum_is_at_its_branch() {
    check(
        &json!({"action": "shapes", "payload": [{"kind": "round", "radius_in_pixels": 2}]}),
        &json!(["shapes", "payload", 0, "round", "radius_in_pixels"]),
        &json!(["shapes", "payload", 0, "round", "radiusInPixels"]),
    );
    let square = json!({"kind": "square", "side_length": 2});
    check(
        &json!({"action": "shapes", "payload": [square]}),
        &json!(["shapes", "payload", 0, "square", "side_length"]),
        &json!(["shapes", "payload", 0, "square", "sideLength"]),
    );
    check(
        &json!({"action": "adjacent", "payload": {"kind": "Square", "data": {"side_length": 2}}}),
        &json!(["adjacent", "payload", "Square", "data", "side_length"]),
        &json!(["adjacent", "payload", "Square", "data", "sideLength"]),
    );
    check(
        &json!({"action": "external", "payload": {"Odd": 2}}),
        &json!(["external", "payload", "Odd"]),
        &json!(["external", "payload", "odd"]),
    );
    check(
        &json!({"action": "external", "payload": {"InSquare": {"the_square": {"side_length": 2}}}}),
        &json!(["external", "payload", "InSquare", "the_square", "side_length"]),
        &json!(["external", "payload", "inSquare", "theSquare", "sideLength"]),
    );
}
