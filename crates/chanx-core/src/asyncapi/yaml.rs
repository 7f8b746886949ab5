//! JSON values as YAML, in block style.
//!
//! Readers of YAML 1.1 and 1.2 get the same value back: what any of them could take for something else than a string is
//! quoted as in JSON, and texts of several lines are literal blocks where nothing in them can be mistaken.

use serde_json::{Map, Value};

/// Words that some reader takes for something else than text.
const WORDS: &[&str] = &["false", "n", "no", "null", "off", "on", "true", "y", "yes"];
/// Characters of a key that readers need not look ahead further for.
const MAX_SIMPLE_KEY: usize = 1000;

/// The value as a YAML document.
///
/// ```
/// use chanx_core::asyncapi::yaml;
/// use serde_json::json;
///
/// let text = yaml(&json!({"title": "Chat", "tags": ["a", {"name": "no"}], "empty": {}}));
/// assert_eq!(text, "title: Chat\ntags:\n  - a\n  - name: \"no\"\nempty: {}\n");
/// ```
pub fn yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(object) if !object.is_empty() => entries(&mut text, object, 0),
        Value::Array(items) if !items.is_empty() => self::items(&mut text, items, 0),
        _ => {
            scalar(&mut text, value, 1);
            text.push('\n');
        }
    }
    text
}

/// The entries of an object; the first is written where the text stands.
fn entries(text: &mut String, object: &Map<String, Value>, depth: usize) {
    for (index, (key, value)) in object.iter().enumerate() {
        if index > 0 {
            indent(text, depth);
        }
        if key.len() > MAX_SIMPLE_KEY {
            text.push_str(&format!("? {}\n", quoted(key)));
            indent(text, depth);
        } else {
            text.push_str(&if is_plain(key) { key.clone() } else { quoted(key) });
        }
        text.push(':');
        behind_key(text, value, depth);
    }
}

fn behind_key(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            text.push('\n');
            indent(text, depth + 1);
            entries(text, object, depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            indent(text, depth + 1);
            self::items(text, items, depth + 1);
        }
        _ => {
            text.push(' ');
            scalar(text, value, depth + 1);
            text.push('\n');
        }
    }
}

/// The items of a list; the first is written where the text stands.
fn items(text: &mut String, items: &[Value], depth: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            indent(text, depth);
        }
        text.push_str("- ");
        match item {
            Value::Object(object) if !object.is_empty() => entries(text, object, depth + 1),
            Value::Array(inner) if !inner.is_empty() => self::items(text, inner, depth + 1),
            _ => {
                scalar(text, item, depth + 1);
                text.push('\n');
            }
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// A value without parts. The lines of a block are indented by `depth`.
fn scalar(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(string) if is_plain(string) => text.push_str(string),
        Value::String(string) if is_block(string) => block(text, string, depth),
        Value::String(string) => text.push_str(&quoted(string)),
        Value::Number(number) => text.push_str(&with_point(number.to_string())),
        _ => text.push_str(&value.to_string()),
    }
}

/// A float with a point and a signed exponent, without which YAML 1.1 sees a text.
fn with_point(number: String) -> String {
    let Some((digits, exponent)) = number.split_once('e') else { return number };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

/// Whether a text means itself without quotes, to all readers.
fn is_plain(text: &str) -> bool {
    let is_harmless =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '$' | ' ' | ',' | '(' | ')' | '\'');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '$'))
        && text.chars().all(is_harmless)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a literal block gives back the very text.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let has_odd_line = || body.split('\n').any(|line| line.trim_end() != line);
    body.contains('\n')
        && !body.starts_with(['\n', ' '])
        && !body.ends_with('\n')
        && !text.chars().any(|c| c != '\n' && is_special(c))
        && !has_odd_line()
}

fn block(text: &mut String, string: &str, depth: usize) {
    let (head, body) = match string.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", string),
    };
    text.push_str(head);
    for line in body.split('\n') {
        text.push('\n');
        if !line.is_empty() {
            indent(text, depth);
            text.push_str(line);
        }
    }
}

/// The text in double quotes, with the escapes that JSON and YAML share.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_special(c) => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Characters that are invisible or break lines, and those that readers of YAML refuse. None has more than 16 bits.
fn is_special(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value, expected: &str) {
        assert_eq!(yaml(value), expected);
    }

    #[test]
    fn collections_are_blocks() {
        check(
            &json!({"a": {"b": [1, [2, 3], {"c": null, "d": []}]}, "e": true}),
            "\
a:
  b:
    - 1
    - - 2
      - 3
    - c: null
      d: []
e: true
",
        );
        check(&json!([]), "[]\n");
        check(&json!([{}]), "- {}\n");
        check(&json!("text"), "text\n");
    }

    #[test]
    fn what_could_be_mistaken_is_quoted() {
        for text in [
            "",
            "no",
            "Yes",
            "null",
            "1",
            "1.5",
            "12:30:00",
            "2026-01-31",
            "~",
            "- a",
            "a: b",
            "#/a",
            " a",
            "a ",
            "{a}",
            "é",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "<<",
            "=",
            ".5",
            "0x1f",
            "a\tb",
        ] {
            assert!(yaml(&json!(text)).starts_with('"'), "{text:?}");
        }
        for text in ["text", "application/json", "/ws/echo/", "What it is for, (perhaps).", "x-close-codes"] {
            check(&json!(text), &format!("{text}\n"));
        }
        check(&json!({"200": "a\u{85}b\u{7}\"\\"}), "\"200\": \"a\\u0085b\\u0007\\\"\\\\\"\n");
    }

    #[test]
    fn lines_are_literal_where_they_can_be() {
        check(&json!({"a": "one: 1\n\n  - two"}), "a: |-\n  one: 1\n\n    - two\n");
        check(&json!(["one\ntwo\n"]), "- |\n  one\n  two\n");
        check(&json!("one\ntwo"), "|-\n  one\n  two\n");
        for text in ["\na", " a\nb", "a\n\n", "a \nb", "a\r\nb", "a\n\u{2028}b", "\n"] {
            assert!(yaml(&json!(text)).starts_with('"'), "{text:?}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        check(&json!([1, -1.5, 1e100, 1e-7, u64::MAX]), "- 1\n- -1.5\n- 1.0e+100\n- 1.0e-7\n- 18446744073709551615\n");
    }

    #[test]
    fn long_keys_are_marked() {
        let key = "k".repeat(2000);
        check(&json!({"a": {key.clone(): 1}}), &format!("a:\n  ? \"{key}\"\n  : 1\n"));
    }
}
