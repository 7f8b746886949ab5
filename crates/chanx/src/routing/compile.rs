//! Nested routes made flat, from the root to each endpoint, and checked against each other.

use super::conflict;
use super::error::RoutingError;
use super::matcher::Matcher;
use super::pattern::{Accepts, Part, Pattern};
use super::route::{Route, Routes, Target, Written};
use super::table::{Assignment, CompiledRoute, RouteTable};

/// Flattens `routes`, depth first and in order, and refuses conflicts.
pub(super) fn compile<T>(routes: Routes<T>) -> Result<RouteTable<T>, RoutingError> {
    let mut table = RouteTable { routes: Vec::new() };
    Way::default().follow(routes, &mut table.routes)?;
    conflict::check(&table.routes)?;
    Ok(table)
}

/// What lies between the root and a list of routes.
#[derive(Default)]
struct Way {
    pattern: Pattern,
    namespace: String,
    assignments: Vec<Assignment>,
}

impl Way {
    fn follow<T>(&self, routes: Routes<T>, compiled: &mut Vec<CompiledRoute<T>>) -> Result<(), RoutingError> {
        for route in routes.0 {
            let way = self.extend(&route)?;
            match route.target {
                Target::Include(inner) => way.into_namespace(route.name).follow(inner, compiled)?,
                Target::Endpoint(endpoint) => {
                    compiled.push(way.arrive(route.name.as_deref(), endpoint)?);
                }
            }
        }
        Ok(())
    }

    fn extend<T>(&self, route: &Route<T>) -> Result<Self, RoutingError> {
        let own = match &route.pattern {
            Written::Path(text) => Pattern::path(text)?,
            Written::Regex(text) => Pattern::regex(text)?,
        };
        let fixed =
            route.arguments.iter().map(|(name, value)| Assignment::Fixed { name: name.clone(), value: value.clone() });
        Ok(Self {
            pattern: self.pattern.join(&own)?,
            namespace: self.namespace.clone(),
            assignments: self.assignments.iter().cloned().chain(captured(&own)).chain(fixed).collect(),
        })
    }

    fn into_namespace(mut self, name: Option<String>) -> Self {
        if let Some(name) = name {
            self.namespace.push_str(&name);
            self.namespace.push(':');
        }
        self
    }

    fn arrive<T>(self, name: Option<&str>, endpoint: T) -> Result<CompiledRoute<T>, RoutingError> {
        Ok(CompiledRoute {
            matcher: Matcher::new(&self.pattern)?,
            name: name.map(|name| self.namespace + name),
            pattern: self.pattern,
            assignments: self.assignments,
            endpoint,
        })
    }
}

fn captured(pattern: &Pattern) -> impl Iterator<Item = Assignment> {
    pattern.parts.iter().flat_map(|part| {
        let converter = match part {
            Part::Parameter { accepts: Accepts::Converter(converter), .. } => Some(*converter),
            _ => None,
        };
        part.names().map(move |name| Assignment::Captured { name: name.to_owned(), converter })
    })
}
