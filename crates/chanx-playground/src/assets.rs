//! The scripts and styles of the pages, which are part of the program.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use sha2::{Digest, Sha256};

mod files;

pub(crate) use files::{DOCS, PLAYGROUND};

/// A name and its content.
pub(crate) type File = (&'static str, &'static str);

/// Files under an address that changes with any of their contents, because the scripts import each other.
#[derive(Debug)]
pub(crate) struct Assets {
    base: String,
    files: &'static [File],
}

impl Assets {
    /// These files, below a path that ends with a slash.
    pub(crate) fn new(path: &str, files: &'static [File]) -> Self {
        let hash = |hash: Sha256, (name, content): &File| hash.chain_update(name).chain_update(content);
        let digest = files.iter().fold(Sha256::new(), hash).finalize();
        let version: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { base: format!("{path}{version}/"), files }
    }

    /// The beginning of each address, up to the file's name.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The routes at which the files are served. Browsers may keep them for ever.
    pub(crate) fn router(&self) -> Router {
        self.files.iter().fold(Router::new(), |router, &(name, content)| {
            router.route(&format!("{}{name}", self.base), get(move || serve(name, content)))
        })
    }
}

async fn serve(name: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type(name)),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folders_is_served() {
        for (folder, files) in [("playground", PLAYGROUND), ("docs", DOCS)] {
            let path = format!("{}/assets/{folder}", env!("CARGO_MANIFEST_DIR"));
            let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
            let mut there: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
            there.retain(|name| !name.ends_with(".html"));
            there.sort();
            let mut served: Vec<_> = files.iter().map(|(name, _)| *name).collect();
            served.sort_unstable();
            assert_eq!(there, served);
        }
    }

    #[test]
    fn every_import_of_a_script_is_served() {
        for (name, content) in PLAYGROUND.iter().chain(DOCS) {
            for imported in imports(content) {
                assert!(PLAYGROUND.iter().any(|(known, _)| *known == imported), "{name} imports {imported}");
            }
        }
    }

    #[test]
    fn no_script_makes_code_or_html_of_text() {
        let forbidden = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"];
        for (name, content) in PLAYGROUND.iter().chain(DOCS) {
            for word in forbidden {
                assert!(!content.contains(word), "{name} uses {word}");
            }
        }
    }

    #[test]
    fn the_address_changes_with_the_content() {
        let base = |files: &'static [File]| Assets::new("/a/", files).base().to_owned();
        assert_ne!(base(&[("a.js", "1")]), base(&[("a.js", "2")]));
        assert!(base(PLAYGROUND).starts_with("/a/") && base(PLAYGROUND).ends_with('/'));
    }

    fn imports(script: &str) -> impl Iterator<Item = &str> {
        script.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next())
    }
}
