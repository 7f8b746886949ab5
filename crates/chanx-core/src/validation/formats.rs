//! Formats of strings, as far as schemas name them. Formats that are not known here are ignored.

use std::net::{IpAddr, Ipv6Addr};

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use serde_json::{Map, Value};

use super::wording::Complaint;
use super::{calendar, ipv4, uri};

/// The fault of a value that is no string although the schema wants one.
pub(super) fn not_a_string(schema: &Map<String, Value>) -> Complaint {
    if schema.contains_key("contentEncoding") {
        return Complaint::new("bytes_type", "Input should be a valid bytes");
    }
    match format(schema) {
        "uuid" => Complaint::new("uuid_type", "UUID input should be a string, bytes or UUID object"),
        "date-time" => Complaint::new("datetime_type", "Input should be a valid datetime"),
        "date" => Complaint::new("date_type", "Input should be a valid date"),
        "time" | "partial-time" => Complaint::new("time_type", "Input should be a valid time"),
        "uri" => Complaint::new("url_type", "URL input should be a string or URL"),
        "ip" => address_of_any_version(),
        _ => Complaint::new("string_type", "Input should be a valid string"),
    }
}

/// The fault of a string that is not written in the schema's format.
pub(super) fn fault(schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    Format::of(schema).fault(schema, text)
}

/// Whether the schema has a format that is checked here, and that types may read less strictly.
pub(crate) fn is_known(schema: &Map<String, Value>) -> bool {
    Format::of(schema) != Format::Unknown
}

/// A format of strings that is checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Uuid,
    DateTime,
    Date,
    Time,
    PartialTime,
    Uri,
    Email,
    Ipv4,
    Ipv6,
    Ip,
    Encoded,
    Unknown,
}

impl Format {
    /// The format that the schema names.
    pub(super) fn of(schema: &Map<String, Value>) -> Self {
        match format(schema) {
            "uuid" => Self::Uuid,
            "date-time" => Self::DateTime,
            "date" => Self::Date,
            "time" => Self::Time,
            "partial-time" => Self::PartialTime,
            "uri" => Self::Uri,
            "email" => Self::Email,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "ip" => Self::Ip,
            _ if schema.contains_key("contentEncoding") => Self::Encoded,
            _ => Self::Unknown,
        }
    }

    /// The fault of a string that is not written in this format, which the schema names.
    pub(super) fn fault(self, schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
        match self {
            Self::Uuid => uuid(text),
            Self::DateTime => {
                prefixed("datetime_parsing", "Input should be a valid datetime, ", calendar::date_time(text))
            }
            Self::Date => prefixed("date_parsing", DATE_PREFIX, calendar::date(text)),
            Self::Time => prefixed("time_parsing", TIME_PREFIX, calendar::time(text)),
            Self::PartialTime => prefixed("time_parsing", TIME_PREFIX, calendar::local_time(text)),
            Self::Uri => uri::fault(schema, text),
            Self::Email => email(text),
            Self::Ipv4 => ipv4::fault(text).map(|why| Complaint::new("value_error", format!("Value error, {why}"))),
            Self::Ipv6 => {
                let complaint = || Complaint::new("ip_v6_address", "Input is not a valid IPv6 address");
                text.parse::<Ipv6Addr>().is_err().then(complaint)
            }
            Self::Ip => text.parse::<IpAddr>().is_err().then(address_of_any_version),
            Self::Encoded => base64(schema, text),
            Self::Unknown => None,
        }
    }
}

/// Whether the branches of a union are the two versions of IP addresses.
pub(super) fn are_addresses(branches: &[&Value]) -> bool {
    let has = |format: &str| branches.iter().any(|branch| branch["format"] == format);
    branches.len() == 2 && has("ipv4") && has("ipv6")
}

/// The fault of a value that is no IP address of either version.
pub(super) fn not_an_address(value: &Value) -> Option<Complaint> {
    let is_address = value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok());
    (!is_address).then(address_of_any_version)
}

const DATE_PREFIX: &str = "Input should be a valid date in the format YYYY-MM-DD, ";
const TIME_PREFIX: &str = "Input should be in a valid time format, ";

fn format(schema: &Map<String, Value>) -> &str {
    schema.get("format").and_then(Value::as_str).unwrap_or_default()
}

