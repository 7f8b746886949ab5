//! The head of a request as one piece of text, searched where it lies.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::Uri;

use super::common;

/// Stands between the name and the value of a header. No name has it, since it is no character of a token.
const IS: u8 = b':';
/// The same, if the value was marked as not to be shown.
const IS_SECRETLY: u8 = b'=';
/// Stands between lines. Neither a URI nor the value of a header has it.
const NEXT_LINE: u8 = b'\n';

/// The URI, the URI before routers cut off what they are nested under (empty if that is the same), and the headers: a
/// line each. A line of a header is its name, a separator and its value; or a byte for a common name and its value; or
/// nothing but a byte, for a common header.
pub(super) struct Head(Box<[u8]>);

/// One line of the headers.
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    is_sensitive: bool,
}

impl Head {
    pub(super) fn new(parts: &Parts, original: Option<&Uri>) -> Self {
        let uri = parts.uri.to_string();
        let original = original.filter(|original| **original != parts.uri).map(Uri::to_string).unwrap_or_default();
        let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2);
        let mut text = Vec::with_capacity(uri.len() + 1 + original.len() + fields.sum::<usize>());
        text.extend_from_slice(uri.as_bytes());
        text.push(NEXT_LINE);
        text.extend_from_slice(original.as_bytes());
        for (name, value) in &parts.headers {
            text.push(NEXT_LINE);
            write_field(&mut text, name.as_str(), value);
        }
        Self(text.into_boxed_slice())
    }

    /// The path, percent-encoded.
    pub(super) fn path(&self) -> &str {
        self.target().0
    }

    /// The text after the question mark; empty if there is none.
    pub(super) fn query(&self) -> &str {
        self.target().1
    }

    pub(super) fn uri(&self) -> Uri {
        uri(self.line(0))
    }

    pub(super) fn original_uri(&self) -> Uri {
        match self.line(1) {
            "" => self.uri(),
            original => uri(original),
        }
    }

    /// The values of a header, in their order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.value)
    }

    /// All headers, with values that share one copy of the text.
    pub(super) fn headers(&self) -> HeaderMap {
        let text = Bytes::copy_from_slice(&self.0);
        let mut headers = HeaderMap::with_capacity(self.fields().count());
        for Field { name, value, is_sensitive } in fields(&text) {
            // Both were legal when they came.
            if let (Ok(name), Ok(mut value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_maybe_shared(shared(&text, value)))
            {
                value.set_sensitive(is_sensitive);
                headers.append(name, value);
            }
        }
        headers
    }

    /// Path and query.
    fn target(&self) -> (&str, &str) {
        let uri = self.line(0);
        let target = if uri.starts_with('/') { uri } else { behind_authority(uri) };
        target.split_once('?').unwrap_or((target, ""))
    }

    fn line(&self, number: usize) -> &str {
        let line = lines(&self.0).nth(number).unwrap_or_default();
        // Only values of headers can be anything but text.
        std::str::from_utf8(line).unwrap_or_default()
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        fields(&self.0)
    }
}

fn write_field(text: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    if value.is_sensitive() {
        text.extend_from_slice(name.as_bytes());
        text.push(IS_SECRETLY);
    } else if let Some(byte) = common::byte_of_header(name, value.as_bytes()) {
        return text.push(byte);
    } else if let Some(byte) = common::byte_of_name(name) {
        text.push(byte);
    } else {
        text.extend_from_slice(name.as_bytes());
        text.push(IS);
    }
    text.extend_from_slice(value.as_bytes());
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == NEXT_LINE)
}

fn fields(text: &[u8]) -> impl Iterator<Item = Field<'_>> {
    lines(text).skip(2).filter_map(field)
}

fn field(line: &[u8]) -> Option<Field<'_>> {
    let (first, rest) = line.split_first()?;
    if let Some((name, value)) = common::header(*first) {
        return Some(Field { name, value, is_sensitive: false });
    }
    if let Some(name) = common::name(*first) {
        return Some(Field { name, value: rest, is_sensitive: false });
    }
    let end = line.iter().position(|byte| matches!(*byte, IS | IS_SECRETLY))?;
    Some(Field { name: &line[..end], value: &line[end + 1..], is_sensitive: line[end] == IS_SECRETLY })
}

/// A value as a part of the text, if it is one.
fn shared(text: &Bytes, value: &[u8]) -> Bytes {
    match text.as_ptr_range().contains(&value.as_ptr()) {
        true => text.slice_ref(value),
        false => Bytes::copy_from_slice(value),
    }
}

/// The path and the query of a URI that names its server, too.
fn behind_authority(uri: &str) -> &str {
    let authority = uri.find("://").map_or(0, |scheme| scheme + 3);
    let path = uri[authority..].find('/').map_or(uri.len(), |slash| authority + slash);
    &uri[path..]
}

