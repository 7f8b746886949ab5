//! Refusals that are good HTTP, and headers that are read kindly.

use crate::log::Log;
use crate::server::{UPGRADE, ask, routes, serve, settings, shake_hands};

#[tokio::test]
async fn another_method_is_told_which_is_allowed() {
    let address = serve(routes(), &settings()).await;
    for method in ["POST", "PUT", "OPTIONS", "HEAD", "DELETE"] {
        let answer = ask(address, format!("{method} /ws/echo/ HTTP/1.1\r\n{UPGRADE}\r\n")).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")), "{method}");
    }
}

#[tokio::test]
async fn who_must_upgrade_is_told_to_what_and_that_it_is_about_the_connection() {
    let address = serve(routes(), &settings()).await;
    for request in [
        "GET /ws/echo/ HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        format!("GET /ws/echo/ HTTP/1.1\r\n{}\r\n", UPGRADE.replace("13", "8")),
    ] {
        let answer = ask(address, request).await;
        assert_eq!(answer.status, 426);
        let headers = ["connection", "upgrade", "sec-websocket-version"].map(|name| answer.header(name));
        assert_eq!(headers, [Some("Upgrade"), Some("websocket"), Some("13")]);
    }
}

#[tokio::test]
async fn a_missing_slash_at_the_end_is_pointed_out() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    let answer = shake_hands(address, "/ws/echo", "").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.body, "no WebSocket endpoint has this path, but one has it with a slash at the end\n");
    let line = log.line("handshake refused");
    assert!(line.contains("with a slash at the end") && line.contains("path=\"/ws/echo\""), "{line}");
    let elsewhere = shake_hands(address, "/ws/elsewhere", "").await;
    assert_eq!((elsewhere.status, &*elsewhere.body), (404, "no WebSocket endpoint has this path\n"));
}

#[tokio::test]
async fn extensions_that_cannot_be_read_are_passed_over() {
    let mut settings = settings();
    settings.compression = true;
    let address = serve(routes(), &settings).await;
    let log = Log::detailed();
    for offer in
        ["permessage-deflate;", "permessage-deflate; client_max_window_bits=", "=", "permessage-deflate, \u{fc}"]
    {
        let answer = shake_hands(address, "/ws/echo/", &format!("Sec-WebSocket-Extensions: {offer}\r\n")).await;
        assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None), "{offer}");
    }
    let line = log.line("offers=\"=\"");
    assert!(line.contains("DEBUG"), "{line}");
    let answer = shake_hands(address, "/ws/echo/", "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert!(answer.header("sec-websocket-extensions").is_some_and(|answer| answer.starts_with("permessage-deflate")));
}
