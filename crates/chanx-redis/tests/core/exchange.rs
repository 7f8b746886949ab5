//! What processes say to each other.

use std::sync::Arc;

use chanx_core::layer::{ChannelName, Content, GroupMessage, Health, LayerError, LayerMessage};
use serde_json::json;

use crate::support::{RedisServer, Seen, group_name, note, until};
use crate::{members, process_at};

#[tokio::test]
async fn a_group_message_reaches_every_process_once_whatever_the_format() {
    let server = RedisServer::start().await;
    for options in
        ["", "?serializer=json", "?encryption_key=k%26y", "?prefix=other%20one&encryption_key=a&serializer=json"]
    {
        let (here, there) = (process_at(&server, options), process_at(&server, options));
        here.join("room").await;
        there.join("room").await;
        there.join("room").await;
        let message = LayerMessage::Group(GroupMessage {
            content: Content::Declared(
                r#"{"action":"said","payload":{"é☃":[1.5,-1,18446744073709551615,null]}}"#.to_owned(),
            ),
            exclude_current: true,
            from_channel: Some(here.layer.new_channel().to_string()),
            from_user: Some("7".to_owned()),
        });
        here.layer.group_send(&group_name("room"), Arc::new(message.clone())).await.unwrap();
        here.say("room", "bye").await.unwrap();
        for process in [&here, &there] {
            assert_eq!(process.seen.next().await, Seen::Group("room".to_owned(), message.clone()), "{options}");
            process.seen.expect_group("room", "bye").await;
        }
        here.layer.close().await.unwrap();
        there.layer.close().await.unwrap();
    }
    let left: Vec<String> = server.command(&["KEYS", "*"]).await;
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn messages_of_one_sender_keep_their_order() {
    let server = RedisServer::start().await;
    let (here, there) = (process_at(&server, "?capacity=5000"), process_at(&server, "?capacity=5000"));
    there.join("room").await;
    for number in 0..1000 {
        here.say("room", &number.to_string()).await.unwrap();
    }
    for number in 0..1000 {
        there.seen.expect_group("room", &number.to_string()).await;
    }
}

#[tokio::test]
async fn a_message_to_a_channel_reaches_that_one() {
    let server = RedisServer::start().await;
    let (here, there) = (process_at(&server, ""), process_at(&server, ""));
    let channels = [there.layer.new_channel(), there.layer.new_channel()];
    for channel in &channels {
        here.layer.send(channel, Arc::new(note("for you"))).await.unwrap();
        assert_eq!(there.seen.next().await, Seen::Channel(channel.to_string(), note("for you")));
    }
    let gone = ChannelName::new("specific.0123456789abcdef0123456789abcdef!0").unwrap();
    here.layer.send(&gone, Arc::new(note("hello?"))).await.unwrap();
    assert_eq!(here.seen.drain().await, []);
}

#[tokio::test]
async fn a_process_enters_a_group_once_and_leaves_it() {
    let server = RedisServer::start().await;
    let (here, there) = (process_at(&server, ""), process_at(&server, ""));
    let room = group_name("room");
    here.join("room").await;
    here.join("room").await;
    let [alias] = &members(&server, &room).await[..] else { panic!("one member was expected") };
    assert_eq!((alias.len(), alias.starts_with("specific.")), (80, true));
    here.layer.unsubscribe(&room);
    until("the group is empty", || async { members(&server, &room).await.is_empty() }).await;
    there.say("room", "nobody hears this").await.unwrap();
    here.join("room").await;
    there.say("room", "this is heard").await.unwrap();
    here.seen.expect_group("room", "this is heard").await;
}

#[tokio::test]
async fn the_last_of_many_changes_of_mind_counts() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let room = group_name("room");
    for _ in 0..100 {
        let subscribing = process.layer.subscribe(&room);
        process.layer.unsubscribe(&room);
        drop(subscribing);
        process.layer.subscribe(&room).await.unwrap();
        process.layer.unsubscribe(&room);
    }
    process.join("room").await;
    until("one member is left", || async { members(&server, &room).await.len() == 1 }).await;
    process.say("room", "still there").await.unwrap();
    process.seen.expect_group("room", "still there").await;
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn a_subscription_takes_effect_when_it_is_called_not_when_it_is_polled() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let room = group_name("room");
    let unpolled = process.layer.subscribe(&room);
    until("it is a member", || async { members(&server, &room).await.len() == 1 }).await;
    drop(unpolled);
}

