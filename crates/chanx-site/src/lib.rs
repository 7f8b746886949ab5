//! A site around [`chanx`]: users, login sessions and API tokens in Django's own tables and
//! formats, login and logout pages, and management commands.
//!
//! [`Project`] is what an application writes into its `main`; [`Site`] fits into any other axum
//! application.

mod commands;
mod documents;
mod layer;
mod project;
mod site;
mod store;

pub mod accounts;
pub mod cookies;
pub mod csrf;
pub mod database;
pub mod logging;
pub mod passwords;
pub mod signing;
pub mod web;

#[cfg(feature = "testing")]
pub mod testing;

pub use layer::LayerSettingError;
pub use project::Project;
pub use site::{Site, SiteError};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
