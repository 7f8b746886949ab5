//! Origins: an allowed one lets itself in, and nothing that is no origin gets in.

use chanx::AllowedOrigins;
use http::header::{HeaderMap, HeaderValue, ORIGIN};

use crate::input::lines;

pub(crate) const WORDS: &[&[u8]] = &[
    b"https://",
    b"http://",
    b"*.",
    b"*",
    b"example.com",
    b":443",
    b":80",
    b":8000",
    b"localhost",
    b"null",
    b"[::1]",
    b"\n",
    b"/",
    b"xn--",
    b"EXAMPLE.com",
    b"evilexample.com",
    b"@",
    b"?",
    b"#",
];

pub(crate) fn run(data: &[u8]) {
    let lines = lines(data);
    let Some((origin, patterns)) = lines.split_last() else { return };
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_str(origin) else { return };
    headers.insert(ORIGIN, value);
    if let Ok(allowed) = AllowedOrigins::parse(patterns) {
        let is_allowed = allowed.allows(&headers);
        if is_allowed && !patterns.iter().any(|pattern| pattern.trim() == "*") {
            assert!(origin.contains("://"), "{origin:?} is no origin");
            let more = AllowedOrigins::parse(patterns.iter().copied().chain(["https://other.test"]));
            assert!(more.is_ok_and(|more| more.allows(&headers)), "one more pattern takes nothing away");
        }
    }
    // `https://.example.com` stands for the domain and all below it, and is no origin itself.
    if let Ok(itself) = AllowedOrigins::parse([origin])
        && !origin.contains('*')
        && !origin.contains("://.")
        && origin.trim() == *origin
    {
        assert!(itself.allows(&headers), "{origin:?} does not allow itself");
    }
}
