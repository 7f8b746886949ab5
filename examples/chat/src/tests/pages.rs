//! The pages, as a browser asks for them.

use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{Chat, Guest, Result};
use crate::rooms;

/// A browser in which somebody is logged in.
pub(super) struct Browser<'a> {
    chat: &'a Chat,
    headers: HeaderMap,
}

impl<'a> Browser<'a> {
    pub(super) fn of(chat: &'a Chat, guest: &Guest) -> Self {
        Self { chat, headers: guest.headers.clone() }
    }

    /// The answer to a look at a page.
    async fn opens(&self, path: &str) -> Result<(Response<()>, String)> {
        self.sends(Request::get(path).body(Body::empty())?).await
    }

    /// Sends the form at this address, with the token and the cookie of a page that has a form.
    pub(super) async fn submits(&self, path: &str, fields: &str) -> Result<(StatusCode, String)> {
        let (page, html) = self.opens("/chat/").await?;
        let cookie = page.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).ok_or("no CSRF cookie")?;
        let cookie = cookie.split(';').next().unwrap_or_default();
        let token = html.split_once("name=\"csrfmiddlewaretoken\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (token, _) = token.ok_or("no CSRF field")?;
        let body = format!("csrfmiddlewaretoken={token}&{fields}");
        let mut request =
            Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.into())?;
        request.headers_mut().append(COOKIE, HeaderValue::try_from(cookie)?);
        let (response, html) = self.sends(request).await?;
        let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
        Ok((response.status(), target.map_or(html, str::to_owned)))
    }

    async fn sends(&self, mut request: Request<Body>) -> Result<(Response<()>, String)> {
        let own = request.headers().get(COOKIE).cloned();
        request.headers_mut().extend(self.headers.clone());
        if let (Some(own), Some(session)) = (own, self.headers.get(COOKIE)) {
            let both = format!("{}; {}", session.to_str()?, own.to_str()?);
            request.headers_mut().insert(COOKIE, HeaderValue::try_from(both)?);
        }
        request.headers_mut().insert(HOST, HeaderValue::from_static("testserver"));
        request.headers_mut().insert(ORIGIN, HeaderValue::from_static("http://testserver"));
        let (parts, body) = self.chat.site.router().oneshot(request).await?.into_parts();
        let html = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
        Ok((Response::from_parts(parts, ()), html))
    }
}

#[tokio::test]
async fn pages_are_for_users_who_are_logged_in() -> Result {
    let chat = Chat::set_up().await?;
    let browser = Browser { chat: &chat, headers: chat.site.anonymous() };
    for path in ["/chat/", "/chat/lounge/", "/chat/cellar/"] {
        let (page, _) = browser.opens(path).await?;
        assert_eq!(page.status(), StatusCode::FOUND);
        assert_eq!(page.headers()[LOCATION], format!("/admin/login/?next={path}"));
    }
    Ok(())
}

#[tokio::test]
async fn members_see_the_room_and_strangers_its_door() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, mallory) = (chat.member("alice").await?, chat.stranger("mallory").await?);
    chat.said(&alice, "a secret").await?;
    let (page, room) = Browser::of(&chat, &alice).opens("/chat/lounge/").await?;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(room.contains("data-socket=\"/ws/chat/lounge/\""), "{room}");
    for path in ["/chat/", "/chat/lounge/"] {
        let (_, door) = Browser::of(&chat, &mallory).opens(path).await?;
        assert!(door.contains("/chat/lounge/join/") && !door.contains("a secret"), "{door}");
        assert!(!door.contains("data-socket"), "{door}");
    }
    let latest =
        async |guest: &Guest| rooms::list(chat.pool(), guest.person.id).await.map(|rooms| rooms[0].latest.clone());
    assert_eq!(latest(&alice).await?.map(|latest| latest.text).as_deref(), Some("a secret"));
    assert!(latest(&mallory).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_room_that_does_not_exist_is_not_found() -> Result {
    let chat = Chat::set_up().await?;
    let browser = Browser::of(&chat, &chat.stranger("alice").await?);
    assert_eq!(browser.opens("/chat/cellar/").await?.0.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.submits("/chat/cellar/join/", "").await?.0, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_founder_is_the_first_member_of_a_room_with_an_address_of_its_own() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.stranger("alice").await?;
    let browser = Browser::of(&chat, &alice);
    for address in ["/chat/cafe-zurich/", "/chat/cafe-zurich-2/"] {
        let answer = browser.submits("/chat/", "name=+Caf%C3%A9+Z%C3%BCrich+&topic=%3Cb%3E").await?;
        assert_eq!(answer, (StatusCode::SEE_OTHER, address.to_owned()));
        let (_, room) = browser.opens(address).await?;
        assert!(room.contains("Café Zürich") && room.contains("&lt;b&gt;") && room.contains("data-socket"), "{room}");
    }
    Ok(())
}

#[tokio::test]
async fn a_room_with_a_bad_name_is_not_founded() -> Result {
    let chat = Chat::set_up().await?;
    let browser = Browser::of(&chat, &chat.stranger("alice").await?);
    for (fields, problem) in [
        ("name=+%00%0A".to_owned(), "A room needs a name."),
        (format!("name={}", "n".repeat(51)), "The name is longer than 50 characters."),
        (format!("name=n&topic={}", "t".repeat(201)), "The topic is longer than 200 characters."),
    ] {
        let (status, page) = browser.submits("/chat/", &fields).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains(problem), "{page}");
    }
    assert_eq!(rooms::list(chat.pool(), 0).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.member("alice").await?;
    let browser = Browser::of(&chat, &alice);
    let request = Request::post("/chat/lounge/leave/").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (answer, _) = browser.sends(request.body("csrfmiddlewaretoken=guessed".into())?).await?;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(crate::members::is_member(chat.pool(), chat.room.id, alice.person.id).await?);
    Ok(())
}