/// Pydantic's prefix, then the parser's own words.
fn prefixed<T>(kind: &'static str, prefix: &str, parsed: Result<T, impl AsRef<str>>) -> Option<Complaint> {
    let why = parsed.err()?;
    Some(Complaint::new(kind, format!("{prefix}{}", why.as_ref())))
}

fn address_of_any_version() -> Complaint {
    Complaint::new("ip_any_address", "value is not a valid IPv4 or IPv6 address")
}

fn uuid(text: &str) -> Option<Complaint> {
    const LENGTH: usize = 36;
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let bytes = text.as_bytes();
    let has_hyphens = bytes.len() == LENGTH && HYPHENS.iter().all(|&place| bytes[place] == b'-');
    let digits: u8 = bytes.iter().take(LENGTH).map(|byte| u8::from(byte.is_ascii_hexdigit())).sum();
    let is_uuid = has_hyphens && usize::from(digits) == LENGTH - HYPHENS.len();
    let complaint = || {
        Complaint::new(
            "uuid_parsing",
            "Input should be a valid UUID, expected hexadecimal digits in groups of 8-4-4-4-12",
        )
    };
    (!is_uuid).then(complaint)
}

/// By the rule that `#[garde(email)]` applies, so that both agree.
fn email(text: &str) -> Option<Complaint> {
    let why = garde::rules::email::parse_email(text).err()?;
    Some(Complaint::new("value_error", format!("value is not a valid email address: {why}")))
}

/// Standard alphabet with padding, and no bits behind the last byte.
fn base64(schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    if schema.get("contentEncoding")? != "base64" {
        return None;
    }
    let why = match STANDARD.decode(text).err()? {
        DecodeError::InvalidPadding | DecodeError::InvalidLength(_) => "incorrect padding",
        DecodeError::InvalidLastSymbol { .. } => "bits behind the last byte",
        _ => "invalid character",
    };
    Some(Complaint::new("base64_decode", format!("Base64 decoding error: {why}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(format: &str, text: &str) -> Option<String> {
        fault(json!({"format": format}).as_object().unwrap(), text).map(|complaint| complaint.msg.into_owned())
    }

    #[test]
    fn uuids_have_hyphens_in_place() {
        assert_eq!(check("uuid", "ABCDEF01-1234-5678-1234-567812345678"), None);
        for text in [
            "",
            "12345678-1234-5678-1234-567812345678-",
            "123456781234-5678-1234-5678-12345678",
            "12345678123456781234567812345678",
        ] {
            assert!(check("uuid", text).is_some(), "{text}");
        }
    }

    #[test]
    fn addresses_are_checked_by_version() {
        assert_eq!(
            check("ipv4", "256.1.1.1").as_deref(),
            Some("Value error, Octet 256 (> 255) not permitted in '256.1.1.1'")
        );
        assert_eq!(check("ipv4", "::1").as_deref(), Some("Value error, Expected 4 octets in '::1'"));
        assert_eq!(check("ipv6", "::1"), None);
        assert_eq!(check("ipv6", "127.0.0.1").as_deref(), Some("Input is not a valid IPv6 address"));
        assert_eq!(check("ip", "::1").or(check("ip", "127.0.0.1")), None);
    }

    #[test]
    fn email_addresses_need_an_at_sign() {
        assert_eq!(check("email", "a@example.com"), None);
        let msg = check("email", "example.com").unwrap();
        assert!(msg.starts_with("value is not a valid email address: "), "{msg}");
        assert!(!msg.contains("example.com"), "{msg}");
    }

    #[test]
    fn base64_is_padded() {
        let schema = json!({"contentEncoding": "base64"});
        let check = |text| fault(schema.as_object().unwrap(), text).map(|complaint| complaint.msg.into_owned());
        assert_eq!(check("aGk=").or(check("")).or(check("+w==")), None);
        assert_eq!(check("aGk").as_deref(), Some("Base64 decoding error: incorrect padding"));
        assert_eq!(check("a===").as_deref(), Some("Base64 decoding error: invalid character"));
        assert_eq!(check("aGl=").as_deref(), Some("Base64 decoding error: bits behind the last byte"));
        assert_eq!(check("aG k").as_deref(), Some("Base64 decoding error: invalid character"));
    }

    #[test]
    fn unknown_formats_are_ignored() {
        assert_eq!(check("hostname", "?"), None);
    }
}
