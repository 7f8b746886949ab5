//! From a path to an endpoint and back, in Django's way; knows no requests and no consumers.
//!
//! ```
//! use chanx::routing::{Routes, include, path};
//!
//! let rooms = [path("<int:pk>/", "one room").name("room")];
//! let routes: Routes<&str> = Routes::new([
//!     path("ws/echo/", "echo"),
//!     path("ws/rooms/", include(rooms)),
//! ]);
//! let table = routes.compile()?;
//!
//! let found = table.find("/ws/rooms/07/").unwrap();
//! assert_eq!((*found.endpoint, found.parameters.get("pk")), ("one room", Some("7")));
//! assert_eq!(table.reverse("room", &[("pk", &7)]).unwrap(), "/ws/rooms/7/");
//! # Ok::<(), chanx::routing::RoutingError>(())
//! ```

mod compile;
mod conflict;
mod converter;
mod error;
mod expression;
mod matcher;
mod mount;
mod parameters;
mod pattern;
mod reverse;
mod route;
mod table;
#[cfg(test)]
mod tests;

pub use converter::Converter;
pub use error::RoutingError;
pub use parameters::{ParameterError, Parameters};
pub use reverse::ReverseError;
pub use route::{Route, Routes, Target, include, path, re_path};
pub use table::{CompiledRoute, Match, Parameter, RouteTable, decode_path};
