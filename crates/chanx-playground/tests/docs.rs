//! The page that explains an application's WebSockets, as browsers get it.

use axum::body::Body;
use axum::extract::Request;
use chanx::auth::SessionAuthentication;
use chanx::permission::{AllowAny, IsAuthenticated, Permission};
use chanx::routing::{Routes, include, path};
use chanx::{About, Consumer, Context, Message, Never, Result, Settings};
use chanx_playground::{DOCS_PATH, Documentation};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

#[derive(Debug, Message)]
enum Incoming {
    /// Says <script>alert("message")</script>, `code` and **aloud**; see [`Room`].
    Say(#[garde(length(chars, min = 1, max = 100))] String),
    Grow(#[garde(skip)] Tree),
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Tree {
    /// <img src=x onerror=alert("field")> [x](javascript:alert(1))
    value: i64,
    children: Vec<Tree>,
}

#[derive(Debug, Message)]
enum Event {
    Left(String),
}

struct Room;

impl Consumer for Room {
    type Authentication = SessionAuthentication;
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Never;
    type GroupMessage = Never;
    type Event = Event;

    fn about() -> About {
        About::new("A room.</main><script>alert(1)</script>").tag("<b>chat</b>").close_code(4900, "left \"<i>\"")
    }

    fn permissions() -> impl Permission<Self> {
        (IsAuthenticated, AllowAny)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Incoming) -> Result {
        Ok(())
    }
}

fn documentation() -> Documentation {
    let rooms = Routes::new([path("<int:pk>/", Room::endpoint()).name("room")]);
    let routes = Routes::new([path("ws/rooms/", include(rooms))]).compile().unwrap();
    Documentation::new("Rooms & \"<people>\"", &routes, &Settings::default())
        .version("1.2.3")
        .description("*All* of it.")
}

async fn get(documentation: &Documentation, path: &str) -> http::Response<Body> {
    let request = Request::get(path).body(Body::empty()).unwrap();
    documentation.asyncapi().oneshot(request).await.unwrap()
}

async fn page(documentation: &Documentation) -> String {
    let response = get(documentation, DOCS_PATH).await;
    assert_eq!(response.status(), StatusCode::OK);
    text(response).await
}

async fn text(response: http::Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// What stands between two texts, as often as it does.
fn between<'a>(page: &'a str, start: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

#[tokio::test]
async fn the_page_says_what_the_types_do() {
    let page = page(&documentation()).await;
    for expected in [
        "<h1>Rooms &amp; &quot;&lt;people&gt;&quot; <span class=\"version\">1.2.3</span></h1>",
        "<p><em>All</em> of it.</p>",
        "id=\"endpoint-room\"",
        "id=\"message-room-incoming-say\"",
        "id=\"message-room-event-left\"",
        "id=\"message-room-builtin-error\"",
        "1 to 100 characters",
        "<code>sessionid</code>",
        "<code>IsAuthenticated, AllowAny</code>",
        "<code>4900</code>",
        "65,536 bytes",
        "list of <a href=\"#type-room-incoming-grow-tree\"><code>Tree</code></a>",
        "href=\"../playground/websocket/#endpoint=ws%2Frooms%2F%3Cint%3Apk%3E%2F&amp;message=",
    ] {
        assert!(page.replace("&#x2f;", "/").contains(expected), "{expected} is missing in {page}");
    }
}

#[tokio::test]
async fn what_comments_say_is_never_markup() {
    let page = page(&documentation()).await;
    let scripts: Vec<_> = between(&page, "<script", '>').collect();
    assert_eq!(scripts.len(), 1, "{scripts:?}");
    assert_eq!(page.matches("</main>").count(), 1);
    for markup in ["<img", "<b>", "<i>", "javascript:alert(1)\"", "style=", " onclick"] {
        assert!(!page.contains(markup), "{markup} is in {page}");
    }
    for shown in [
        "&lt;script&gt;alert(\"message\")",
        "&lt;img src=x onerror=",
        "<strong>aloud</strong>",
        "see <code>Room</code>.",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
}

#[tokio::test]
async fn every_link_within_the_page_leads_somewhere() {
    let page = page(&documentation()).await;
    let places: Vec<_> = between(&page, " id=\"", '"').collect();
    let links: Vec<_> = between(&page, "href=\"#", '"').collect();
    for expected in ["general", "endpoint-room", "message-room-event-left", "type-room-incoming-grow-tree"] {
        assert!(links.contains(&expected), "{expected} is missing in {links:?}");
    }
    let dead: Vec<_> = links.iter().filter(|link| !places.contains(link)).collect();
    assert!(dead.is_empty(), "{dead:?} are not in {places:?}");
    let mut unique = places.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), places.len(), "{places:?}");
}

#[tokio::test]
async fn styles_and_scripts_are_served_and_nothing_else_is_allowed() {
    let documentation = documentation();
    let response = get(&documentation, DOCS_PATH).await;
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    let page = text(response).await.replace("&#x2f;", "/");
    let assets = between(&page, "\"..", '"').filter(|path| path.contains("/assets/"));
    let assets: Vec<_> = assets.map(str::to_owned).collect();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for asset in assets {
        let response = get(&documentation, &asset).await;
        assert_eq!(response.status(), StatusCode::OK, "{asset}");
        let expected = if asset.ends_with(".css") { "text/css" } else { "text/javascript" };
        assert!(response.headers()[CONTENT_TYPE].to_str().unwrap().starts_with(expected), "{asset}");
    }
}

#[tokio::test]
async fn without_a_playground_nothing_leads_there() {
    let page = page(&documentation().without_playground()).await;
    assert!(!page.contains("playground") && !page.contains("Try it"), "{page}");
}
