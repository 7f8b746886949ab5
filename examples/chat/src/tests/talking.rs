//! Who may enter, what is said, and what is not let through.

use serde_json::json;

use super::{Chat, Result, say, until};

#[tokio::test]
async fn members_alone_may_enter() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.connect(&chat.stranger("mallory").await?, "").await?;
    let outcome = client.wait_for_auth().await?;
    assert_eq!(outcome.status_code, 403);
    assert_eq!(outcome.data, json!({"detail": "You are not a member of this room."}));
    client.assert_closed(4403).await;
    Ok(())
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_refused() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.site.socket("/ws/chat/lounge/").headers(&chat.site.anonymous()).connect().await?;
    assert_eq!(client.wait_for_auth().await?.status_code, 403);
    client.assert_closed(4403).await;
    Ok(())
}

#[tokio::test]
async fn a_room_that_does_not_exist_is_not_found() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.member("alice").await?;
    let mut client = chat.site.socket("/ws/chat/cellar/").headers(&alice.headers).connect().await?;
    let outcome = client.wait_for_auth().await?;
    assert_eq!((outcome.status_code, outcome.data), (404, json!({"detail": "There is no such room."})));
    client.assert_closed(4404).await;
    Ok(())
}

#[tokio::test]
async fn what_is_said_is_confirmed_to_the_sender_and_heard_by_the_others() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let (mut speaker, mut listener) = (chat.enter(&alice).await?, chat.enter(&bob).await?);
    let mut second_window = chat.enter(&alice).await?;

    speaker.send_json(&json!({"action": "say", "payload": "  Hello!\n", "ref": "m1"})).await;
    let confirmation = loop {
        let message = speaker.receive_json().await?;
        if message["action"] == "sent" {
            break message;
        }
    };
    assert_eq!(confirmation["ref"], "m1");
    let sent = &confirmation["payload"];
    assert_eq!((&sent["text"], &sent["kind"], &sent["to"]), (&json!("Hello!"), &json!("said"), &json!(null)));
    assert_eq!(sent["sender"], json!({"id": alice.person.id, "name": "alice"}));

    assert_eq!(until(&mut listener, "said").await?, *sent);
    assert_eq!(until(&mut second_window, "said").await?, *sent);
    Ok(())
}

#[tokio::test]
async fn hostile_text_stays_text() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let (mut speaker, mut listener) = (chat.enter(&alice).await?, chat.enter(&bob).await?);
    for text in [
        "<script>alert(1)</script>",
        "'; DROP TABLE chat_message; --",
        "{{ 7 * 7 }} {% raw %}",
        "\u{202e}evil\u{202c} \u{0} \u{200d}",
        "👩‍👩‍👧‍👦",
    ] {
        say(&mut speaker, text).await;
        assert_eq!(until(&mut listener, "said").await?["text"], text);
    }
    let mut reader = chat.connect(&bob, "").await?;
    let page = until(&mut reader, "history").await?;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(7), "two have joined, five things were said");
    Ok(())
}

#[tokio::test]
async fn blank_and_endless_messages_are_explained() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.enter(&chat.member("alice").await?).await?;
    for (text, fault) in [(" \n\t ".to_owned(), "the message is empty"), ("é".repeat(2001), "at most 2000")] {
        client.send_json(&json!({"action": "say", "payload": text, "ref": "m1"})).await;
        let answer = client.receive_json().await?;
        assert_eq!((&answer["action"], &answer["ref"]), (&json!("error"), &json!("m1")));
        let message = answer["payload"][0]["msg"].as_str().unwrap_or_default();
        assert!(message.contains(fault), "{answer}");
    }
    say(&mut client, &format!("  {}  ", "é".repeat(2000))).await;
    assert_eq!(until(&mut client, "sent").await?["text"], "é".repeat(2000), "white space around it does not count");
    Ok(())
}

#[tokio::test]
async fn whoever_sends_too_fast_is_told_and_nothing_is_kept() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.enter(&chat.member("alice").await?).await?;
    // More than a burst and what is earned while it is sent.
    for number in 0..200 {
        client.send_json(&json!({"action": "say", "payload": format!("{number}"), "ref": format!("m{number}")})).await;
    }
    let (mut sent, mut refused) = (0, 0);
    while sent + refused < 200 {
        let answer = client.receive_json().await?;
        match answer["action"].as_str() {
            Some("sent") => sent += 1,
            Some("refused") => {
                assert_eq!(answer["payload"]["reason"], "too_fast");
                assert!(answer["ref"].is_string(), "the page must know which message was refused");
                refused += 1;
            }
            _ => {}
        }
    }
    assert!(refused > 0, "{sent} messages were sent");
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM chat_message WHERE kind = 'said'").fetch_one(chat.pool()).await?;
    assert_eq!(kept, sent);
    Ok(())
}

/// As on a full disk: SQLite makes the row, and cannot keep it.
#[tokio::test]
async fn what_cannot_be_kept_is_not_confirmed() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.enter(&chat.member("alice").await?).await?;
    let trigger = "CREATE TRIGGER fault AFTER INSERT ON chat_message BEGIN \
                   INSERT INTO auth_user_groups (user_id, group_id) VALUES (NEW.sender_id, 999); END";
    sqlx::query(trigger).execute(chat.pool()).await?;
    client.send_json(&json!({"action": "say", "payload": "hello", "ref": "m"})).await;
    assert_eq!(until(&mut client, "error").await?["detail"], "Failed to process message");
    Ok(())
}

#[tokio::test]
async fn the_others_see_who_is_typing() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let (mut writer, mut watcher) = (chat.enter(&alice).await?, chat.enter(&bob).await?);
    for is_typing in [true, false] {
        writer.send_json(&json!({"action": "typing", "payload": {"is_typing": is_typing}})).await;
        let expected = json!({"person": {"id": alice.person.id, "name": "alice"}, "is_typing": is_typing});
        assert_eq!(until(&mut watcher, "typing").await?, expected);
    }
    Ok(())
}
