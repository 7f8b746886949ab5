//! What the pages do to a room, as its open sockets see it.

use http::StatusCode;
use serde_json::json;

use super::pages::Browser;
use super::{Chat, Result, until};
use crate::consumer::LEFT_THE_ROOM;

#[tokio::test]
async fn a_new_member_appears_in_open_sockets() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.enter(&chat.member("alice").await?).await?;
    let bob = chat.stranger("bob").await?;
    Browser::of(&chat, &bob).submits("/chat/lounge/join/", "").await?;
    let message = until(&mut client, "membership").await?;
    assert_eq!((&message["kind"], &message["sender"]["name"]), (&json!("joined"), &json!("bob")));
    Ok(())
}

#[tokio::test]
async fn leaving_closes_all_own_sockets_and_tells_the_others() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let mut watcher = chat.enter(&alice).await?;
    let mut windows = [chat.enter(&bob).await?, chat.enter(&bob).await?];

    let (status, _) = Browser::of(&chat, &bob).submits("/chat/lounge/leave/", "").await?;
    assert_eq!(status, StatusCode::SEE_OTHER);
    for window in &mut windows {
        let close = window.receive_close().await?.ok_or("no close frame")?;
        assert_eq!(close.code.map(u16::from), Some(LEFT_THE_ROOM));
        assert_eq!(close.reason, "You have left this room.");
    }
    let message = until(&mut watcher, "membership").await?;
    assert_eq!((&message["kind"], &message["sender"]["name"]), (&json!("left"), &json!("bob")));
    let mut again = chat.connect(&bob, "").await?;
    assert_eq!(again.wait_for_auth().await?.status_code, 403);
    Ok(())
}

#[tokio::test]
async fn joining_and_leaving_twice_is_no_news() -> Result {
    let chat = Chat::set_up().await?;
    let bob = chat.stranger("bob").await?;
    let browser = Browser::of(&chat, &bob);
    for path in ["join/", "join/", "leave/", "leave/"] {
        browser.submits(&format!("/chat/lounge/{path}"), "").await?;
    }
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM chat_message ORDER BY id").fetch_all(chat.pool()).await?;
    assert_eq!(kinds, ["joined", "left"]);
    Ok(())
}
