//! What can be wrong with routes when they are compiled.

use thiserror::Error;

use super::converter::Converter;

/// Why routes cannot be compiled into a table.
///
/// A fault of one pattern quotes that pattern; a conflict of two routes quotes both from the root
/// on, with their names.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RoutingError {
    /// A pattern begins with `/`, though patterns are relative to the root or to what includes
    /// them.
    #[error("route {route} begins with a slash: patterns are relative, write \"{suggestion}\"")]
    LeadingSlash {
        /// The route as written.
        route: String,
        /// Its own pattern without the slash.
        suggestion: String,
    },
    /// A `<` without its `>`, or the other way round.
    #[error("route {route} has an unbalanced \"<\" or \">\": a parameter is written as \"<int:name>\"")]
    Unbalanced {
        /// The route as written.
        route: String,
    },
    /// The name of a parameter is not an identifier.
    #[error(
        "route {route} has a parameter \"{parameter}\": its name must be made of letters, digits and \
         underscores and must not begin with a digit"
    )]
    InvalidParameterName {
        /// The route as written.
        route: String,
        /// The name as written.
        parameter: String,
    },
    /// A converter that does not exist.
    #[error("route {route} has an unknown converter \"{converter}\": use one of {}", known_converters())]
    UnknownConverter {
        /// The route as written.
        route: String,
        /// The converter as written.
        converter: String,
    },
    /// Two parameters of one route, the outer patterns included, have the same name.
    #[error("route {route} has two parameters \"{parameter}\": rename one of them")]
    DuplicateParameter {
        /// The route as written.
        route: String,
        /// The name in question.
        parameter: String,
    },
    /// A pattern of [`re_path`](super::re_path) is not a regular expression.
    #[error("route {route} is not a valid regular expression: {reason}")]
    InvalidRegex {
        /// The route as written.
        route: String,
        /// What the expression's parser says.
        reason: String,
    },
    /// A pattern of [`re_path`](super::re_path) captures by position only.
    #[error(
        "route {route} has groups without names: write \"(?P<name>…)\" for a parameter, or \"(?:…)\" for a group that \
         captures nothing"
    )]
    UnnamedGroup {
        /// The route as written.
        route: String,
    },
    /// Two routes have the same pattern.
    #[error("route {second} is a duplicate of route {first}: remove one of them or change its pattern")]
    DuplicateRoute {
        /// The route that stands first.
        first: String,
        /// The route that repeats it.
        second: String,
    },
    /// Two routes accept the same paths under different parameter names.
    #[error("routes {first} and {second} are ambiguous: they match the same paths, change one of the patterns")]
    AmbiguousRoutes {
        /// The route that stands first.
        first: String,
        /// The route that accepts the same paths.
        second: String,
    },
    /// A route never matches, since one before it takes all of its paths.
    #[error("route {second} can never be reached: route {first} matches all of its paths, put {second} before it")]
    UnreachableRoute {
        /// The route that takes the paths.
        first: String,
        /// The route that never matches.
        second: String,
    },
    /// Two routes have the same name, so that reversing it would be a guess.
    #[error("routes {first} and {second} have the same name \"{name}\": rename one of them")]
    DuplicateName {
        /// The name in question.
        name: String,
        /// The route that stands first.
        first: String,
        /// The route that repeats the name.
        second: String,
    },
}

fn known_converters() -> String {
    Converter::ALL.map(Converter::name).join(", ")
}
