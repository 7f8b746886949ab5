//! Texts that need no escapes are written at once.
//!
//! serde_json looks at the bytes of a text one after the other, which costs more than all the rest of a long message.
//! [`Quick`] goes along with its serializer to every depth, looks at many bytes of a text at once, and hands those without
//! escapes over as bytes, which [`BytesAreText`] writes as the text that they are. Everything else passes through.

use std::io;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::ser::Formatter;

/// Writes an object to `out`, its entries as `write` gives them.
///
/// # Errors
/// Whatever `out` or `write` refuses.
pub(super) fn write_object<W: io::Write>(
    out: W,
    write: impl FnOnce(&mut Quick<serde_json::ser::Compound<'_, W, BytesAreText>>) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    let mut serializer = serde_json::Serializer::with_formatter(out, BytesAreText);
    let mut fields = Quick(serializer.serialize_map(None)?);
    write(&mut fields)?;
    SerializeMap::end(fields)
}

/// Writes what is given as bytes as a text that needs no escapes.
#[derive(Debug)]
pub(super) struct BytesAreText;

impl Formatter for BytesAreText {
    fn write_byte_array<W: io::Write + ?Sized>(&mut self, out: &mut W, text: &[u8]) -> io::Result<()> {
        out.write_all(b"\"")?;
        out.write_all(text)?;
        out.write_all(b"\"")
    }
}

/// Whether JSON has an escape for any of these bytes. Without a way out in between, so that the compiler can take many bytes
/// at once.
fn needs_escapes(text: &[u8]) -> bool {
    text.iter().fold(false, |needs, byte| needs | needs_escape(*byte))
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// A serializer, or what it returns, that looks at texts first; a value that is serialized with such a one.
#[derive(Debug)]
pub(super) struct Quick<T>(T);

impl<T: Serialize + ?Sized> Serialize for Quick<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Quick(serializer))
    }
}

/// No struct of an application is called like this: it is a word between a type and its serializer, as that of
/// `serde_json::value::RawValue`.
const PRIVATE: char = '$';

/// The fields of a struct. Those of a private one come as they are, since its serializer waits for a text.
#[derive(Debug)]
pub(super) struct QuickStruct<S> {
    fields: S,
    is_private: bool,
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $($argument: $type),*) -> Result<$ok, S::Error> {
            self.0.$method($($argument),*)
        }
    )*};
}

macro_rules! open {
    ($($method:ident($($argument:ident: $type:ty),*) -> $ok:ident;)*) => {$(
        fn $method(self, $($argument: $type),*) -> Result<Quick<S::$ok>, S::Error> {
            self.0.$method($($argument),*).map(Quick)
        }
    )*};
}

impl<S: Serializer> Serializer for Quick<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Quick<S::SerializeSeq>;
    type SerializeTuple = Quick<S::SerializeTuple>;
    type SerializeTupleStruct = Quick<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Quick<S::SerializeTupleVariant>;
    type SerializeMap = Quick<S::SerializeMap>;
    type SerializeStruct = QuickStruct<S::SerializeStruct>;
    type SerializeStructVariant = Quick<S::SerializeStructVariant>;

    fn serialize_str(self, text: &str) -> Result<S::Ok, S::Error> {
        if needs_escapes(text.as_bytes()) {
            self.0.serialize_str(text)
        } else {
            self.0.serialize_bytes(text.as_bytes())
        }
    }

    /// An array of numbers, as serde_json writes bytes without [`BytesAreText`].
    fn serialize_bytes(self, bytes: &[u8]) -> Result<S::Ok, S::Error> {
        self.0.collect_seq(bytes)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Quick(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Quick(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Quick(value))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        let fields = self.0.serialize_struct(name, len)?;
        Ok(QuickStruct { fields, is_private: name.starts_with(PRIVATE) })
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    forward! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_i128(value: i128) -> S::Ok;
        serialize_u8(value: u8) -> S::Ok;
        serialize_u16(value: u16) -> S::Ok;
        serialize_u32(value: u32) -> S::Ok;
        serialize_u64(value: u64) -> S::Ok;
        serialize_u128(value: u128) -> S::Ok;
        serialize_f32(value: f32) -> S::Ok;
        serialize_f64(value: f64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(name: &'static str) -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
    }

    open! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant;
    }
}

/// What has elements only.
macro_rules! elements {
    ($($trait:ident::$method:ident;)*) => {$(
        impl<S: $trait> $trait for Quick<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.0.$method(&Quick(value))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

impl<S: SerializeMap> SerializeMap for Quick<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_value(&Quick(value))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

impl<S: SerializeStruct> SerializeStruct for QuickStruct<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
        if self.is_private {
            self.fields.serialize_field(key, value)
        } else {
            self.fields.serialize_field(key, &Quick(value))
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.fields.end()
    }
}

impl<S: SerializeStructVariant> SerializeStructVariant for Quick<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_field(key, &Quick(value))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::value::RawValue;

    use super::*;

    /// What is written for a value, beside what serde_json writes.
    fn check<T: Serialize + ?Sized>(value: &T) {
        let mut text = Vec::new();
        write_object(&mut text, |fields| fields.serialize_entry("value", value)).unwrap();
        let expected = format!(r#"{{"value":{}}}"#, serde_json::to_string(value).unwrap());
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    struct Bytes(&'static [u8]);

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    struct Shown(f64);

    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("\"{}\"", self.0))
        }
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Wrapped(String);

    #[derive(Serialize)]
    struct Pair(String, i128);

    #[derive(Serialize)]
    struct Fields<'a> {
        text: &'a str,
        letter: char,
        maybe: Option<&'a str>,
        raw: Box<RawValue>,
    }

    #[derive(Serialize)]
    enum Shape<'a> {
        Unit,
        Newtype(&'a str),
        Tuple(&'a str, u8),
        Struct { text: &'a str, number: f32 },
    }

    #[test]
    fn every_character_is_written_as_by_serde_json_wherever_it_stands() {
        for character in (0..=0x7f_u8).map(char::from).chain(['\u{80}', 'ü', '\u{2028}', '😀']) {
            for before in [0, 1, 15, 16, 31, 32, 63, 64, 200] {
                check(&format!("{}{character}", "x".repeat(before)));
                check(&format!("{}{character}x", "ü".repeat(before)));
            }
        }
        check("");
    }

    #[test]
    fn every_shape_is_written_as_by_serde_json() {
        for text in ["plain", "with \"quotes\""] {
            let raw = RawValue::from_string(format!("[1, {text:?}]")).unwrap();
            check(&Fields { text, letter: '"', maybe: Some(text), raw });
            check(&[Shape::Unit, Shape::Newtype(text), Shape::Tuple(text, 7), Shape::Struct { text, number: 0.5 }]);
            check(&(text, Pair(text.to_owned(), i128::MIN), Wrapped(text.to_owned())));
            check(&BTreeMap::from([(1, text), (2, text)]));
            check(&BTreeMap::from([(text, Some(text))]));
        }
        check(&[RawValue::from_string("[1, 2]".to_owned()).unwrap()]);
        check(&(Unit, (), None::<u8>, true, Bytes(b"\"bytes\""), Bytes(b""), Shown(0.5), f64::NAN, u128::MAX));
    }

    #[test]
    fn what_has_no_json_form_is_refused() {
        let map = BTreeMap::from([(vec![1], 1)]);
        assert!(write_object(&mut Vec::new(), |fields| fields.serialize_entry("value", &map)).is_err());
    }
}
