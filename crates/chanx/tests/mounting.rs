//! Sockets inside other axum applications, and what is answered as plain HTTP.

use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts;
use axum::routing::get;
use axum::{Json, Router};
use chanx::auth::{Extracted, Identity};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, include, path};
use chanx::testing::{ConnectError, Connector};
use chanx::{Consumer, Context, Endpoint, Message, Never, Path, Result, Settings, StartError, Websockets};
use http::request::Parts;
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

const ORIGIN: &str = "https://example.com";

#[derive(Debug, PartialEq, Message)]
enum Words {
    Hello(String),
}

#[derive(serde::Deserialize)]
struct RoomPath {
    tenant: String,
    number: u8,
}

/// Says hello to whoever comes, and where.
struct Greeter;

impl Consumer for Greeter {
    type Authentication = ();
    type Object = Path<RoomPath>;
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        let Path(RoomPath { tenant, number }) = cx.object();
        let hello = format!("{tenant} {number} {}", cx.state::<&'static str>()?);
        cx.send_message(Words::Hello(hello)).await?;
        Ok(())
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

/// Somebody named by a header, found by an axum extractor.
struct Named(String);

impl Identity for Named {
    fn key(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Named {
    type Rejection = (StatusCode, Json<serde_json::Value>);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Self::Rejection> {
        match parts.headers.get("x-name").map(|name| name.to_str()) {
            Some(Ok("broken")) => Err((StatusCode::BAD_GATEWAY, Json(json!({"detail": "secret: hunter2"})))),
            Some(Ok(name)) => Ok(Self(name.to_owned())),
            _ => Err((StatusCode::UNAUTHORIZED, Json(json!({"detail": "Say your name.", "header": "x-name"})))),
        }
    }
}

struct OnlyNamed;

impl Consumer for OnlyNamed {
    type Authentication = Extracted<Named>;
    type Object = ();
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        let hello = cx.user().0.clone();
        cx.send_message(Words::Hello(hello)).await?;
        Ok(())
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

fn routes() -> Routes<Endpoint> {
    let rooms = [path("<int:number>/", Greeter::endpoint()).name("room")];
    Routes::new([path("ws/<slug:tenant>/rooms/", include(rooms)), path("ws/named/", OnlyNamed::endpoint())])
}

fn websockets() -> Websockets {
    let mut settings = Settings::default();
    settings.allowed_origins = vec![ORIGIN.to_owned()];
    Websockets::new(routes(), &settings).unwrap().extension("here")
}

/// The sockets beside a page of another application's own.
fn app() -> Router {
    Router::new().route("/", get(async || "home")).merge(websockets().into_router())
}

async fn get_plainly(uri: &str) -> (StatusCode, String) {
    let request = Request::get(uri).header("origin", ORIGIN).body(Body::empty()).unwrap();
    let response = app().oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1024).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn parameters_and_state_reach_the_consumer() {
    let mut client = Connector::new(app(), "/ws/acme/rooms/7/").origin(ORIGIN).connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    assert_eq!(client.receive_message::<Words>().await.unwrap(), Words::Hello("acme 7 here".to_owned()));
}

#[tokio::test]
async fn a_parameter_that_does_not_fit_its_type_leads_nowhere() {
    let mut client = Connector::new(app(), "/ws/acme/rooms/256/").origin(ORIGIN).connect().await.unwrap();
    assert_eq!(client.wait_for_auth().await.unwrap().status_code, 404);
    client.assert_closed(4404).await;
}

#[tokio::test]
async fn the_other_pages_stay_what_they_are() {
    assert_eq!(get_plainly("/").await, (StatusCode::OK, "home".to_owned()));
    assert_eq!(get_plainly("/elsewhere").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_browser_that_opens_a_socket_as_a_page_is_told_so() {
    let (status, text) = get_plainly("/ws/named/").await;
    assert_eq!(status, StatusCode::UPGRADE_REQUIRED);
    assert!(text.contains("must ask for an upgrade"), "{text}");
}

#[tokio::test]
async fn unknown_paths_and_foreign_origins_are_refused_before_the_upgrade() {
    for (uri, origin, expected) in [
        ("/ws/nowhere/", ORIGIN, 404),
        ("/ws/acme/rooms/x/", ORIGIN, 404),
        ("/ws/named/", "https://evil.example", 403),
        ("/ws/named/", "http://example.com", 403),
    ] {
        match Connector::new(app(), uri).origin(origin).connect().await {
            Err(ConnectError::Refused { status, .. }) => assert_eq!(status, expected, "{uri} from {origin}"),
            other => panic!("{uri} from {origin}: {other:?}"),
        }
    }
    let without_origin = Connector::new(app(), "/ws/named/").connect().await;
    assert!(matches!(without_origin, Err(ConnectError::Refused { status: 403, .. })), "{without_origin:?}");
}

#[tokio::test]
async fn an_extractor_says_who_it_is() {
    let connector = Connector::new(app(), "/ws/named/").origin(ORIGIN);
    let mut client = connector.clone().header("x-name", "ada").connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    assert_eq!(client.receive_message::<Words>().await.unwrap(), Words::Hello("ada".to_owned()));

    let mut nobody = connector.connect().await.unwrap();
    let outcome = nobody.wait_for_auth().await.unwrap();
    assert_eq!((outcome.status_code, &*outcome.status_text), (401, "Unauthorized"));
    assert_eq!(outcome.data, json!({"detail": "Say your name.", "header": "x-name"}));
    nobody.assert_closed(4401).await;
}

#[tokio::test]
async fn an_extractor_that_breaks_is_a_failure_and_keeps_its_text() {
    let connector = Connector::new(app(), "/ws/named/").origin(ORIGIN).header("x-name", "broken");
    let mut client = connector.connect().await.unwrap();
    let outcome = client.wait_for_auth().await.unwrap();
    assert_eq!(outcome.status_code, 500);
    assert_eq!(outcome.data, json!({"detail": "Internal server error"}));
    client.assert_closed(1011).await;
}

#[tokio::test]
async fn the_same_client_speaks_over_a_socket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app()).await });
    let connector = Connector::tcp(address, "/ws/named/").origin(ORIGIN).header("x-name", "ada");
    let mut client = connector.connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    assert_eq!(client.receive_message::<Words>().await.unwrap(), Words::Hello("ada".to_owned()));
    client.disconnect().await.unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_are_turned_away() {
    let mut settings = Settings::default();
    settings.allowed_origins = vec![ORIGIN.to_owned()];
    settings.max_connections = Some(1);
    let websockets = Websockets::new(routes(), &settings).unwrap();
    let connections = websockets.connections();
    let connector = Connector::new(websockets.into_router(), "/ws/named/").origin(ORIGIN).header("x-name", "ada");
    let first = connector.clone().connect().await.unwrap();
    let second = connector.clone().connect().await;
    assert!(matches!(second, Err(ConnectError::Refused { status: 503, .. })), "{second:?}");
    first.disconnect().await.unwrap();
    connections.drained().await;
    connector.connect().await.unwrap();
}

#[test]
fn routes_are_found_by_name() {
    let path = websockets().reverse("room", &[("tenant", &"acme"), ("number", &7)]).unwrap();
    assert_eq!(path, "/ws/acme/rooms/7/");
}

#[test]
fn routes_that_contradict_each_other_stop_the_start() {
    let routes = [path("ws/<int:a>/", OnlyNamed::endpoint()), path("ws/<int:b>/", OnlyNamed::endpoint())];
    match Websockets::new(routes, &Settings::default()) {
        Err(StartError::Routing(error)) => {
            let text = error.to_string();
            assert!(text.contains("ws/<int:a>/") && text.contains("ws/<int:b>/"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_channel_layer_that_is_not_there_stops_the_start() {
    let environment = [("CHANX_CHANNEL_LAYER".to_owned(), "redis://:hunter2@127.0.0.1".to_owned())];
    let error = Websockets::new(routes(), &Settings::from_sources(None, environment).unwrap()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the channel layer `redis` is not built in") && text.contains("with_channels"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
