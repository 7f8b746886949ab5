//! Sockets of a site know its users: by login session, token and password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chanx::auth::{BasicAuthentication, SessionAuthentication, TokenAuthentication};
use chanx::permission::{IsAuthenticated, Permission};
use chanx::routing::{Routes, path};
use chanx::testing::{Communicator, Connector};
use chanx::{Consumer, Context, Message, Never};
use chanx_site::Project;
use chanx_site::accounts::NewUser;
use chanx_site::testing::TestSite;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderMap, HeaderValue};
use serde_json::json;

const PASSWORD: &str = "brass-otter-lamp";

#[derive(Debug, Message)]
enum Incoming {
    /// Is anybody there?
    Ping,
}

#[derive(Debug, Message)]
enum Outgoing {
    /// Who the client is.
    Name(String),
}

/// Tells clients who they are.
struct Mirror;

impl Consumer for Mirror {
    type Authentication = (SessionAuthentication, TokenAuthentication, BasicAuthentication);
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        IsAuthenticated
    }

    async fn connect(_: &mut Context<Self>) -> chanx::Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> chanx::Result {
        let user = cx.user();
        let name = format!("{} {}", user.username, if user.is_staff { "staff" } else { "user" });
        Ok(cx.send_message(Outgoing::Name(name)).await?)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, Incoming::Ping: Incoming) -> chanx::Result {
        Ok(())
    }
}

async fn site() -> TestSite {
    let project = Project::new("mirror").websockets(|| Routes::new([path("ws/mirror/", Mirror::endpoint())]));
    let site = TestSite::new(&project).await.unwrap();
    let alice = NewUser { password: Some(PASSWORD), is_staff: true, ..NewUser::named("alice") };
    site.create_user(alice).await.unwrap();
    site
}

async fn connect(site: &TestSite, headers: &HeaderMap) -> Communicator {
    Connector::new(site.router(), "/ws/mirror/").headers(headers).connect().await.unwrap()
}

#[track_caller]
fn authorization(value: &str) -> (http::HeaderName, HeaderValue) {
    (AUTHORIZATION, HeaderValue::from_str(value).unwrap())
}

async fn assert_is_alice(site: &TestSite, headers: &HeaderMap) {
    let mut socket = connect(site, headers).await;
    socket.assert_authenticated_status_ok().await;
    assert_eq!(socket.receive_json().await.unwrap(), json!({"action": "name", "payload": "alice staff"}));
}

async fn assert_is_nobody(site: &TestSite, headers: &HeaderMap) {
    let mut socket = connect(site, headers).await;
    assert_eq!(socket.wait_for_auth().await.unwrap().status_code, 403);
    socket.assert_closed(4403).await;
}

#[tokio::test]
async fn a_login_session_opens_sockets_until_its_end() {
    let site = site().await;
    let browser = site.login("alice", PASSWORD).await.unwrap();
    assert_is_alice(&site, &browser).await;

    let cookie = browser[COOKIE].to_str().unwrap();
    let key = cookie.strip_prefix("sessionid=").unwrap();
    site.site().accounts().logout(key).await.unwrap();
    assert_is_nobody(&site, &browser).await;
    assert_is_nobody(&site, &site.anonymous()).await;
}

#[tokio::test]
async fn a_token_opens_sockets_of_active_users() {
    let site = site().await;
    let alice = site.site().accounts().user_by_name("alice").await.unwrap().unwrap();
    let token = site.site().accounts().token_for(alice.id).await.unwrap();
    let mut program = site.anonymous();
    program.extend([authorization(&format!("Token {token}"))]);
    assert_is_alice(&site, &program).await;

    let close = sqlx::query("UPDATE auth_user SET is_active = 0");
    close.execute(site.site().database().pool()).await.unwrap();
    let mut socket = connect(&site, &program).await;
    assert_eq!(socket.wait_for_auth().await.unwrap().data, json!({"detail": "User inactive or deleted."}));
}

#[tokio::test]
async fn a_password_opens_sockets() {
    let site = site().await;
    for (password, is_right) in [(PASSWORD, true), ("wrong", false)] {
        let mut program = site.anonymous();
        program.extend([authorization(&format!("Basic {}", STANDARD.encode(format!("alice:{password}"))))]);
        if is_right {
            assert_is_alice(&site, &program).await;
        } else {
            assert_is_nobody(&site, &program).await;
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_open_nothing() {
    let site = site().await;
    let mut browser = site.login("alice", PASSWORD).await.unwrap();
    browser.insert(ORIGIN, HeaderValue::from_static("http://evil.example"));
    let refused = Connector::new(site.router(), "/ws/mirror/").headers(&browser).connect().await;
    assert!(refused.unwrap_err().to_string().contains("403"));
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let site = site().await;
    let browser = site.login("alice", PASSWORD).await.unwrap();
    sqlx::query("DROP TABLE django_session").execute(site.site().database().pool()).await.unwrap();
    let mut socket = connect(&site, &browser).await;
    assert_eq!(socket.wait_for_auth().await.unwrap().status_code, 500);
    socket.assert_closed(1011).await;
}
