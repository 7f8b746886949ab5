//! The values that a path and its route carry: kept as text, read as types.

use std::fmt;

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, Serializer, forward_to_deserialize_any};
use thiserror::Error;

/// The parameters of a path after conversion and the fixed arguments of its route: names and
/// values, outer ones first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

/// A name and its value in one piece, since every connection keeps its parameters.
#[derive(Clone, PartialEq, Eq)]
struct Parameter {
    text: Box<str>,
    /// The length of the name.
    name: usize,
}

impl Parameter {
    fn new(name: &str, value: &str) -> Self {
        Self { text: [name, value].concat().into(), name: name.len() }
    }

    fn pair(&self) -> (&str, &str) {
        self.text.split_at(self.name)
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair().fmt(f)
    }
}

/// Why parameters do not fit a type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// The type needs a parameter that the route does not have.
    #[error("the route has no parameter \"{name}\"")]
    Missing {
        /// The parameter in question.
        name: String,
    },
    /// The text of a parameter is no such value.
    #[error("parameter \"{name}\": {reason}")]
    Invalid {
        /// The parameter in question.
        name: String,
        /// What is wrong with it; may quote the text.
        reason: String,
    },
    /// The type is not made of named fields, or refuses the parameters as a whole.
    #[error("{reason}")]
    Other {
        /// What the type says.
        reason: String,
    },
}

impl Parameters {
    /// The value of the parameter `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(Parameter::pair)
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All parameters as a struct or a map. Numbers, booleans and whatever else is written as text
    /// are read from text; an `Option` is nothing where the route has no such parameter.
    ///
    /// ```
    /// use chanx::routing::Parameters;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Room {
    ///     tenant: String,
    ///     pk: i64,
    /// }
    ///
    /// let parameters = Parameters::from_iter([("tenant", "acme"), ("pk", "7")]);
    /// let room: Room = parameters.parse()?;
    /// assert_eq!((room.tenant.as_str(), room.pk), ("acme", 7));
    /// # Ok::<(), chanx::routing::ParameterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the parameter that is missing or does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParameterError> {
        T::deserialize(MapDeserializer::new(self.iter().map(|(name, value)| (name, Value { name, value }))))
    }

    /// One parameter as a value.
    ///
    /// # Errors
    ///
    /// If the route has no such parameter, or its text does not fit.
    pub fn parse_one<T: DeserializeOwned>(&self, name: &str) -> Result<T, ParameterError> {
        let (name, value) = self
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ParameterError::Missing { name: name.to_owned() })?;
        T::deserialize(Value { name, value })
    }

    /// Sets a value; that of an earlier parameter of the same name is replaced in its place.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let parameter = Parameter::new(name, value);
        match self.0.iter_mut().find(|known| known.pair().0 == name) {
            Some(old) => *old = parameter,
            None => {
                // There are few, and none is added later.
                self.0.reserve_exact(1);
                self.0.push(parameter);
            }
        }
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            parameters.set(name.as_ref(), value.as_ref());
        }
        parameters
    }
}

/// A map from names to texts.
impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl de::Error for ParameterError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::Other { reason: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing { name: field.to_owned() }
    }
}

/// The text of one parameter, read as whatever type asks for it.
#[derive(Clone, Copy)]
struct Value<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Value<'a> {
    fn text(self) -> StrDeserializer<'a, ParameterError> {
        self.value.into_deserializer()
    }

    fn read<T: std::str::FromStr>(self, expected: &str) -> Result<T, ParameterError> {
        let reason = || format!("expected {expected}, got {:?}", self.value);
        self.value.parse().map_err(|_| self.invalid(reason()))
    }

    fn invalid(self, reason: String) -> ParameterError {
        ParameterError::Invalid { name: self.name.to_owned(), reason }
    }

    /// Says whose fault an error is, unless it says so already.
    fn named<T>(self, result: Result<T, ParameterError>) -> Result<T, ParameterError> {
        result.map_err(|error| match error {
            ParameterError::Other { reason } => self.invalid(reason),
            named => named,
        })
    }
}

