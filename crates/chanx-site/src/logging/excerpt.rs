//! What a client sent, cut to what a line of the log has room for.

use std::borrow::Cow;

/// How many bytes are shown.
const SHOWN: usize = 100;

/// The beginning of a text, and how long all of it is if that is not shown.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return Cow::Borrowed(text);
    }
    let shown = &text[..text.floor_char_boundary(SHOWN)];
    Cow::Owned(format!("{shown}… ({} bytes)", text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_texts_are_cut() {
        for (text, shown) in [
            ("", String::new()),
            ("/a/é/", "/a/é/".to_owned()),
            (&*"x".repeat(100), "x".repeat(100)),
            (&*"x".repeat(101), format!("{}… (101 bytes)", "x".repeat(100))),
            (&*"日".repeat(40), format!("{}… (120 bytes)", "日".repeat(33))),
        ] {
            assert_eq!(excerpt(text), shown);
        }
    }
}
