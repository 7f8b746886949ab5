//! Routes as an application writes them: patterns, targets, names and fixed arguments, not yet
//! checked.

use std::fmt::Display;

use super::compile::compile;
use super::error::RoutingError;
use super::table::RouteTable;

/// A list of routes; the first that matches a path decides.
#[derive(Clone, Debug)]
pub struct Routes<T>(pub(super) Vec<Route<T>>);

/// A pattern and what it leads to.
#[derive(Clone, Debug)]
pub struct Route<T> {
    pub(super) pattern: Written,
    pub(super) name: Option<String>,
    pub(super) arguments: Vec<(String, String)>,
    pub(super) target: Target<T>,
}

/// What a route leads to: an endpoint, or further routes for the rest of the path.
#[derive(Clone, Debug)]
pub enum Target<T> {
    /// The end of the path.
    Endpoint(T),
    /// Routes that match what the pattern leaves.
    Include(Routes<T>),
}

/// A pattern in its language.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Path(String),
    Regex(String),
}

/// A route for a pattern such as `rooms/<int:pk>/`, see [`Converter`](super::Converter).
///
/// Patterns are relative: to the root, or to the pattern that includes them. They match whole
/// paths, character by character; the final slash counts.
pub fn path<T>(pattern: &str, target: impl Into<Target<T>>) -> Route<T> {
    Route::new(Written::Path(pattern.to_owned()), target.into())
}

/// A route for a regular expression such as `^rooms/(?P<pk>[0-9]+)/$`, whose named groups are the
/// parameters.
///
/// An endpoint's expression matches whole paths, with or without the anchors. An optional group
/// that takes no part in a match leaves its parameter out.
pub fn re_path<T>(pattern: &str, target: impl Into<Target<T>>) -> Route<T> {
    Route::new(Written::Regex(pattern.to_owned()), target.into())
}

/// The target of a route whose pattern is the beginning of other routes' paths.
pub fn include<T>(routes: impl Into<Routes<T>>) -> Target<T> {
    Target::Include(routes.into())
}

impl<T> Route<T> {
    fn new(pattern: Written, target: Target<T>) -> Self {
        Self { pattern, name: None, arguments: Vec::new(), target }
    }

    /// Names the route, for [`RouteTable::reverse`].
    ///
    /// The name of a route that includes others is their namespace: `chat` and `room` make
    /// `chat:room`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Adds a parameter with a fixed value.
    ///
    /// As in Django it takes the place of a captured parameter of the same name, and an inner
    /// route's parameter takes its place in turn.
    #[must_use]
    pub fn argument(mut self, name: &str, value: impl Display) -> Self {
        self.arguments.push((name.to_owned(), value.to_string()));
        self
    }
}

impl<T> Routes<T> {
    /// The routes in the order in which they are tried.
    pub fn new(routes: impl IntoIterator<Item = Route<T>>) -> Self {
        Self(routes.into_iter().collect())
    }

    /// Checks the routes and makes a table of them.
    ///
    /// # Errors
    ///
    /// The first fault of a pattern, or the first conflict of two routes.
    pub fn compile(self) -> Result<RouteTable<T>, RoutingError> {
        compile(self)
    }

    /// The same routes to other endpoints.
    pub(crate) fn map<U>(self, convert: &impl Fn(T) -> U) -> Routes<U> {
        Routes(self.0.into_iter().map(|route| route.map(convert)).collect())
    }
}

impl<T> Route<T> {
    fn map<U>(self, convert: &impl Fn(T) -> U) -> Route<U> {
        let target = match self.target {
            Target::Endpoint(endpoint) => Target::Endpoint(convert(endpoint)),
            Target::Include(routes) => Target::Include(routes.map(convert)),
        };
        Route { pattern: self.pattern, name: self.name, arguments: self.arguments, target }
    }
}

impl<T> From<T> for Target<T> {
    fn from(endpoint: T) -> Self {
        Self::Endpoint(endpoint)
    }
}

impl<T, const N: usize> From<[Route<T>; N]> for Routes<T> {
    fn from(routes: [Route<T>; N]) -> Self {
        Self::new(routes)
    }
}

impl<T> From<Vec<Route<T>>> for Routes<T> {
    fn from(routes: Vec<Route<T>>) -> Self {
        Self(routes)
    }
}
