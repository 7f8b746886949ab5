//! URLs as RFC 3986 writes them.

use std::cell::Cell;

use serde_json::{Map, Value};
use url::{SyntaxViolation, Url};

use super::schema::list;
use super::wording::{Complaint, alternatives};

/// Says which schemes a `uri` may have, such as `["http", "https"]`. No keyword of JSON Schema does.
const SCHEMES: &str = "x-chanx-schemes";

/// The fault of a text that is no URL, that only browsers would take for one, or that has another scheme than the schema says.
pub(super) fn fault(schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    let violation = Cell::new(None);
    let report = |found| {
        // To have credentials in it is no fault of a URL's syntax.
        if found != SyntaxViolation::EmbeddedCredentials {
            violation.set(Some(found));
        }
    };
    let url = match Url::options().syntax_violation_callback(Some(&report)).parse(text) {
        Ok(url) => url,
        Err(why) => return Some(Complaint::new("url_parsing", format!("Input should be a valid URL, {why}"))),
    };
    match violation.get() {
        Some(violation) => {
            let msg = format!("Input violated strict URL syntax rules, {}", violation.description());
            Some(Complaint::new("url_syntax_violation", msg))
        }
        None => wrong_scheme(list(schema, SCHEMES), url.scheme()),
    }
}

fn wrong_scheme(allowed: &[Value], scheme: &str) -> Option<Complaint> {
    if allowed.is_empty() || allowed.iter().any(|allowed| allowed == scheme) {
        return None;
    }
    let allowed: Vec<_> = allowed.iter().map(|scheme| format!("'{}'", scheme.as_str().unwrap_or_default())).collect();
    Some(Complaint::new("url_scheme", format!("URL scheme should be {}", alternatives(&allowed))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, text: &str) -> Option<(&'static str, String)> {
        fault(schema.as_object().unwrap(), text).map(|complaint| (complaint.kind, complaint.msg.into_owned()))
    }

    #[test]
    fn a_uri_may_be_bound_to_schemes() {
        let schema = json!({"format": "uri", "x-chanx-schemes": ["http", "https"]});
        assert_eq!(check(&schema, "HTTPS://user:password@example.com"), None);
        let expected = ("url_scheme", "URL scheme should be 'http' or 'https'".to_owned());
        assert_eq!(check(&schema, "ftp://example.com"), Some(expected));
        assert_eq!(check(&schema, "example").map(|it| it.0), Some("url_parsing"));
        assert_eq!(check(&json!({"format": "uri"}), "ftp://example.com"), None);
    }

    #[test]
    fn what_browsers_forgive_is_a_fault() {
        for text in [" http://a/", "http:/a/", "http:a", "http:\\\\a"] {
            assert_eq!(check(&json!({}), text).map(|it| it.0), Some("url_syntax_violation"), "{text}");
        }
    }
}
