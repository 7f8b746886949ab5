//! Routes that exist can be reached, whatever their first segment is.

use axum::Router;
use axum::routing::get;
use chanx::Websockets;
use chanx::routing::{Route, Routes, path, re_path};
use chanx::{Consumer, Endpoint};

use crate::server::{Quiet, serve_app, settings, shake_hands};

/// Whether a client that asks for one of these paths reaches the route, beside a page of another's.
async fn reached(route: Route<Endpoint>, paths: &[&str]) {
    let websockets = Websockets::new(Routes::new([route]), &settings()).unwrap();
    let pages = Router::new().route("/pages/{page}", get(async || "a page"));
    let address = serve_app(pages.merge(websockets.into_router())).await;
    for path in paths {
        let answer = shake_hands(address, path, "").await;
        assert_eq!(answer.status, 101, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_first_segment_outside_ascii() {
    let paths = ["/r%C3%A4ume/1/", "/r%c3%a4ume/1/", "/r\u{e4}ume/1/"];
    reached(path("r\u{e4}ume/<int:pk>/", Quiet::endpoint()), &paths).await;
    reached(path("r\u{e4}ume", Quiet::endpoint()), &["/r%C3%A4ume"]).await;
}

#[tokio::test]
async fn a_first_segment_that_clients_encode() {
    reached(path("a room/", Quiet::endpoint()), &["/a%20room/"]).await;
    reached(path("100%/", Quiet::endpoint()), &["/100%25/"]).await;
    reached(path("what?/<x>/", Quiet::endpoint()), &["/what%3F/1/", "/what%3f/1/"]).await;
    reached(path("a%20b/", Quiet::endpoint()), &["/a%2520b/"]).await;
}

#[tokio::test]
async fn a_first_segment_with_what_axum_reads_otherwise() {
    reached(path("a}b/", Quiet::endpoint()), &["/a%7Db/", "/a}b/"]).await;
    reached(path("{a}/<x>/", Quiet::endpoint()), &["/%7Ba%7D/1/", "/{a}/1/"]).await;
    reached(path(":id/", Quiet::endpoint()), &["/:id/", "/%3Aid/"]).await;
    reached(path("*all/", Quiet::endpoint()), &["/*all/", "/%2Aall/"]).await;
    reached(path("a.b/c/", Quiet::endpoint()), &["/a.b/c/"]).await;
}

#[tokio::test]
async fn a_bar_in_a_path_and_in_an_expression() {
    reached(path("a|b/", Quiet::endpoint()), &["/a|b/", "/a%7Cb/"]).await;
    reached(re_path("^a|b/$", Quiet::endpoint()), &["/a", "/b/"]).await;
    reached(re_path("echo/|other/", Quiet::endpoint()), &["/echo/", "/other/"]).await;
    reached(re_path("rooms/(?:red|blue)/", Quiet::endpoint()), &["/rooms/red/", "/rooms/blue/"]).await;
}

#[tokio::test]
async fn an_expression_whose_slash_is_optional() {
    reached(re_path("^rooms/?$", Quiet::endpoint()), &["/rooms/", "/rooms"]).await;
    reached(re_path(r"^a\.b/(?P<pk>\d+)/$", Quiet::endpoint()), &["/a.b/7/"]).await;
    reached(re_path("(?i)rooms/", Quiet::endpoint()), &["/rooms/", "/Rooms/"]).await;
}

#[tokio::test]
async fn what_can_be_reversed_can_be_reached() {
    for written in ["r\u{e4}ume:x/", "a|b/", "a(b)/", "it's/", "~x/", "100%/", "{x}/"] {
        let route = path(written, Quiet::endpoint()).name("x");
        let address = Websockets::new(Routes::new([route.clone()]), &settings()).unwrap().reverse("x", &[]).unwrap();
        reached(route, &[&address]).await;
    }
}

/// Every character of ASCII at the beginning of the first segment and within it.
#[tokio::test]
async fn no_character_hides_a_route_or_makes_the_router_panic() {
    for character in (' '..='~').filter(|character| !"/<>".contains(*character)) {
        for segment in [format!("{character}x"), format!("x{character}")] {
            let is_unreserved = character.is_ascii_alphanumeric() || "-._~".contains(character);
            let encoded = format!("%{:02X}", u32::from(character));
            let encoded = if is_unreserved { segment.clone() } else { segment.replace(character, &encoded) };
            reached(path(&format!("{segment}/<int:pk>/"), Quiet::endpoint()), &[&format!("/{encoded}/1/")]).await;
        }
    }
}
