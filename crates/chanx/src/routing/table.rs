//! The table of compiled routes: searched by path, by name, and listed.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::converter::Converter;
use super::matcher::{Found, Matcher};
use super::parameters::Parameters;
use super::pattern::{Accepts, Part, Pattern};
use super::reverse::{self, ReverseError};

/// Routes that are checked and ready to be searched.
#[derive(Clone, Debug)]
pub struct RouteTable<T> {
    pub(super) routes: Vec<CompiledRoute<T>>,
}

/// One way through the nested routes, from the root to an endpoint.
#[derive(Clone, Debug)]
pub struct CompiledRoute<T> {
    pub(super) pattern: Pattern,
    pub(super) matcher: Matcher,
    pub(super) name: Option<String>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) endpoint: T,
}

/// A parameter in the path of a route, and the texts that it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter<'r> {
    /// Its name.
    pub name: &'r str,
    /// The converter; none in a regular expression.
    pub converter: Option<Converter>,
    /// The regular expression that texts match as a whole; none within a larger expression, which alone can tell.
    pub expression: Option<&'r str>,
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub struct Match<'t, T> {
    /// The endpoint of the route.
    pub endpoint: &'t T,
    /// The values of the path's parameters after conversion and the fixed arguments, outer ones
    /// first.
    pub parameters: Parameters,
    /// The pattern as written, from the root on: `ws/rooms/<int:pk>/`.
    pub route: &'t str,
    /// The route's name with its namespaces.
    pub name: Option<&'t str>,
}

/// Where the value of a parameter comes from. Of two assignments to one name the later one counts.
#[derive(Clone, Debug)]
pub(super) enum Assignment {
    Captured { name: String, converter: Option<Converter> },
    Fixed { name: String, value: String },
}

/// The text of a path as patterns see it: percent-decoded once and otherwise untouched, `..` and
/// `//` included.
///
/// Nothing if the decoded bytes are not UTF-8: no pattern can match such a path.
#[must_use]
pub fn decode_path(raw: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(raw).decode_utf8().ok()
}

impl<T> RouteTable<T> {
    /// What `path` leads to: the first route that matches all of it.
    ///
    /// `path` begins with `/` and is decoded, see [`decode_path`].
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Match<'_, T>> {
        let path = path.strip_prefix('/')?;
        self.routes.iter().find_map(|route| route.find(path))
    }

    /// The path of the route called `name`, percent-encoded and with its leading slash.
    ///
    /// Fixed arguments may be given, too, if they are the same.
    ///
    /// # Errors
    ///
    /// An unknown name, parameters that do not fit the route, and a path with a segment `.` or `..`.
    pub fn reverse(&self, name: &str, parameters: &[(&str, &dyn fmt::Display)]) -> Result<String, ReverseError> {
        let route = self.iter().find(|route| route.name() == Some(name));
        let route = route.ok_or_else(|| ReverseError::UnknownName { name: name.to_owned() })?;
        reverse::path(route, &parameters.iter().map(|(name, value)| (*name, value.to_string())).collect())
    }

    /// All routes in the order in which they are tried.
    pub fn iter(&self) -> std::slice::Iter<'_, CompiledRoute<T>> {
        self.routes.iter()
    }
}

impl<'t, T> IntoIterator for &'t RouteTable<T> {
    type Item = &'t CompiledRoute<T>;
    type IntoIter = std::slice::Iter<'t, CompiledRoute<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> CompiledRoute<T> {
    /// The route's name with its namespaces.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The pattern as written, from the root on: `ws/rooms/<int:pk>/`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern.text
    }

    /// What the route leads to.
    #[must_use]
    pub fn endpoint(&self) -> &T {
        &self.endpoint
    }

    /// The parameters in the path, outer ones first.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.pattern.parts.iter().flat_map(|part| part.names().map(|name| Parameter::new(name, part)))
    }

    /// The path with its parameters in braces, from the slash at its beginning on: `/ws/rooms/{pk}/`.
    ///
    /// Nothing for a regular expression that is more than literals and named groups.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.pattern.parts.iter().try_fold("/".to_owned(), |mut address, part| {
            match part {
                Part::Literal(text) => address.push_str(text),
                Part::Parameter { name, .. } => address.extend(["{", name, "}"]),
                Part::Expression { .. } => return None,
            }
            Some(address)
        })
    }

    /// The fixed arguments, outer ones first.
    pub fn arguments(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assignments.iter().filter_map(|assignment| match assignment {
            Assignment::Fixed { name, value } => Some((name.as_str(), value.as_str())),
            Assignment::Captured { .. } => None,
        })
    }

    /// Whether the route takes `path`, which has no leading slash.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    fn find(&self, path: &str) -> Option<Match<'_, T>> {
        let found = self.matcher.find(path)?;
        Some(Match {
            endpoint: &self.endpoint,
            parameters: self.assign(&found)?,
            route: &self.pattern.text,
            name: self.name(),
        })
    }

    fn assign(&self, found: &Found<'_>) -> Option<Parameters> {
        let mut parameters = Parameters::default();
        for assignment in &self.assignments {
            match assignment {
                Assignment::Fixed { name, value } => parameters.set(name, value),
                Assignment::Captured { name, converter } => {
                    let Some(text) = found.text(name) else {
                        continue;
                    };
                    parameters.set(name, converter.map_or(Some(text), |converter| converter.convert(text))?);
                }
            }
        }
        Some(parameters)
    }
}

/// The route as messages show it: the text and, if it has one, the name.
impl<T> fmt::Display for CompiledRoute<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(formatter, "\"{}\" (named \"{name}\")", self.pattern()),
            None => write!(formatter, "\"{}\"", self.pattern()),
        }
    }
}

impl<'r> Parameter<'r> {
    fn new(name: &'r str, part: &'r Part) -> Self {
        let (converter, expression) = match part {
            Part::Parameter { accepts: Accepts::Converter(converter), .. } => {
                (Some(*converter), Some(converter.expression()))
            }
            Part::Parameter { accepts: Accepts::Regex(source), .. } => (None, Some(source.as_str())),
            Part::Literal(_) | Part::Expression { .. } => (None, None),
        };
        Self { name, converter, expression }
    }
}
