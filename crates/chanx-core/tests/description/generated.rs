//! Many schemas, put together from a seed: none of them has an example that it refuses.

use chanx_core::camelize::Naming;
use chanx_core::description::example;
use chanx_core::validation::diagnose;
use serde_json::{Map, Value, json};

/// A small generator of numbers, so that every run has the same schemas.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn schema(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 5 } else { 11 }) {
            0 => self.integer(),
            1 => self.number(),
            2 => self.text(),
            3 => json!({"type": "boolean"}),
            4 => json!({"enum": [self.below(9), "a", null]}),
            5 => self.list(depth),
            6 => self.object(depth),
            7 => json!({"anyOf": [self.schema(depth - 1), {"type": "null"}], "default": null}),
            8 => json!({"oneOf": [self.object(depth), self.text()]}),
            9 => {
                json!({"type": "object", "additionalProperties": self.schema(depth - 1), "minProperties": self.below(3)})
            }
            _ => json!({"$ref": format!("#/$defs/D{}", self.below(4))}),
        }
    }

    fn integer(&mut self) -> Value {
        let least = self.below(200) as i64 - 100;
        let most = least + 7 + self.below(50) as i64;
        json!({"type": "integer", "minimum": least, "exclusiveMaximum": most, "multipleOf": 1 + self.below(7)})
    }

    fn number(&mut self) -> Value {
        let least = self.below(200) as f64 / 8.0 - 10.0;
        json!({"type": "number", "exclusiveMinimum": least, "maximum": least + 0.5})
    }

    fn text(&mut self) -> Value {
        let least = self.below(20);
        let most = least + 8 + self.below(9);
        match self.below(3) {
            0 => json!({"type": "string", "minLength": least, "maxLength": most}),
            1 => {
                json!({"type": "string", "pattern": r"^[a-z][a-z0-9]*(-[0-9]+)?$", "minLength": least, "maxLength": most})
            }
            _ => json!({"type": "string", "pattern": format!("^[A-F_]{{{least},{most}}}x?$")}),
        }
    }

    fn list(&mut self, depth: u32) -> Value {
        let least = self.below(3);
        json!({"type": "array", "items": self.schema(depth - 1), "minItems": least, "maxItems": least + 1})
    }

    fn object(&mut self, depth: u32) -> Value {
        let names = ["user_name", "b", "count_of", "text"];
        let properties: Map<_, _> =
            names.into_iter().map(|name| (name.to_owned(), self.schema(depth.saturating_sub(1)))).collect();
        json!({"type": "object", "properties": properties, "required": [names[self.below(4) as usize]]})
    }

    /// A schema with definitions, which refer to those behind them.
    fn document(&mut self) -> Value {
        let mut schema = self.object(3);
        schema["$defs"] = json!({"D0": self.schema(2), "D1": self.object(2), "D2": self.text(), "D3": self.integer()});
        schema
    }
}

/// Whether a definition leads to itself, so that there may be no example at all.
fn is_circular(document: &Value) -> bool {
    let text = document["$defs"].to_string();
    ["D0", "D1"].iter().any(|name| text.contains(&format!("#/$defs/{name}")))
}

#[test]
fn every_example_is_accepted() {
    let mut dice = Dice(0x5eed);
    let mut checked = 0;
    for _ in 0..1_000 {
        let schema = dice.document();
        let found = example(&schema);
        if is_circular(&schema) && found.is_null() {
            continue;
        }
        let definitions = schema["$defs"].as_object().unwrap();
        let faults = diagnose(&schema, definitions, &found, &[], Naming::AsDeclared);
        assert!(faults.is_empty(), "{schema}\n{found}\n{faults:?}");
        checked += 1;
    }
    assert!(checked > 700, "{checked}");
}
