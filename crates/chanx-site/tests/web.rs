//! Login, logout and forms, by requests to the whole application.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware::from_fn};
use chanx::settings::{ConnectionUrl, Settings};
use chanx_site::accounts::NewUser;
use chanx_site::database::Database;
use chanx_site::testing::TestSite;
use chanx_site::web::{Csrf, CsrfForm, CurrentUser, LoginRequired, Markup, PageError, login_required};
use chanx_site::{Project, Site, SiteError};
use http::header::{COOKIE, HOST, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

const PASSWORD: &str = "brass-otter-lamp";
const HERE: &str = "http://testserver";

#[derive(Serialize)]
struct NoteContext<'a> {
    user: &'a str,
    csrf_field: Markup,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

async fn note_form(site: Site, LoginRequired(user): LoginRequired, csrf: Csrf) -> Result<impl IntoResponse, PageError> {
    let context = NoteContext { user: &user.username, csrf_field: csrf.field() };
    let page = site.render("note.html", context)?;
    Ok((csrf, page))
}

async fn save_note(LoginRequired(user): LoginRequired, CsrfForm(note): CsrfForm<Note>) -> String {
    format!("{}: {}", user.username, note.text)
}

async fn hello(CurrentUser(user): CurrentUser) -> Html<String> {
    Html(format!("[{}]", user.username))
}

fn pages(_: &Site) -> Router {
    let members = Router::new().route("/members/", get(async || "for members")).layer(from_fn(login_required));
    Router::new().route("/hello/", get(hello)).route("/note/", get(note_form).post(save_note)).merge(members)
}

fn project() -> Project {
    Project::new("test")
        .settings(|settings| settings.login_failures_limit = 2)
        .templates(&[("note.html", "<p>{{ user }}</p><form>{{ csrf_field }}</form>")])
        .pages(pages)
}

/// A browser: cookies, and the page that it shows.
struct Browser {
    router: Router,
    cookies: Vec<(String, String)>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Self { status: parts.status, headers: parts.headers, text }
    }

    fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The hidden token of the page's form.
    fn token(&self) -> String {
        let start = "name=\"csrfmiddlewaretoken\" value=\"";
        let rest = self.text.split_once(start).unwrap_or_else(|| panic!("no token in {}", self.text)).1;
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    fn new(router: Router) -> Self {
        Self { router, cookies: Vec::new() }
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn request(&self, method: &Method, path: &str, body: String) -> Request {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(HOST, "testserver");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if *method == Method::POST {
            request = request.header(ORIGIN, HERE).header("content-type", "application/x-www-form-urlencoded");
        }
        request.body(Body::from(body)).unwrap()
    }

    async fn send(&mut self, request: Request) -> Page {
        let page = Page::read(self.router.clone().oneshot(request).await.unwrap()).await;
        for header in page.headers.get_all(SET_COOKIE) {
            let pair = header.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if value != "\"\"" {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        page
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(self.request(&Method::GET, path, String::new())).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.request(&Method::POST, path, encode(fields))).await
    }

    async fn try_login(&mut self, username: &str, password: &str, next: &str) -> Page {
        let token = self.get("/admin/login/").await.token();
        let fields = [("csrfmiddlewaretoken", &*token), ("username", username), ("password", password), ("next", next)];
        self.post("/admin/login/", &fields).await
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn site() -> TestSite {
    let site = TestSite::new(&project()).await.unwrap();
    site.create_user(NewUser { password: Some(PASSWORD), ..NewUser::named("alice") }).await.unwrap();
    site
}

async fn browser() -> Browser {
    Browser::new(site().await.router())
}

#[tokio::test]
async fn a_login_leads_back_to_the_page_that_asked_for_it() {
    let mut browser = browser().await;
    let refused = browser.get("/note/?a=1&b=2").await;
    assert_eq!(refused.status, StatusCode::FOUND);
    assert_eq!(refused.location(), "/admin/login/?next=/note/?a=1%26b=2");

    let path = refused.location().to_owned();
    let form = browser.get(&path).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.text.contains(r#"name="next" value="&#x2f;note&#x2f;?a=1&amp;b=2""#), "{}", form.text);

    let entered = browser.try_login("alice", PASSWORD, "/note/?a=1&b=2").await;
    assert_eq!(entered.status, StatusCode::FOUND, "{}", entered.text);
    assert_eq!(entered.location(), "/note/?a=1&b=2");
    assert_eq!(browser.get("/hello/").await.text, "[alice]");
    assert_eq!(browser.get("/note/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn cookies_have_the_names_and_attributes_of_django() {
    let mut browser = browser().await;
    let form = browser.get("/admin/login/").await;
    let csrf = form.headers[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(csrf.starts_with("csrftoken="), "{csrf}");
    assert!(csrf.contains("; Max-Age=31449600; Path=/; SameSite=Lax"), "{csrf}");

    let entered = browser.try_login("alice", PASSWORD, "").await;
    let cookies: Vec<_> = entered.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("sessionid=")).unwrap();
    assert!(session.contains("; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"), "{session}");
    assert!(cookies.iter().any(|cookie| cookie.starts_with("csrftoken=")), "{cookies:?}");
}

#[tokio::test]
async fn the_login_page_is_protected_and_never_stored() {
    let page = browser().await.get("/admin/login/").await;
    let header = |name: &str| page.headers[name].to_str().unwrap();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("referrer-policy"), "same-origin");
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(!page.text.contains("<script") && !page.text.contains("<style"), "{}", page.text);
    assert!(page.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn the_style_sheet_of_the_page_is_there() {
    let mut browser = browser().await;
    let page = browser.get("/admin/login/").await;
    let href = page.text.split_once("rel=\"stylesheet\" href=\"").unwrap().1.split('"').next().unwrap();
    let style = browser.get(href).await;
    assert_eq!(style.status, StatusCode::OK, "{href}");
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn a_wrong_password_is_explained_and_the_name_kept() {
    let mut browser = browser().await;
    for (username, password) in [("alice", "wrong"), ("nobody<b>", PASSWORD)] {
        let page = browser.try_login(username, password, "/note/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("role=\"alert\""), "{}", page.text);
        assert!(!page.text.contains(password) || password == PASSWORD && !page.text.contains(PASSWORD));
        assert!(!page.text.contains("<b>"), "{}", page.text);
        assert!(page.text.contains(r#"name="next" value="&#x2f;note&#x2f;""#), "{}", page.text);
    }
    assert!(browser.cookie("sessionid").is_none());
}

#[tokio::test]
async fn a_name_is_normalized_as_django_does() {
    let mut browser = browser().await;
    let entered = browser.try_login(" ａｌｉｃｅ ", PASSWORD, "").await;
    assert_eq!(entered.status, StatusCode::FOUND);
    assert_eq!(entered.location(), "/");
}

#[tokio::test]
async fn a_login_never_leads_to_another_site() {
    let mut browser = browser().await;
    for next in ["//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///x", "https://evil.example/"] {
        let entered = browser.try_login("alice", PASSWORD, next).await;
        assert_eq!((entered.status, entered.location()), (StatusCode::FOUND, "/"), "{next}");
    }
    let entered = browser.try_login("alice", PASSWORD, "http://testserver/note/").await;
    assert_eq!(entered.location(), "/note/");
}

#[tokio::test]
async fn a_planted_session_key_is_worth_nothing_after_a_login() {
    let mut browser = browser().await;
    browser.try_login("alice", PASSWORD, "").await;
    let first = browser.cookie("sessionid").unwrap().to_owned();
    browser.try_login("alice", PASSWORD, "").await;
    assert_ne!(browser.cookie("sessionid"), Some(&*first));

    let mut thief = Browser::new(browser.router.clone());
    thief.cookies.push(("sessionid".to_owned(), first));
    assert_eq!(thief.get("/hello/").await.text, "[]");
}

#[tokio::test]
async fn the_csrf_secret_changes_with_a_login() {
    let mut browser = browser().await;
    let before = browser.get("/admin/login/").await.token();
    browser.try_login("alice", PASSWORD, "").await;
    let stale = browser.post("/note/", &[("csrfmiddlewaretoken", &before), ("text", "x")]).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(stale.text.contains("out of date"), "{}", stale.text);
}

#[tokio::test]
async fn failures_are_throttled_even_for_the_right_password() {
    let mut browser = browser().await;
    for _ in 0..2 {
        assert_eq!(browser.try_login("alice", "wrong", "").await.status, StatusCode::OK);
    }
    let refused = browser.try_login("alice", PASSWORD, "").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains("Too many logins have failed. Please wait"), "{}", refused.text);
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&seconds));
    assert!(browser.cookie("sessionid").is_none());
}

#[tokio::test]
async fn success_forgets_earlier_failures() {
    let mut browser = browser().await;
    for _ in 0..3 {
        assert_eq!(browser.try_login("alice", "wrong", "").await.status, StatusCode::OK);
        assert_eq!(browser.try_login("alice", PASSWORD, "").await.status, StatusCode::FOUND);
    }
}

#[tokio::test]
async fn whoever_is_logged_in_is_told_so() {
    let mut browser = browser().await;
    assert!(!browser.get("/admin/login/").await.text.contains("You are logged in"));
    browser.try_login("alice", PASSWORD, "").await;
    let page = browser.get("/admin/login/?next=/note/").await;
    assert!(page.text.contains("You are logged in as <strong>alice</strong>"), "{}", page.text);
    assert!(page.text.contains(r#"<a href="&#x2f;note&#x2f;">Continue</a>"#), "{}", page.text);
}

#[tokio::test]
async fn logging_out_takes_a_button() {
    let mut browser = browser().await;
    browser.try_login("alice", PASSWORD, "").await;
    let key = browser.cookie("sessionid").unwrap().to_owned();

    let asked = browser.get("/admin/logout/").await;
    assert_eq!(asked.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(asked.headers["allow"], "POST");
    assert_eq!(browser.get("/hello/").await.text, "[alice]");

    let left = browser.post("/admin/logout/", &[("csrfmiddlewaretoken", &asked.token())]).await;
    assert_eq!(left.status, StatusCode::OK);
    assert!(left.text.contains("You are logged out"), "{}", left.text);
    assert!(browser.cookie("sessionid").is_none());

    browser.cookies.push(("sessionid".to_owned(), key));
    assert_eq!(browser.get("/hello/").await.text, "[]");
}

#[tokio::test]
async fn nobody_is_logged_out_by_a_foreign_page() {
    let mut browser = browser().await;
    browser.try_login("alice", PASSWORD, "").await;
    let refused = browser.post("/admin/logout/", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/hello/").await.text, "[alice]");
}

#[tokio::test]
async fn forms_need_origin_cookie_and_token() {
    let mut browser = browser().await;
    browser.try_login("alice", PASSWORD, "").await;
    let token = browser.get("/note/").await.token();
    let fields = [("csrfmiddlewaretoken", &*token), ("text", "a & b")];

    let accepted = browser.post("/note/", &fields).await;
    assert_eq!((accepted.status, &*accepted.text), (StatusCode::OK, "alice: a & b"));

    let mut foreign = browser.request(&Method::POST, "/note/", encode(&fields));
    foreign.headers_mut().insert(ORIGIN, "http://evil.example".parse().unwrap());
    let refused = browser.send(foreign).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("from a page of another site"), "{}", refused.text);

    for origin in ["null", "https://testserver", "http://testserver:8000", "http://testserver.evil.example"] {
        let mut foreign = browser.request(&Method::POST, "/note/", encode(&fields));
        foreign.headers_mut().insert(ORIGIN, origin.parse().unwrap());
        assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN, "{origin}");
    }

    let other = "a".repeat(64);
    for token in ["", "short", &other] {
        let refused = browser.post("/note/", &[("csrfmiddlewaretoken", token), ("text", "x")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{token:?}");
    }

    browser.cookies.retain(|(name, _)| name != "csrftoken");
    let refused = browser.post("/note/", &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("did not send the cookie"), "{}", refused.text);
}

#[tokio::test]
async fn a_script_may_send_the_token_in_a_header() {
    let mut browser = browser().await;
    browser.try_login("alice", PASSWORD, "").await;
    let token = browser.get("/note/").await.token();
    let mut request = browser.request(&Method::POST, "/note/", encode(&[("text", "x")]));
    request.headers_mut().insert("x-csrftoken", token.parse().unwrap());
    assert_eq!(browser.send(request).await.text, "alice: x");
}

#[tokio::test]
async fn a_secure_site_asks_for_the_referer_where_there_is_no_origin() {
    let secure = project().settings(|settings| {
        settings.session_cookie_secure = true;
        settings.csrf_trusted_origins = vec!["https://*.example.com".to_owned()];
    });
    let site = TestSite::new(&secure).await.unwrap();
    let mut browser = Browser::new(site.router());
    let form = browser.get("/admin/login/").await;
    let body = encode(&[("csrfmiddlewaretoken", &form.token()), ("username", "x"), ("password", "y")]);
    let cases = [
        (None, StatusCode::FORBIDDEN),
        (Some("http://testserver/"), StatusCode::FORBIDDEN),
        (Some("https://evil.example/testserver"), StatusCode::FORBIDDEN),
        (Some("not a URL"), StatusCode::FORBIDDEN),
        (Some("https://testserver/admin/login/"), StatusCode::OK),
        (Some("https://www.example.com/a"), StatusCode::OK),
    ];
    for (referer, status) in cases {
        let mut request = browser.request(&Method::POST, "/admin/login/", body.clone());
        request.headers_mut().remove(ORIGIN);
        if let Some(referer) = referer {
            request.headers_mut().insert(REFERER, referer.parse().unwrap());
        }
        assert_eq!(browser.send(request).await.status, status, "{referer:?}");
    }
}

#[tokio::test]
async fn pages_for_users_turn_others_away() {
    let mut browser = browser().await;
    assert_eq!(browser.get("/members/").await.location(), "/admin/login/?next=/members/");
    let refused = browser.post("/note/", &[("text", "x")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Please log in"), "{}", refused.text);
    browser.try_login("alice", PASSWORD, "").await;
    assert_eq!(browser.get("/members/").await.text, "for members");
}

#[tokio::test]
async fn the_headers_of_a_test_user_are_those_of_a_login() {
    let site = site().await;
    let headers = site.login("alice", PASSWORD).await.unwrap();
    assert!(site.login("alice", "wrong").await.is_err());
    let mut request = Request::builder().uri("/hello/").body(Body::empty()).unwrap();
    request.headers_mut().extend(headers);
    let page = Page::read(site.router().oneshot(request).await.unwrap()).await;
    assert_eq!(page.text, "[alice]");
}

#[tokio::test]
async fn unknown_hosts_are_refused_where_hosts_are_listed() {
    let listed = project().settings(|settings| settings.allowed_hosts = vec!["testserver".to_owned()]);
    let mut browser = Browser::new(TestSite::new(&listed).await.unwrap().router());
    assert_eq!(browser.get("/hello/").await.status, StatusCode::OK);
    let mut request = browser.request(&Method::GET, "/hello/", String::new());
    request.headers_mut().insert(HOST, "rebound.example".parse().unwrap());
    assert_eq!(browser.send(request).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_router_without_a_site_says_so_in_the_log_only() {
    let router = Router::new().route("/hello/", get(hello));
    let page = Browser::new(router).get("/hello/").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!page.text.contains("attach"), "{}", page.text);
}

#[tokio::test]
async fn a_forgotten_slash_is_added_where_it_leads_to_a_page() {
    let mut browser = browser().await;
    for (path, target) in [("/hello?a=1&b", "/hello/?a=1&b"), ("/note", "/note/"), ("/admin/login", "/admin/login/")] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::FOUND, "{path}: {}", page.text);
        assert_eq!(page.location(), target);
    }
    for path in ["/nowhere", "/nowhere/", "/hello/x", "//evil.example", "/static/nothing.css"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("Page not found"), "{}", page.text);
    }
    assert_eq!(browser.post("/hello", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_application_may_write_its_own_404() {
    let own = Project::new("test").pages(|_| Router::new().fallback(async || (StatusCode::NOT_FOUND, "mine")));
    let mut browser = Browser::new(TestSite::new(&own).await.unwrap().router());
    assert_eq!(browser.get("/nowhere").await.text, "mine");
}

#[tokio::test]
async fn a_site_fits_into_any_application() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    let url = format!("sqlite://{}", directory.path().join("site.sqlite3").display());
    settings.database_url = ConnectionUrl::from(&*url);
    settings.secret_key = Some("0123456789abcdef0123456789abcdef".into());
    assert!(matches!(Site::open(settings.clone()).await, Err(SiteError::Database(_))));

    let database = Database::connect(&url, true).await.unwrap();
    assert!(matches!(Site::open(settings.clone()).await, Err(SiteError::NotMigrated { .. })));

    database.migrate().await.unwrap();
    let site = Site::open(settings.clone()).await.unwrap();
    let alice = site.accounts().create_user(NewUser::named("alice")).await.unwrap();
    let session = site.accounts().login(&alice).await.unwrap();
    let app = site.attach(Router::new().route("/hello/", get(hello)).merge(site.router()));
    let mut browser = Browser::new(app);
    assert_eq!(browser.get("/admin/login/").await.status, StatusCode::OK);
    browser.cookies.push(("sessionid".to_owned(), session.key));
    assert_eq!(browser.get("/hello/").await.text, "[alice]");

    settings.secret_key = None;
    assert!(matches!(Site::open(settings).await, Err(SiteError::NoSecretKey)));
}

#[tokio::test]
async fn large_forms_are_refused() {
    let mut browser = browser().await;
    let page = browser.post("/admin/login/", &[("username", &"a".repeat(20_000))]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn health_is_told_to_anybody_under_any_name() {
    let project = project().settings(|settings| settings.allowed_hosts = vec!["example.com".to_owned()]);
    let site = TestSite::new(&project).await.unwrap();
    let mut browser = Browser::new(site.router());
    let page = browser.get("/health/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.text, r#"{"status":"ok","database":"up","channel_layer":"up"}"#);

    site.site().database().pool().close().await;
    let page = browser.get("/health/").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.text, r#"{"status":"down","database":"down","channel_layer":"up"}"#);
}
