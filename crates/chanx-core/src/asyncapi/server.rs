//! Where an application is reached.

use serde_json::{Map, Value};

/// A server that clients can connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDescription {
    pub(super) name: String,
    scheme: String,
    host: String,
    pathname: String,
    description: String,
}

impl ServerDescription {
    /// The server that documents call `name`. The scheme is `ws` or `wss`; the host has a port where it is not the
    /// scheme's own.
    pub fn new(name: impl Into<String>, scheme: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            scheme: scheme.into(),
            host: host.into(),
            pathname: String::new(),
            description: String::new(),
        }
    }

    /// What comes before the paths of all routes: `/live`. Usually nothing.
    #[must_use]
    pub fn pathname(mut self, pathname: impl Into<String>) -> Self {
        self.pathname = pathname.into();
        self
    }

    /// What the server is for, in Markdown.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    pub(super) fn object(&self, security: &[Value]) -> Value {
        let mut object = Map::new();
        let texts = [
            ("host", &self.host),
            ("protocol", &self.scheme),
            ("pathname", &self.pathname),
            ("description", &self.description),
        ];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            object.insert(key.to_owned(), text.as_str().into());
        }
        if !security.is_empty() {
            object.insert("security".to_owned(), security.into());
        }
        object.into()
    }
}
