//! The subprotocols that a client offers (RFC 6455, section 4.2.1), and the token that may stand among them.

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_PROTOCOL;

/// What stands before a token. An offer that begins with it is never a name.
const TOKEN: &str = "chanx.bearer.";

/// The first of `spoken` that the client offers.
pub(crate) fn choose(spoken: &'static [&'static str], headers: &HeaderMap) -> Option<&'static &'static str> {
    spoken.iter().find(|name| offered(headers).any(|offer| offer == **name))
}

/// The names that the client offers.
pub(crate) fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    offers(headers).filter(|offer| !offer.starts_with(TOKEN))
}

/// The token that the client offers, if there is one only.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let mut tokens = offers(headers).filter_map(|offer| offer.strip_prefix(TOKEN)).filter(|token| !token.is_empty());
    tokens.next().filter(|_| tokens.next().is_none())
}

/// All offers of all headers that are well-formed.
fn offers(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let elements = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    elements.filter_map(|element| std::str::from_utf8(element.trim_ascii()).ok()).filter(|element| is_token(element))
}

/// Whether a text is a token of HTTP (RFC 9110, section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_character)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[track_caller]
    fn check(values: &[&[u8]], names: &[&str], secret: Option<&str>) {
        let headers = headers(values);
        assert_eq!(offered(&headers).collect::<Vec<_>>(), names);
        assert_eq!(token(&headers), secret);
    }

    #[test]
    fn names_and_a_token_are_read_from_all_headers() {
        check(&[], &[], None);
        check(&[b"a"], &["a"], None);
        check(&[b"a, b\t,c"], &["a", "b", "c"], None);
        check(&[b"a", b"chanx.bearer.x.y-z_1", b"b,a"], &["a", "b", "a"], Some("x.y-z_1"));
        check(&[b"Chanx.Bearer.x"], &["Chanx.Bearer.x"], None);
    }

    #[test]
    fn what_is_malformed_is_passed_over() {
        check(&[b"", b" , ,a,,b,"], &["a", "b"], None);
        check(&[b"caf\xe9, a", b"\xff", b"caf\xc3\xa9"], &["a"], None);
        check(&[b"a b, \"c\", d=e, f"], &["f"], None);
        check(&[b"a, chanx.bearer."], &["a"], None);
        check(&[b"chanx.bearer.x=, chanx.bearer.\xe9"], &[], None);
    }

    #[test]
    fn one_of_several_tokens_would_be_a_guess() {
        check(&[b"chanx.bearer.x, a", b"chanx.bearer.x"], &["a"], None);
    }

    #[test]
    fn the_servers_order_counts() {
        let headers = headers(&[b"c, b, a, chanx.bearer.x"]);
        assert_eq!(choose(&["a", "b"], &headers), Some(&"a"));
        assert_eq!(choose(&["B", "b"], &headers), Some(&"b"));
        assert_eq!(choose(&["chanx.bearer.x"], &headers), None);
        assert_eq!(choose(&[], &headers), None);
    }
}
