//! Who may connect to an endpoint, in words.

use chanx_core::description::{EndpointDescription, SecurityScheme};
use serde::Serialize;

use super::phrase::Phrase;

/// Who may connect.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Access {
    /// Where the client's identity is looked for, in this order; empty if nobody is asked.
    sources: Vec<Phrase>,
    /// The permissions as an expression; nothing if everybody may connect.
    permissions: Option<String>,
}

impl Access {
    pub(crate) fn new(endpoint: &EndpointDescription) -> Self {
        let permissions =
            Some(endpoint.permissions.clone()).filter(|it| !matches!(it.as_str(), "" | "()" | "AllowAny"));
        Self { sources: endpoint.authentication.iter().map(source).collect(), permissions }
    }
}

fn source(scheme: &SecurityScheme) -> Phrase {
    match scheme {
        SecurityScheme::Session { cookie } => Phrase::text("a login session, in the cookie ").code(cookie),
        SecurityScheme::Token { keyword } => {
            Phrase::text("a token, in the header ").code(format!("Authorization: {keyword} …"))
        }
        SecurityScheme::Basic => Phrase::text("a name and a password, in the header ").code("Authorization: Basic …"),
        SecurityScheme::Custom { name } => Phrase::default().code(name).then(", which is the application's own"),
        _ => Phrase::text("a source that this page has no words for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_in_words() {
        let token = SecurityScheme::Token { keyword: "Bearer".to_owned() };
        assert_eq!(source(&token).plain(), "a token, in the header `Authorization: Bearer …`");
    }

    #[test]
    fn everybody_is_no_permission() {
        let permissions = |expression: &str| {
            let mut endpoint = EndpointDescription::default();
            endpoint.permissions = expression.to_owned();
            Access::new(&endpoint).permissions
        };
        assert_eq!(permissions("AllowAny"), None);
        assert_eq!(permissions("IsAuthenticated & IsMember").as_deref(), Some("IsAuthenticated & IsMember"));
    }
}
