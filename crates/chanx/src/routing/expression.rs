//! Reading the regular expressions of `re_path`, into plain parts where they are simple enough.

use regex::Regex;

use super::error::RoutingError;
use super::matcher::one_line;
use super::pattern::{Accepts, Part, quoted};

/// The expression without the anchors at its ends: a route always matches a whole path.
pub(super) fn without_anchors(source: &str) -> &str {
    let source = source.strip_prefix('^').or_else(|| source.strip_prefix(r"\A")).unwrap_or(source);
    let end = [r"\z", r"\Z", "$"].into_iter().find_map(|anchor| source.strip_suffix(anchor));
    match end {
        Some(body) if !ends_in_escape(body) => body,
        _ => source,
    }
}

/// The parts of an expression: literals and parameters if it holds nothing else, one opaque part
/// otherwise.
pub(super) fn parts(source: &str) -> Result<Vec<Part>, RoutingError> {
    let names = parameter_names(source)?;
    Ok(simple_parts(source).unwrap_or_else(|| vec![Part::Expression { source: source.to_owned(), names }]))
}

fn ends_in_escape(body: &str) -> bool {
    body.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

fn parameter_names(source: &str) -> Result<Vec<String>, RoutingError> {
    let regex = Regex::new(source)
        .map_err(|error| RoutingError::InvalidRegex { route: quoted(source), reason: one_line(&error) })?;
    let groups = regex.captures_len() - 1;
    let names: Vec<_> = regex.capture_names().flatten().map(str::to_owned).collect();
    if names.is_empty() && groups > 0 {
        return Err(RoutingError::UnnamedGroup { route: quoted(source) });
    }
    Ok(names)
}

/// Takes apart an expression of literal text and named groups, or gives up.
fn simple_parts(source: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = source;
    while !rest.is_empty() {
        let (part, after) = named_group(rest).or_else(|| literal(rest))?;
        if after.starts_with(['*', '+', '?', '{']) {
            return None;
        }
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

/// One character that stands for itself, escaped or not.
fn literal(source: &str) -> Option<(Part, &str)> {
    let (is_escaped, body) = source.strip_prefix('\\').map_or((false, source), |rest| (true, rest));
    let character = body.chars().next()?;
    let is_meta = r"\.+*?()|[]{}^$".contains(character);
    let stands_for_itself = if is_escaped { character.is_ascii_punctuation() } else { !is_meta };
    let part = Part::Literal(character.to_string());
    // `\<` and `\>` are the edges of a word.
    (stands_for_itself && !(is_escaped && "<>".contains(character))).then(|| (part, &body[character.len_utf8()..]))
}

fn named_group(source: &str) -> Option<(Part, &str)> {
    let body = source.strip_prefix("(?P<").or_else(|| source.strip_prefix("(?<"))?;
    let (name, body) = body.split_once('>')?;
    let (inside, after) = body.split_at(group_end(body)?);
    let part = Part::Parameter { name: name.to_owned(), accepts: Accepts::Regex(inside.to_owned()) };
    // What was cut in the middle of an inner group or of an odd class is no expression.
    Regex::new(inside).is_ok().then(|| (part, &after[1..]))
}

/// Where the first closing parenthesis stands that is neither behind `\` nor within `[…]`.
fn group_end(body: &str) -> Option<usize> {
    let mut bytes = body.bytes().enumerate();
    let mut open_classes = 0_usize;
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'\\' => _ = bytes.next(),
            b'[' => open_classes += 1,
            b']' => open_classes = open_classes.saturating_sub(1),
            b')' if open_classes == 0 => return Some(index),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn parameter(name: &str, inside: &str) -> Part {
        Part::Parameter { name: name.to_owned(), accepts: Accepts::Regex(inside.to_owned()) }
    }

    fn text_of(parts: &[Part]) -> String {
        parts.iter().map(|part| if let Part::Literal(text) = part { text } else { "|" }).collect()
    }

    #[test]
    fn anchors_are_dropped_at_the_ends_only() {
        let cases = [("^a/$", "a/"), (r"\Aa\Z", "a"), (r"a\z", "a"), ("a", "a"), (r"a\$", r"a\$"), (r"a\\$", r"a\\")];
        for (written, expected) in cases {
            assert_eq!(without_anchors(written), expected);
        }
    }

    #[test]
    fn simple_expressions_are_taken_apart() {
        let parts = parts(r"a\.b-(?P<pk>[0-9)]+)/(?<x>\(.)").unwrap();
        assert_eq!(text_of(&parts), "a.b-|/|");
        assert_eq!(parts[4], parameter("pk", "[0-9)]+"));
    }

    #[test]
    fn an_escaped_parenthesis_ends_no_group() {
        assert_eq!(parts(r"(?P<x>a\)b)").unwrap(), [parameter("x", r"a\)b")]);
    }

    #[test]
    fn rich_expressions_stay_whole() {
        let rich = ["a?", "a|b", "[ab]/", r"\d/", ".", "(?i)a", "(?P<x>a)?/", "(?P<x>(?:a|b))/", "(?:a)", r"\<a"];
        for source in rich {
            assert!(matches!(parts(source).unwrap()[..], [Part::Expression { .. }]), "{source}");
        }
        let [Part::Expression { names, .. }] = &parts("(?P<a>x)|(?P<b>y)(z)").unwrap()[..] else { panic!() };
        assert_eq!(names, &["a", "b"]);
        assert_eq!(parts("a").unwrap(), [literal("a")]);
    }

    #[test]
    fn faults_say_what_is_wrong() {
        let cases = [
            ("(a", "route \"(a\" is not a valid regular expression: unclosed group"),
            (
                "rooms/([0-9]+)/",
                "route \"rooms/([0-9]+)/\" has groups without names: write \"(?P<name>…)\" for a parameter, or \
                 \"(?:…)\" for a group that captures nothing",
            ),
        ];
        for (source, message) in cases {
            assert_eq!(parts(source).unwrap_err().to_string(), message);
        }
    }
}
