//! Tests whose clock is paused work with a site and its database.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chanx::auth::{BasicAuthentication, SessionAuthentication, TokenAuthentication};
use chanx::permission::{IsAuthenticated, Permission};
use chanx::routing::{Routes, path};
use chanx::{Consumer, Context, Message, Never};
use chanx_site::Project;
use chanx_site::Site;
use chanx_site::accounts::NewUser;
use chanx_site::database::Database;
use chanx_site::testing::TestSite;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::time::{self, Instant};

const PASSWORD: &str = "brass-otter-lamp";
const REPETITIONS: usize = 100;

#[derive(Debug, Message)]
enum Incoming {
    /// Asks for the number of users, which the handler reads with the pool.
    Count,
}

#[derive(Debug, Message)]
enum Outgoing {
    Name(String),
    Users(i64),
}

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
        let name = cx.user().username.clone();
        Ok(cx.send_message(Outgoing::Name(name)).await?)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, Incoming::Count: Incoming) -> chanx::Result {
        let pool = cx.state::<Site>()?.database().pool().clone();
        let users = sqlx::query_scalar("SELECT count(*) FROM auth_user").fetch_one(&pool).await?;
        Ok(cx.send_message(Outgoing::Users(users)).await?)
    }
}

/// How a test's client says who it is.
#[derive(Debug, Clone, Copy)]
enum Identity {
    Session,
    Token,
    Password,
}

impl Identity {
    async fn headers(self, site: &TestSite) -> HeaderMap {
        let authorization = match self {
            Self::Session => return site.login("alice", PASSWORD).await.unwrap(),
            Self::Token => {
                let accounts = site.site().accounts();
                let alice = accounts.user_by_name("alice").await.unwrap().unwrap();
                format!("Token {}", accounts.token_for(alice.id).await.unwrap())
            }
            Self::Password => format!("Basic {}", STANDARD.encode(format!("alice:{PASSWORD}"))),
        };
        let mut headers = site.anonymous();
        headers.insert(AUTHORIZATION, HeaderValue::try_from(authorization).unwrap());
        headers
    }
}

async fn site() -> TestSite {
    let project = Project::new("mirror").websockets(|| Routes::new([path("ws/mirror/", Mirror::endpoint())]));
    let site = TestSite::new(&project).await.unwrap();
    site.create_user(NewUser { password: Some(PASSWORD), ..NewUser::named("alice") }).await.unwrap();
    site
}

/// Logs in, connects, and has a handler query the database, while the clock stands still.
async fn visit(site: &TestSite, identity: Identity) {
    let start = Instant::now();
    let headers = identity.headers(site).await;
    let mut socket = site.socket("/ws/mirror/").headers(&headers).connect().await.unwrap();
    socket.assert_authenticated_status_ok().await;
    assert_eq!(socket.receive_json().await.unwrap(), json!({"action": "name", "payload": "alice"}));
    socket.send_json(&json!({"action": "count"})).await;
    assert_eq!(socket.receive_json().await.unwrap(), json!({"action": "users", "payload": 1}));
    socket.disconnect().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO, "nothing waited for time to pass");
}

/// Runs a test in a runtime of its own, as `#[tokio::test]` does, as often as it takes to see a race.
fn repeat(is_paused: bool, test: impl Fn() -> Pin<Box<dyn Future<Output = ()>>>) {
    for _ in 0..REPETITIONS {
        Builder::new_current_thread().enable_all().start_paused(is_paused).build().unwrap().block_on(test());
    }
}

fn visit_a_site_built_while_time_stands_still(identity: Identity) {
    repeat(true, || Box::pin(async move { visit(&site().await, identity).await }));
}

fn visit_a_site_built_before_time_is_paused(identity: Identity) {
    repeat(false, || {
        Box::pin(async move {
            let site = site().await;
            time::pause();
            visit(&site, identity).await;
        })
    });
}

#[test]
fn sessions_of_a_site_built_while_time_stands_still() {
    visit_a_site_built_while_time_stands_still(Identity::Session);
}

#[test]
fn tokens_of_a_site_built_while_time_stands_still() {
    visit_a_site_built_while_time_stands_still(Identity::Token);
}

#[test]
fn passwords_at_a_site_built_while_time_stands_still() {
    visit_a_site_built_while_time_stands_still(Identity::Password);
}

#[test]
fn sessions_of_a_site_built_before_time_is_paused() {
    visit_a_site_built_before_time_is_paused(Identity::Session);
}

#[test]
fn tokens_of_a_site_built_before_time_is_paused() {
    visit_a_site_built_before_time_is_paused(Identity::Token);
}

#[test]
fn passwords_at_a_site_built_before_time_is_paused() {
    visit_a_site_built_before_time_is_paused(Identity::Password);
}

#[test]
fn time_passes_between_queries() {
    repeat(true, || {
        Box::pin(async {
            let site = site().await;
            visit(&site, Identity::Session).await;
            let start = Instant::now();
            time::sleep(Duration::from_secs(3600)).await;
            assert!(start.elapsed() >= Duration::from_secs(3600));
            visit(&site, Identity::Session).await;
        })
    });
}

#[test]
fn queries_that_wait_for_each_other_do_not_time_out() {
    repeat(true, || {
        Box::pin(async {
            let site = site().await;
            let mut queries = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let pool = site.site().database().pool().clone();
                queries.spawn(async move {
                    let mut transaction = pool.begin().await.unwrap();
                    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM auth_user")
                        .fetch_one(&mut *transaction)
                        .await
                        .unwrap();
                    transaction.commit().await.unwrap();
                    users
                });
            }
            assert_eq!(queries.join_all().await, [1; 20]);
        })
    });
}

#[test]
fn a_database_in_a_file_works_too() {
    repeat(true, || {
        Box::pin(async {
            let directory = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", directory.path().join("site.sqlite3").display());
            let database = Database::connect(&url, true).await.unwrap();
            database.migrate().await.unwrap();
            let (one, other) = (database.pool().begin().await, database.pool().begin().await);
            one.unwrap().commit().await.unwrap();
            other.unwrap().commit().await.unwrap();
        })
    });
}

/// Such a test is slow, but it ends.
#[test]
fn a_test_that_sleeps_with_a_connection_in_its_hands_goes_on() {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
        let site = site().await;
        let transaction = site.site().database().pool().begin().await.unwrap();
        time::sleep(Duration::from_secs(3600)).await;
        transaction.commit().await.unwrap();
        visit(&site, Identity::Session).await;
    });
}
