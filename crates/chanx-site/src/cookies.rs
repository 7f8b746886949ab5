//! Cookies as Django reads and writes them. Knows no session and no secret.

use std::collections::HashMap;
use std::time::Duration;

use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::database::Timestamp;

/// The cookies of a request.
///
/// ```
/// use chanx_site::cookies::Cookies;
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
        let values: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        Self::parse(&values.join(&b';'))
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

/// When a browser sends a cookie along with a request that another site caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    Lax,
    /// Always; browsers ask for `Secure` with it.
    None,
}

/// The name and the attributes with which a cookie is set and deleted.
///
/// ```
/// use chanx_site::cookies::SetCookie;
///
/// let cookie = SetCookie { secure: true, ..SetCookie::session() };
/// let header = cookie.header("abc", None)?;
/// assert_eq!(header, "sessionid=abc; HttpOnly; Path=/; SameSite=Lax; Secure");
/// # Ok::<(), chanx_site::cookies::InvalidCookie>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie {
    /// The cookie's name.
    pub name: String,
    /// The paths for which the browser sends it: this one and those below.
    pub path: String,
    /// The domain for which, and for whose subdomains, the browser sends it; without one, only
    /// the host that set it.
    pub domain: Option<String>,
    /// Whether it is sent over HTTPS only.
    pub secure: bool,
    /// Whether it is hidden from scripts.
    pub http_only: bool,
    /// Whether other sites' requests carry it; without a value, the browser decides.
    pub same_site: Option<SameSite>,
}

impl SetCookie {
    /// The attributes of Django's `sessionid`.
    pub fn session() -> Self {
        Self { name: "sessionid".into(), http_only: true, ..Self::csrf() }
    }

    /// The attributes of Django's `csrftoken`, which scripts may read.
    pub fn csrf() -> Self {
        Self {
            name: "csrftoken".into(),
            path: "/".into(),
            domain: None,
            secure: false,
            http_only: false,
            same_site: Some(SameSite::Lax),
        }
    }

    /// The `Set-Cookie` header that sets `value` for `max_age` (whole seconds), or until the
    /// browser is closed.
    ///
    /// # Errors
    /// The value or an attribute has characters that a cookie cannot carry.
    pub fn header(&self, value: &str, max_age: Option<Duration>) -> Result<HeaderValue, InvalidCookie> {
        self.header_at(value, max_age, Timestamp::now())
    }

    /// The `Set-Cookie` header that makes the browser forget the cookie.
    ///
    /// # Errors
    /// An attribute has characters that a cookie cannot carry.
    pub fn removal(&self) -> Result<HeaderValue, InvalidCookie> {
        let lifetime = "; expires=Thu, 01 Jan 1970 00:00:00 GMT";
        self.write("\"\"", lifetime, "; Max-Age=0")
    }

    fn header_at(&self, value: &str, max_age: Option<Duration>, now: Timestamp) -> Result<HeaderValue, InvalidCookie> {
        if !is_plain(value) {
            return Err(InvalidCookie);
        }
        let Some(age) = max_age else { return self.write(value, "", "") };
        let expires = format!("; expires={}", now.plus(age).http_date());
        self.write(value, &expires, &format!("; Max-Age={}", age.as_secs()))
    }

    /// Writes the attributes in the order of Python's `http.cookies`.
    fn write(&self, value: &str, expires: &str, max_age: &str) -> Result<HeaderValue, InvalidCookie> {
        let attributes = [Some(&self.name), Some(&self.path), self.domain.as_ref()];
        if !attributes.into_iter().flatten().all(|text| is_plain(text)) {
            return Err(InvalidCookie);
        }
        let domain = self.domain.as_ref().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let http_only = if self.http_only { "; HttpOnly" } else { "" };
        let same_site = self.same_site.map(|value| format!("; SameSite={value:?}")).unwrap_or_default();
        let secure = if self.secure { "; Secure" } else { "" };
        let (name, path) = (&self.name, &self.path);
        let text = format!("{name}={value}{domain}{expires}{http_only}{max_age}; Path={path}{same_site}{secure}");
        HeaderValue::try_from(text).map_err(|_| InvalidCookie)
    }
}

/// A cookie cannot carry this value or attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cookie cannot carry blanks, quotes, commas, semicolons, backslashes or non-ASCII text")]
pub struct InvalidCookie;

/// Whether a text needs no quoting: the `cookie-octet` of RFC 6265, section 4.1.1.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'))
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

    #[test]
    fn attributes_are_those_of_django() {
        let start = Timestamp::UNIX_EPOCH;
        let header = |cookie: SetCookie, value: &str, age| {
            cookie.header_at(value, Some(Duration::from_secs(age)), start).unwrap()
        };
        assert_eq!(
            header(SetCookie::session(), "5vpf", 1_209_600),
            "sessionid=5vpf; expires=Thu, 15 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
        );
        assert_eq!(
            header(SetCookie::csrf(), "TO4D", 31_449_600),
            "csrftoken=TO4D; expires=Thu, 31 Dec 1970 00:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax"
        );
        let shared = SetCookie {
            domain: Some("example.com".into()),
            path: "/app".into(),
            secure: true,
            same_site: None,
            ..SetCookie::session()
        };
        assert_eq!(
            header(shared, "x", 0),
            "sessionid=x; Domain=example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/app; Secure"
        );
    }

    #[test]
    fn a_removal_is_as_django_writes_it() {
        let removal = SetCookie::csrf().removal().unwrap();
        assert_eq!(removal, "csrftoken=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax");
    }

    #[test]
    fn nothing_can_be_smuggled_into_a_header() {
        for text in ["a;b", "a b", "a\"b", "a\r\nb", "é", "a,b"] {
            assert_eq!(SetCookie::session().header(text, None), Err(InvalidCookie), "{text:?}");
            let cookie = SetCookie { path: text.into(), ..SetCookie::session() };
            assert_eq!(cookie.header("x", None), Err(InvalidCookie), "{text:?}");
            assert_eq!(cookie.removal(), Err(InvalidCookie), "{text:?}");
        }
    }
}
