//! Matching whole paths against a compiled pattern.

use regex::{Captures, Regex};

use super::error::RoutingError;
use super::pattern::{Accepts, Part, Pattern, quoted};

/// Decides whether a path belongs to a pattern; compiles a regular expression only where there is
/// something to capture.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// The path is this text.
    Text(String),
    /// The path begins with `prefix` and matches `regex`.
    Regex { prefix: String, regex: Regex },
}

/// A path that matched, from which values can be read.
pub(super) struct Found<'p>(Option<Captures<'p>>);

impl Matcher {
    pub(super) fn new(pattern: &Pattern) -> Result<Self, RoutingError> {
        let prefix = literal_prefix(pattern).to_owned();
        if pattern.parts.iter().all(|part| matches!(part, Part::Literal(_))) {
            return Ok(Self::Text(prefix));
        }
        let source: String = pattern.parts.iter().map(part_expression).collect();
        match Regex::new(&format!(r"\A{source}\z")) {
            Ok(regex) => Ok(Self::Regex { prefix, regex }),
            Err(error) => Err(RoutingError::InvalidRegex { route: quoted(&pattern.text), reason: one_line(&error) }),
        }
    }

    pub(super) fn find<'p>(&self, path: &'p str) -> Option<Found<'p>> {
        match self {
            Self::Text(text) => (text == path).then_some(Found(None)),
            Self::Regex { prefix, regex } if path.starts_with(prefix) => {
                regex.captures(path).map(|captures| Found(Some(captures)))
            }
            Self::Regex { .. } => None,
        }
    }
}

impl<'p> Found<'p> {
    /// The text of the parameter `name`, unless an optional group left it out.
    pub(super) fn text(&self, name: &str) -> Option<&'p str> {
        self.0.as_ref()?.name(name).map(|group| group.as_str())
    }
}

/// What is wrong with an expression; a syntax error is a drawing of several lines, whose last one
/// says it.
pub(super) fn one_line(error: &regex::Error) -> String {
    let report = error.to_string();
    report.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn literal_prefix(pattern: &Pattern) -> &str {
    match pattern.parts.first() {
        Some(Part::Literal(text)) => text,
        _ => "",
    }
}

fn part_expression(part: &Part) -> String {
    match part {
        Part::Literal(text) => regex::escape(text),
        Part::Parameter { name, accepts } => format!("(?P<{name}>{})", accepts.expression()),
        Part::Expression { source, .. } => format!("(?:{source})"),
    }
}

impl Accepts {
    /// The regular expression of the accepted texts, not anchored.
    pub(super) fn expression(&self) -> &str {
        match self {
            Self::Converter(converter) => converter.expression(),
            Self::Regex(source) => source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(pattern: &Pattern) -> Matcher {
        Matcher::new(pattern).unwrap()
    }

    #[test]
    fn only_the_whole_path_matches() {
        let text = matcher(&Pattern::path("echo/").unwrap());
        assert!(matches!(text, Matcher::Text(_)));
        let regex = matcher(&Pattern::regex("echo/|other/").unwrap());
        for matcher in [text, regex] {
            assert!(matcher.find("echo/").is_some());
            for path in ["echo", "echo/x", "echo/\n", "xecho/", "Echo/", ""] {
                assert!(matcher.find(path).is_none(), "{path:?}");
            }
        }
    }

    #[test]
    fn special_characters_of_a_path_pattern_are_literal() {
        let matcher = matcher(&Pattern::path("a.b(c)/<x>").unwrap());
        assert!(matcher.find("a.b(c)/1").is_some());
        assert!(matcher.find("aXb(c)/1").is_none());
    }

    #[test]
    fn values_are_read_by_name() {
        let matcher = matcher(&Pattern::path("<path:rest>/<slug:last>").unwrap());
        let found = matcher.find("a/b/c").unwrap();
        assert_eq!((found.text("rest"), found.text("last"), found.text("x")), (Some("a/b"), Some("c"), None));
    }

    #[test]
    fn an_expression_that_swallows_what_follows_is_refused() {
        let commented = Pattern::regex("(?x)a # b").unwrap();
        let joined = commented.join(&Pattern::path("<x>/").unwrap()).unwrap();
        assert!(matches!(Matcher::new(&joined), Err(RoutingError::InvalidRegex { .. })));
    }
}
