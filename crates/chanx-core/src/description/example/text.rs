//! Texts: words, formats, lengths.

use serde_json::{Map, Value};

use super::pattern;
use crate::validation::count;

/// Examples of the formats, those of documentation where there are such.
const FORMATS: &[(&str, &str)] = &[
    ("byte", "aGVsbG8="),
    ("date", "2026-01-31"),
    ("date-time", "2026-01-31T12:30:00Z"),
    ("duration", "PT5M"),
    ("email", "alice@example.com"),
    ("hostname", "example.com"),
    ("idn-email", "alice@example.com"),
    ("ip", "192.0.2.1"),
    ("ipv4", "192.0.2.1"),
    ("ipv6", "2001:db8::1"),
    ("iri", "https://example.com/"),
    ("json-pointer", "/payload"),
    ("partial-date-time", "2026-01-31T12:30:00"),
    ("partial-time", "12:30:00"),
    ("regex", "^[a-z]+$"),
    ("time", "12:30:00Z"),
    ("uri", "https://example.com/"),
    ("uri-reference", "/path"),
    ("uuid", "0b5f9c3e-7d41-4a86-9c2f-3e8d1a6b7c90"),
];

/// What texts are likely to be by the last word of their name.
const NAMES: &[(&str, &str)] = &[
    ("author", "Alice"),
    ("email", "alice@example.com"),
    ("name", "Alice"),
    ("room", "lobby"),
    ("slug", "lobby"),
    ("url", "https://example.com/"),
    ("user", "Alice"),
];

/// How many words a long text is made of at most.
const MAX_WORDS: usize = 20_000;

/// A text for a part that is called so.
pub(super) fn word(name: &str) -> &'static str {
    let name = name.to_lowercase();
    NAMES.iter().find(|(ending, _)| name.ends_with(ending)).map_or("text", |(_, text)| text)
}

/// Texts that may do, the most natural first.
pub(super) fn texts<'k>(
    keywords: &'k Map<String, Value>,
    name: &str,
    variant: usize,
) -> impl Iterator<Item = String> + use<'k> {
    let word = word(name).to_owned();
    let other = (variant > 0).then(|| format!("{word} {}", variant + 1));
    let natural =
        formatted(keywords).map(str::to_owned).into_iter().chain(other).chain([word.clone(), "text".to_owned()]);

    let pattern = keywords.get("pattern").and_then(Value::as_str);
    let matching = pattern.into_iter().flat_map(pattern::texts);
    let fitted = move |text: String| [text.clone(), fit(text, keywords)];
    natural.chain(matching).flat_map(fitted)
}

fn formatted(keywords: &Map<String, Value>) -> Option<&'static str> {
    let named = |keyword: &str| keywords.get(keyword).and_then(Value::as_str);
    match (named("format"), named("contentEncoding")) {
        (_, Some("base64")) => Some("aGVsbG8="),
        (format, _) => FORMATS.iter().find(|(name, _)| Some(*name) == format).map(|(_, text)| *text),
    }
}

/// The text, cut or continued to the length that is wanted.
fn fit(mut text: String, keywords: &Map<String, Value>) -> String {
    let least = count(keywords, "minLength").unwrap_or(0) as usize;
    for _ in 0..MAX_WORDS.min(least) {
        if text.chars().count() >= least {
            break;
        }
        text.push_str(" text");
    }
    let longest = count(keywords, "maxLength").map_or(usize::MAX, |most| most as usize);
    text.chars().take(longest).collect()
}
