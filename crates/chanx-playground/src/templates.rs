//! The pages from their templates, escaped by default.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::Serialize;

/// Name and source of each template.
const SOURCES: &[(&str, &str)] = &[
    ("playground.html", include_str!("../assets/playground/playground.html")),
    ("docs.html", include_str!("../assets/docs/docs.html")),
];

/// The templates, parsed once.
#[derive(Debug)]
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        for (name, source) in SOURCES {
            if let Err(error) = environment.add_template(name, source) {
                tracing::error!(error = &error as &dyn std::error::Error, "a built-in template cannot be read");
            }
        }
        Self(environment)
    }

    /// The page, or status 500 and a line in the log.
    pub(crate) fn page(&self, name: &str, context: impl Serialize) -> Response {
        match self.render(name, context) {
            Ok(page) => Html(page).into_response(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a built-in page cannot be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    fn render(&self, name: &str, context: impl Serialize) -> Result<String, Error> {
        self.0.get_template(name)?.render(Serde(context))
    }
}
