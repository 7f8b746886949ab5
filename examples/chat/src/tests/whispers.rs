//! Private messages: whom they reach, and who never learns of them.

use chanx::testing::Communicator;
use serde_json::{Value, json};

use super::{Chat, Result, say, texts, until};
use crate::{members, rooms};

async fn whisper(client: &mut Communicator, to: i64, text: &str) {
    client.send_json(&json!({"action": "whisper", "payload": {"to": to, "text": text}, "ref": "w1"})).await;
}

async fn next_answer(client: &mut Communicator) -> Result<Value> {
    loop {
        let message = client.receive_json().await?;
        if message["ref"] == "w1" {
            return Ok(message);
        }
    }
}

#[tokio::test]
async fn a_whisper_reaches_all_windows_of_both_and_nobody_else() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob, eve) = (chat.member("alice").await?, chat.member("bob").await?, chat.member("eve").await?);
    let elsewhere = rooms::create(chat.pool(), "Elsewhere", "", &bob.person).await?;

    let (mut sender, mut second) = (chat.enter(&alice).await?, chat.enter(&alice).await?);
    let mut reader = chat.enter(&bob).await?;
    let mut other_room =
        chat.site.socket(&format!("/ws/chat/{}/", elsewhere.slug)).headers(&bob.headers).connect().await?;
    until(&mut other_room, "history").await?;
    let mut eavesdropper = chat.enter(&eve).await?;

    whisper(&mut sender, bob.person.id, "psst").await;
    let answer = next_answer(&mut sender).await?;
    assert_eq!((&answer["action"], &answer["payload"]["to"]["name"]), (&json!("sent"), &json!("bob")));
    let expected = json!({"room": {"slug": "lounge", "name": "Lounge"}, "message": answer["payload"]});
    for client in [&mut second, &mut reader, &mut other_room] {
        assert_eq!(until(client, "whispered").await?, expected);
    }

    // What eve is sent next is what is said to all.
    say(&mut sender, "Hello all").await;
    let mut seen = Vec::new();
    while seen.last() != Some(&json!("said")) {
        seen.push(eavesdropper.receive_json().await?["action"].take());
    }
    assert!(!seen.contains(&json!("whispered")), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn a_whisper_stays_in_the_history_of_both_alone() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob, eve) = (chat.member("alice").await?, chat.member("bob").await?, chat.member("eve").await?);
    let mut sender = chat.enter(&alice).await?;
    whisper(&mut sender, bob.person.id, "psst").await;
    next_answer(&mut sender).await?;
    for (guest, may_read) in [(&alice, true), (&bob, true), (&eve, false)] {
        let history = history_of(&chat, guest).await?;
        assert_eq!(texts(&history).contains(&"psst"), may_read, "{}: {history}", guest.person.name);
    }
    Ok(())
}

async fn history_of(chat: &Chat, guest: &super::Guest) -> Result<Value> {
    let mut client = chat.connect(guest, "").await?;
    Ok(until(&mut client, "history").await?["messages"].take())
}

#[tokio::test]
async fn a_whisper_needs_another_member_of_the_room() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, stranger) = (chat.member("alice").await?, chat.stranger("mallory").await?);
    let mut client = chat.enter(&alice).await?;
    for (to, reason) in [(stranger.person.id, "not_a_member"), (4711, "not_a_member"), (alice.person.id, "oneself")] {
        whisper(&mut client, to, "psst").await;
        let answer = next_answer(&mut client).await?;
        assert_eq!((&answer["action"], &answer["payload"]["reason"]), (&json!("refused"), &json!(reason)));
    }
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM chat_message WHERE kind = 'said'").fetch_one(chat.pool()).await?;
    assert_eq!(kept, 0);
    Ok(())
}

#[tokio::test]
async fn a_whisper_to_somebody_who_has_left_is_refused() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let mut client = chat.enter(&alice).await?;
    members::leave(chat.pool(), chat.room.id, &bob.person).await?;
    whisper(&mut client, bob.person.id, "psst").await;
    assert_eq!(next_answer(&mut client).await?["payload"]["reason"], "not_a_member");
    Ok(())
}
