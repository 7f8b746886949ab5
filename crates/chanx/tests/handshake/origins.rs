//! Why an origin is refused, in words that name the cause.

use chanx::Settings;

use crate::log::Log;
use crate::server::{ORIGIN, routes, serve, shake_hands};

fn strict() -> Settings {
    let mut settings = Settings::default();
    settings.allowed_origins = vec![ORIGIN.to_owned()];
    settings
}

/// The answer and the log line of a handshake with these headers.
async fn refused(headers: &str) -> (String, String) {
    let address = serve(routes(), &strict()).await;
    let log = Log::detailed();
    let answer = shake_hands(address, "/ws/echo/", headers).await;
    assert_eq!(answer.status, 403);
    (answer.body, log.line("handshake refused"))
}

#[tokio::test]
async fn a_missing_origin_names_the_setting_that_allows_it() {
    let (body, line) = refused("").await;
    assert_eq!(body, "the request has no Origin header\n");
    assert!(line.contains("no Origin header") && line.contains("allow_missing_origin"), "{line}");
    assert!(!line.contains("None") && !line.contains("origin="), "{line}");
}

#[tokio::test]
async fn an_origin_sent_twice_is_named_as_that() {
    let (body, line) = refused(&format!("Origin: {ORIGIN}\r\nOrigin: {ORIGIN}\r\n")).await;
    assert_eq!(body, "the request has more than one Origin header\n");
    assert!(line.contains("more than one Origin header"), "{line}");
}

#[tokio::test]
async fn a_foreign_origin_is_shown_with_the_setting_that_would_allow_it() {
    let (body, line) = refused("Origin: https://evil.example\r\n").await;
    assert_eq!(body, "this origin is not allowed\n");
    assert!(line.contains("origin=\"https://evil.example\"") && line.contains("allowed_origins"), "{line}");
    assert!(!line.contains("Some"), "{line}");
}
