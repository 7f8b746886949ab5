//! Who is there: several windows of one person, and processes that crash.

use serde_json::json;

use super::{Chat, Result, say, until};

#[tokio::test]
async fn several_windows_of_one_person_count_once() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let mut watcher = chat.enter(&alice).await?;
    let here = json!({"id": bob.person.id, "name": "bob"});

    let first = chat.enter(&bob).await?;
    assert_eq!(until(&mut watcher, "online").await?, here);
    let mut second = chat.enter(&bob).await?;
    first.disconnect().await?;
    say(&mut second, "Still here").await;

    let mut seen = Vec::new();
    while seen.last() != Some(&json!("said")) {
        seen.push(watcher.receive_json().await?["action"].take());
    }
    assert_eq!(seen, ["said"], "neither the second window nor the end of the first is news");
    second.disconnect().await?;
    assert_eq!(until(&mut watcher, "offline").await?, here);
    Ok(())
}

#[tokio::test]
async fn the_roster_tells_members_from_those_who_are_there() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let _window = chat.enter(&bob).await?;
    chat.member("carol").await?;
    let mut client = chat.connect(&alice, "").await?;
    let roster = until(&mut client, "roster").await?;
    assert_eq!(roster["online"], json!([alice.person.id, bob.person.id]));
    let names: Vec<_> = roster["members"].as_array().into_iter().flatten().map(|person| &person["name"]).collect();
    assert_eq!(names, ["alice", "bob", "carol"]);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_cut_off_counts_no_longer() -> Result {
    let chat = Chat::set_up().await?;
    let (alice, bob) = (chat.member("alice").await?, chat.member("bob").await?);
    let mut watcher = chat.enter(&alice).await?;
    let window = chat.enter(&bob).await?;
    until(&mut watcher, "online").await?;
    drop(window);
    assert_eq!(until(&mut watcher, "offline").await?["name"], "bob");
    Ok(())
}
