//! What values must fulfill, in words.

use serde_json::Value;

use super::book::{Book, Found, Keywords, forms, has_members, is_null, list, members, types};
use crate::docs::phrase::Phrase;

/// What a schema demands beyond its type, one phrase for each demand.
pub(super) fn rules(book: &Book, found: &Found) -> Vec<Phrase> {
    match found {
        Found::Here(keywords) if book.is_choice(keywords) || book.constants(keywords).is_some() => Vec::new(),
        Found::Here(keywords) => own(keywords).chain(of_parts(book, keywords)).collect(),
        _ => Vec::new(),
    }
}

/// What the schema demands of an object or of a value as a whole.
fn own(keywords: &Keywords) -> impl Iterator<Item = Phrase> {
    let tuple = list(keywords, "prefixItems").len();
    let items = between(keywords, ["minItems", "maxItems"], ["item", "items"]).filter(|_| tuple == 0);
    let rules = [
        between(keywords, ["minLength", "maxLength"], ["character", "characters"]),
        format(keywords),
        encoding(keywords),
        keywords.get("pattern").and_then(Value::as_str).map(|pattern| Phrase::text("matches ").code(pattern)),
        range(keywords),
        number(keywords, "multipleOf").map(|factor| Phrase::text(format!("a multiple of {factor}"))),
        items,
        is_true(keywords, "uniqueItems").then(|| Phrase::text("no item twice")),
        between(keywords, ["minProperties", "maxProperties"], ["key", "keys"]),
        is_closed(keywords).then(|| Phrase::text("no other keys")),
    ];
    rules.into_iter().flatten().chain(dependencies(keywords))
}

/// What the schema demands of items, of values, of keys, and of its alternatives.
fn of_parts(book: &Book, keywords: &Keywords) -> Vec<Phrase> {
    let of = |keyword: &str| keywords.get(keyword).map(|part| rules(book, &book.find(part))).unwrap_or_default();
    let has_rows = has_members(keywords, "properties") || has_members(keywords, "prefixItems");
    let (items, values) = if has_rows { (Vec::new(), Vec::new()) } else { (of("items"), of("additionalProperties")) };
    let mut all = preceded("each item: ", items);
    all.extend(preceded("each value: ", values));
    all.extend(preceded("each key: ", of("propertyNames")));
    all.extend(preceded("at least one item: ", of("contains")));
    all.extend(of_forms(book, keywords));
    all
}

fn of_forms(book: &Book, keywords: &Keywords) -> Vec<Phrase> {
    let found = forms(keywords).iter().map(|form| book.find(form));
    let others: Vec<_> = found.filter(|found| !matches!(found, Found::Here(keywords) if is_null(keywords))).collect();
    let is_alone = others.len() == 1;
    let of_form = |found: &Found| match (found, is_alone) {
        (Found::Here(keywords), false) => preceded(&format!("{}: ", word(keywords)), rules(book, found)),
        _ => rules(book, found),
    };
    others.iter().flat_map(of_form).collect()
}

/// The type of a simple alternative in a word.
fn word(keywords: &Keywords) -> &'static str {
    match types(keywords).first().copied() {
        Some("string") => "text",
        Some("integer" | "number") => "number",
        Some("array") => "list",
        Some("object") => "object",
        _ => "value",
    }
}

fn preceded(words: &str, rules: Vec<Phrase>) -> Vec<Phrase> {
    rules.into_iter().map(|rule| Phrase::text(words).append(rule)).collect()
}

/// `1 to 100 characters`, from the keywords of the least and the greatest number.
fn between(keywords: &Keywords, [least, most]: [&str; 2], [one, many]: [&str; 2]) -> Option<Phrase> {
    let count = |keyword| keywords.get(keyword).and_then(Value::as_u64);
    let noun = |number| if number == 1 { one } else { many };
    let words = match (count(least).filter(|least| *least > 0), count(most)) {
        (None, None) => return None,
        (None, Some(0)) => format!("no {many}"),
        (None, Some(most)) => format!("at most {most} {}", noun(most)),
        (Some(least), None) => format!("at least {least} {}", noun(least)),
        (Some(least), Some(most)) if least == most => format!("exactly {least} {}", noun(least)),
        (Some(least), Some(most)) => format!("{least} to {most} {}", noun(most)),
    };
    Some(Phrase::text(words))
}

fn range(keywords: &Keywords) -> Option<Phrase> {
    let from = match (number(keywords, "minimum"), number(keywords, "exclusiveMinimum")) {
        (_, Some(bound)) => Some(format!("more than {bound}")),
        (Some(bound), None) => Some(format!("at least {bound}")),
        (None, None) => None,
    };
    let to = match (number(keywords, "maximum"), number(keywords, "exclusiveMaximum")) {
        (_, Some(bound)) => Some(format!("less than {bound}")),
        (Some(bound), None) => Some(format!("at most {bound}")),
        (None, None) => None,
    };
    let is_inclusive = !keywords.contains_key("exclusiveMinimum") && !keywords.contains_key("exclusiveMaximum");
    match (from, to) {
        (Some(_), Some(_)) if is_inclusive => {
            Some(Phrase::text(format!("{} to {}", number(keywords, "minimum")?, number(keywords, "maximum")?)))
        }
        (Some(from), Some(to)) => Some(Phrase::text(format!("{from}, {to}"))),
        (from, to) => from.or(to).map(Phrase::text),
    }
}

