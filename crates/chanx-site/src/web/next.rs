//! Where a login may lead: the `next` parameter, limited to the own site. Knows no request and no cookie.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

/// Longer targets are refused, as Django does since its 5.2.
const MAX_LENGTH: usize = 2048;

/// Characters that would end the value of a query parameter, or that a URL must not hold.
const IN_QUERY_VALUE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>').add(b'\\');

/// The path (with query and fragment) that `next` names, if it is on the site at `origin`.
///
/// `next` is read as a browser would read it on a page of the site, so that whatever leaves the
/// site for a browser is refused here: other schemes, hosts and ports, `//host`, `/\host`, and
/// every text with control characters. Only the path is given back, never a scheme or a host.
///
/// ```
/// use chanx_site::web::local_target;
///
/// let origin = "http://localhost:8000";
/// assert_eq!(local_target("/echo/?a=1", origin).as_deref(), Some("/echo/?a=1"));
/// assert_eq!(local_target("http://localhost:8000/echo/", origin).as_deref(), Some("/echo/"));
/// assert_eq!(local_target("//evil.example/", origin), None);
/// ```
pub fn local_target(next: &str, origin: &str) -> Option<String> {
    let next = next.trim();
    if next.is_empty() || next.len() > MAX_LENGTH || next.chars().any(char::is_control) {
        return None;
    }
    let site = Url::parse(origin).ok()?;
    let target = site.join(next).ok()?;
    is_same_site(&target, &site).then(|| path_of(&target))?
}

/// `login_url` with the way back: `/admin/login/?next=/echo/`.
pub(crate) fn with_next(login_url: &str, target: &str) -> String {
    let separator = if login_url.contains('?') { '&' } else { '?' };
    let target: Cow<'_, str> = utf8_percent_encode(target, IN_QUERY_VALUE).into();
    format!("{login_url}{separator}next={target}")
}

fn is_same_site(target: &Url, site: &Url) -> bool {
    let names_nobody = target.username().is_empty() && target.password().is_none();
    names_nobody && target.origin().is_tuple() && target.origin() == site.origin()
}

/// The part after the host; none if a browser would take it for another host.
fn path_of(target: &Url) -> Option<String> {
    let path = &target[url::Position::BeforePath..];
    (!path.starts_with("//")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "http://localhost:8000";

    #[test]
    fn targets_on_the_site_are_reduced_to_their_path() {
        for (next, target) in [
            ("/", "/"),
            ("/echo/", "/echo/"),
            ("  /echo/ ", "/echo/"),
            ("/echo/?room=1&x=%2F#end", "/echo/?room=1&x=%2F#end"),
            ("echo/", "/echo/"),
            ("?a=1", "/?a=1"),
            ("/räume/", "/r%C3%A4ume/"),
            ("/a/../b/", "/b/"),
            ("/login?next=//evil", "/login?next=//evil"),
            ("http://localhost:8000/echo/", "/echo/"),
            ("HTTP://LOCALHOST:8000/echo/", "/echo/"),
            ("//localhost:8000/echo/", "/echo/"),
        ] {
            assert_eq!(local_target(next, SITE).as_deref(), Some(target), "{next:?}");
        }
    }

    #[test]
    fn everything_that_leaves_the_site_is_refused() {
        for next in [
            "",
            " ",
            "//evil.example",
            "//evil.example/echo/",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\0/evil.example",
            "\x08//evil.example",
            "http:///x",
            "http:\\\\evil.example",
            "https:evil.example",
            "http://evil.example/",
            "http://localhost/echo/",
            "http://localhost:8001/",
            "https://localhost:8000/",
            "http://user@localhost:8000/",
            "http://localhost:8000@evil.example/",
            "http://localhost:8000.evil.example/",
            "http://localhost:8000//evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "ftp://localhost:8000/",
            "http://[::1",
        ] {
            assert_eq!(local_target(next, SITE), None, "{next:?}");
        }
        assert_eq!(local_target(&format!("/{}", "a".repeat(2048)), SITE), None);
        assert_eq!(local_target("/echo/", "not an origin"), None);
    }

    #[test]
    fn a_secure_site_is_not_left_for_plain_http() {
        assert_eq!(local_target("http://site.example/", "https://site.example"), None);
        assert_eq!(local_target("https://site.example:443/a", "https://site.example").as_deref(), Some("/a"));
    }

    #[test]
    fn the_way_back_survives_the_query_string() {
        let url = with_next("/admin/login/", "/a b/?x=1&y=2#z");
        let read = Url::parse("http://x/").and_then(|base| base.join(&url)).unwrap();
        let pairs: Vec<_> = read.query_pairs().into_owned().collect();
        assert_eq!(pairs, [("next".to_owned(), "/a b/?x=1&y=2#z".to_owned())]);
        assert_eq!(with_next("/login/?a=1", "/b/"), "/login/?a=1&next=/b/");
    }
}
