//! From a route's name and parameters back to a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use thiserror::Error;

use super::parameters::Parameters;
use super::pattern::{Accepts, Part};
use super::table::CompiledRoute;

/// Why no path can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReverseError {
    /// No route has this name.
    #[error("no route is named \"{name}\"")]
    UnknownName {
        /// The name asked for.
        name: String,
    },
    /// A parameter of the route is not given.
    #[error("route {route} needs the parameter \"{parameter}\"")]
    Missing {
        /// The route and its name.
        route: String,
        /// The parameter in question.
        parameter: String,
    },
    /// A parameter that the route does not have, or another value for one of its fixed arguments.
    #[error("route {route} takes no parameter \"{parameter}\" with the value {value:?}")]
    Unexpected {
        /// The route and its name.
        route: String,
        /// The parameter in question.
        parameter: String,
        /// The value given.
        value: String,
    },
    /// A value that the route would not match.
    #[error("route {route} does not accept {value:?} as \"{parameter}\": it must be {expected}")]
    Invalid {
        /// The route and its name.
        route: String,
        /// The parameter in question.
        parameter: String,
        /// The value given.
        value: String,
        /// The converter or regular expression of the parameter.
        expected: String,
    },
    /// A segment of the path would be `.` or `..`, encoded or not, which clients resolve and never send.
    #[error("route {route} has the path {path:?} with these parameters, whose segment {segment:?} clients do not send")]
    DotSegment {
        /// The route and its name.
        route: String,
        /// The path in question, not encoded.
        path: String,
        /// The segment in question.
        segment: &'static str,
    },
    /// The route is a regular expression with more in it than text and named groups.
    #[error("route {route} is too rich a regular expression to be reversed")]
    Irreversible {
        /// The route and its name.
        route: String,
    },
}

/// Characters of a path that RFC 3986, section 3.3, allows as they are (`pchar` and `/`); the same
/// that Django keeps.
pub(super) const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// The path of `route` with these values for its parameters.
pub(super) fn path<T>(route: &CompiledRoute<T>, parameters: &Parameters) -> Result<String, ReverseError> {
    refuse_unexpected(route, parameters)?;
    let mut path = String::new();
    for part in &route.pattern.parts {
        path.push_str(part_text(route, part, parameters)?);
    }
    match path.split('/').find_map(dot_segment) {
        Some(segment) => Err(ReverseError::DotSegment { route: route.to_string(), path, segment }),
        None => Ok(encode(&path)),
    }
}

/// Clients take encoded dots for dots (the URL standard, "double-dot URL path segment"), so that encoding does not help.
fn dot_segment(segment: &str) -> Option<&'static str> {
    [".", ".."].into_iter().find(|dots| *dots == segment)
}

fn refuse_unexpected<T>(route: &CompiledRoute<T>, parameters: &Parameters) -> Result<(), ReverseError> {
    let is_expected = |name: &str, value: &str| {
        route.parameters().any(|known| known.name == name) || route.arguments().any(|known| known == (name, value))
    };
    match parameters.iter().find(|(name, value)| !is_expected(name, value)) {
        Some((name, value)) => Err(ReverseError::Unexpected {
            route: route.to_string(),
            parameter: name.to_owned(),
            value: value.to_owned(),
        }),
        None => Ok(()),
    }
}

fn part_text<'a, T>(
    route: &CompiledRoute<T>,
    part: &'a Part,
    parameters: &'a Parameters,
) -> Result<&'a str, ReverseError> {
    match part {
        Part::Literal(text) => Ok(text),
        Part::Expression { .. } => Err(ReverseError::Irreversible { route: route.to_string() }),
        Part::Parameter { name, accepts } => {
            let value = parameters
                .get(name)
                .ok_or_else(|| ReverseError::Missing { route: route.to_string(), parameter: name.clone() })?;
            accepted(value, accepts).ok_or_else(|| ReverseError::Invalid {
                route: route.to_string(),
                parameter: name.clone(),
                value: value.to_owned(),
                expected: expectation(accepts),
            })
        }
    }
}

fn accepted<'a>(value: &'a str, accepts: &Accepts) -> Option<&'a str> {
    let is_accepted = match accepts {
        Accepts::Converter(converter) => converter.convert(value).is_some(),
        Accepts::Regex(source) => {
            Regex::new(&format!(r"\A(?:{source})\z")).is_ok_and(|expression| expression.is_match(value))
        }
    };
    is_accepted.then_some(value)
}

fn expectation(accepts: &Accepts) -> String {
    match accepts {
        Accepts::Converter(converter) => format!("<{converter}>"),
        Accepts::Regex(source) => source.clone(),
    }
}

fn encode(path: &str) -> String {
    // A second slash at the start would make the path the name of another host.
    match path.strip_prefix('/') {
        Some(rest) => format!("/%2F{}", utf8_percent_encode(rest, ESCAPED)),
        None => format!("/{}", utf8_percent_encode(path, ESCAPED)),
    }
}