fn format(keywords: &Keywords) -> Option<Phrase> {
    let example = |words: &str, example: &str| Phrase::text(format!("{words}, as in ")).code(example);
    let has_range = keywords.contains_key("minimum") && keywords.contains_key("maximum");
    Some(match keywords.get("format")?.as_str()? {
        "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32" | "int64" | "uint64" if has_range => return None,
        "int" | "uint" | "float" | "double" => return None,
        "int32" => Phrase::text("32 bits with a sign"),
        "uint32" => Phrase::text("32 bits without a sign"),
        "int64" => Phrase::text("64 bits with a sign"),
        "uint64" => Phrase::text("64 bits without a sign"),
        "date-time" => example("date and time with offset", "2024-05-01T12:30:00Z"),
        "partial-date-time" => example("date and time without offset", "2024-05-01T12:30:00"),
        "date" => example("date", "2024-05-01"),
        "time" | "partial-time" => example("time of day", "12:30:00"),
        "duration" => example("duration", "PT1H30M"),
        "uuid" => Phrase::text("UUID"),
        "email" => Phrase::text("email address"),
        "uri" => Phrase::text("absolute URL"),
        "hostname" => Phrase::text("host name"),
        "ip" => Phrase::text("IP address"),
        "ipv4" => Phrase::text("IPv4 address"),
        "ipv6" => Phrase::text("IPv6 address"),
        other => Phrase::text("format ").code(other),
    })
}

fn encoding(keywords: &Keywords) -> Option<Phrase> {
    match keywords.get("contentEncoding")?.as_str()? {
        "base64" => Some(Phrase::text("bytes in Base64")),
        other => Some(Phrase::text("bytes in ").code(other)),
    }
}

fn dependencies(keywords: &Keywords) -> impl Iterator<Item = Phrase> {
    members(keywords, "dependentRequired").flat_map(|(name, others)| {
        let others = others.as_array().into_iter().flatten().filter_map(Value::as_str);
        others.map(move |other| Phrase::text("with ").code(name).then(", also ").code(other))
    })
}

/// Whether an object takes the declared keys alone.
fn is_closed(keywords: &Keywords) -> bool {
    ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|it| keywords.get(*it).is_some_and(|others| others == false))
}

fn is_true(keywords: &Keywords, keyword: &str) -> bool {
    keywords.get(keyword).is_some_and(|it| it == true)
}

fn number(keywords: &Keywords, keyword: &str) -> Option<String> {
    keywords.get(keyword)?.as_number().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &[&str]) {
        let book = Book::new(&json!({}));
        let rules: Vec<_> = rules(&book, &book.find(schema)).iter().map(Phrase::plain).collect();
        assert_eq!(rules, expected, "{schema}");
    }

    #[test]
    fn lengths() {
        check(&json!({"minLength": 1, "maxLength": 100}), &["1 to 100 characters"]);
        check(&json!({"minLength": 1}), &["at least 1 character"]);
        check(&json!({"maxLength": 2}), &["at most 2 characters"]);
        check(&json!({"minLength": 5, "maxLength": 5}), &["exactly 5 characters"]);
        check(&json!({"minItems": 0, "maxItems": 0}), &["no items"]);
        check(&json!({"minProperties": 2, "maxProperties": 3}), &["2 to 3 keys"]);
        check(&json!({"prefixItems": [true, true], "minItems": 2, "maxItems": 2}), &[]);
    }

    #[test]
    fn numbers() {
        check(&json!({"minimum": 0, "maximum": 10}), &["0 to 10"]);
        check(&json!({"minimum": 0}), &["at least 0"]);
        check(&json!({"exclusiveMinimum": 0, "exclusiveMaximum": 10}), &["more than 0, less than 10"]);
        check(&json!({"minimum": 0.5, "exclusiveMaximum": 2}), &["at least 0.5, less than 2"]);
        check(&json!({"multipleOf": 5}), &["a multiple of 5"]);
        check(&json!({"format": "uint8", "minimum": 0, "maximum": 255}), &["0 to 255"]);
        check(&json!({"format": "uint64", "minimum": 0}), &["64 bits without a sign", "at least 0"]);
        check(&json!({"format": "double"}), &[]);
    }

    #[test]
    fn texts() {
        check(&json!({"pattern": "^[a-z]+$"}), &["matches `^[a-z]+$`"]);
        check(&json!({"format": "date-time"}), &["date and time with offset, as in `2024-05-01T12:30:00Z`"]);
        check(&json!({"format": "x-own"}), &["format `x-own`"]);
        check(&json!({"contentEncoding": "base64"}), &["bytes in Base64"]);
    }

    #[test]
    fn parts() {
        check(
            &json!({"items": {"items": {"maxLength": 3}, "maxItems": 2}}),
            &["each item: at most 2 items", "each item: each item: at most 3 characters"],
        );
        check(
            &json!({"additionalProperties": {"minimum": 1}, "propertyNames": {"pattern": "x"}}),
            &["each value: at least 1", "each key: matches `x`"],
        );
        check(
            &json!({"uniqueItems": true, "contains": {"minimum": 1}}),
            &["no item twice", "at least one item: at least 1"],
        );
        check(&json!({"properties": {"a": {"maxLength": 1}}, "additionalProperties": false}), &["no other keys"]);
        check(&json!({"dependentRequired": {"a": ["b"]}}), &["with `a`, also `b`"]);
    }

    #[test]
    fn alternatives() {
        check(&json!({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}), &["at most 3 characters"]);
        check(
            &json!({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "minimum": 1}]}),
            &["text: at most 3 characters", "number: at least 1"],
        );
        check(&json!({"enum": ["a"], "maxLength": 3}), &[]);
    }
}
