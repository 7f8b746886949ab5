//! What members get when something is sent to their groups.

use chanx::layer::MemoryLayer;
use serde_json::{Value, json};

use crate::site::*;

#[tokio::test(start_paused = true)]
async fn members_get_the_message_and_then_its_completion() {
    let site = Site::new();
    let (mut sender, mut member, mut outsider) =
        (site.member("room").await, site.member("room").await, site.member("hall").await);
    assert!(ask(&mut sender, "say", "hi").await.is_empty(), "the sender is left out");
    let text = member.receive_text().await.unwrap();
    assert_eq!(text, r#"{"action":"said","payload":"hi","is_mine":false,"is_current":false}"#);
    assert_eq!(member.receive_text().await.unwrap(), r#"{"action":"group_complete","payload":null}"#);
    heard_all(&mut member).await;
    heard_all(&mut outsider).await;
}

#[tokio::test(start_paused = true)]
async fn no_completion_follows_where_none_is_wanted() {
    let site = Site::new();
    let mut sender = site.member("room").await;
    let mut brief = site.connector("/brief/").header("x-groups", "room").connect().await.unwrap();
    brief.assert_authenticated_status_ok().await;
    // Its groups are joined in its own time, and nothing says when.
    until("the group has a second member", || site.connections.len() == 2).await;
    tell(&mut brief, "name", ()).await;
    assert_eq!(brief.receive_json().await.unwrap()["action"], "name");
    for text in ["a", "b"] {
        ask(&mut sender, "say", text).await;
    }
    for text in ["a", "b"] {
        assert_eq!(brief.receive_json().await.unwrap(), said(text));
    }
}

#[tokio::test(start_paused = true)]
async fn whose_message_it_is_depends_on_who_reads_it() {
    let site = Site::new();
    let mut sender = site.user(7, "room").await;
    let mut same_user = site.user(7, "room").await;
    let mut other_user = site.user(8, "room").await;
    let mut anonymous = site.member("room").await;
    assert!(ask(&mut sender, "say_to_all", "hi").await.is_empty(), "the message is completed before it comes back");
    let origin = |message: &Value| (message["is_mine"].as_bool().unwrap(), message["is_current"].as_bool().unwrap());
    assert_eq!(origin(&sender.receive_json().await.unwrap()), (true, true));
    assert_eq!(sender.receive_json().await.unwrap(), group_complete());
    assert_eq!(origin(&same_user.receive_json().await.unwrap()), (true, false));
    assert_eq!(origin(&other_user.receive_json().await.unwrap()), (false, false));
    assert_eq!(origin(&anonymous.receive_json().await.unwrap()), (false, false));
}

#[tokio::test(start_paused = true)]
async fn anonymous_clients_are_not_one_user() {
    let site = Site::new();
    let (mut sender, mut other) = (site.member("room").await, site.member("room").await);
    ask(&mut sender, "say_to_all", "hi").await;
    let own = sender.receive_json().await.unwrap();
    assert_eq!((&own["is_mine"], &own["is_current"]), (&json!(false), &json!(true)));
    hears(&mut other, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_user_is_the_same_on_another_server_and_a_connection_is_not() {
    let layer = MemoryLayer::new();
    let sites = [Site::with(&settings(), layer.neighbor()), Site::with(&settings(), layer.neighbor())];
    let mut sender = sites[0].user(7, "room").await;
    let mut same_user = sites[1].user(7, "room").await;
    let mut stranger = sites[1].user(8, "room").await;
    ask(&mut sender, "say_to_all", "hi").await;
    let own = sender.receive_json().await.unwrap();
    assert_eq!((&own["is_mine"], &own["is_current"]), (&json!(true), &json!(true)));
    let there = same_user.receive_json().await.unwrap();
    assert_eq!((&there["is_mine"], &there["is_current"]), (&json!(true), &json!(false)));
    hears(&mut stranger, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn whoever_is_in_two_groups_gets_what_goes_to_both_twice() {
    let site = Site::new();
    let (mut sender, mut both, mut one) = (site.member("").await, site.member("a,b").await, site.member("b").await);
    let answers = ask(&mut sender, "say_to", json!({"groups": ["a", "b", "empty"], "text": "hi"})).await;
    assert!(answers.is_empty(), "it is in none of them");
    for _ in 0..2 {
        assert_eq!(both.receive_json().await.unwrap()["payload"]["first_word"], "hi");
        assert_eq!(both.receive_json().await.unwrap(), group_complete());
    }
    assert_eq!(one.receive_json().await.unwrap()["payload"]["first_word"], "hi");
    one.receive_json().await.unwrap();
    heard_all(&mut both).await;
    heard_all(&mut one).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_word_about_it_a_message_goes_to_all_own_groups() {
    let site = Site::new();
    let mut sender = site.member("a,b").await;
    let (mut in_a, mut in_b, mut in_c) = (site.member("a").await, site.member("b").await, site.member("c").await);
    ask(&mut sender, "say", "hi").await;
    hears(&mut in_a, "hi").await;
    hears(&mut in_b, "hi").await;
    heard_all(&mut in_c).await;
    let mut alone = site.member("").await;
    assert!(ask(&mut alone, "say", "to nobody").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn raw_json_is_delivered_as_it_is_but_for_its_origin() {
    let site = Site::new();
    let mut sender = site.user(7, "room").await;
    let mut stranger = site.other("/stranger/", "room").await;
    let object = json!({"action": "anything", "is_mine": "forged", "nested": {"is_current": 1}});
    ask(&mut sender, "raw", &object).await;
    let expected = |is_mine, is_current| json!({"action": "anything", "nested": {"is_current": 1}, "is_mine": is_mine, "is_current": is_current});
    assert_eq!(sender.receive_json().await.unwrap(), expected(true, true));
    assert_eq!(sender.receive_json().await.unwrap(), group_complete());
    assert_eq!(stranger.receive_json().await.unwrap(), expected(false, false));
    assert_eq!(stranger.receive_json().await.unwrap(), group_complete());
    for nothing in [json!([1]), json!("text"), json!(null)] {
        assert!(ask(&mut sender, "raw", nothing).await.is_empty(), "no object, no message");
    }
    heard_all(&mut sender).await;
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_says_it_in_its_own_words() {
    let site = Site::new();
    let mut sender = site.member("room").await;
    let mut camel = site.other("/camel/", "room").await;
    let mut key = site.other("/key/", "room").await.action_key("kind");
    ask(&mut sender, "say_to", json!({"groups": ["room"], "text": "hi"})).await;
    let text = camel.receive_text().await.unwrap();
    let in_camel_case = r#"{"action":"said_in_snake","payload":{"firstWord":"hi"},"isMine":false,"isCurrent":false}"#;
    assert_eq!(text, in_camel_case);
    assert_eq!(camel.receive_json().await.unwrap(), group_complete());
    let text = key.receive_text().await.unwrap();
    assert_eq!(text, r#"{"kind":"said_in_snake","payload":{"first_word":"hi"},"is_mine":false,"is_current":false}"#);
    assert_eq!(key.receive_text().await.unwrap(), r#"{"kind":"group_complete","payload":null}"#);
    // The way back: what is sent in other words is understood by all.
    ask(&mut camel, "say_to", json!({"groups": ["room"], "text": "back"})).await;
    sender.receive_json().await.unwrap();
    sender.receive_json().await.unwrap();
    assert_eq!(key.receive_json().await.unwrap()["payload"], json!({"first_word": "back"}));
    assert_eq!(sender.receive_json().await.unwrap()["payload"], json!({"first_word": "back"}));
}

#[tokio::test(start_paused = true)]
async fn members_are_spared_what_their_consumer_does_not_declare() {
    let site = Site::new();
    let mut sender = site.member("room").await;
    let mut member = site.member("room").await;
    let mut stranger = site.other("/stranger/", "room").await;
    let mut deaf = site.other("/deaf/", "room").await;
    // `said` is declared there too, with a number.
    ask(&mut sender, "say", "hi").await;
    hears(&mut member, "hi").await;
    let said = OtherMessage::Said(5);
    let whispered = OtherMessage::Whispered("psst".to_owned());
    let room = chanx::Audience::group("room").unwrap();
    site.channels.send_group_message(room.clone(), &whispered).await.unwrap();
    site.channels.send_group_message(room, &said).await.unwrap();
    assert_eq!(stranger.receive_json().await.unwrap()["payload"], "psst");
    stranger.receive_json().await.unwrap();
    assert_eq!(stranger.receive_json().await.unwrap()["payload"], 5);
    stranger.receive_json().await.unwrap();
    heard_all(&mut member).await;
    assert_eq!(ask(&mut deaf, "name", ()).await, [] as [Value; 0], "nothing but the completion of its own message");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_makes_its_types_panic_harms_nobody() {
    let site = Site::new();
    let mut sender = site.member("room").await;
    let mut member = site.member("room").await;
    let mut stranger = site.other("/stranger/", "room").await;
    let object = json!({"action": "light", "payload": "read"});
    let Value::Object(object) = object else { unreachable!() };
    let from_elsewhere = json!({"type": "send_group_member", "kind": "message", "content": object});
    let Value::Object(from_elsewhere) = from_elsewhere else { unreachable!() };
    let room = chanx::Audience::group("room").unwrap();
    for _ in 0..2 {
        site.channels.send_raw(room.clone(), from_elsewhere.clone()).await.unwrap();
    }
    // The table of groups and everybody's mailbox work as before.
    ask(&mut sender, "say", "hi").await;
    hears(&mut member, "hi").await;
    heard_all(&mut sender).await;
    ask(&mut member, "leave", "room").await;
    assert_eq!(ask(&mut stranger, "name", ()).await, [] as [Value; 0]);
    drop((sender, member, stranger));
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_written_ends_its_sender_only() {
    let site = Site::new();
    let mut member = site.member("room").await;
    let mut lasting = site.other("/lasting/", "room").await;
    let mut sender = site.member("room").await;
    // Reading the command does not write it.
    assert_eq!(ask(&mut lasting, "light", "write").await[0]["action"], "error");
    tell(&mut sender, "light", "write").await;
    sender.assert_closed(1011).await;
    heard_all(&mut member).await;
    assert_eq!(ask(&mut lasting, "say", "hi").await, [] as [Value; 0]);
    hears(&mut member, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn members_hear_while_their_own_handler_runs() {
    let site = Site::new();
    let (mut sender, mut busy) = (site.member("room").await, site.member("room").await);
    tell(&mut busy, "sleep", 3600).await;
    for text in ["a", "b"] {
        ask(&mut sender, "say", text).await;
    }
    hears(&mut busy, "a").await;
    hears(&mut busy, "b").await;
}
