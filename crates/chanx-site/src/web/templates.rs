//! Pages from templates, escaped by default. Knows no request and no account.

use std::fmt;

use axum::response::Html;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::{Serialize, Serializer};

use super::assets::Assets;

/// Templates of the site's own pages: name and source.
const BUILT_IN: &[(&str, &str)] = &[
    ("chanx/base.html", include_str!("../templates/chanx/base.html")),
    ("chanx/login.html", include_str!("../templates/chanx/login.html")),
    ("chanx/logout.html", include_str!("../templates/chanx/logout.html")),
    ("chanx/refused.html", include_str!("../templates/chanx/refused.html")),
];

/// A name and the source of a template, usually from [`include_str!`].
pub type TemplateSource = (&'static str, &'static str);

/// All templates of a site, parsed once at the start.
///
/// Names that end in `.html` are escaped. A template of an application that has the name of a
/// built-in one replaces it.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    pub(crate) fn new(own: &[TemplateSource], assets: &Assets) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        // A block alone on its line leaves no empty line. Building fails for odd delimiters only.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        let urls = assets.urls();
        environment.add_function("static", move |name: &str| static_url(&urls, name));
        for &(name, source) in BUILT_IN.iter().chain(own) {
            environment
                .add_template(name, source)
                .map_err(|source| TemplateError { name, source: TemplateFault(source) })?;
        }
        Ok(Self { environment })
    }

    pub(crate) fn render(&self, name: &str, context: impl Serialize) -> Result<Html<String>, RenderError> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(Serde(context)))
            .map(Html)
            .map_err(|source| RenderError { name: name.to_owned(), source: TemplateFault(source) })
    }
}

/// The address of an asset, which is made of characters that need no escape.
fn static_url(urls: &[(&'static str, String)], name: &str) -> Result<Value, minijinja::Error> {
    let found = urls.iter().find(|(known, _)| *known == name);
    found.map(|(_, url)| Value::from_safe_string(url.clone())).ok_or_else(|| {
        let text = format!("there is no asset {name:?}");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, text)
    })
}

/// A piece of HTML that templates insert as it is.
#[derive(Clone)]
pub struct Markup(Value);

impl Markup {
    /// Takes HTML that is known to be well formed and safe.
    pub(crate) fn new(html: String) -> Self {
        Self(Value::from_safe_string(html))
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Markup")
    }
}

impl Serialize for Markup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A template that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("the template {name:?} is wrong")]
pub struct TemplateError {
    name: &'static str,
    source: TemplateFault,
}

/// A page that could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the template {name:?}")]
pub struct RenderError {
    name: String,
    source: TemplateFault,
}

/// What the template engine said; wrapped, so that the engine stays a private matter.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct TemplateFault(minijinja::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Context {
        name: &'static str,
        field: Markup,
    }

    fn templates(own: &[TemplateSource]) -> Result<Templates, TemplateError> {
        Templates::new(own, &Assets::new(&[]))
    }

    #[test]
    fn values_are_escaped_and_markup_is_not() {
        let templates = templates(&[("a.html", "{{ name }} {{ field }}")]).unwrap();
        let context = Context { name: "<b>&\"", field: Markup::new("<input>".to_owned()) };
        let Html(page) = templates.render("a.html", context).unwrap();
        assert_eq!(page, "&lt;b&gt;&amp;&quot; <input>");
    }

    #[test]
    fn a_wrong_template_is_named_when_the_site_opens() {
        let error = templates(&[("echo/index.html", "{% if %}")]).unwrap_err();
        assert_eq!(error.to_string(), "the template \"echo/index.html\" is wrong");
    }

    #[test]
    fn a_missing_value_template_or_asset_is_an_error() {
        let templates = templates(&[("a.html", "{{ nome }}"), ("b.html", "{{ static('x.js') }}")]).unwrap();
        for name in ["a.html", "b.html", "c.html"] {
            assert!(templates.render(name, ()).is_err(), "{name}");
        }
    }

    #[test]
    fn an_application_can_replace_a_page() {
        let templates = templates(&[("chanx/login.html", "mine")]).unwrap();
        let Html(page) = templates.render("chanx/login.html", ()).unwrap();
        assert_eq!(page, "mine");
    }
}
