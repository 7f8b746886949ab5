//! Conflicts between the routes of one table: which two of them cannot stand side by side.

use super::error::RoutingError;
use super::pattern::{Accepts, Part};
use super::table::CompiledRoute;

/// Compares every route with those before it.
pub(super) fn check<T>(routes: &[CompiledRoute<T>]) -> Result<(), RoutingError> {
    for (index, second) in routes.iter().enumerate() {
        for first in &routes[..index] {
            check_paths(first, second)?;
            check_names(first, second)?;
        }
    }
    Ok(())
}

fn check_paths<T>(first: &CompiledRoute<T>, second: &CompiledRoute<T>) -> Result<(), RoutingError> {
    let (one, other) = (&first.pattern.parts, &second.pattern.parts);
    let labels = (first.to_string(), second.to_string());
    if one == other {
        return Err(RoutingError::DuplicateRoute { first: labels.0, second: labels.1 });
    }
    if !covers(first, second) {
        return Ok(());
    }
    if covers(second, first) {
        return Err(RoutingError::AmbiguousRoutes { first: labels.0, second: labels.1 });
    }
    Err(RoutingError::UnreachableRoute { first: labels.0, second: labels.1 })
}

fn check_names<T>(first: &CompiledRoute<T>, second: &CompiledRoute<T>) -> Result<(), RoutingError> {
    match first.name() {
        Some(name) if second.name() == Some(name) => Err(RoutingError::DuplicateName {
            name: name.to_owned(),
            first: first.to_string(),
            second: second.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Whether `first` surely matches every path that `second` matches.
fn covers<T>(first: &CompiledRoute<T>, second: &CompiledRoute<T>) -> bool {
    match second.pattern.parts.as_slice() {
        [] => first.matches(""),
        [Part::Literal(path)] => first.matches(path),
        parts => covers_each(&first.pattern.parts, parts),
    }
}

fn covers_each(first: &[Part], second: &[Part]) -> bool {
    first.len() == second.len() && first.iter().zip(second).all(|(one, other)| part_covers(one, other))
}

fn part_covers(first: &Part, second: &Part) -> bool {
    match (first, second) {
        (Part::Parameter { accepts: one, .. }, Part::Parameter { accepts: other, .. }) => accepts_all(one, other),
        _ => first == second,
    }
}

fn accepts_all(first: &Accepts, second: &Accepts) -> bool {
    match (first, second) {
        (Accepts::Converter(one), Accepts::Converter(other)) => one.covers(*other),
        _ => first.expression() == second.expression(),
    }
}
