//! Under which paths a router of axum's hands requests over: those that all paths of a route begin with.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use regex_syntax::hir::literal::Extractor;

use super::pattern::Part;
use super::reverse;
use super::table::RouteTable;

/// What axum calls the part of the path below a mount point. Nobody asks for it.
const PATH_PARAMETER: &str = "websocket_path";

/// All but what RFC 3986 lets stand everywhere.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What browsers encode in a path (the URL standard's path percent-encode set), and the percent sign.
const BY_BROWSERS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%');

/// What is known of all paths of a route.
#[derive(Debug, PartialEq, Eq)]
enum Beginning {
    /// There is one, which is this text.
    Whole(String),
    /// This is their first segment, and a slash follows.
    Segment(String),
    Unknown,
}

impl<T> RouteTable<T> {
    /// The paths of an axum router under which all routes are found: for each first segment the segment itself and all
    /// below it, so that an unknown path beside a route is answered, and logged, by the router of the sockets. A route
    /// without a certain first segment takes all paths.
    pub(crate) fn mount_points(&self) -> BTreeSet<String> {
        self.iter().flat_map(|route| beginnings(&route.pattern.parts)).flat_map(Beginning::mount_points).collect()
    }
}

impl Beginning {
    fn mount_points(self) -> Vec<String> {
        match self {
            // axum takes these for the parameters of its version 0.7.
            Self::Whole(text) | Self::Segment(text) if text.starts_with([':', '*']) => Self::Unknown.mount_points(),
            Self::Whole(text) => spellings(&text),
            Self::Segment(text) => {
                let below = |first: &String| [format!("{first}/"), format!("{first}/{{*{PATH_PARAMETER}}}")];
                spellings(&text).iter().flat_map(below).collect()
            }
            Self::Unknown => vec!["/".to_owned(), format!("/{{*{PATH_PARAMETER}}}")],
        }
    }
}

fn beginnings(parts: &[Part]) -> Vec<Beginning> {
    match parts {
        [] => vec![Beginning::Whole(String::new())],
        [Part::Literal(text), rest @ ..] => vec![beginning(text, rest.is_empty())],
        [Part::Expression { source, .. }, rest @ ..] => {
            of_expression(source, rest.is_empty()).unwrap_or_else(|| vec![Beginning::Unknown])
        }
        [Part::Parameter { .. }, ..] => vec![Beginning::Unknown],
    }
}

/// Of paths that begin with this text, or consist of it.
fn beginning(text: &str, is_whole: bool) -> Beginning {
    match text.split_once('/') {
        Some((_, "")) | None if is_whole => Beginning::Whole(text.to_owned()),
        Some((first, _)) => Beginning::Segment(first.to_owned()),
        None => Beginning::Unknown,
    }
}

fn of_expression(source: &str, is_last: bool) -> Option<Vec<Beginning>> {
    let expression = regex_syntax::parse(source).ok()?;
    let literals = Extractor::new().extract(&expression);
    let beginning_of = |literal: &regex_syntax::hir::literal::Literal| {
        Some(beginning(std::str::from_utf8(literal.as_bytes()).ok()?, literal.is_exact() && is_last))
    };
    literals.literals()?.iter().map(beginning_of).collect()
}

/// The ways in which clients write this text in a path, with its leading slash, as axum wants them.
fn spellings(text: &str) -> Vec<String> {
    let encoded = [RESERVED, BY_BROWSERS, reverse::ESCAPED].map(|set| utf8_percent_encode(text, set).to_string());
    let in_lower_case = [RESERVED, BY_BROWSERS, reverse::ESCAPED].map(|set| with_lower_digits(text, set));
    // As it is, unless it would be decoded to something else.
    let raw = Some(text).filter(|text| !text.contains('%')).map(str::to_owned);
    let all = encoded.into_iter().chain(in_lower_case).chain(raw);
    all.map(|path| format!("/{}", path.replace('{', "{{").replace('}', "}}"))).collect()
}

fn with_lower_digits(text: &str, set: &'static AsciiSet) -> String {
    let pieces = utf8_percent_encode(text, set);
    pieces.map(|piece| if piece.starts_with('%') { piece.to_ascii_lowercase() } else { piece.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Route, Routes, path, re_path};

    fn points(routes: Vec<Route<()>>) -> Vec<String> {
        Routes::new(routes).compile().unwrap().mount_points().into_iter().collect()
    }

    #[test]
    fn routes_of_one_prefix_share_a_mount_point() {
        let routes = vec![path("ws/echo/", ()), path("ws/rooms/<int:pk>/", ()), path("health/", ())];
        assert_eq!(points(routes), ["/health/", "/ws/", "/ws/{*websocket_path}"]);
        assert_eq!(points(vec![path("", ())]), ["/"]);
        assert_eq!(points(vec![path("ws", ())]), ["/ws"]);
    }

    #[test]
    fn a_route_that_begins_with_a_parameter_takes_the_root() {
        let root = ["/", "/{*websocket_path}"];
        for route in [path("<slug:tenant>/", ()), path("room-<int:pk>/", ()), path(":id/", ()), path("*", ())] {
            assert_eq!(points(vec![route]), root);
        }
        for expression in ["(?P<pk>[0-9]+)/", "rooms.*", "[^a]/"] {
            assert_eq!(points(vec![re_path(expression, ())]), root, "{expression}");
        }
    }

    #[test]
    fn the_first_segments_of_an_expression_are_found_in_all_its_branches() {
        let below = |first: &str| [format!("/{first}/"), format!("/{first}/{{*websocket_path}}")];
        assert_eq!(points(vec![re_path(r"^a\.b/(?P<pk>\d+)?$", ())]), below("a.b"));
        assert_eq!(points(vec![re_path("rooms/(?:red|blue)/", ())]), below("rooms"));
        assert_eq!(points(vec![re_path("a/(?:x|y)|b/[0-9]", ())]), [below("a"), below("b")].concat());
        assert_eq!(points(vec![re_path("a|b/", ())]), ["/a", "/b/"]);
        assert_eq!(points(vec![re_path("rooms/?", ())]), ["/rooms", "/rooms/"]);
        assert_eq!(points(vec![re_path("a?ws/", ())]), ["/aws/", "/ws/"]);
    }

    #[test]
    fn a_first_segment_is_mounted_as_clients_write_it() {
        assert_eq!(points(vec![path("r\u{e4}/", ())]), ["/r%C3%A4/", "/r%c3%a4/", "/r\u{e4}/"]);
        assert_eq!(points(vec![path("a|b/", ())]), ["/a%7Cb/", "/a%7cb/", "/a|b/"]);
        assert_eq!(points(vec![path("{x}/", ())]), ["/%7Bx%7D/", "/%7bx%7d/", "/{{x}}/"]);
        assert_eq!(points(vec![path("1%/", ())]), ["/1%25/"]);
    }
}
