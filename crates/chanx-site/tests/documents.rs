//! The pages for developers: who sees them, and what they say.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::settings::{Access, Settings};
use chanx::{About, Consumer, Context, Message, Never, Result};
use chanx_site::Project;
use chanx_site::accounts::NewUser;
use chanx_site::testing::TestSite;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

const PASSWORD: &str = "brass-otter-lamp";

#[derive(Message)]
enum Said {
    /// Says something, <b>loudly</b>.
    Say(#[garde(length(chars, max = 5))] String),
}

struct Room;

impl Consumer for Room {
    type Authentication = ();
    type Object = ();
    type Incoming = Said;
    type Outgoing = Said;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("A room.")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Said) -> Result {
        Ok(cx.send_message(message).await?)
    }
}

async fn site(adjust: impl Fn(&mut Settings) + Send + Sync + 'static) -> TestSite {
    let project = Project::new("rooms")
        .version("1.2.3")
        .settings(adjust)
        .websockets(|| Routes::new([path("ws/rooms/<int:pk>/", Room::endpoint()).name("room")]));
    TestSite::new(&project).await.unwrap()
}

async fn get(site: &TestSite, path: &str, headers: &HeaderMap) -> Response {
    request(site, Method::GET, path, headers, String::new()).await
}

async fn request(site: &TestSite, method: Method, path: &str, headers: &HeaderMap, body: String) -> Response {
    let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    request.headers_mut().clone_from(headers);
    request.headers_mut().insert("host", "testserver".parse().unwrap());
    site.router().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn json(response: Response) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

const PAGES: [&str; 6] = [
    "/playground/websocket/",
    "/playground/websocket-info/",
    "/playground/websocket-session/",
    "/asyncapi/",
    "/asyncapi.json",
    "/asyncapi.yaml",
];

#[tokio::test]
async fn strangers_find_nothing_unless_a_setting_says_so() {
    let closed = site(|_| ()).await;
    let development = site(|settings| settings.debug = true).await;
    for page in PAGES {
        assert_eq!(get(&closed, page, &HeaderMap::new()).await.status(), StatusCode::NOT_FOUND, "{page}");
        assert_eq!(get(&development, page, &HeaderMap::new()).await.status(), StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn users_and_staff_are_told_apart() {
    let site = site(|settings| (settings.playground, settings.asyncapi) = (Access::Staff, Access::Login)).await;
    site.create_user(NewUser { password: Some(PASSWORD), ..NewUser::named("alice") }).await.unwrap();
    site.create_user(NewUser { password: Some(PASSWORD), is_staff: true, ..NewUser::named("bob") }).await.unwrap();
    let (nobody, alice, bob) =
        (HeaderMap::new(), site.login("alice", PASSWORD).await.unwrap(), site.login("bob", PASSWORD).await.unwrap());
    for page in PAGES {
        let response = get(&site, page, &nobody).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{page}");
        assert_eq!(response.headers()[LOCATION], format!("/admin/login/?next={page}"), "{page}");
        assert_eq!(get(&site, page, &bob).await.status(), StatusCode::OK, "{page}");
        let expected = if page.starts_with("/playground") { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert_eq!(get(&site, page, &alice).await.status(), expected, "{page}");
    }
    let session = json(get(&site, "/playground/websocket-session/", &bob).await).await;
    assert_eq!(session, json!({"user": "bob", "login_url": "/admin/login/", "logout_url": "/admin/logout/"}));
}

#[tokio::test]
async fn the_page_takes_scripts_from_the_site_alone() {
    let site = site(|settings| settings.playground = Access::Everybody).await;
    let response = get(&site, "/playground/websocket/", &HeaderMap::new()).await;
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    let page = text(response).await.replace("&#x2f;", "/");
    assert!(!page.contains("/asyncapi/"), "no link to what is not served");
    let script = page.split('"').find(|text| text.ends_with(".js")).unwrap();
    let response = get(&site, script, &HeaderMap::new()).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert!(response.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn the_information_is_that_of_chanx_and_more() {
    let site = site(|settings| settings.playground = Access::Everybody).await;
    let info = json(get(&site, "/playground/websocket-info/", &HeaderMap::new()).await).await;
    let room = &info[0];
    assert_eq!(room["name"], "Room");
    assert_eq!(room["url"], "ws://testserver/ws/rooms/<int:pk>/");
    assert_eq!(room["friendly_url"], "ws://testserver/ws/rooms/:pk/");
    assert_eq!((&room["description"], &room["path_params"][0]["pattern"]), (&json!("A room."), &json!("[0-9]+")));
    let example = &room["message_examples"][0];
    assert_eq!((&example["name"], &example["example"]["action"]), (&json!("SayMessage"), &json!("say")));
    assert_eq!((&room["route_name"], &room["address"]), (&json!("room"), &json!("/ws/rooms/{pk}/")));
}

#[tokio::test]
async fn a_message_can_be_checked_before_it_is_sent() {
    let site = site(|settings| settings.playground = Access::Everybody).await;
    let check = "/playground/websocket-check/?endpoint=ws/rooms/%3Cint:pk%3E/";
    let ask = |path, text: &str| request(&site, Method::POST, path, &EMPTY, text.to_owned());
    assert_eq!(json(ask(check, r#"{"action": "say", "payload": "hello"}"#).await).await, json!({"faults": []}));
    let faults = json(ask(check, r#"{"action": "say", "payload": "far too long"}"#).await).await;
    assert_eq!(faults["faults"][0]["type"], "string_too_long");
    assert_eq!(json(ask(check, "{").await).await["faults"][0]["type"], "json_invalid");
    let elsewhere = ask("/playground/websocket-check/?endpoint=ws/", "{}").await;
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let large = ask(check, &"x".repeat(70_000)).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

static EMPTY: std::sync::LazyLock<HeaderMap> = std::sync::LazyLock::new(HeaderMap::new);

#[tokio::test]
async fn the_document_names_the_server_that_was_asked() {
    let open = |settings: &mut Settings| settings.asyncapi = Access::Everybody;
    let by_host = site(open).await;
    let document = json(get(&by_host, "/asyncapi.json", &HeaderMap::new()).await).await;
    assert_eq!((&document["asyncapi"], &document["info"]["version"]), (&json!("3.0.0"), &json!("1.2.3")));
    assert_eq!(document["servers"]["default"]["host"], "testserver");
    let by_setting = site(move |settings| {
        open(settings);
        settings.websocket_base_url = Some("wss://live.example/sockets".to_owned());
    });
    let document = json(get(&by_setting.await, "/asyncapi.json", &HeaderMap::new()).await).await;
    let server = &document["servers"]["default"];
    assert_eq!(
        (&server["host"], &server["protocol"], &server["pathname"]),
        (&json!("live.example"), &json!("wss"), &json!("/sockets"))
    );
    let yaml = text(get(&by_host, "/asyncapi.yaml", &HeaderMap::new()).await).await;
    assert!(yaml.starts_with("asyncapi: "), "{yaml}");
}

#[tokio::test]
async fn doc_comments_are_text() {
    let site = site(|settings| settings.asyncapi = Access::Everybody).await;
    let page = text(get(&site, "/asyncapi/", &HeaderMap::new()).await).await;
    assert!(page.contains("loudly") && !page.contains("<b>loudly"), "{page}");
}
