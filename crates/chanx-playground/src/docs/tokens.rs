//! Indented JSON in pieces, so that a page can color them.

use serde::Serialize;
use serde_json::Value;

/// A piece of JSON text, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Token {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Key,
    Text,
    Number,
    Word,
    /// Brackets, commas, colons and spaces.
    Mark,
}

/// The value as indented text.
pub(crate) fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The pieces of [`indented`].
pub(crate) fn tokens(value: &Value) -> Vec<Token> {
    let text = indented(value);
    let mut rest = text.as_str();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (length, kind) = next(rest, first);
        let (piece, after) = rest.split_at(length);
        let kind = if kind == Kind::Text && after.starts_with(':') { Kind::Key } else { kind };
        tokens.push(Token { text: piece.to_owned(), kind });
        rest = after;
    }
    tokens
}

/// How long the first piece is, and what.
fn next(text: &str, first: char) -> (usize, Kind) {
    let up_to = |is_end: fn(char) -> bool| text.find(is_end).unwrap_or(text.len());
    match first {
        '"' => (length_of_string(text), Kind::Text),
        '-' | '0'..='9' => (up_to(|c| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9')), Kind::Number),
        'a'..='z' => (up_to(|c| !c.is_ascii_lowercase()), Kind::Word),
        _ => (up_to(|c| matches!(c, '"' | '-' | '0'..='9' | 'a'..='z')), Kind::Mark),
    }
}

fn length_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let is_end = |(place, c): (usize, char)| {
        let is_end = place > 0 && c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end.then_some(place + 1)
    };
    text.char_indices().find_map(is_end).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_piece_has_its_kind() {
        let value = json!({"a\"b": ["x: \\", -1.5e3, true, null]});
        let found = tokens(&value);
        let of = |kind| found.iter().filter(|token| token.kind == kind).map(|token| &*token.text).collect::<Vec<_>>();
        assert_eq!(of(Kind::Key), [r#""a\"b""#]);
        assert_eq!(of(Kind::Text), [r#""x: \\""#]);
        assert_eq!(of(Kind::Number), ["-1500.0"]);
        assert_eq!(of(Kind::Word), ["true", "null"]);
        assert_eq!(found.iter().map(|token| &*token.text).collect::<String>(), indented(&value));
    }
}