/// What was written by a URI is one.
fn uri(text: &str) -> Uri {
    Uri::try_from(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(uri: &str, headers: &[(&str, &[u8])]) -> Parts {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[track_caller]
    fn check_target(uri: &str, path: &str, query: &str) {
        let head = Head::new(&parts(uri, &[("host", b"x")]), None);
        assert_eq!((head.path(), head.query()), (path, query), "{uri}");
        assert_eq!(head.uri(), uri, "{uri}");
        assert_eq!(head.uri().query(), uri.parse::<Uri>().unwrap().query(), "{uri}");
    }

    #[test]
    fn path_and_query_are_found_in_every_form_of_a_uri() {
        check_target("/", "/", "");
        check_target("/ws/echo/", "/ws/echo/", "");
        check_target("/ws/%C3%A9/?a=1&b=%20", "/ws/%C3%A9/", "a=1&b=%20");
        check_target("/ws/?", "/ws/", "");
        check_target("/ws/?to=http://a/b?c", "/ws/", "to=http://a/b?c");
        check_target("/ws/http://a/", "/ws/http://a/", "");
        check_target("//ws//", "//ws//", "");
        check_target("/caf\u{e9}/?\u{e9}", "/caf\u{e9}/", "\u{e9}");
        check_target("http://example.com:80/ws/?a=1", "/ws/", "a=1");
        check_target("http://example.com/", "/", "");
        check_target("example.com:80", "", "");
    }

    #[test]
    fn the_uri_before_nesting_is_kept_if_it_differs() {
        let parts = parts("/ws/?a=1", &[("host", b"x")]);
        let original = Uri::from_static("/api/ws/?a=1");
        let nested = Head::new(&parts, Some(&original));
        assert_eq!((nested.uri(), nested.original_uri()), (parts.uri.clone(), original));
        let plain = Head::new(&parts, Some(&parts.uri));
        assert_eq!(plain.original_uri(), parts.uri);
        assert_eq!(Head::new(&parts, None).original_uri(), parts.uri);
        assert_eq!(plain.0.len() + "/api/ws/?a=1".len(), nested.0.len());
    }

    #[test]
    fn headers_are_found_by_their_whole_names_in_any_case() {
        let head = Head::new(
            &parts("/", &[("x-long-name", b"1"), ("X-Name", b"a:b=c"), ("x-empty", b""), ("x-name", b"2")]),
            None,
        );
        let values = |name| head.values(name).collect::<Vec<_>>();
        assert_eq!(values("x-name"), [b"a:b=c".as_slice(), b"2"]);
        assert_eq!(values("X-NAME"), values("x-name"));
        assert_eq!(values("x-empty"), [b""]);
        for missing in ["name", "x-nam", "x-name:a", "", "/", "\n", "x-long-name:1\nx-name"] {
            assert!(values(missing).is_empty(), "{missing:?}");
        }
    }

    #[test]
    fn a_uri_holds_no_headers() {
        let original = Uri::from_static("http://example.com/?x-name=a");
        let head = Head::new(&parts("http://example.com/?x-name=b", &[]), Some(&original));
        for name in ["http", "http://example.com/?x-name"] {
            assert_eq!(head.values(name).count(), 0, "{name}");
        }
        assert!(head.headers().is_empty());
    }

    #[test]
    fn all_headers_come_back_as_they_were() {
        let mut parts = parts(
            "/ws/?a=1",
            &[
                ("host", b"example.com:8000"),
                ("cookie", b"a=1"),
                ("x-bytes", b"caf\xe9\t\x80\xff"),
                ("x-empty", b""),
                ("origin", b""),
                ("upgrade", b"websocket"),
                ("connection", b"close"),
                ("accept", b"\xc0"),
                ("accept", b"*/*"),
                ("cookie", b"b=\"2:3\""),
                ("!#$%&'*+-.^_`|~09z", b"odd"),
            ],
        );
        let mut secret = HeaderValue::from_static("Bearer x");
        secret.set_sensitive(true);
        parts.headers.insert("authorization", secret);
        let headers = Head::new(&parts, None).headers();
        assert_eq!(headers, parts.headers);
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers.values().filter(|value| value.is_sensitive()).count(), 1);
    }

    #[test]
    fn what_most_requests_say_takes_a_byte() {
        let common: [(&str, &[u8]); 3] = [("Upgrade", b"websocket"), ("Sec-WebSocket-Version", b"13"), ("Host", b"x")];
        let head = Head::new(&parts("/", &common), None);
        assert_eq!(head.0.len(), "/\n\nU\nV\nHx".len());
        for (name, value) in common {
            assert_eq!(head.values(name).collect::<Vec<_>>(), [value]);
        }
    }

    #[test]
    fn a_request_without_headers_has_none() {
        let head = Head::new(&parts("/", &[]), None);
        assert!(head.headers().is_empty());
        assert_eq!(head.path(), "/");
    }
}
