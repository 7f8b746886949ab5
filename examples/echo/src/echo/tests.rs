//! Tests of the echo consumer: in process, with a database of their own.

use std::error::Error;

use chanx::testing::{Communicator, ConnectError};
use chanx_site::accounts::NewUser;
use chanx_site::testing::TestSite;
use http::HeaderMap;
use serde_json::json;

use super::messages::{EchoIncoming, EchoOutgoing};
use crate::application;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PATH: &str = "/ws/echo/";

/// The application with one user, who is logged in.
struct EchoConsumerTests {
    site: TestSite,
    headers: HeaderMap,
}

impl EchoConsumerTests {
    async fn set_up() -> Result<Self> {
        let site = TestSite::new(&application()).await?;
        let password = Some("brass-otter-lamp");
        site.create_user(NewUser { password, ..NewUser::named("testuser") }).await?;
        let headers = site.login("testuser", "brass-otter-lamp").await?;
        Ok(Self { site, headers })
    }

    async fn connect(&self, headers: &HeaderMap) -> std::result::Result<Communicator, ConnectError> {
        self.site.socket(PATH).headers(headers).connect().await
    }

    /// A client of the logged-in user, past the greeting.
    async fn greeted(&self) -> Result<Communicator> {
        let mut client = self.connect(&self.headers).await?;
        client.assert_authenticated_status_ok().await;
        client.receive_all().await?;
        Ok(client)
    }
}

/// Sending and receiving echo messages.
#[tokio::test]
async fn test_echo_message() -> Result {
    let tests = EchoConsumerTests::set_up().await?;

    // Connect with the cookie of the logged-in user
    let mut communicator = tests.connect(&tests.headers).await?;

    // Verify that authentication succeeded
    communicator.assert_authenticated_status_ok().await;

    // Should receive the welcome message
    let welcome = communicator.receive_json().await?;
    assert_eq!(welcome["action"], "status");
    assert!(welcome["payload"].as_str().is_some_and(|text| text.contains("Welcome")), "{welcome}");

    // The connection phase ends with a completion message
    assert_eq!(communicator.receive_json().await?, json!({"action": "complete", "payload": null}));

    // Send an echo message
    let test_message = "Hello, world!";
    communicator.send_message(&EchoIncoming::Echo(test_message.to_owned())).await;

    // Receive the echo response, and verify it
    let response = communicator.receive_json().await?;
    assert_eq!(response["action"], "echo");
    assert_eq!(response["payload"], format!("testuser: {test_message}"));
    assert_eq!(communicator.receive_json().await?["action"], "complete");

    // Disconnect
    communicator.disconnect().await?;
    Ok(())
}

#[tokio::test]
async fn a_ping_is_answered() -> Result {
    let mut client = EchoConsumerTests::set_up().await?.greeted().await?;
    client.send_message(&EchoIncoming::Ping).await;
    assert_eq!(client.receive_message::<EchoOutgoing>().await?, EchoOutgoing::Pong);
    Ok(())
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_refused() -> Result {
    let tests = EchoConsumerTests::set_up().await?;
    let mut client = tests.connect(&tests.site.anonymous()).await?;
    assert_eq!(client.wait_for_auth().await?.status_code, 403);
    client.assert_closed(4403).await;
    Ok(())
}

#[tokio::test]
async fn a_foreign_page_gets_no_socket() -> Result {
    let tests = EchoConsumerTests::set_up().await?;
    let mut headers = tests.headers.clone();
    headers.insert("origin", "https://evil.example".parse()?);
    match tests.connect(&headers).await {
        Err(ConnectError::Refused { status: 403, .. }) => Ok(()),
        other => Err(format!("expected 403, got {other:?}").into()),
    }
}

#[tokio::test]
async fn a_bad_message_is_explained_and_the_connection_lives_on() -> Result {
    let mut client = EchoConsumerTests::set_up().await?.greeted().await?;
    client.send_json(&json!({"action": "echo", "payload": 1})).await;
    let messages = client.receive_all().await?;
    let faults = json!([{"type": "string_type", "loc": ["echo", "payload"], "msg": "Input should be a valid string"}]);
    assert_eq!(messages, [json!({"action": "error", "payload": faults})]);
    client.send_message(&EchoIncoming::Ping).await;
    assert_eq!(client.receive_all().await?, [json!({"action": "pong", "payload": null})]);
    Ok(())
}

#[tokio::test]
async fn two_clients_do_not_hear_each_other() -> Result {
    let tests = EchoConsumerTests::set_up().await?;
    let (mut first, mut second) = (tests.greeted().await?, tests.greeted().await?);
    first.send_message(&EchoIncoming::Echo("only for me".to_owned())).await;
    assert_eq!(first.receive_all().await?[0]["payload"], "testuser: only for me");
    second.send_message(&EchoIncoming::Ping).await;
    assert_eq!(second.receive_all().await?, [json!({"action": "pong", "payload": null})]);
    Ok(())
}