#[tokio::test]
async fn thousands_of_groups_are_entered_and_left() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let names: Vec<_> = (0..3000).map(|number| group_name(&format!("g{number}"))).collect();
    let subscriptions: Vec<_> = names.iter().map(|name| process.layer.subscribe(name)).collect();
    for subscription in subscriptions {
        subscription.await.unwrap();
    }
    let keys: Vec<String> = server.command(&["KEYS", "asgi:group:*"]).await;
    assert_eq!(keys.len(), 3000);
    process.say("g2999", "here").await.unwrap();
    process.seen.expect_group("g2999", "here").await;
    process.layer.close().await.unwrap();
    let keys: usize = server.command(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn a_closed_layer_does_nothing() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    process.layer.close().await.unwrap();
    assert!(matches!(process.say("room", "x").await, Err(LayerError::Unavailable { .. })));
    assert!(matches!(process.layer.subscribe(&group_name("room")).await, Err(LayerError::Unavailable { .. })));
    assert!(matches!(process.layer.check().await, Err(LayerError::Unavailable { .. })));
    process.layer.unsubscribe(&group_name("room"));
    process.layer.close().await.unwrap();
    until("all its connections are gone", || async {
        let clients: String = server.command(&["CLIENT", "LIST"]).await;
        !clients.contains("bzpopmin")
    })
    .await;
}

#[tokio::test]
async fn what_no_peer_could_read_is_refused_by_the_sender() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let raw = |text: &str| {
        let content = Content::Raw(text.to_owned());
        LayerMessage::Group(GroupMessage { content, exclude_current: false, from_channel: None, from_user: None })
    };
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
    let addressed = json!({"__asgi_channel__": "x"}).as_object().cloned().unwrap();
    for message in [raw(r#"{"n":18446744073709551616}"#), raw("[]"), raw(&deep), LayerMessage::Other(addressed)] {
        let result = process.layer.group_send(&group_name("room"), Arc::new(message)).await;
        assert!(matches!(result, Err(LayerError::Message(_))), "{result:?}");
    }
    process.say("room", "first").await.unwrap();
    process.seen.expect_group("room", "first").await;
    assert_eq!(process.layer.health(), Health::Up);
}

#[tokio::test]
async fn a_channel_is_full_when_too_much_waits_for_its_process() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?capacity=2&expiry=30");
    let channel = ChannelName::new("specific.0123456789abcdef0123456789abcdef!0").unwrap();
    let other = ChannelName::new("specific.0123456789abcdef0123456789abcdef!1").unwrap();
    for _ in 0..2 {
        process.layer.send(&channel, Arc::new(note("x"))).await.unwrap();
    }
    let Err(LayerError::Full { channel: full }) = process.layer.send(&other, Arc::new(note("x"))).await else {
        panic!("there was room");
    };
    assert_eq!(full, other);
    let key = "asgispecific.0123456789abcdef0123456789abcdef!";
    let ttl: i64 = server.command(&["TTL", key]).await;
    assert!((1..=30).contains(&ttl), "{ttl}");
    // A group message passes such a process over, and nobody else.
    let _: i64 = server.command(&["ZADD", "asgi:group:room", "9999999999", channel.as_str()]).await;
    process.join("room").await;
    process.say("room", "for those who can").await.unwrap();
    process.seen.expect_group("room", "for those who can").await;
    let waiting: usize = server.command(&["ZCARD", key]).await;
    assert_eq!(waiting, 2);
    // What is too old makes room.
    let _: i64 = server.command(&["ZADD", key, "1", "old", "2", "older"]).await;
    let _: i64 = server.command(&["ZREMRANGEBYRANK", key, "-2", "-1"]).await;
    process.layer.send(&channel, Arc::new(note("y"))).await.unwrap();
    let waiting: usize = server.command(&["ZCARD", key]).await;
    assert_eq!(waiting, 1);
}

#[tokio::test]
async fn memberships_are_renewed_before_they_are_forgotten() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?group_expiry=1");
    let room = group_name("room");
    process.join("room").await;
    let score = || async {
        let scores: Vec<(String, f64)> = server.command(&["ZRANGE", "asgi:group:room", "0", "-1", "WITHSCORES"]).await;
        scores.first().map_or(0.0, |(_, score)| *score)
    };
    let first = score().await;
    // Longer than a membership lasts that is not renewed.
    until("it was renewed for a while", || async { score().await > first + 2.5 }).await;
    process.say("room", "still a member").await.unwrap();
    process.seen.expect_group("room", "still a member").await;
    assert_eq!(members(&server, &room).await.len(), 1);
}
