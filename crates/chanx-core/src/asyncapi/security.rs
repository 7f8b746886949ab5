//! Sources of identity as security schemes.
//!
//! A source of the application's own has no form in AsyncAPI, so that only extensions name it.

use serde_json::{Value, json};

use super::keys::identifier;
use crate::description::SecurityScheme;

/// The scheme with its key, if AsyncAPI has one like it.
pub(super) fn scheme(source: &SecurityScheme) -> Option<(String, Value)> {
    match source {
        SecurityScheme::Session { cookie } => {
            let about = "A login session, found by its cookie.";
            let object = json!({"type": "httpApiKey", "name": cookie, "in": "cookie", "description": about});
            Some((format!("cookie_{}", identifier(cookie)), object))
        }
        SecurityScheme::Token { keyword } if keyword.eq_ignore_ascii_case("bearer") => {
            Some(("bearer".to_owned(), json!({"type": "http", "scheme": "bearer"})))
        }
        SecurityScheme::Token { keyword } => {
            let about = format!("A token behind the word `{keyword}`: `Authorization: {keyword} 9944b09199c62bcf`.");
            let object = json!({"type": "httpApiKey", "name": "Authorization", "in": "header", "description": about});
            Some((format!("header_authorization_{}", identifier(keyword)), object))
        }
        SecurityScheme::Basic => Some(("basic".to_owned(), json!({"type": "http", "scheme": "basic"}))),
        SecurityScheme::Custom { .. } => None,
    }
}

/// Any of these lets a client in.
pub(super) fn references(sources: &[SecurityScheme]) -> Vec<Value> {
    let keys = sources.iter().filter_map(scheme).map(|(key, _)| key);
    keys.map(|key| json!({"$ref": format!("#/components/securitySchemes/{key}")})).collect()
}

/// All sources in words, in the order in which they are asked.
pub(super) fn names(sources: &[SecurityScheme]) -> Vec<String> {
    let name = |source: &SecurityScheme| match source {
        SecurityScheme::Session { cookie } => format!("session cookie {cookie}"),
        SecurityScheme::Token { keyword } => format!("token ({keyword})"),
        SecurityScheme::Basic => "name and password (Basic)".to_owned(),
        SecurityScheme::Custom { name } => name.clone(),
    };
    sources.iter().map(name).collect()
}
