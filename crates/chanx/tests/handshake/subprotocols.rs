//! Which subprotocol is chosen, and tokens that are offered beside it.

use chanx::auth::{AccountStore, Accounts, TokenAuthentication, TokenLookup, User};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::testing::Connector;
use chanx::{BoxError, Consumer, Context, Message, Never, Result, Websockets, describe};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::log::Log;
use crate::server::{Quiet, UPGRADE, Words, ask, serve, serve_app, settings, shake_hands};

const KEY: &str = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b";

/// Knows one token.
struct OneToken;

impl AccountStore for OneToken {
    fn session_cookie(&self) -> &str {
        "sessionid"
    }

    fn by_session<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<User>, BoxError>> {
        async { Ok(None) }.boxed()
    }

    fn by_token<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<TokenLookup, BoxError>> {
        let found = if key == KEY { TokenLookup::User(User::new(7, "ann")) } else { TokenLookup::Unknown };
        async { Ok(found) }.boxed()
    }

    fn by_password<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Option<User>, BoxError>> {
        async { Ok(None) }.boxed()
    }
}

#[derive(Debug, PartialEq, Message)]
enum Answer {
    Chosen { subprotocol: Option<String>, user: String },
}

struct Polyglot;

impl Consumer for Polyglot {
    type Authentication = TokenAuthentication;
    type Object = ();
    type Incoming = Words;
    type Outgoing = Answer;
    type GroupMessage = Never;
    type Event = Never;

    fn subprotocols() -> &'static [&'static str] {
        &["chat.v2", "chat.v1"]
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        assert_eq!(cx.handshake()?.subprotocol(), cx.subprotocol());
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        let (subprotocol, user) = (cx.subprotocol().map(str::to_owned), cx.user().username.clone());
        cx.send_message(Answer::Chosen { subprotocol, user }).await?;
        Ok(())
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

fn routes() -> Routes<chanx::Endpoint> {
    Routes::new([path("ws/", Polyglot::endpoint()), path("silent/", Quiet::endpoint())])
}

fn app() -> axum::Router {
    Websockets::new(routes(), &settings()).unwrap().extension(Accounts::new(OneToken)).into_router()
}

fn offering(offers: &[&str]) -> Connector {
    offers.iter().fold(Connector::new(app(), "/ws/"), |connector, offer| connector.subprotocol(offer))
}

#[tokio::test]
async fn the_first_of_the_consumers_that_is_offered_is_chosen() {
    for (offers, chosen) in [
        (&[][..], None),
        (&["chat.v1"], Some("chat.v1")),
        (&["chat.v1", "chat.v2"], Some("chat.v2")),
        (&["other, chat.v1"], Some("chat.v1")),
        (&["other"], None),
        (&["CHAT.v1"], None),
    ] {
        let mut client = offering(offers).connect().await.unwrap();
        assert_eq!(client.subprotocol(), chosen, "{offers:?}");
        client.assert_authenticated_status_ok().await;
        let answer = Answer::Chosen { subprotocol: chosen.map(str::to_owned), user: String::new() };
        assert_eq!(client.receive_message::<Answer>().await.unwrap(), answer);
    }
}

#[tokio::test]
async fn malformed_offers_are_passed_over() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    for (offers, chosen) in [
        (&b""[..], None),
        (b" ,\t,", None),
        (b"chat.v1,,chat.v1", Some("chat.v1")),
        (b"a b, \xfc, chat.v1", Some("chat.v1")),
        (b"\xc3\xa9", None),
        (b"\"chat.v1\"", None),
        (b"chanx.bearer.", None),
    ] {
        let mut request = format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}Sec-WebSocket-Protocol: ").into_bytes();
        request.extend(offers);
        request.extend(b"\r\n\r\n");
        let answer = ask(address, request).await;
        assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, chosen), "{offers:?}");
    }
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn a_token_among_the_offers_authenticates_and_is_never_told_to_anybody() {
    let address = serve_app(app()).await;
    let log = Log::detailed();
    let token = format!("chanx.bearer.{KEY}");
    let mut client = offering(&["chat.v1", &token]).connect().await.unwrap();
    assert_eq!(client.subprotocol(), Some("chat.v1"));
    client.assert_authenticated_status_ok().await;
    let answer = Answer::Chosen { subprotocol: Some("chat.v1".to_owned()), user: "ann".to_owned() };
    assert_eq!(client.receive_message::<Answer>().await.unwrap(), answer);

    for path in ["/ws/", "/silent/", "/elsewhere/", "/ws"] {
        for offers in [token.clone(), format!("{token}, other"), format!("other, {token}, {token}")] {
            let answer = shake_hands(address, path, &format!("Sec-WebSocket-Protocol: {offers}\r\n")).await;
            assert_eq!(answer.header("sec-websocket-protocol"), None);
            assert!(!answer.body.contains(KEY));
        }
    }
    assert!(!log.text().contains(KEY), "{}", log.text());
    let described = serde_json::to_value(describe(&routes().compile().unwrap(), &settings())).unwrap();
    assert_eq!(described[0]["subprotocols"], json!(["chat.v2", "chat.v1"]));
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_the_header_goes_first() {
    let refused = async |connector: Connector| {
        let mut client = connector.connect().await.unwrap();
        let outcome = client.wait_for_auth().await.unwrap();
        assert_eq!(outcome.status_code, 401);
        outcome.data["detail"].as_str().unwrap().to_owned()
    };
    let good = format!("chanx.bearer.{KEY}");
    assert_eq!(refused(offering(&["chat.v1", "chanx.bearer.wrong"])).await, "Invalid token.");
    let connector = offering(&["chat.v1", &good]).header("Authorization", "Token wrong");
    assert_eq!(refused(connector).await, "Invalid token.");
    let connector = offering(&["chat.v1", "chanx.bearer.wrong"]).header("Authorization", format!("Token {KEY}"));
    connector.connect().await.unwrap().assert_authenticated_status_ok().await;
}

#[tokio::test]
async fn the_log_says_once_why_a_browser_gives_up() {
    let address = serve(routes(), &settings()).await;
    let log = Log::detailed();
    shake_hands(address, "/ws/", "Sec-WebSocket-Protocol: graphql-ws\r\nSec-WebSocket-Protocol: secret-key\r\n").await;
    let line = log.line("1006");
    assert!(
        line.contains("WARN") && line.contains("chat.v2, chat.v1") && line.contains("Consumer::subprotocols"),
        "{line}"
    );
    assert!(line.contains("path=/ws/") || line.contains("path=\"/ws/\""), "{line}");
    assert!(!log.text().contains("secret-key"), "{}", log.text());
    shake_hands(address, "/ws/", "").await;
    shake_hands(address, "/ws/", "Sec-WebSocket-Protocol: chat.v1\r\n").await;
    log.line("1006");
}
