//! Events: who handles them, when, and what becomes of bad ones.

use chanx::Audience;
use serde_json::{Map, Value, json};

use crate::site::*;

fn note(text: &str) -> RoomEvent {
    RoomEvent::Note(text.to_owned())
}

fn noted(text: &str) -> Value {
    json!({"action": "noted", "payload": text})
}

fn everyone() -> Audience {
    Audience::Everyone
}

/// An event whose data no type of ours has checked.
async fn send_unchecked(site: &Site, data: Value) {
    let mut message = Map::new();
    message.insert("type".to_owned(), "handle_channel_event".into());
    message.insert("event_data".to_owned(), data);
    site.channels.send_raw(everyone(), message).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_is_handled_by_every_member_and_completed() {
    let site = Site::new();
    let (mut member, mut other, mut outsider) =
        (site.member("room").await, site.member("room").await, site.member("").await);
    site.channels.send_event(Audience::group("room").unwrap(), &note("hi")).await.unwrap();
    for client in [&mut member, &mut other] {
        let text = client.receive_text().await.unwrap();
        assert_eq!(text, r#"{"action":"noted","payload":"hi"}"#);
        assert_eq!(client.receive_text().await.unwrap(), r#"{"action":"complete","payload":null}"#);
    }
    heard_all(&mut outsider).await;
}

#[tokio::test(start_paused = true)]
async fn events_reach_channels_users_and_everyone() {
    let site = Site::new();
    let mut clients = [site.user(7, "").await, site.user(7, "").await, site.user(8, "").await];
    let channel = name_of(&mut clients[2]).await;
    let table = [(Audience::user(7), vec![0, 1]), (channel.into(), vec![2]), (everyone(), vec![0, 1, 2])];
    for (audience, expected) in table {
        site.channels.send_event(audience, &note("hi")).await.unwrap();
        for (index, client) in clients.iter_mut().enumerate() {
            if expected.contains(&index) {
                assert_eq!(client.receive_all().await.unwrap(), [noted("hi")]);
            }
            heard_all(client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_event_is_completed_and_forgotten() {
    let site = Site::new();
    let mut client = site.member("").await;
    for data in [
        json!({"handler": "unknown"}),
        json!({"handler": "note", "payload": 5}),
        json!({"handler": "note"}),
        json!({"handler": "note", "payload": "more than ten characters"}),
        json!({"payload": "x"}),
        json!({}),
    ] {
        send_unchecked(&site, data).await;
        assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0]);
    }
    send_unchecked(&site, json!({"payload": "order", "handler": "note"})).await;
    assert_eq!(client.receive_all().await.unwrap(), [noted("order")]);
}

#[tokio::test(start_paused = true)]
async fn an_event_handler_that_fails_tells_the_client_nothing() {
    let site = Site::new();
    let mut client = site.member("").await;
    site.channels.send_event(everyone(), &RoomEvent::Fail).await.unwrap();
    assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0]);
    heard_all(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_handler_that_panics_ends_its_connection_as_the_overrides_say() {
    let site = Site::new();
    let (mut brittle, mut lasting) = (site.member("").await, site.other("/lasting/", "").await);
    site.channels.send_event(everyone(), &RoomEvent::Panic).await.unwrap();
    brittle.assert_closed(1011).await;
    assert_eq!(lasting.receive_all().await.unwrap(), [] as [Value; 0]);
    heard_all(&mut lasting).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_handler_may_close() {
    let site = Site::new();
    let mut client = site.member("room").await;
    site.channels.send_event(everyone(), &RoomEvent::Close(4001)).await.unwrap();
    site.channels.send_event(everyone(), &note("too late")).await.unwrap();
    client.assert_closed(4001).await;
    drop(client);
    site.is_deserted().await;
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_a_running_handler_and_keep_their_order() {
    let site = Site::new();
    let mut client = site.member("").await;
    tell(&mut client, "sleep", 60).await;
    // The answer to a ping shows that the handler runs.
    client.send_frame(chanx::testing::Opcode::Ping, b"").await;
    client.receive_pong().await.unwrap();
    for number in 0..20 {
        site.channels.send_event(everyone(), &note(&number.to_string())).await.unwrap();
    }
    let mut client = client.patience(std::time::Duration::from_secs(100));
    assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0], "the message comes to its end first");
    for number in 0..20 {
        assert_eq!(client.receive_all().await.unwrap(), [noted(&number.to_string())]);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_wait_for_a_running_event_handler() {
    let site = Site::new();
    let mut client = site.member("").await;
    site.channels.send_event(everyone(), &RoomEvent::Sleep(60)).await.unwrap();
    client.send_frame(chanx::testing::Opcode::Ping, b"").await;
    client.receive_pong().await.unwrap();
    tell(&mut client, "groups", ()).await;
    let mut client = client.patience(std::time::Duration::from_secs(100));
    assert_eq!(client.receive_all().await.unwrap(), [noted("slept")]);
    assert_eq!(client.receive_all().await.unwrap()[0]["action"], "groups");
}

#[tokio::test(start_paused = true)]
async fn events_and_messages_take_turns() {
    let site = Site::new();
    let mut client = site.member("").await.patience(std::time::Duration::from_secs(1000));
    tell(&mut client, "sleep", 10).await;
    client.send_frame(chanx::testing::Opcode::Ping, b"").await;
    client.receive_pong().await.unwrap();
    for number in 0..10 {
        site.channels.send_event(everyone(), &note(&number.to_string())).await.unwrap();
        tell(&mut client, "groups", ()).await;
    }
    assert!(client.receive_all().await.unwrap().is_empty());
    let mut actions = Vec::new();
    for _ in 0..20 {
        let answers = client.receive_all().await.unwrap();
        actions.push(answers[0]["action"].as_str().unwrap().to_owned());
    }
    let pairs: Vec<_> = actions.chunks(2).collect();
    assert!(pairs.iter().all(|pair| pair[0] != pair[1]), "{actions:?}");
}

#[tokio::test(start_paused = true)]
async fn messages_get_through_a_stream_of_events() {
    let site = Site::new();
    let mut client = site.member("").await;
    let channels = site.channels.clone();
    let stream = tokio::spawn(async move {
        loop {
            channels.send_event(everyone(), &note("x")).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    tell(&mut client, "groups", ()).await;
    let mut passed_over = 0;
    while client.receive_json().await.unwrap()["action"] != "groups" {
        passed_over += 1;
        assert!(passed_over < 10_000, "the message is never handled");
    }
    stream.abort();
}

#[tokio::test(start_paused = true)]
async fn events_get_through_a_stream_of_messages() {
    let site = Site::new();
    let mut client = site.member("").await;
    site.channels.send_event(everyone(), &note("x")).await.unwrap();
    for _ in 0..1000 {
        tell(&mut client, "leave", "nowhere").await;
    }
    let mut completions = 0;
    loop {
        let message = client.receive_json().await.unwrap();
        match message["action"].as_str() {
            Some("noted") => break,
            _ => completions += 1,
        }
        assert!(completions < 1000, "the event is handled after all messages");
    }
}

#[tokio::test(start_paused = true)]
async fn consumers_without_events_complete_them() {
    let site = Site::new();
    let mut stranger = site.other("/stranger/", "room").await;
    for audience in [Audience::group("room").unwrap(), everyone()] {
        site.channels.send_event(audience, &note("hi")).await.unwrap();
        assert_eq!(stranger.receive_all().await.unwrap(), [] as [Value; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn declared_events_without_a_handler_are_failures_for_the_log() {
    let site = Site::new();
    let mut unwritten = site.other("/unwritten/", "").await;
    site.channels.send_event(everyone(), &note("hi")).await.unwrap();
    assert_eq!(unwritten.receive_all().await.unwrap(), [] as [Value; 0]);
    assert!(ask(&mut unwritten, "name", ()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_are_told_in_declared_names_whatever_the_endpoint_speaks() {
    let site = Site::new();
    let mut camel = site.other("/camel/", "").await;
    let mut key = site.other("/key/", "").await.action_key("kind");
    site.channels.send_event(everyone(), &note("hi")).await.unwrap();
    assert_eq!(camel.receive_all().await.unwrap(), [noted("hi")]);
    assert_eq!(key.receive_all().await.unwrap(), [json!({"kind": "noted", "payload": "hi"})]);
}

#[tokio::test(start_paused = true)]
async fn every_connection_is_told_once_that_messages_were_missed() {
    let site = Site::new();
    let mut clients = [site.member("room").await, site.member("").await];
    for _ in 0..2 {
        site.layer.lose_messages();
        for client in &mut clients {
            assert_eq!(client.receive_all().await.unwrap(), [json!({"action": "missed", "payload": null})]);
        }
    }
    for client in &mut clients {
        heard_all(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn losses_during_a_handler_are_told_once_and_afterwards() {
    let site = Site::new();
    let mut client = site.member("room").await.patience(std::time::Duration::from_secs(100));
    tell(&mut client, "sleep", 10).await;
    client.send_frame(chanx::testing::Opcode::Ping, b"").await;
    client.receive_pong().await.unwrap();
    for _ in 0..3 {
        site.layer.lose_messages();
    }
    assert!(client.receive_all().await.unwrap().is_empty());
    assert_eq!(client.receive_all().await.unwrap()[0]["action"], "missed");
    heard_all(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_look_for_missed_messages_is_for_the_log() {
    let site = Site::new();
    for (fault, closes) in [("missed", false), ("panic missed", true)] {
        let mut client = welcome(site.connector("/member/").header("x-fault", fault)).await;
        site.layer.lose_messages();
        match closes {
            true => client.assert_closed(1011).await,
            false => assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0]),
        }
        drop(client);
        site.has_connections(0).await;
    }
}
