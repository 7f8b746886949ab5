//! How much a request may say.

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{Consumer, Context, Message, Never, Overrides, Result, Websockets};

use crate::log::Log;
use crate::server::{UPGRADE, ask, routes, serve, settings, shake_hands};

/// A header that makes the head of a handshake at `path` as long as this.
fn padding(path: &str, length: usize) -> String {
    let rest = format!("GET {path} HTTP/1.1\r\n{UPGRADE}X-Long: \r\n\r\n").len();
    format!("X-Long: {}\r\n", "x".repeat(length - rest))
}

#[tokio::test]
async fn a_head_may_have_16_kib_and_no_more() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    assert_eq!(shake_hands(address, "/ws/echo/", &padding("/ws/echo/", 16_384)).await.status, 101);
    let refused = shake_hands(address, "/ws/echo/", &padding("/ws/echo/", 16_385)).await;
    assert_eq!(refused.status, 431);
    assert_eq!(refused.body, "the request has more than 16384 bytes of URL and headers\n");
    let line = log.line("handshake refused");
    assert!(line.contains("status=431") && line.contains("max_handshake_size") && line.len() < 400, "{line}");
}

#[tokio::test]
async fn the_path_the_query_and_many_headers_count_too() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    let query = format!("/ws/echo/?{}", "q".repeat(17_000));
    assert_eq!(shake_hands(address, &query, "").await.status, 431);
    let path = format!("/ws/{}/", "p".repeat(17_000));
    assert_eq!(shake_hands(address, &path, "").await.status, 431);
    let many: String = (0..80).map(|number| format!("X-{number}: {}\r\n", "v".repeat(200))).collect();
    assert_eq!(shake_hands(address, "/ws/echo/", &many).await.status, 431);
    assert_eq!(ask(address, format!("GET {query} HTTP/1.1\r\nHost: a\r\n\r\n")).await.status, 431);
    for line in log.text().lines().filter(|line| line.contains("handshake refused")) {
        assert!(line.len() < 500, "{line}");
    }
}

#[tokio::test]
async fn a_log_line_is_no_longer_than_a_line() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    let mut request = format!("GET /ws/{} HTTP/1.1\r\n{UPGRADE}Origin: ", "%C3%A9".repeat(1000)).into_bytes();
    request.extend([0xff; 4000]);
    request.extend(b"\r\n\r\n");
    assert_eq!(ask(address, request).await.status, 404);
    let line = log.line("handshake refused");
    assert!(line.len() < 600 && line.contains("/ws/") && line.contains("4000 bytes"), "{line}");
}

#[derive(Debug, PartialEq, Message)]
enum Question {
    Ask,
}

#[derive(Debug, PartialEq, Message)]
enum Answer {
    Cookie(String),
}

/// Reads its request when it is admitted, and again whenever it is asked.
struct Reader<const KEEPS: bool>;

impl<const KEEPS: bool> Reader<KEEPS> {
    async fn tell(cx: &mut Context<Self>) -> Result {
        let handshake = cx.handshake()?;
        let cookie = handshake.cookie("a").unwrap_or_default();
        let answer = format!("{} {cookie}", handshake.parameters().get("room").unwrap_or_default());
        cx.send_message(Answer::Cookie(answer)).await?;
        Ok(())
    }
}

impl<const KEEPS: bool> Consumer for Reader<KEEPS> {
    type Authentication = ();
    type Object = ();
    type Incoming = Question;
    type Outgoing = Answer;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        if KEEPS { Overrides::new().keep_handshake(true) } else { Overrides::new() }
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        Self::tell(cx).await?;
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        Self::tell(cx).await
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, _: Question) -> Result {
        assert_eq!(cx.state::<u8>()?, &7);
        Self::tell(cx).await
    }
}

async fn connect<const KEEPS: bool>() -> Communicator {
    let routes = [path("<slug:room>/", Reader::<KEEPS>::endpoint())];
    let app = Websockets::new(routes, &settings()).unwrap().extension(7_u8).into_router();
    let mut client = Connector::new(app, "/red/").cookie("a", "1").connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    for _ in ["connect", "post_authentication"] {
        assert_eq!(client.receive_message::<Answer>().await.unwrap(), Answer::Cookie("red 1".to_owned()));
    }
    client.send_message(&Question::Ask).await;
    client
}

#[tokio::test]
async fn a_request_is_there_until_its_connection_is_admitted_and_asking_later_says_so() {
    let log = Log::detailed();
    let mut client = connect::<false>().await;
    assert_eq!(client.receive_json().await.unwrap()["action"], "error");
    let line = log.line("a handler failed");
    assert!(line.contains("read it in `connect`") && line.contains("keep_handshake(true)"), "{line}");
}

#[tokio::test]
async fn a_consumer_can_keep_the_request() {
    let mut client = connect::<true>().await;
    assert_eq!(client.receive_message::<Answer>().await.unwrap(), Answer::Cookie("red 1".to_owned()));
}
