//! What a client sent, cut to what a line of the log has room for.

use std::str;

/// How many bytes are shown.
const SHOWN: usize = 100;

/// The beginning of a text that a client sent, and how long all of it is if that is not shown. Bytes outside UTF-8 are
/// replaced.
pub fn excerpt(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    match text.split_at_checked(SHOWN) {
        Some((shown, rest)) if !rest.is_empty() => {
            format!("{}… ({} bytes)", String::from_utf8_lossy(whole_characters(shown)), text.len())
        }
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The text without the character in which it was cut.
fn whole_characters(text: &[u8]) -> &[u8] {
    match str::from_utf8(text) {
        Err(error) if error.error_len().is_none() => &text[..error.valid_up_to()],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_shown_whole() {
        assert_eq!(excerpt("/ws/écho/"), "/ws/écho/");
        assert_eq!(excerpt([b'x'; 100]), "x".repeat(100));
        assert_eq!(excerpt(""), "");
        assert_eq!(excerpt(b"/\xe6"), "/\u{fffd}");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!(excerpt([b'x'; 101]), format!("{}… (101 bytes)", "x".repeat(100)));
        assert_eq!(excerpt("é".repeat(60)), format!("{}… (120 bytes)", "é".repeat(50)));
        assert_eq!(excerpt("日".repeat(40)), format!("{}… (120 bytes)", "日".repeat(33)));
        assert_eq!(excerpt([0xff; 400_000]), format!("{}… (400000 bytes)", "\u{fffd}".repeat(100)));
    }
}
