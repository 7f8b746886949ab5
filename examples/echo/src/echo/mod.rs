//! The echo itself: messages, consumer, routing, page.

pub(crate) mod consumers;
pub(crate) mod messages;
pub(crate) mod routing;
pub(crate) mod views;

#[cfg(test)]
mod tests;

use chanx_site::web::{Asset, TemplateSource};

pub(crate) const TEMPLATES: &[TemplateSource] = &[("echo/index.html", include_str!("templates/index.html"))];

pub(crate) const ASSETS: &[Asset] =
    &[("echo/echo.css", include_bytes!("static/echo.css")), ("echo/echo.js", include_bytes!("static/echo.js"))];
