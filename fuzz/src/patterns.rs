//! Routes: what a route matches can be written as a path again, which the route matches in the same way.

use std::fmt::Display;

use chanx::routing::{Routes, decode_path, path, re_path};

use crate::input::lines;

pub(crate) const WORDS: &[&[u8]] = &[
    b"ws/",
    b"<int:pk>",
    b"<str:name>",
    b"<slug:s>",
    b"<uuid:u>",
    b"<path:rest>",
    b"(?P<year>[0-9]{4})",
    b"^",
    b"$",
    b"/",
    b"%2F",
    b"%20",
    b"..",
    b"//",
    b"123e4567-e89b-42d3-a456-426614174000",
    b"7",
    b"a-b_c",
    b"\xc3\xa9",
    b"%C3%A9",
    b"|",
    b":",
    b"?",
    b"+",
    b"*",
    b".",
    b"\\",
    b"(",
    b")",
    b"[",
    b"]",
];

/// The first line is a pattern (an expression if it begins with `~`), the second one a path.
pub(crate) fn run(data: &[u8]) {
    let [pattern, raw, ..] = lines(data)[..] else { return };
    let route = match pattern.strip_prefix('~') {
        Some(expression) => re_path(expression, ()),
        None => path(pattern, ()),
    };
    let Ok(table) = Routes::new([route.name("it")]).compile() else { return };
    for route in &table {
        drop((route.address(), format!("{route:?}")));
    }
    let Some(path) = decode_path(raw) else { return };
    let Some(found) = table.find(&path) else { return };
    let parameters: Vec<(String, String)> =
        found.parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let given: Vec<(&str, &dyn Display)> = parameters.iter().map(|(name, value)| (&**name, value as _)).collect();
    let Ok(reversed) = table.reverse("it", &given) else { return };
    let again =
        decode_path(&reversed).and_then(|path| table.find(&path).map(|found| format!("{:?}", found.parameters)));
    assert_eq!(again, Some(format!("{:?}", found.parameters)), "{pattern:?} {path:?} {reversed:?}");
}
