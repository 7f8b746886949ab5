//! Writing a struct's fields beside the action, `payload` first.

use serde::ser::{Error, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::wire::PAYLOAD;

/// Writes the fields of `value`, a struct or a map, as entries of `fields`: `payload` first, then the rest in order.
///
/// # Errors
/// A value that is neither a struct nor a map, and whatever its fields refuse.
pub fn write_fields<M: SerializeMap, T: Serialize>(fields: &mut M, value: &T) -> Result<(), M::Error> {
    value.serialize(Flat { fields: &mut *fields, pass: Pass::Payload })?;
    value.serialize(Flat { fields, pass: Pass::Rest })
}

/// A serializer for the entries of an object that is already open.
#[derive(Debug)]
struct Flat<'a, M> {
    fields: &'a mut M,
    pass: Pass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Payload,
    Rest,
}

impl<M: SerializeMap> Flat<'_, M> {
    fn wants(&self, key: &str) -> bool {
        (key == PAYLOAD) == (self.pass == Pass::Payload)
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), M::Error> {
        if self.wants(key) { self.fields.serialize_entry(key, value) } else { Ok(()) }
    }
}

fn not_an_object<E: Error>() -> E {
    E::custom("a message's fields must be a struct or a map")
}

impl<M: SerializeMap> SerializeStruct for Flat<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), M::Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

/// The entries of a map: keys are read as text first, so that one pass can leave some out.
#[derive(Debug)]
struct FlatMap<'a, M> {
    flat: Flat<'a, M>,
    key: String,
}

impl<M: SerializeMap> SerializeMap for FlatMap<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        self.key = match serde_json::to_value(key) {
            Ok(serde_json::Value::String(key)) => key,
            _ => return Err(Error::custom("a message's keys must be strings")),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        let key = std::mem::take(&mut self.key);
        self.flat.entry(&key, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

/// Refuses every shape but those of an object.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok, M::Error> { Err(not_an_object()) })*
    };
}

impl<'a, M: SerializeMap> Serializer for Flat<'a, M> {
    type Ok = ();
    type Error = M::Error;
    type SerializeSeq = Impossible<(), M::Error>;
    type SerializeTuple = Impossible<(), M::Error>;
    type SerializeTupleStruct = Impossible<(), M::Error>;
    type SerializeTupleVariant = Impossible<(), M::Error>;
    type SerializeMap = FlatMap<'a, M>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), M::Error>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, M::Error> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<FlatMap<'a, M>, M::Error> {
        Ok(FlatMap { flat: self, key: String::new() })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), M::Error> {
        Err(not_an_object())
    }

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Impossible<(), M::Error>;
        serialize_tuple(usize) -> Impossible<(), M::Error>;
        serialize_tuple_struct(&'static str, usize) -> Impossible<(), M::Error>;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Impossible<(), M::Error>;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Impossible<(), M::Error>;
    }
}
