//! The whole document, as it was looked at and held against the specification once.

use std::fs;
use std::path::Path;

use chanx_core::asyncapi::yaml;

use crate::application::whole_document;

/// If the document is meant to be another one, the text that the failure names takes the place of the file. It must still be
/// a document that AsyncAPI's parser accepts.
#[test]
fn the_document_is_the_one_that_is_known() {
    let expected = include_str!("../data/asyncapi.yaml");
    let found = yaml(&whole_document());
    if found != expected {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("asyncapi.yaml");
        fs::write(&path, &found).unwrap();
        panic!("the document has changed: see {}", path.display());
    }
}
