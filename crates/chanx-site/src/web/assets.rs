//! Style sheets, scripts and pictures that are part of the program. Knows no account and no template.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderMap;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use sha2::{Digest, Sha256};

/// Assets of the site's own pages: name and content.
const BUILT_IN: &[Asset] = &[("chanx/site.css", include_bytes!("../static/site.css"))];

/// Under which path all assets are served.
const PREFIX: &str = "/static/";

/// A name such as `echo/echo.js` and its content, usually from [`include_bytes!`].
///
/// The ending of the name says the content type. The asset is served at `/static/` + name;
/// templates find its address, with a mark of the version, by `{{ static("echo/echo.js") }}`.
pub type Asset = (&'static str, &'static [u8]);

/// All assets of a site.
#[derive(Debug, Clone)]
pub(crate) struct Assets {
    files: Arc<[File]>,
}

#[derive(Debug)]
struct File {
    name: &'static str,
    content: &'static [u8],
    /// The beginning of the content's SHA-256: a new content gets a new address.
    version: String,
}

impl Assets {
    pub(crate) fn new(own: &[Asset]) -> Self {
        let files = BUILT_IN.iter().chain(own).map(|&(name, content)| File::new(name, content));
        Self { files: files.collect() }
    }

    /// The name and the address of each asset.
    pub(crate) fn urls(&self) -> Vec<(&'static str, String)> {
        self.files.iter().map(|file| (file.name, file.url())).collect()
    }

    /// The routes at which the assets are served.
    pub(crate) fn router(&self) -> Router {
        (0..self.files.len()).fold(Router::new(), |router, index| {
            let files = Arc::clone(&self.files);
            let path = format!("{PREFIX}{}", self.files[index].name);
            router.route(&path, get(async move |headers: HeaderMap| files[index].answer(&headers)))
        })
    }
}

impl File {
    fn new(name: &'static str, content: &'static [u8]) -> Self {
        let digest = Sha256::digest(content);
        let version = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name, content, version }
    }

    fn url(&self) -> String {
        format!("{PREFIX}{}?v={}", self.name, self.version)
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.version);
        let caching = [(ETAG, tag.as_str()), (CACHE_CONTROL, "public, max-age=3600")];
        if is_known(&tag, request) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(CONTENT_TYPE, content_type(self.name))], self.content).into_response()
    }
}

/// Whether `If-None-Match` has the tag, strong or weak (RFC 9110, section 13.1.2).
fn is_known(tag: &str, request: &HeaderMap) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = values.flat_map(|value| value.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_changes_with_the_content() {
        let url = |content| File::new("a.js", content).url();
        assert!(url(b"1").starts_with("/static/a.js?v="));
        assert_ne!(url(b"1"), url(b"2"));
        assert_eq!(url(b"1"), url(b"1"));
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let file = File::new("a.js", b"1");
        let first = file.answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let again = HeaderMap::from_iter([(IF_NONE_MATCH, first.headers()[ETAG].clone())]);
        assert_eq!(file.answer(&again).status(), StatusCode::NOT_MODIFIED);
    }

    /// A proxy that compresses an answer makes its tag a weak one.
    #[test]
    fn a_version_is_known_by_a_weak_tag_and_by_one_of_several() {
        let file = File::new("a.js", b"1");
        let tag = file.answer(&HeaderMap::new()).headers()[ETAG].to_str().unwrap().to_owned();
        let status = |known: &[String]| {
            let headers = known.iter().map(|known| (IF_NONE_MATCH, known.parse().unwrap()));
            file.answer(&headers.collect()).status()
        };
        for known in [format!("W/{tag}"), format!("\"other\", W/{tag}"), format!("{tag} , \"other\""), "*".to_owned()] {
            assert_eq!(status(std::slice::from_ref(&known)), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(status(&["\"other\"".to_owned(), format!("W/{tag}")]), StatusCode::NOT_MODIFIED);
        for known in ["W/\"other\"".to_owned(), tag.replace('"', ""), format!("w/{tag}"), String::new()] {
            assert_eq!(status(std::slice::from_ref(&known)), StatusCode::OK, "{known}");
        }
    }
}
