//! Cookies as Django reads and writes them. Knows no session and no secret.

use std::time::Duration;

pub use chanx::Cookies;
use chanx::settings::SameSite;
use http::header::HeaderValue;

use crate::database::Timestamp;

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
        let same_site = self.same_site.map(|value| format!("; SameSite={}", value.as_str())).unwrap_or_default();
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
