//! Whole values with their declared names changed, along the schema.
//!
//! Where a value has both spellings of a name, the two change places: the one that counts takes the wanted name, and
//! the other stays in the value as an unknown field instead of being lost.

use serde_json::{Map, Value};

use super::{Field, Naming};
use crate::validation::{Described, Document, Patterns};

/// A client's value with the declared names in place of camelCase ones. Names that come as declared are accepted too;
/// of two spellings of one name, the camelCase one counts.
///
/// `definitions` are the root's `$defs`. The branch of a union is found by its tag, or else is the first that the value
/// fits; a value that fits none stays as it is.
///
/// ```
/// use chanx_core::camelize::rename_incoming;
/// use serde_json::{Map, json};
///
/// let schema = json!({"type": "object", "properties": {"first_name": {"type": "string"}, "free": {"type": "object"}}});
/// let value = json!({"firstName": "A", "free": {"anyKey": 1}});
/// let expected = json!({"first_name": "A", "free": {"anyKey": 1}});
/// assert_eq!(rename_incoming(&schema, &Map::new(), value), expected);
/// ```
pub fn rename_incoming(schema: &Value, definitions: &Map<String, Value>, value: Value) -> Value {
    rename(Document::new(schema, definitions, &Patterns::default()), schema, value, Direction::Incoming)
}

/// A server's value with camelCase names in place of the declared ones; the reverse of [`rename_incoming`].
pub fn rename_outgoing(schema: &Value, definitions: &Map<String, Value>, value: Value) -> Value {
    rename(Document::new(schema, definitions, &Patterns::default()), schema, value, Direction::Outgoing)
}

/// The value of a schema in `document`, with its names changed.
pub(crate) fn rename<'a>(document: Document<'a>, schema: &'a Value, value: Value, direction: Direction) -> Value {
    Renamer { document, direction }.rename(&[schema], value)
}

/// Whose value it is: a client's, or the server's.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Incoming,
    Outgoing,
}

impl Direction {
    /// How the names in the values are spelled before they are changed.
    fn naming(self) -> Naming {
        match self {
            Self::Incoming => Naming::CamelCase,
            Self::Outgoing => Naming::AsDeclared,
        }
    }

    /// What the field is called before and after.
    fn names<'f>(self, field: &'f Field<'_>) -> (&'f str, &'f str) {
        match self {
            Self::Incoming => (&field.wire, field.declared),
            Self::Outgoing => (field.declared, &field.wire),
        }
    }
}

struct Renamer<'a> {
    document: Document<'a>,
    direction: Direction,
}

impl<'a> Renamer<'a> {
    /// The value, which all of the schemas describe.
    fn rename(&self, schemas: &[&'a Value], value: Value) -> Value {
        if !(value.is_object() || value.is_array()) {
            return value;
        }
        let described = Described::new(self.document, schemas, &value, self.direction.naming());
        match value {
            Value::Object(object) => Value::Object(self.rename_object(&described, object)),
            Value::Array(items) => {
                let rename = |(index, item)| self.rename(&described.item(index), item);
                Value::Array(items.into_iter().enumerate().map(rename).collect())
            }
            other => other,
        }
    }

    fn rename_object(&self, described: &Described<'a>, object: Map<String, Value>) -> Map<String, Value> {
        let fields = described.fields();
        let is_doubled = |field: &&Field<'_>| {
            field.wire != field.declared && object.contains_key(&*field.wire) && object.contains_key(field.declared)
        };
        let doubled: Vec<_> = fields.iter().filter(is_doubled).map(|field| field.declared).collect();

        let mut renamed = Map::with_capacity(object.len());
        for (key, value) in object {
            let Some(field) = fields.iter().find(|field| field.declared == key || field.wire == key) else {
                let value = self.rename(&described.extra(&key), value);
                renamed.insert(key, value);
                continue;
            };
            let (before, after) = self.direction.names(field);
            let (name, schemas) = if key == before || !doubled.contains(&field.declared) {
                (after, vec![field.schema])
            } else {
                (before, described.extra(&key))
            };
            renamed.insert(name.to_owned(), self.rename(&schemas, value));
        }
        renamed
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, schema_for};
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is of interest")]
    struct Payload {
        first_name: String,
        nested_object: Map<String, Value>,
        list_of_things: Vec<Map<String, Value>>,
        by_name: std::collections::BTreeMap<String, Inner>,
        pair_of: (Inner, Value),
        an_option: Option<Box<Payload>>,
        a_pet: Option<Pet>,
        either_way: Option<Either>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is of interest")]
    struct Inner {
        deep_key: i64,
    }

