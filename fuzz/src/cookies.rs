//! Cookies.

use chanx::Cookies;
use http::header::{COOKIE, HeaderMap, HeaderValue};

pub(crate) const WORDS: &[&[u8]] =
    &[b"sessionid", b"=", b";", b"\"", b"\\303", b"\\\"", b"\\", b" ", b"\xe9", b"csrftoken=a", b"\\12", b"\\777"];

pub(crate) fn run(data: &[u8]) {
    let cookies = Cookies::parse(data);
    let value = cookies.value("sessionid").map(str::to_owned);
    let mut headers = HeaderMap::new();
    for part in data.split(|byte| *byte == b';') {
        let Ok(header) = HeaderValue::from_bytes(part) else { return };
        headers.append(COOKIE, header);
    }
    assert_eq!(Cookies::from_headers(&headers).value("sessionid"), value.as_deref(), "one header or many");
}
