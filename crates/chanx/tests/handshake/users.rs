//! How many connections there may be, of all users and of one.

use chanx::auth::{Authentication, AuthenticationError, User};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, ConnectError, Connector};
use chanx::{Consumer, Context, Handshake, Never, Result, Settings, Websockets};
use serde_json::json;

use crate::log::Log;
use crate::server::{Words, settings};

/// Knows users by a number in a header.
struct Numbered;

impl Authentication for Numbered {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        Ok(handshake.header("x-user").and_then(|id| id.parse().ok()).map(|id| User::new(id, "somebody")))
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }
}

struct Home;

impl Consumer for Home {
    type Authentication = Numbered;
    type Object = ();
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

    async fn receive_message(&mut self, cx: &mut Context<Self>, _: Words) -> Result {
        cx.send_message(Words::Hello).await?;
        Ok(())
    }
}

async fn welcome(connector: Connector) -> Communicator {
    let mut client = connector.connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    client
}

#[tokio::test]
async fn a_user_with_a_hundred_connections_gets_no_other() {
    let websockets = Websockets::new([path("ws/", Home::endpoint())], &settings()).unwrap();
    let connections = websockets.connections();
    let connector = Connector::new(websockets.into_router(), "/ws/");
    let (ann, bob) = (connector.clone().header("x-user", "1"), connector.clone().header("x-user", "2"));
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(welcome(ann.clone()).await);
    }

    let log = Log::detailed();
    let mut refused = ann.clone().connect().await.unwrap();
    let outcome = refused.wait_for_auth().await.unwrap();
    assert_eq!(outcome.status_code, 429);
    assert_eq!(outcome.data, json!({"detail": "You have too many connections."}));
    refused.assert_closed(4429).await;
    drop(refused);
    let line = log.line("status=429");
    assert!(line.contains("max_connections_per_user"), "{line}");

    // Others do not feel it, and neither do the connections that are there.
    welcome(bob).await.disconnect().await.unwrap();
    for _ in 0..101 {
        clients.push(welcome(connector.clone()).await);
    }
    clients[0].send_message(&Words::Hello).await;
    clients[0].receive_message::<Words>().await.unwrap();

    for client in clients {
        client.disconnect().await.unwrap();
    }
    connections.drained().await;
    welcome(ann).await;
}

#[tokio::test]
async fn there_is_room_for_16_384_connections_unless_the_settings_say_otherwise() {
    assert_eq!(Settings::default().max_connections, Some(16_384));
    let mut settings = settings();
    settings.max_connections = Some(3);
    let app = Websockets::new([path("ws/", Home::endpoint())], &settings).unwrap().into_router();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(welcome(Connector::new(app.clone(), "/ws/")).await);
    }
    let log = Log::detailed();
    match Connector::new(app, "/ws/").connect().await {
        Err(ConnectError::Refused { status, .. }) => assert_eq!(status, 503),
        other => panic!("{other:?}"),
    }
    let line = log.line("handshake refused");
    assert!(line.contains("max_connections"), "{line}");
}
