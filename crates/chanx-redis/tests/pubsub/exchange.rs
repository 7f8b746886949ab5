//! Messages between processes.

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, ChannelName, LayerError};

use crate::support::{Process, RedisServer, Seen, group_name, note, until};
use crate::{process_at, subscribers};

#[tokio::test]
async fn a_group_is_heard_in_every_process_and_a_channel_in_one() {
    let server = RedisServer::start().await;
    let [one, two, three] = [(); 3].map(|()| process_at(&server, ""));
    one.join("room").await;
    two.join("room").await;
    three.join("other").await;
    three.say("room", "to the group").await.unwrap();
    for process in [&one, &two] {
        process.seen.expect_group("room", "to the group").await;
    }
    let channel = two.layer.new_channel();
    one.tell(&channel, "to one").await.unwrap();
    assert_eq!(two.seen.next().await, Seen::Channel(channel.to_string(), note("to one")));
    one.say("other", "last").await.unwrap();
    three.seen.expect_group("other", "last").await;
    for process in [one, two, three] {
        assert_eq!(process.seen.drain().await, []);
    }
}

#[tokio::test]
async fn whoever_was_heard_can_be_answered() {
    let server = RedisServer::start().await;
    let listener = process_at(&server, "");
    listener.join("room").await;
    let asking = process_at(&server, "");
    let channel = asking.layer.new_channel();
    asking.say("room", channel.as_str()).await.unwrap();
    listener.seen.expect_group("room", channel.as_str()).await;
    listener.tell(&channel, "answer").await.unwrap();
    assert_eq!(asking.seen.next().await, Seen::Channel(channel.to_string(), note("answer")));
}

#[tokio::test]
async fn messages_keep_their_order() {
    let server = RedisServer::start().await;
    let (sender, receiver) = (process_at(&server, ""), process_at(&server, ""));
    receiver.join("room").await;
    let channel = receiver.layer.new_channel();
    for number in 0..500 {
        sender.say("room", &number.to_string()).await.unwrap();
        sender.tell(&channel, &number.to_string()).await.unwrap();
    }
    for number in 0..500 {
        receiver.seen.expect_group("room", &number.to_string()).await;
        assert_eq!(receiver.seen.next().await, Seen::Channel(channel.to_string(), note(&number.to_string())));
    }
}

#[tokio::test]
async fn the_last_call_about_a_group_counts() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let mut waits = Vec::new();
    for round in 0..50 {
        for number in 0..20 {
            let group = group_name(&format!("g{number}"));
            waits.push(process.layer.subscribe(&group));
            // In the end the odd ones are left.
            if round < 49 || number % 2 == 1 {
                process.layer.unsubscribe(&group);
            }
        }
        tokio::task::yield_now().await;
    }
    for wait in waits {
        wait.await.unwrap();
    }
    process.join("end").await;
    for number in 0..20 {
        let channel = format!("asgi__group__g{number}");
        until(&channel, || async { subscribers(&server, &channel).await == usize::from(number % 2 == 0) }).await;
    }
    // Entering after leaving, without waiting in between, is entering.
    process.layer.unsubscribe(&group_name("g0"));
    process.join("g0").await;
    process.say("g0", "here").await.unwrap();
    process.seen.expect_group("g0", "here").await;
    process.layer.unsubscribe(&group_name("g0"));
    until("it is left", || async { subscribers(&server, "asgi__group__g0").await == 0 }).await;
}

#[tokio::test]
async fn what_is_encrypted_is_read_by_those_who_have_a_key() {
    let server = RedisServer::start().await;
    let old = process_at(&server, "?encryption_key=old");
    let new = process_at(&server, "?encryption_key=new&encryption_key=old");
    let plain = process_at(&server, "");
    for process in [&old, &new, &plain] {
        process.join("room").await;
    }
    old.say("room", "sealed").await.unwrap();
    old.seen.expect_group("room", "sealed").await;
    new.seen.expect_group("room", "sealed").await;
    new.say("room", "unreadable for the old").await.unwrap();
    new.seen.expect_group("room", "unreadable for the old").await;
    plain.say("room", "open").await.unwrap();
    plain.seen.expect_group("room", "open").await;
    old.say("room", "end").await.unwrap();
    old.seen.expect_group("room", "end").await;
    new.seen.expect_group("room", "end").await;
}

#[tokio::test]
async fn several_servers_share_the_names() {
    let (first, second) = (RedisServer::start().await, RedisServer::start().await);
    let url = format!("redis+pubsub://{},{}", first.address(), second.address());
    let (one, two) = (Process::of(&url), Process::of(&url));
    for number in 0..20 {
        let group = format!("g{number}");
        one.join(&group).await;
        two.say(&group, "hello").await.unwrap();
        one.seen.expect_group(&group, "hello").await;
        let channel = one.layer.new_channel();
        two.tell(&channel, "hello").await.unwrap();
        assert_eq!(one.seen.next().await, Seen::Channel(channel.to_string(), note("hello")));
    }
    let counts = [server_groups(&first).await, server_groups(&second).await];
    assert!(counts[0] > 0 && counts[1] > 0 && counts[0] + counts[1] == 20, "{counts:?}");
    // As channels_redis divides them, by their whole names in Redis.
    one.join("chat.room_1").await;
    assert_eq!(subscribers(&second, "asgi__group__chat.room_1").await, 1);
}

async fn server_groups(server: &RedisServer) -> usize {
    let channels: Vec<String> = server.command(&["PUBSUB", "CHANNELS", "asgi__group__*"]).await;
    channels.len()
}

#[tokio::test]
async fn who_closes_hears_and_says_nothing_more() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    assert_eq!(subscribers(&server, "asgi__group__room").await, 1);
    process.layer.close().await.unwrap();
    until("the server forgets it", || async {
        let patterns: usize = server.command(&["PUBSUB", "NUMPAT"]).await;
        patterns == 0 && subscribers(&server, "asgi__group__room").await == 0
    })
    .await;
    assert!(matches!(process.say("room", "x").await, Err(LayerError::Unavailable { .. })));
    process.join("late").await;
    process.layer.unsubscribe(&group_name("room"));
    process.layer.close().await.unwrap();
    assert_eq!(process.seen.drain().await, []);
}

#[test]
fn a_layer_is_made_without_a_runtime() {
    let layer: Arc<dyn ChannelLayer> = chanx_redis::connect("redis+pubsub://127.0.0.1:1").unwrap();
    let recorder = crate::support::Recorder::of(&layer);
    drop(layer.subscribe(&group_name("room")));
    let name: ChannelName = layer.new_channel();
    assert!(name.as_str().starts_with("asgispecific."));
    drop((recorder, layer));
}
