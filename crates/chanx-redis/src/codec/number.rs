//! Integers beyond 64 bits, which serde_json would round.

use chanx_core::layer::{Content, LayerMessage};

use super::EncodeError;

/// No number of 64 bits has more digits, and none with fewer has more bits.
const SAFE_LENGTH: usize = 18;

/// Refuses a message that would lose digits on its way.
pub(super) fn check(message: &LayerMessage) -> Result<(), EncodeError> {
    let text = match message {
        LayerMessage::Group(message) => match &message.content {
            Content::Declared(text) | Content::Raw(text) => text,
        },
        LayerMessage::Event(event) => &event.data,
        LayerMessage::Other(_) => return Ok(()),
    };
    too_large(text.as_bytes()).map_or(Ok(()), |number| Err(EncodeError::Number(number)))
}

/// The first integer of a JSON text that is not one of 64 bits.
pub(super) fn too_large(text: &[u8]) -> Option<String> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        at += match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let length = number_length(rest);
                if !fits(&rest[..length]) {
                    return Some(String::from_utf8_lossy(&rest[..length]).into_owned());
                }
                length
            }
            _ => 1,
        };
    }
    None
}

fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return text.len().max(1),
        }
    }
}

fn number_length(text: &[u8]) -> usize {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    text.iter().position(|byte| !is_of_number(byte)).unwrap_or(text.len())
}

/// Fractions and exponents are floating-point numbers, whose digits nobody counts on.
fn fits(number: &[u8]) -> bool {
    if number.len() <= SAFE_LENGTH || number.iter().any(|byte| b".eE".contains(byte)) {
        return true;
    }
    str::from_utf8(number).is_ok_and(|text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_64_bits_pass() {
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "[0,-0,1]",
            "1e400",
            "123456789012345678901234567890.5",
            r#""123456789012345678901234567890""#,
            r#"{"a\"":1,"99999999999999999999":2}"#,
            "",
            "\"",
            "\"\\",
            "-",
        ] {
            assert_eq!(too_large(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn larger_ones_are_found() {
        for (text, number) in [
            ("18446744073709551616", "18446744073709551616"),
            (r#"{"a\\":[1,-9223372036854775809]}"#, "-9223372036854775809"),
            (r#"["\\",100000000000000000000]"#, "100000000000000000000"),
        ] {
            assert_eq!(too_large(text.as_bytes()).as_deref(), Some(number), "{text}");
        }
    }
}
