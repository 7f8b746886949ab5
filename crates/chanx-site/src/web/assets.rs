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
        if request.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(CONTENT_TYPE, content_type(self.name))], self.content).into_response()
    }
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
}
