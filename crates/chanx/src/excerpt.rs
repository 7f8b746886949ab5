//! What a client sent, cut to what a line of the log has room for.

/// How many bytes are shown.
const SHOWN: usize = 100;

/// The beginning of a text that a client sent, and how long all of it is if that is not shown. Bytes outside UTF-8 are
/// replaced.
pub(crate) fn excerpt(text: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&text[..text.len().min(SHOWN)]);
    match text.len() {
        length if length > SHOWN => format!("{shown}… ({length} bytes)"),
        _ => shown.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_shown_whole() {
        assert_eq!(excerpt("/ws/écho/".as_bytes()), "/ws/écho/");
        assert_eq!(excerpt(&[b'x'; 100]), "x".repeat(100));
        assert_eq!(excerpt(b""), "");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!(excerpt(&[b'x'; 101]), format!("{}… (101 bytes)", "x".repeat(100)));
        assert_eq!(excerpt("é".repeat(60).as_bytes()), format!("{}… (120 bytes)", "é".repeat(50)));
        assert_eq!(excerpt(&[0xff; 400_000]), format!("{}… (400000 bytes)", "\u{fffd}".repeat(100)));
    }
}
