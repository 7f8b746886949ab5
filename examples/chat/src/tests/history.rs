//! Pages of messages: the newest, older ones, and those since the last visit.

use serde_json::json;

use super::{Chat, Result, say, texts, until};
use crate::history::PAGE;

#[tokio::test]
async fn a_room_greets_with_its_newest_messages_and_pages_back_to_the_first() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.member("alice").await?;
    for number in 1..=2 * PAGE + 1 {
        chat.said(&alice, &number.to_string()).await?;
    }
    let mut client = chat.connect(&alice, "").await?;

    let newest = until(&mut client, "history").await?;
    assert_eq!((&newest["span"], &newest["has_older"]), (&json!("latest"), &json!(true)));
    let expected: Vec<_> = (PAGE + 2..=2 * PAGE + 1).map(|number| number.to_string()).collect();
    assert_eq!(texts(&newest["messages"]), expected);

    let before = &newest["messages"][0]["id"];
    client.send_json(&json!({"action": "load_history", "payload": {"before": before}})).await;
    let older = until(&mut client, "history").await?;
    assert_eq!((&older["span"], &older["has_older"]), (&json!("older"), &json!(true)));
    let expected: Vec<_> = (2..=PAGE + 1).map(|number| number.to_string()).collect();
    assert_eq!(texts(&older["messages"]), expected);

    let before = &older["messages"][0]["id"];
    client.send_json(&json!({"action": "load_history", "payload": {"before": before}})).await;
    let oldest = until(&mut client, "history").await?;
    assert_eq!(oldest["has_older"], false);
    assert_eq!(oldest["messages"][0]["kind"], "joined");
    assert_eq!(texts(&oldest["messages"]), ["", "1"]);
    Ok(())
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_missed() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.member("alice").await?;
    let known = chat.said(&alice, "known").await?;
    chat.said(&alice, "first").await?;
    chat.said(&alice, "second").await?;

    let mut client = chat.connect(&alice, &format!("?after={known}")).await?;
    let page = until(&mut client, "history").await?;
    assert_eq!((&page["span"], texts(&page["messages"])), (&json!("since"), vec!["first", "second"]));
    Ok(())
}

#[tokio::test]
async fn a_page_that_was_away_for_too_long_begins_anew() -> Result {
    let chat = Chat::set_up().await?;
    let alice = chat.member("alice").await?;
    let known = chat.said(&alice, "known").await?;
    for number in 0..=PAGE {
        chat.said(&alice, &number.to_string()).await?;
    }
    let mut client = chat.connect(&alice, &format!("?after={known}")).await?;
    let page = until(&mut client, "history").await?;
    assert_eq!((&page["span"], &page["has_older"]), (&json!("latest"), &json!(true)));
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(PAGE));
    Ok(())
}

#[tokio::test]
async fn a_query_that_makes_no_sense_counts_for_none() -> Result {
    let chat = Chat::set_up().await?;
    let mut client = chat.connect(&chat.member("alice").await?, "?after=yesterday").await?;
    assert_eq!(until(&mut client, "history").await?["span"], "latest");
    Ok(())
}

#[tokio::test]
async fn what_was_read_is_no_news_in_the_list_of_rooms() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let unread = async || crate::rooms::list(chat.pool(), bob.person.id).await.map(|rooms| rooms[0].unread);
    let mut client = chat.enter(&bob).await?;
    chat.said(&alice, "one").await?;
    let newest = chat.said(&alice, "two").await?;
    assert_eq!(unread().await?, 2);

    client.send_json(&json!({"action": "read", "payload": {"up_to": newest}})).await;
    client.send_json(&json!({"action": "read", "payload": {"up_to": 1}})).await;
    // Messages are handled in order: the answer to the next one says that these are done.
    say(&mut client, "Thanks!").await;
    until(&mut client, "sent").await?;
    assert_eq!(unread().await?, 0);
    Ok(())
}