    #[derive(JsonSchema)]
    #[schemars(tag = "pet_kind", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the schema is of interest")]
    enum Pet {
        HouseCat { lives_left: i64 },
        Dog(Inner),
    }

    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[expect(dead_code, reason = "only the schema is of interest")]
    enum Either {
        Number { the_number: i64 },
        Text { the_text: String },
        Data(Map<String, Value>),
    }

    /// Both directions: what the client has, and what the server has.
    fn check(client: &Value, server: &Value) {
        let schema = schema_for!(Payload).to_value();
        let definitions = schema["$defs"].as_object().unwrap();
        assert_eq!(&rename_incoming(&schema, definitions, client.clone()), server);
        assert_eq!(&rename_incoming(&schema, definitions, server.clone()), server, "declared names are accepted");
        assert_eq!(&rename_outgoing(&schema, definitions, server.clone()), client);
    }

    #[test]
    fn only_declared_names_change() {
        check(
            &json!({"firstName": "snake_value", "nestedObject": {"innerKey": {"deepKey": 1}, "first_name": 2},
                "listOfThings": [{"someKey": [1, {"other_key": 2}]}], "deepKey": 1, "un_known": {"first_name": 1}}),
            &json!({"first_name": "snake_value", "nested_object": {"innerKey": {"deepKey": 1}, "first_name": 2},
                "list_of_things": [{"someKey": [1, {"other_key": 2}]}], "deepKey": 1, "un_known": {"first_name": 1}}),
        );
    }

    #[test]
    fn names_change_at_every_depth() {
        check(
            &json!({"byName": {"deep_key": {"deepKey": 1}}, "pairOf": [{"deepKey": 2}, {"deepKey": 3}],
                "anOption": {"anOption": {"firstName": "x", "anOption": null}}}),
            &json!({"by_name": {"deep_key": {"deep_key": 1}}, "pair_of": [{"deep_key": 2}, {"deepKey": 3}],
                "an_option": {"an_option": {"first_name": "x", "an_option": null}}}),
        );
    }

    #[test]
    fn the_tag_chooses_the_branch() {
        check(
            &json!({"aPet": {"petKind": "house_cat", "livesLeft": 9, "deepKey": 1}}),
            &json!({"a_pet": {"pet_kind": "house_cat", "lives_left": 9, "deepKey": 1}}),
        );
        check(
            &json!({"aPet": {"petKind": "dog", "livesLeft": 9, "deepKey": 1}}),
            &json!({"a_pet": {"pet_kind": "dog", "livesLeft": 9, "deep_key": 1}}),
        );
    }

    #[test]
    fn without_a_tag_the_first_branch_that_fits_is_taken() {
        check(&json!({"eitherWay": {"theText": "x"}}), &json!({"either_way": {"the_text": "x"}}));
        check(&json!({"eitherWay": {"theNumber": "x"}}), &json!({"either_way": {"theNumber": "x"}}));
    }

    #[test]
    fn of_two_spellings_none_is_lost() {
        let schema = schema_for!(Inner).to_value();
        let client = json!({"deep_key": 2, "deepKey": 1});
        let server = json!({"deepKey": 2, "deep_key": 1});
        assert_eq!(rename_incoming(&schema, &Map::new(), client.clone()), server);
        assert_eq!(rename_outgoing(&schema, &Map::new(), server), client);
    }

    #[test]
    fn values_that_fit_nothing_stay() {
        for value in [json!(null), json!("first_name"), json!([{"firstName": 1}]), json!(1.5)] {
            let schema = schema_for!(Payload).to_value();
            assert_eq!(rename_incoming(&schema, &Map::new(), value.clone()), value);
        }
    }
}
