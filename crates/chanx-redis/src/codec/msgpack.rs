//! MessagePack as Python's msgpack writes it by default: the shortest integers, 64-bit floats, texts as `str`.

use rmp::Marker;
use rmp::encode::{self as write, ByteBuf};
use serde_json::{Map, Number, Value};

use super::{DecodeError, MAX_DEPTH};

/// What begins a map of so many entries.
pub(super) fn map_header(count: usize) -> Vec<u8> {
    let mut out = ByteBuf::new();
    let Ok(_) = write::write_map_len(&mut out, length(count));
    out.into_vec()
}

/// Appends a key and its value.
pub(super) fn write_entry(out: &mut Vec<u8>, key: &str, value: &Value) {
    let mut buffer = ByteBuf::from_vec(std::mem::take(out));
    write_text(&mut buffer, key);
    write_value(&mut buffer, value);
    *out = buffer.into_vec();
}

fn write_value(out: &mut ByteBuf, value: &Value) {
    match value {
        Value::Null => {
            let Ok(()) = write::write_nil(out);
        }
        Value::Bool(value) => {
            let Ok(()) = write::write_bool(out, *value);
        }
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(values) => {
            let Ok(_) = write::write_array_len(out, length(values.len()));
            values.iter().for_each(|value| write_value(out, value));
        }
        Value::Object(entries) => {
            let Ok(_) = write::write_map_len(out, length(entries.len()));
            for (key, value) in entries {
                write_text(out, key);
                write_value(out, value);
            }
        }
    }
}

fn write_number(out: &mut ByteBuf, number: &Number) {
    if let Some(number) = number.as_u64() {
        let Ok(_) = write::write_uint(out, number);
    } else if let Some(number) = number.as_i64() {
        let Ok(_) = write::write_sint(out, number);
    } else if let Some(number) = number.as_f64() {
        let Ok(()) = write::write_f64(out, number);
    }
}

fn write_text(out: &mut ByteBuf, text: &str) {
    let Ok(()) = write::write_str(out, text);
}

/// A message that is longer than 32 bits can tell is refused later on: it is far longer than messages may be.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    let mut reader = Reader { rest: bytes };
    let Value::Object(object) = reader.value(MAX_DEPTH)? else { return Err(DecodeError::NoMap) };
    if reader.rest.is_empty() { Ok(object) } else { Err(DecodeError::Trailing) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let marker = Marker::from_u8(self.fixed::<1>()?[0]);
        Ok(match marker {
            Marker::Null => Value::Null,
            Marker::True => true.into(),
            Marker::False => false.into(),
            Marker::FixPos(number) => number.into(),
            Marker::U8 => u8::from_be_bytes(self.fixed()?).into(),
            Marker::U16 => u16::from_be_bytes(self.fixed()?).into(),
            Marker::U32 => u32::from_be_bytes(self.fixed()?).into(),
            Marker::U64 => u64::from_be_bytes(self.fixed()?).into(),
            Marker::FixNeg(number) => number.into(),
            Marker::I8 => i8::from_be_bytes(self.fixed()?).into(),
            Marker::I16 => i16::from_be_bytes(self.fixed()?).into(),
            Marker::I32 => i32::from_be_bytes(self.fixed()?).into(),
            Marker::I64 => i64::from_be_bytes(self.fixed()?).into(),
            Marker::F32 => finite(f64::from(f32::from_be_bytes(self.fixed()?)))?,
            Marker::F64 => finite(f64::from_be_bytes(self.fixed()?))?,
            _ => return self.compound(marker, depth),
        })
    }

    fn compound(&mut self, marker: Marker, depth: usize) -> Result<Value, DecodeError> {
        if let Some(length) = self.text_length(marker)? {
            return self.text(length).map(Value::from);
        }
        let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        let count = match marker {
            Marker::FixArray(count) | Marker::FixMap(count) => usize::from(count),
            Marker::Array16 | Marker::Map16 => self.length16()?,
            Marker::Array32 | Marker::Map32 => self.length32()?,
            _ => return Err(DecodeError::Type),
        };
        match marker {
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => self.array(count, depth),
            _ => self.map(count, depth),
        }
    }

    /// The length of a text; none: it is none.
    fn text_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => usize::from(self.fixed::<1>()?[0]),
            Marker::Str16 => self.length16()?,
            Marker::Str32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    // No room is reserved for what is only announced.

    fn array(&mut self, count: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value(depth)?);
        }
        Ok(values.into())
    }

    fn map(&mut self, count: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut entries = Map::new();
        for _ in 0..count {
            let marker = Marker::from_u8(self.fixed::<1>()?[0]);
            let length = self.text_length(marker)?.ok_or(DecodeError::Key)?;
            let key = self.text(length)?;
            entries.insert(key, self.value(depth)?);
        }
        Ok(entries.into())
    }

    fn text(&mut self, length: usize) -> Result<String, DecodeError> {
        let (text, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Cut)?;
        self.rest = rest;
        str::from_utf8(text).map(str::to_owned).map_err(|_| DecodeError::Text)
    }

    fn length16(&mut self) -> Result<usize, DecodeError> {
        self.fixed().map(u16::from_be_bytes).map(usize::from)
    }

    fn length32(&mut self) -> Result<usize, DecodeError> {
        self.fixed().map(|bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Cut)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

fn finite(number: f64) -> Result<Value, DecodeError> {
    Number::from_f64(number).map(Value::Number).ok_or(DecodeError::Number)
}
