//! What others leave in Redis, written here byte by byte as channels_redis does or as nobody should.

use std::sync::Arc;

use chanx_core::layer::{ChannelName, Health, LayerError, LayerMessage};
use redis::Value;
use serde_json::json;

use crate::support::{RedisServer, Seen, group_name, note, until};
use crate::{key_of, members, process_at};

const SALT: &[u8] = b"twelve bytes";

/// A process of Python's.
const STRANGER: &str = "specific.0123456789abcdef0123456789abcdef!";

async fn add(server: &RedisServer, key: &str, score: f64, value: &[u8]) {
    let mut connection = server.connection().await;
    redis::cmd("ZADD").arg(key).arg(score).arg(value).exec_async(&mut connection).await.unwrap();
}

fn json_value(message: &serde_json::Value) -> Vec<u8> {
    [SALT, message.to_string().as_bytes()].concat()
}

#[tokio::test]
async fn values_of_python_are_understood() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?serializer=json");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let channel = process.layer.new_channel();
    let table = [
        (json!([alias]), vec![Seen::Group("room".to_owned(), note("hi"))]),
        (json!(channel.as_str()), vec![Seen::Channel(channel.to_string(), note("hi"))]),
        (
            json!([channel.as_str(), alias]),
            vec![Seen::Channel(channel.to_string(), note("hi")), Seen::Group("room".to_owned(), note("hi"))],
        ),
        // A name counts once, as a member of a group does.
        (
            json!([alias, alias, channel.as_str(), alias]),
            vec![Seen::Group("room".to_owned(), note("hi")), Seen::Channel(channel.to_string(), note("hi"))],
        ),
    ];
    for (addressee, expected) in table {
        let message = json!({"type": "note", "text": "hi", "__asgi_channel__": addressee});
        add(&server, &key_of(&alias), 1.0, &json_value(&message)).await;
        for seen in expected {
            assert_eq!(process.seen.next().await, seen);
        }
    }
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn values_for_python_are_those_it_writes() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let room = ["!b", "!a"].map(|local| STRANGER.replace('!', local));
    for (score, name) in room.iter().enumerate() {
        add(&server, "asgi:group:room", 9e9 + score as f64, name.as_bytes()).await;
    }
    add(&server, "asgi:group:room", 9e9, b"plain").await;
    add(&server, "asgi:group:room", 1.0, b"long-gone").await;
    add(&server, "asgi:group:room", 9e9, b"\xff\xfe").await;
    process.say("room", "hi").await.unwrap();
    let names = format!("\u{92}\u{d9}\u{2b}{}\u{d9}\u{2b}{}", room[0], room[1]);
    let names: Vec<u8> = names.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let tail = b"\x83\xa4type\xa4note\xa4text\xa2hi\xb0__asgi_channel__";
    for (key, names) in [(format!("asgi{STRANGER}"), names), ("asgiplain".to_owned(), b"\x91\xa5plain".to_vec())] {
        let mut connection = server.connection().await;
        let values: Vec<Vec<u8>> =
            redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).query_async(&mut connection).await.unwrap();
        assert_eq!(values.len(), 1, "{key}");
        assert_eq!(values[0][12..], [tail.as_slice(), &names].concat(), "{key}");
        let ttl: i64 = server.command(&["TTL", &key]).await;
        assert!((1..=60).contains(&ttl), "{ttl}");
    }
    let left: usize = server.command(&["ZCARD", "asgi:group:room"]).await;
    assert_eq!(left, 4);
    let forgotten: Value = server.command(&["ZSCORE", "asgi:group:room", "long-gone"]).await;
    assert_eq!(forgotten, Value::Nil);
}

#[tokio::test]
async fn a_channel_that_belongs_to_no_process_has_a_key_of_its_own() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.layer.send(&ChannelName::new("plain").unwrap(), Arc::new(note("x"))).await.unwrap();
    let waiting: usize = server.command(&["ZCARD", "asgiplain"]).await;
    assert_eq!(waiting, 1);
}

#[tokio::test]
async fn garbage_is_dropped_and_what_follows_is_delivered() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let garbage: [&[u8]; 9] = [
        b"",
        b"short",
        b"twelve bytes",
        b"twelve bytesgarbage",
        b"twelve bytes\x81\x01\x02",
        b"twelve bytes\x81\xa4type\xa4note",
        b"twelve bytes\x81\xb0__asgi_channel__\x07",
        b"twelve bytes\x82\xb0__asgi_channel__\x91\xa1x\xa4type\xb1send_group_member",
        b"twelve bytes\xdf\xff\xff\xff\xff",
    ];
    for value in garbage {
        add(&server, &key_of(&alias), 1.0, value).await;
    }
    process.say("room", "after all that").await.unwrap();
    process.seen.expect_group_or_missed("room", "after all that").await;
    assert_eq!(process.layer.health(), Health::Up);
}

#[tokio::test]
async fn what_has_an_unknown_type_is_handed_over() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?serializer=json");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let message = json!({"x": 1, "__asgi_channel__": [alias]});
    add(&server, &key_of(&alias), 1.0, &json_value(&message)).await;
    let expected = LayerMessage::Other(json!({"x": 1}).as_object().cloned().unwrap());
    assert_eq!(process.seen.next().await, Seen::Group("room".to_owned(), expected));
}

#[tokio::test]
async fn what_is_not_encrypted_or_too_old_is_dropped_where_messages_are_encrypted() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?encryption_key=this+is+a+test+key");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let plain = [SALT, b"\x82\xa4type\xa4note\xb0__asgi_channel__\x91\xd9\x4a", alias.as_bytes()].concat();
    add(&server, &key_of(&alias), 1.0, &plain).await;
    process.say("room", "in secret").await.unwrap();
    process.seen.expect_group_or_missed("room", "in secret").await;
}

#[tokio::test]
async fn keys_of_another_type_are_trouble_for_their_owners_only() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let _: String = server.command(&["SET", &format!("asgi{STRANGER}"), "no sorted set"]).await;
    let stranger = format!("{STRANGER}x");
    add(&server, "asgi:group:room", 9e9, stranger.as_bytes()).await;
    process.say("room", "for the others").await.unwrap();
    process.seen.expect_group("room", "for the others").await;
    let direct = process.layer.send(&ChannelName::new(&stranger).unwrap(), Arc::new(note("x"))).await;
    assert!(matches!(direct, Err(LayerError::Refused { .. })), "{direct:?}");

    let _: String = server.command(&["SET", "asgi:group:broken", "no sorted set"]).await;
    assert!(matches!(process.say("broken", "x").await, Err(LayerError::Refused { .. })));
    let joining = process.layer.subscribe(&group_name("broken")).await;
    assert!(matches!(joining, Err(LayerError::Refused { .. })), "{joining:?}");
    let _: i64 = server.command(&["DEL", "asgi:group:broken"]).await;
    process.join("broken").await;
    assert_eq!(process.layer.health(), Health::Up);
}

#[tokio::test]
async fn an_own_key_of_another_type_is_an_outage_until_it_is_gone() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let key = key_of(&members(&server, &group_name("room")).await.remove(0));
    let _: String = server.command(&["SET", &key, "no sorted set"]).await;
    until("that is noticed", || async { process.layer.health() != Health::Up }).await;
    let _: i64 = server.command(&["DEL", &key]).await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    process.say("room", "back").await.unwrap();
    process.seen.expect_group("room", "back").await;
    assert_eq!(process.layer.health(), Health::Up);
}
