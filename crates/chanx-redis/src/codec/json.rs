//! JSON as Python's `json.dumps` writes it by default: ASCII, a space behind each comma and colon.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use super::{DecodeError, number};

/// Appends a key and its value, and a comma before them if they are not the first.
pub(super) fn write_entry(out: &mut Vec<u8>, is_first: bool, key: &str, value: &Value) {
    if !is_first {
        out.extend_from_slice(b", ");
    }
    write(out, &key);
    out.extend_from_slice(b": ");
    write(out, value);
}

fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let written = value.serialize(&mut Serializer::with_formatter(out, Pythonic));
    written.expect("memory takes whatever is written, and all keys are texts");
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    if number::too_large(bytes).is_some() {
        return Err(DecodeError::Number);
    }
    match serde_json::from_slice(bytes).map_err(|_| DecodeError::Json)? {
        Value::Object(object) => Ok(object),
        _ => Err(DecodeError::NoMap),
    }
}

struct Pythonic;

impl Pythonic {
    fn separate<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }
}

impl Formatter for Pythonic {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Self::separate(writer, first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Self::separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for part in fragment.split_inclusive(|c| !is_plain(c)) {
            let (plain, special) = match part.char_indices().next_back() {
                Some((at, c)) if !is_plain(c) => (&part[..at], Some(c)),
                _ => (part, None),
            };
            writer.write_all(plain.as_bytes())?;
            for unit in special.iter().flat_map(|c| c.encode_utf16(&mut units).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

fn is_plain(c: char) -> bool {
    (' '..='~').contains(&c)
}
