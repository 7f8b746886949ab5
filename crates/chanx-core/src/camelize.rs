//! Names on the wire: declared names in snake_case, and the camelCase that clients may see instead of them.
//!
//! Only the names that a schema declares are ever changed. Keys of maps and of untyped values are data.

mod rename;
mod schema;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};

pub(crate) use rename::{Direction, rename};
pub use rename::{rename_incoming, rename_outgoing};
pub(crate) use schema::camelize_schema;

/// How declared names appear on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// As the type declares them.
    #[default]
    AsDeclared,
    /// In camelCase. Clients may also send them as declared. The key that names the variant of an externally tagged
    /// enum is such a name; the tag of other enums is a value, and stays.
    CamelCase,
}

/// The camelCase form of a declared name, by the rules of Python's pyhumps.
///
/// A separator (`_` or `-`, or several) vanishes and raises the letter behind it; separators at either end stay. Names
/// wholly in upper case stay as they are.
///
/// ```
/// use chanx_core::camelize::camelize;
///
/// assert_eq!(camelize("status_code"), "statusCode");
/// assert_eq!(camelize("_private_"), "_private_");
/// assert_eq!(camelize("MAX_SIZE"), "MAX_SIZE");
/// ```
pub fn camelize(name: &str) -> Cow<'_, str> {
    if is_upper(name) || is_camel(name) { Cow::Borrowed(name) } else { Cow::Owned(raised(name)) }
}

/// The value with every key of every object in camelCase, for what no schema describes. Of two keys that become one the
/// last counts.
pub fn camelize_keys(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (camelize(&key).into_owned(), camelize_keys(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(camelize_keys).collect(),
        other => other,
    }
}

/// A declared property and what the wire calls it.
pub(crate) struct Field<'s> {
    pub(crate) declared: &'s str,
    pub(crate) wire: Cow<'s, str>,
    pub(crate) schema: &'s Value,
}

impl Field<'_> {
    /// The entry of `object` that holds this field: under its wire name, else under its declared name.
    pub(crate) fn find<'v>(&self, object: &'v Map<String, Value>) -> Option<(&'v str, &'v Value)> {
        let (key, value) = object.get_key_value(&*self.wire).or_else(|| object.get_key_value(self.declared))?;
        Some((key, value))
    }
}

/// The declared properties with their wire names, which are distinct: a name whose camelCase form is taken by another
/// property keeps its declared form.
pub(crate) fn fields<'s>(properties: &[(&'s str, &'s Value)], naming: Naming) -> Vec<Field<'s>> {
    let wire_names = match naming {
        Naming::AsDeclared => properties.iter().map(|(declared, _)| Cow::Borrowed(*declared)).collect(),
        Naming::CamelCase => distinct_camel_names(properties.iter().map(|(declared, _)| *declared).collect()),
    };
    properties.iter().zip(wire_names).map(|(&(declared, schema), wire)| Field { declared, wire, schema }).collect()
}

fn distinct_camel_names(declared: Vec<&str>) -> Vec<Cow<'_, str>> {
    let mut taken: HashSet<Cow<'_, str>> = declared.iter().map(|name| Cow::Borrowed(*name)).collect();
    let mut wire_name = |name| {
        let camel = camelize(name);
        if taken.insert(camel.clone()) { camel } else { Cow::Borrowed(name) }
    };
    declared.into_iter().map(&mut wire_name).collect()
}

fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-')
}

/// Whether the text has letters in upper case and none in lower case.
fn is_upper(text: &str) -> bool {
    text.contains(char::is_uppercase) && !text.contains(char::is_lowercase)
}

/// Whether nothing is to be done, which is cheap to see for most names.
fn is_camel(name: &str) -> bool {
    !name.contains(|c: char| is_separator(c) || c.is_whitespace()) && !name.starts_with(char::is_uppercase)
}

fn raised(name: &str) -> String {
    let solid: String = name.split_whitespace().collect();
    let core = solid.trim_matches(is_separator);
    let mut words = core.split(is_separator).filter(|word| !word.is_empty());
    let (Some(first), Some((leading, trailing))) = (words.next(), solid.split_once(core)) else { return solid };

    let keeps_case = !leading.is_empty() || starts_upper(name);
    let mut camel = leading.to_owned();
    push_word(&mut camel, first, if keeps_case { str::to_owned } else { str::to_lowercase });
    for word in words {
        push_word(&mut camel, word, str::to_uppercase);
    }
    camel + trailing
}

/// Appends the word, its first letter changed.
fn push_word(text: &mut String, word: &str, change: fn(&str) -> String) {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    text.push_str(&change(first));
    text.push_str(rest);
}

/// Whether the first two characters are in upper case, as those of an abbreviation (`IPAddress`).
fn starts_upper(name: &str) -> bool {
    let end = name.char_indices().nth(2).map_or(name.len(), |(end, _)| end);
    is_upper(&name[..end])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wire_names(names: &[&str], naming: Naming) -> Vec<String> {
        let any = json!(true);
        let properties: Vec<_> = names.iter().map(|name| (*name, &any)).collect();
        fields(&properties, naming).into_iter().map(|field| field.wire.into_owned()).collect()
    }

    #[test]
    fn names_become_camel_case() {
        for (declared, camel) in [
            ("action", "action"),
            ("status_code", "statusCode"),
            ("a_b_c", "aBC"),
            ("x_1", "x1"),
            ("a__b", "aB"),
            ("_private", "_private"),
            ("__dunder__", "__dunder__"),
            ("snake_case_", "snakeCase_"),
            ("_a_b", "_aB"),
            ("STATUS_CODE", "STATUS_CODE"),
            ("IPAddress", "IPAddress"),
            ("StatusCode", "statusCode"),
            ("foo-Bar_baz", "fooBarBaz"),
            ("état_civil", "étatCivil"),
            ("with space", "withspace"),
            ("_", "_"),
            ("", ""),
        ] {
            assert_eq!(camelize(declared), camel, "{declared}");
            assert_eq!(camelize(camel), camel, "{camel} is stable");
        }
    }

    #[test]
    fn names_that_stay_are_borrowed() {
        for name in ["action", "userId", "MAX_SIZE", ""] {
            assert!(matches!(camelize(name), Cow::Borrowed(_)), "{name}");
        }
    }

    #[test]
    fn wire_names_are_distinct() {
        assert_eq!(wire_names(&["x_1", "x1"], Naming::CamelCase), ["x_1", "x1"]);
        assert_eq!(wire_names(&["a_b", "a__b"], Naming::CamelCase), ["aB", "a__b"]);
        assert_eq!(wire_names(&["a_b", "a__b"], Naming::AsDeclared), ["a_b", "a__b"]);
    }

    #[test]
    fn a_field_is_found_under_both_names() {
        let any = json!(true);
        let field = &fields(&[("first_name", &any)], Naming::CamelCase)[0];
        let find =
            |value: Value| field.find(value.as_object().unwrap()).map(|(key, value)| (key.to_owned(), value.clone()));
        assert_eq!(find(json!({"firstName": 1})), Some(("firstName".to_owned(), json!(1))));
        assert_eq!(find(json!({"first_name": 2})), Some(("first_name".to_owned(), json!(2))));
        assert_eq!(find(json!({"first_name": 2, "firstName": 1})), Some(("firstName".to_owned(), json!(1))));
        assert_eq!(find(json!({"name": 1})), None);
    }
}