impl<'de> IntoDeserializer<'de, ParameterError> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Methods that read a primitive from the text.
macro_rules! read_from_text {
    ($($method:ident, $visit:ident, $expected:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            let value = self.read($expected)?;
            self.named(visitor.$visit(value))
        }
    )+};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = ParameterError;

    read_from_text! {
        deserialize_bool, visit_bool, "true or false";
        deserialize_i8, visit_i8, "a whole number of 8 bits";
        deserialize_i16, visit_i16, "a whole number of 16 bits";
        deserialize_i32, visit_i32, "a whole number of 32 bits";
        deserialize_i64, visit_i64, "a whole number of 64 bits";
        deserialize_i128, visit_i128, "a whole number of 128 bits";
        deserialize_u8, visit_u8, "a whole number of 8 bits, not negative";
        deserialize_u16, visit_u16, "a whole number of 16 bits, not negative";
        deserialize_u32, visit_u32, "a whole number of 32 bits, not negative";
        deserialize_u64, visit_u64, "a whole number of 64 bits, not negative";
        deserialize_u128, visit_u128, "a whole number of 128 bits, not negative";
        deserialize_f32, visit_f32, "a number";
        deserialize_f64, visit_f64, "a number";
        deserialize_char, visit_char, "one character";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.named(self.text().deserialize_any(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.named(self.text().deserialize_enum(name, variants, visitor))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Key(u64);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        Blue,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Everything {
        pk: Key,
        ratio: f64,
        open: bool,
        letter: char,
        color: Color,
        slug: String,
        level: Option<i8>,
        missing: Option<String>,
    }

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().copied().collect()
    }

    #[test]
    fn types_are_read_from_text() {
        let parameters = parameters(&[
            ("pk", "1"),
            ("ratio", "0.5"),
            ("open", "true"),
            ("letter", "é"),
            ("color", "blue"),
            ("slug", "a-b"),
            ("level", "-3"),
            ("unused", "x"),
        ]);
        let expected = Everything {
            pk: Key(1),
            ratio: 0.5,
            open: true,
            letter: 'é',
            color: Color::Blue,
            slug: "a-b".to_owned(),
            level: Some(-3),
            missing: None,
        };
        assert_eq!(parameters.parse::<Everything>().unwrap(), expected);
    }

    #[test]
    fn maps_and_single_values_are_read() {
        let parameters = parameters(&[("a", "1"), ("b", "2")]);
        let map: BTreeMap<String, i32> = parameters.parse().unwrap();
        assert_eq!(map, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
        assert_eq!(parameters.parse_one::<Key>("b"), Ok(Key(2)));
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"a":"1","b":"2"}"#);
    }

    #[test]
    fn errors_name_the_parameter() {
        #[derive(Debug, Deserialize)]
        struct Wanted {
            #[serde(rename = "pk")]
            _pk: i8,
            #[serde(rename = "color", default)]
            _color: Option<Color>,
        }
        let cases: [(&[(&str, &str)], &str); 5] = [
            (&[("slug", "x")], r#"the route has no parameter "pk""#),
            (&[("pk", "a\"b")], r#"parameter "pk": expected a whole number of 8 bits, got "a\"b""#),
            (&[("pk", "128")], r#"parameter "pk": expected a whole number of 8 bits, got "128""#),
            (&[("pk", "")], r#"parameter "pk": expected a whole number of 8 bits, got """#),
            (
                &[("pk", "1"), ("color", "green")],
                r#"parameter "color": unknown variant `green`, expected `red` or `blue`"#,
            ),
        ];
        for (pairs, message) in cases {
            assert_eq!(parameters(pairs).parse::<Wanted>().unwrap_err().to_string(), message);
        }
        let error = parameters(&[("pk", "1")]).parse_one::<Vec<i32>>("pk").unwrap_err();
        assert_eq!(error.to_string(), "parameter \"pk\": invalid type: string \"1\", expected a sequence");
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one_in_its_place() {
        let parameters = parameters(&[("a", "1"), ("b", "2"), ("a", "30")]);
        assert!(parameters.iter().eq([("a", "30"), ("b", "2")]));
        assert_eq!((parameters.get("a"), parameters.get("a3")), (Some("30"), None));
        assert_eq!(format!("{parameters:?}"), r#"Parameters([("a", "30"), ("b", "2")])"#);
    }
}
