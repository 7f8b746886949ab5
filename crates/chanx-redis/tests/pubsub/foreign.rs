//! What others that use the same channels in Redis see and send.

use chanx_core::layer::{Content, GroupMessage, LayerError, LayerMessage};
use futures_util::StreamExt;
use redis::Client;

use crate::process_at;
use crate::support::{Process, RedisServer, Seen, group_name, note, until};

fn client(server: &RedisServer) -> Client {
    Client::open(format!("redis://{}", server.address())).unwrap()
}

/// Sends raw bytes.
async fn publish(server: &RedisServer, channel: &str, payload: &[u8]) {
    let mut connection = server.connection().await;
    let () = redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(&mut connection).await.unwrap();
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What channels_redis 4.3.0 sends for this message.
const RECORDED: &str = "86a474797065b173656e645f67726f75705f6d656d626572a7636f6e74656e7482a6616374696f6eae6d656d6265725f6d657373616765a77061796c6f6164a668c3a9e29883a46b696e64a76d657373616765af6578636c7564655f63757272656e74c3ac66726f6d5f6368616e6e656cd92d6173676973706563696669632e6634646530376661643465313462333961623739373634613037623332643832ac66726f6d5f757365725f706b01";

fn recorded() -> LayerMessage {
    LayerMessage::Group(GroupMessage {
        content: Content::Declared(r#"{"action":"member_message","payload":"hé☃"}"#.to_owned()),
        exclude_current: true,
        from_channel: Some("asgispecific.f4de07fad4e14b39ab79764a07b32d82".to_owned()),
        from_user: Some("1".to_owned()),
    })
}

#[tokio::test]
async fn messages_of_channels_redis_are_understood() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("chat.room_1").await;
    publish(&server, "asgi__group__chat.room_1", &bytes(RECORDED)).await;
    assert_eq!(process.seen.next().await, Seen::Group("chat.room_1".to_owned(), recorded()));
    let channel = process.layer.new_channel();
    publish(&server, channel.as_str(), &bytes("82a474797065a46e6f7465a474657874a178")).await;
    assert_eq!(process.seen.next().await, Seen::Channel(channel.to_string(), note("x")));
}

#[tokio::test]
async fn what_is_sent_is_what_channels_redis_sends() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?prefix=site:");
    let mut python = client(&server).get_async_pubsub().await.unwrap();
    let channel = "site:specific.f4de07fad4e14b39ab79764a07b32d82";
    python.subscribe(&["site:__group__room", channel]).await.unwrap();
    let mut heard = python.on_message();
    process.say("room", "x").await.unwrap();
    let message = heard.next().await.unwrap();
    assert_eq!(message.get_channel_name(), "site:__group__room");
    assert_eq!(message.get_payload_bytes(), bytes("82a474797065a46e6f7465a474657874a178"));
}

#[tokio::test]
async fn json_is_written_as_python_writes_it() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?serializer=json");
    let mut python = client(&server).get_async_pubsub().await.unwrap();
    python.subscribe("asgi__group__room").await.unwrap();
    process.say("room", "é").await.unwrap();
    let message = python.on_message().next().await.unwrap();
    assert_eq!(message.get_payload_bytes(), br#"{"type": "note", "text": "\u00e9"}"#);
    process.join("room").await;
    publish(&server, "asgi__group__room", br#"{"type":"note","text":"back"}"#).await;
    process.seen.expect_group("room", "back").await;
}

#[tokio::test]
async fn garbage_is_passed_over() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let group = "asgi__group__room";
    let garbage: [&[u8]; 8] = [
        b"",
        b"garbage",
        b"\xc1",
        b"\x93\x01\x02\x03",
        b"\x81\x01\x02",
        b"\x82\xa1",
        b"\xdf\xff\xff\xff\xff",
        &[0x91; 4000],
    ];
    for payload in garbage {
        publish(&server, group, payload).await;
        publish(&server, process.layer.new_channel().as_str(), payload).await;
    }
    // A group message without its content.
    publish(&server, group, b"\x81\xa4type\xb1send_group_member").await;
    process.say("room", "still here").await.unwrap();
    process.seen.expect_group("room", "still here").await;
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn who_may_not_enter_is_told() {
    let server = RedisServer::start().await;
    let rules = ["ACL", "SETUSER", "guest", "on", ">word", "+@all", "allchannels"];
    let () = server.command(&rules).await;
    let process = Process::of(&format!("redis+pubsub://guest:word@{}", server.address()));
    process.join("room").await;
    // A rule about channels would end the connection. One about commands changes what it may do.
    let () = server.command(&["ACL", "SETUSER", "guest", "-subscribe"]).await;
    let refused = process.layer.subscribe(&group_name("secret")).await;
    assert!(matches!(refused, Err(LayerError::Refused { .. })), "{refused:?}");
    let () = server.command(&["ACL", "SETUSER", "guest", "+subscribe"]).await;
    process.join("secret").await;
    process.say("secret", "allowed").await.unwrap();
    process.seen.expect_group("secret", "allowed").await;
}

#[tokio::test]
async fn a_rule_that_forbids_the_pattern_is_reported() {
    let server = RedisServer::start().await;
    let () = server.command(&["ACL", "SETUSER", "guest", "on", ">word", "+@all", "resetchannels", "&asgi*"]).await;
    let process = Process::of(&format!("redis+pubsub://guest:word@{}", server.address()));
    process.join("room").await;
    let chanx_core::layer::Health::Down { reason } = process.layer.health() else { panic!("it cannot work") };
    assert!(reason.contains("NOPERM") && !reason.contains("word"), "{reason}");
    let () = server.command(&["ACL", "SETUSER", "guest", "allchannels"]).await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    until("it works", || async { process.layer.health() == chanx_core::layer::Health::Up }).await;
    process.say("room", "at last").await.unwrap();
    process.seen.expect_group("room", "at last").await;
}
