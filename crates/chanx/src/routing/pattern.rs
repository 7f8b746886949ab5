//! Path patterns as a list of parts; knows no targets and matches nothing.

use super::converter::Converter;
use super::error::RoutingError;
use super::expression;

/// The pattern of a route or of the routes that include it, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// As written, without anchors.
    pub(super) text: String,
    pub(super) parts: Vec<Part>,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text that stands in the path as it is.
    Literal(String),
    /// One value.
    Parameter { name: String, accepts: Accepts },
    /// A regular expression that is too rich to be taken apart, and the parameters that it
    /// captures.
    Expression { source: String, names: Vec<String> },
}

/// The texts that a parameter accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    Converter(Converter),
    /// The texts that match a regular expression as a whole.
    Regex(String),
}

impl Pattern {
    /// Reads a pattern such as `rooms/<int:pk>/`.
    pub(super) fn path(text: &str) -> Result<Self, RoutingError> {
        refuse_leading_slash(text, text)?;
        let parts = path_parts(text)?;
        Self::new(text.to_owned(), parts)
    }

    /// Reads a pattern such as `^rooms/(?P<pk>[0-9]+)/$`.
    pub(super) fn regex(text: &str) -> Result<Self, RoutingError> {
        let source = expression::without_anchors(text);
        refuse_leading_slash(text, source)?;
        Self::new(source.to_owned(), expression::parts(source)?)
    }

    /// This pattern followed by `inner`.
    pub(super) fn join(&self, inner: &Self) -> Result<Self, RoutingError> {
        let text = format!("{}{}", self.text, inner.text);
        Self::new(text, self.parts.iter().chain(&inner.parts).cloned().collect())
    }

    /// The names of all parameters, from left to right.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(Part::names)
    }

    fn new(text: String, parts: Vec<Part>) -> Result<Self, RoutingError> {
        let pattern = Self { text, parts: merge_literals(parts) };
        match pattern.repeated_name() {
            Some(name) => {
                Err(RoutingError::DuplicateParameter { route: quoted(&pattern.text), parameter: name.to_owned() })
            }
            None => Ok(pattern),
        }
    }

    fn repeated_name(&self) -> Option<&str> {
        self.names()
            .enumerate()
            .find(|(index, name)| self.names().take(*index).any(|earlier| earlier == *name))
            .map(|(_, name)| name)
    }
}

impl Part {
    /// The names of the parameters in this part.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::Literal(_) => (None, [].as_slice()),
            Self::Parameter { name, .. } => (Some(name), [].as_slice()),
            Self::Expression { names, .. } => (None, names.as_slice()),
        };
        one.into_iter().chain(many).map(String::as_str)
    }
}

/// The route as messages show it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn path_parts(text: &str) -> Result<Vec<Part>, RoutingError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('<') {
        let (parameter, after) = after.split_once('>').ok_or_else(|| unbalanced(text))?;
        parts.push(literal_part(text, literal)?);
        parts.push(parameter_part(text, parameter)?);
        rest = after;
    }
    parts.push(literal_part(text, rest)?);
    Ok(parts)
}

fn literal_part(route: &str, literal: &str) -> Result<Part, RoutingError> {
    if literal.contains('>') {
        return Err(unbalanced(route));
    }
    Ok(Part::Literal(literal.to_owned()))
}

/// Reads what stands between `<` and `>`.
fn parameter_part(route: &str, text: &str) -> Result<Part, RoutingError> {
    let (converter, name) = text.split_once(':').unwrap_or(("str", text));
    let converter = Converter::named(converter)
        .ok_or_else(|| RoutingError::UnknownConverter { route: quoted(route), converter: converter.to_owned() })?;
    if !is_identifier(name) {
        let parameter = name.to_owned();
        return Err(RoutingError::InvalidParameterName { route: quoted(route), parameter });
    }
    Ok(Part::Parameter { name: name.to_owned(), accepts: Accepts::Converter(converter) })
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn refuse_leading_slash(route: &str, text: &str) -> Result<(), RoutingError> {
    match text.strip_prefix('/') {
        Some(rest) => Err(RoutingError::LeadingSlash {
            route: quoted(route),
            suggestion: rest.trim_start_matches('/').to_owned(),
        }),
        None => Ok(()),
    }
}

fn unbalanced(route: &str) -> RoutingError {
    RoutingError::Unbalanced { route: quoted(route) }
}

/// Joins neighboring literals and drops empty ones, so that equal patterns have equal parts.
fn merge_literals(parts: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (merged.last_mut(), part) {
            (_, Part::Literal(text)) if text.is_empty() => {}
            (Some(Part::Literal(before)), Part::Literal(text)) => before.push_str(&text),
            (_, part) => merged.push(part),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn parameter(name: &str, converter: Converter) -> Part {
        Part::Parameter { name: name.to_owned(), accepts: Accepts::Converter(converter) }
    }

    #[test]
    fn patterns_are_taken_apart() {
        let parts = Pattern::path("a/<int:pk>/<name>").unwrap().parts;
        let expected =
            [literal("a/"), parameter("pk", Converter::Int), literal("/"), parameter("name", Converter::Str)];
        assert_eq!(parts, expected);
        assert_eq!(Pattern::path("").unwrap().parts, []);
    }

    #[test]
    fn joined_patterns_merge_their_literals() {
        let outer = Pattern::path("ws/").unwrap();
        let joined = outer.join(&Pattern::regex("^echo/$").unwrap()).unwrap();
        assert_eq!((joined.text.as_str(), joined.parts), ("ws/echo/", vec![literal("ws/echo/")]));
    }

    #[test]
    fn faults_name_the_route_and_the_remedy() {
        let cases = [
            ("/echo/", r#"route "/echo/" begins with a slash: patterns are relative, write "echo/""#),
            (
                "a/<int:pk/",
                r#"route "a/<int:pk/" has an unbalanced "<" or ">": a parameter is written as "<int:name>""#,
            ),
            ("a>/", r#"route "a>/" has an unbalanced "<" or ">": a parameter is written as "<int:name>""#),
            (
                "<integer:pk>/",
                r#"route "<integer:pk>/" has an unknown converter "integer": use one of int, str, slug, path, uuid"#,
            ),
            ("<int:pk>/<pk>/", r#"route "<int:pk>/<pk>/" has two parameters "pk": rename one of them"#),
        ];
        for (pattern, message) in cases {
            assert_eq!(Pattern::path(pattern).unwrap_err().to_string(), message);
        }
        for name in ["<>", "<int:>", "<int:2pk>", "<a b>", "<a:b:c>", "< x>"] {
            assert!(Pattern::path(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_may_not_be_repeated_by_an_inner_pattern() {
        let outer = Pattern::path("<slug:pk>/").unwrap();
        let error = outer.join(&Pattern::path("<int:pk>/").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), r#"route "<slug:pk>/<int:pk>/" has two parameters "pk": rename one of them"#);
    }
}
