//! What a login session holds, and the signed text that Django keeps it in. Knows no database.

use std::cell::RefCell;
use std::io::{self, Write};
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::{Map, Value};

use crate::database::Timestamp;
use crate::signing::Keys;

/// Names the purpose of a signature: the class of Django's session stores.
const SALT: &str = "django.contrib.sessions.SessionStore";

/// Holds how long the session lasts, if it is not the site's usual time.
const EXPIRY: &str = "_session_expiry";

/// Begins a payload that is compressed.
const COMPRESSED: char = '.';

thread_local! {
    /// 50 kB, which would cost more to come by for each session than it takes to read one.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// The values of a login session: a JSON object, shared with Django as such.
///
/// Keys that begin with `_` belong to Django and to chanx.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionData(Map<String, Value>);

impl SessionData {
    /// An empty session.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of `key`, if it is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// Sets `key`, and gives back its former value.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(key.into(), value.into())
    }

    /// Takes the value of `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key)
    }

    /// Whether the session holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When a session that is saved `now` ends: `usual` later, unless its own values say otherwise.
    ///
    /// As `set_expiry` of Django leaves it: seconds, or a moment; zero, for a session that ends
    /// with the browser, lasts as long as any other in the database.
    pub(super) fn expiry(&self, now: Timestamp, usual: Duration) -> Timestamp {
        let own = self.get(EXPIRY).and_then(|expiry| match expiry {
            Value::String(moment) => Timestamp::from_rfc3339(moment),
            seconds => seconds.as_u64().filter(|&seconds| seconds > 0).map(|s| now.plus(Duration::from_secs(s))),
        });
        own.unwrap_or_else(|| now.plus(usual))
    }

    /// The signed text for the column `session_data`, with the present time in its signature.
    pub fn encode(&self, keys: &Keys) -> String {
        let json = ascii_json(&self.0);
        keys.sign(SALT, &payload(&json), Timestamp::now().unix_seconds())
    }

    /// Reads the column. `None` if no key signed the text, or if no JSON object is inside.
    pub fn decode(encoded: &str, keys: &Keys) -> Option<Self> {
        let signed = keys.unsign(SALT, encoded)?;
        // What is unpacked here was packed by this site or its Django: the signature said so.
        let json = unpack(signed.value)?;
        serde_json::from_slice(&json).ok().map(Self)
    }
}

impl From<Map<String, Value>> for SessionData {
    fn from(values: Map<String, Value>) -> Self {
        Self(values)
    }
}

/// Base64 of the JSON, or of its compressed form where that saves at least two bytes.
fn payload(json: &[u8]) -> String {
    let compressed = compress(json);
    if compressed.len() + 1 < json.len() {
        return format!("{COMPRESSED}{}", URL_SAFE_NO_PAD.encode(compressed));
    }
    URL_SAFE_NO_PAD.encode(json)
}

fn compress(json: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(json).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

fn unpack(payload: &str) -> Option<Vec<u8>> {
    let Some(compressed) = payload.strip_prefix(COMPRESSED) else {
        return URL_SAFE_NO_PAD.decode(payload).ok();
    };
    let compressed = URL_SAFE_NO_PAD.decode(compressed).ok()?;
    INFLATE.with_borrow_mut(|state| inflate(state, &compressed))
}

/// What a whole zlib stream holds.
fn inflate(state: &mut Decompress, compressed: &[u8]) -> Option<Vec<u8>> {
    state.reset(true);
    let mut json = Vec::with_capacity(4 * compressed.len() + 64);
    loop {
        let rest = compressed.get(usize::try_from(state.total_in()).ok()?..)?;
        match state.decompress_vec(rest, &mut json, FlushDecompress::Finish).ok()? {
            Status::StreamEnd => return Some(json),
            _ if json.len() < json.capacity() => return None,
            _ => json.reserve(json.len()),
        }
    }
}

/// JSON without blanks and in ASCII, as `json.dumps` writes it: Django reads it as Latin-1.
fn ascii_json(values: &Map<String, Value>) -> Vec<u8> {
    let mut json = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut json, AsciiFormatter);
    values.serialize(&mut serializer).expect("JSON values are written to memory");
    json
}

struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            write_character(writer, character)?;
        }
        Ok(())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        CompactFormatter.write_f64(writer, value)
    }
}

fn write_character<W: ?Sized + Write>(writer: &mut W, character: char) -> io::Result<()> {
    if matches!(character, ' '..='~') {
        return write!(writer, "{character}");
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(writer, "\\u{unit:04x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new("secret", [""; 0])
    }

    #[test]
    fn json_is_ascii_with_surrogate_pairs() {
        let mut data = SessionData::new();
        data.insert("é\"\\", "☃😀\u{7f}\n");
        let json = String::from_utf8(ascii_json(&data.0)).unwrap();
        assert_eq!(json, r#"{"\u00e9\"\\":"\u2603\ud83d\ude00\u007f\n"}"#);
        assert_eq!(SessionData::decode(&data.encode(&keys()), &keys()), Some(data));
    }

    #[test]
    fn compression_is_used_only_where_it_pays() {
        let mut data = SessionData::new();
        data.insert("a", 1);
        assert!(data.encode(&keys()).starts_with("eyJhIjoxfQ:"));
        data.insert("filler", "lorem ipsum ".repeat(40));
        assert!(data.encode(&keys()).starts_with('.'));
        assert_eq!(SessionData::decode(&data.encode(&keys()), &keys()), Some(data));
    }

    #[test]
    fn what_is_signed_but_no_object_is_no_session() {
        for payload in ["", "!", ".", ".eyJhIjoxfQ", &URL_SAFE_NO_PAD.encode("[1]"), &URL_SAFE_NO_PAD.encode("{")] {
            let signed = keys().sign(SALT, payload, 1);
            assert_eq!(SessionData::decode(&signed, &keys()), None, "{payload:?}");
        }
    }

    #[test]
    fn compressed_data_is_read_whole_or_not_at_all() {
        let json = format!("{{\"a\":\"{}\"}}", "lorem ipsum ".repeat(5_000)).into_bytes();
        let compressed = compress(&json);
        let unpack = |bytes: &[u8]| unpack(&format!(".{}", URL_SAFE_NO_PAD.encode(bytes)));
        for length in [0, 1, 2, compressed.len() / 2, compressed.len() - 1] {
            assert_eq!(unpack(&compressed[..length]), None, "{length}");
            assert_eq!(unpack(&compressed).as_ref(), Some(&json), "after one that was cut off");
        }
        assert_eq!(unpack(&[compressed.as_slice(), b"more"].concat()), Some(json), "what follows is nobody's");
    }

    #[test]
    fn a_session_may_set_its_own_end() {
        let (now, usual) = (Timestamp::UNIX_EPOCH, Duration::from_secs(100));
        let expiry = |value: Value| {
            let data = SessionData::from(Map::from_iter([(EXPIRY.to_owned(), value)]));
            data.expiry(now, usual).unix_seconds()
        };
        assert_eq!(SessionData::new().expiry(now, usual).unix_seconds(), 100);
        assert_eq!(expiry(300.into()), 300);
        assert_eq!(expiry("1970-01-01T02:03:04.5+01:00".into()), 3784);
        for unusable in [0.into(), (-1).into(), 1.5.into(), "soon".into(), Value::Null] {
            assert_eq!(expiry(unusable), 100);
        }
    }

    #[test]
    fn values_are_kept_in_order_and_taken_out() {
        let mut data = SessionData::new();
        assert!(data.is_empty());
        data.insert("b", 1);
        data.insert("a", "x");
        assert_eq!(data.text("a"), Some("x"));
        assert_eq!(data.text("b"), None);
        assert_eq!(data.remove("b"), Some(1.into()));
        assert_eq!(ascii_json(&data.0), br#"{"a":"x"}"#);
    }
}
