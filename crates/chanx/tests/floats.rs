//! A float is the same number after every way through chanx: typed fields, untyped payloads, enums that serde reads ahead,
//! `camelize`, and group messages.

use std::collections::BTreeMap;

use chanx::Message;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::camelize::Naming;
use chanx_core::decode::decode;
use chanx_core::encode::encode;
use chanx_core::layer::Content;
use chanx_core::session::SessionConfig;
use chanx_core::wire::{Envelope, WireFormat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, PartialEq, Message)]
enum Numbers {
    Typed(Vec<f64>),
    Single(Vec<f32>),
    Untyped(Value),
    Places(BTreeMap<String, Vec<Option<Place>>>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind_of_place")]
enum Place {
    OnEarth { degrees_north: f64, degrees_east: f64 },
}

/// How many numbers a message holds.
const BATCH: usize = 500;
const SEED: u64 = 0x0123_4567_89ab_cdef;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1, with all 53 bits.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Any double, and often one as clocks and maps have them.
    fn double(&mut self) -> f64 {
        match self.next() % 4 {
            0 => 1.7e9 + 1e8 * self.fraction(),
            1 => 360.0 * self.fraction() - 180.0,
            _ => loop {
                let double = f64::from_bits(self.next());
                if double.is_finite() {
                    break double;
                }
            },
        }
    }

    fn single(&mut self) -> f32 {
        loop {
            let single = f32::from_bits(self.next() as u32);
            if single.is_finite() {
                break single;
            }
        }
    }
}

/// Reads and writes the text, with each spelling of names and as a group message.
fn check(text: &str, bits: &[u64], bits_of: fn(&Numbers) -> Vec<u64>) {
    for naming in [Naming::AsDeclared, Naming::CamelCase] {
        let wire = WireFormat { naming, ..WireFormat::default() };
        let read = |text: &str| decode::<Numbers>(text, &wire).expect("the message is good").message;
        let message = read(text);
        assert!(bits_of(&message) == bits, "{naming:?}, read from {text}");
        let mut written = Vec::new();
        encode(&message, &Envelope::default(), &wire, &mut written).expect("floats have a JSON form");
        let written = String::from_utf8(written).expect("JSON is UTF-8");
        assert!(bits_of(&read(&written)) == bits, "{naming:?}, written as {written}");
    }
}

/// What the members of a group get.
fn check_group_message(text: &str, bits: &[u64], bits_of: fn(&Numbers) -> Vec<u64>) {
    for naming in [Naming::AsDeclared, Naming::CamelCase] {
        let wire = WireFormat { naming, ..WireFormat::default() };
        let config = SessionConfig::default();
        for content in [Content::Declared(text.to_owned()), Content::Raw(text.to_owned())] {
            let frame = Broadcast::new::<Numbers>(&content, &wire).expect("the message is declared");
            let frame = frame.frames(Origin::default(), None, &config);
            let json = frame.windows(2).position(|bytes| bytes == b"{\"").expect("the frame holds an object");
            let received = std::str::from_utf8(&frame[json..]).expect("JSON is UTF-8");
            let message = decode::<Numbers>(received, &wire).expect("the message is good").message;
            assert!(bits_of(&message) == bits, "{naming:?}, sent to a group as {received}");
        }
    }
}

fn typed(message: &Numbers) -> Vec<u64> {
    match message {
        Numbers::Typed(numbers) => numbers.iter().map(|number| number.to_bits()).collect(),
        Numbers::Single(numbers) => numbers.iter().map(|number| number.to_bits().into()).collect(),
        Numbers::Untyped(Value::Array(numbers)) => {
            numbers.iter().map(|number| number.as_f64().expect("a number").to_bits()).collect()
        }
        Numbers::Untyped(_) => panic!("an array was sent"),
        Numbers::Places(places) => places.values().flatten().flatten().flat_map(coordinates).collect(),
    }
}

fn coordinates(place: &Place) -> [u64; 2] {
    let Place::OnEarth { degrees_north, degrees_east } = place;
    [degrees_north.to_bits(), degrees_east.to_bits()]
}

fn check_all(count: usize) {
    let mut random = Random(SEED);
    for _ in 0..count.div_ceil(BATCH) {
        let doubles: Vec<_> = (0..BATCH).map(|_| random.double()).collect();
        let singles: Vec<_> = (0..BATCH).map(|_| random.single()).collect();
        let bits: Vec<_> = doubles.iter().map(|number| number.to_bits()).collect();
        let single_bits: Vec<_> = singles.iter().map(|number| u64::from(number.to_bits())).collect();
        let list = serde_json::to_string(&doubles).expect("floats have a JSON form");
        let message = |action: &str, payload: &str| format!(r#"{{"action":"{action}","payload":{payload}}}"#);
        check(&message("typed", &list), &bits, typed);
        check(&message("untyped", &list), &bits, typed);
        check_group_message(&message("typed", &list), &bits, typed);
        let list = serde_json::to_string(&singles).expect("floats have a JSON form");
        check(&message("single", &list), &single_bits, typed);

        let places =
            doubles.chunks(2).map(|pair| Some(Place::OnEarth { degrees_north: pair[0], degrees_east: pair[1] }));
        let places = BTreeMap::from([("here", places.collect::<Vec<_>>())]);
        let places = serde_json::to_string(&places).expect("floats have a JSON form");
        check(&message("places", &places), &bits, typed);
    }
}

#[test]
fn floats_come_back_as_they_went_in() {
    check_all(10_000);
}

/// `cargo test -p chanx --test floats --release -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn ten_million_floats_come_back_as_they_went_in() {
    check_all(10_000_000);
}

#[test]
fn floats_that_used_to_change_do_not() {
    for text in ["1796353693.5594187", "-0.0", "5e-324", "1.7976931348623157e308", "0.1", "1e23", "9007199254740993.0"]
    {
        let number: f64 = text.parse().expect("a float");
        for action in ["typed", "untyped"] {
            let text = format!(r#"{{"action":"{action}","payload":[{text}]}}"#);
            check(&text, &[number.to_bits()], typed);
            check_group_message(&text, &[number.to_bits()], typed);
        }
    }
}
