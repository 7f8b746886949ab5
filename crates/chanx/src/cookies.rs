//! The cookies of a request, as Django reads them.

use std::collections::HashMap;

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The cookies of a request.
///
/// ```
/// use chanx::Cookies;
///
/// let cookies = Cookies::parse(br#"a=1; sessionid="abc"; a=2"#);
/// assert_eq!(cookies.value("a"), Some("2"));
/// assert_eq!(cookies.value("sessionid"), Some("abc"));
/// assert_eq!(cookies.value("SessionID"), None);
/// ```
#[derive(Clone, Default)]
pub struct Cookies(HashMap<String, String>);

impl Cookies {
    /// Reads the value of a `Cookie` header by the rules of `django.http.parse_cookie`.
    ///
    /// Bytes are taken as Latin-1. Of two cookies with one name the last counts, a piece without
    /// `=` is a value without a name, and a value between double quotes is unquoted.
    pub fn parse(header: &[u8]) -> Self {
        let header: String = header.iter().copied().map(char::from).collect();
        Self(header.split(';').filter_map(pair).collect())
    }

    /// Reads all `Cookie` headers of a request as if they were one.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self::from_values(headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes))
    }

    pub(crate) fn from_values<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        Self::parse(&values.collect::<Vec<_>>().join(&b';'))
    }

    /// The value of the cookie with exactly this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn pair(piece: &str) -> Option<(String, String)> {
    let (name, value) = piece.split_once('=').unwrap_or(("", piece));
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() || !value.is_empty()).then(|| (name.to_owned(), unquote(value)))
}

/// Takes double quotes off, and the backslashes inside: `\"` is `"`, and `\303` is a byte in octal.
fn unquote(value: &str) -> String {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(mut rest) = quoted else { return value.to_owned() };
    let mut unquoted = String::new();
    while let Some((before, after)) = rest.split_once('\\') {
        unquoted.push_str(before);
        let (character, length) = escaped(after);
        unquoted.push(character);
        rest = &after[length..];
    }
    unquoted + rest
}

/// The character that stands after a backslash, and the length of what says so.
fn escaped(after: &str) -> (char, usize) {
    if let Some(character) = octal(after.as_bytes()) {
        return (character, 3);
    }
    after.chars().next().map_or(('\\', 0), |character| (character, character.len_utf8()))
}

fn octal(bytes: &[u8]) -> Option<char> {
    let &[high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| byte - b'0';
    Some(char::from(digit(high) * 64 + digit(middle) * 8 + digit(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, name: &str, value: Option<&str>) {
        assert_eq!(Cookies::parse(header.as_bytes()).value(name), value, "{header:?}");
    }

    #[test]
    fn names_and_values_are_read_as_django_reads_them() {
        check("sessionid=abc", "sessionid", Some("abc"));
        check("SessionID=abc", "sessionid", None);
        check("a=1; csrftoken=x; sessionid=abc; z=%C3%A9", "sessionid", Some("abc"));
        check("a=1; csrftoken=x; sessionid=abc; z=%C3%A9", "z", Some("%C3%A9"));
        check("a=1;a=2", "a", Some("2"));
        check(" a = b c = d ", "a", Some("b c = d"));
        check("alone", "", Some("alone"));
        check("a=; b", "a", Some(""));
        check("", "", None);
        check(" ; ;", "", None);
    }

    #[test]
    fn quoted_values_are_unquoted() {
        check(r#"a="b""#, "a", Some("b"));
        check(r#"a="b"#, "a", Some("\"b"));
        check(r#"a="""#, "a", Some(""));
        check(r#"a=""#, "a", Some("\""));
        check(r#"a="x\"y\\z""#, "a", Some(r#"x"y\z"#));
        check(r#"a="\303\251\054\400""#, "a", Some("Ã©,400"));
        check(r#"a="x\""#, "a", Some(r"x\"));
    }

    #[test]
    fn bytes_are_latin_1() {
        assert_eq!(Cookies::parse(b"a=caf\xe9; b=2").value("a"), Some("café"));
        assert_eq!(Cookies::parse(b"a=caf\xe9; b=2").value("b"), Some("2"));
    }

    #[test]
    fn several_headers_are_one() {
        let mut headers = HeaderMap::new();
        assert!(Cookies::from_headers(&headers).value("a").is_none());
        headers.append(COOKIE, HeaderValue::from_static("a=1; b=2"));
        headers.append(COOKIE, HeaderValue::from_static("a=3"));
        let cookies = Cookies::from_headers(&headers);
        assert_eq!((cookies.value("a"), cookies.value("b")), (Some("3"), Some("2")));
    }
}
