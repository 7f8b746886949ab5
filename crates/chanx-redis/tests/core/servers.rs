//! Where servers are and how they are reached: several of them, sentinels, TLS, passwords, databases, sockets.

use std::fs;
use std::sync::Arc;

use chanx_core::layer::{ChannelName, Health, LayerError};

use crate::support::{Process, RedisServer, Seen, group_name, note, until};

/// Two processes that share the same address.
async fn talk(url: &str) {
    let (here, there) = (Process::of(url), Process::of(url));
    there.join("room").await;
    here.say("room", "hello").await.unwrap();
    there.seen.expect_group("room", "hello").await;
    here.layer.check().await.unwrap();
    assert_eq!(here.layer.health(), Health::Up);
}

/// How many keys each server has that begin like this.
async fn keys(servers: &[&RedisServer], pattern: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for server in servers {
        let keys: Vec<String> = server.command(&["KEYS", pattern]).await;
        counts.push(keys.len());
    }
    counts
}

#[tokio::test]
async fn several_servers_share_the_names() {
    let servers = [&RedisServer::start().await, &RedisServer::start().await];
    let url = format!("redis://{},{}", servers[0].address(), servers[1].address());
    let (here, there) = (Process::of(&url), Process::of(&url));
    for number in 0..20 {
        there.join(&format!("g{number}")).await;
    }
    let groups = keys(&servers, "asgi:group:*").await;
    assert_eq!(groups.iter().sum::<usize>(), 20);
    assert!(groups.iter().all(|count| *count > 0), "{groups:?}");
    for number in 0..20 {
        let group = format!("g{number}");
        here.say(&group, "hi").await.unwrap();
        there.seen.expect_group(&group, "hi").await;
    }
    for _ in 0..20 {
        let channel = there.layer.new_channel();
        here.layer.send(&channel, Arc::new(note("direct"))).await.unwrap();
        assert_eq!(there.seen.next().await, Seen::Channel(channel.to_string(), note("direct")));
    }
}

/// The process `specific.abc!` belongs to the second of two servers; the whole names of its channels to either.
#[tokio::test]
async fn a_message_to_a_channel_is_where_its_process_looks() {
    let servers = [&RedisServer::start().await, &RedisServer::start().await];
    let process = Process::of(&format!("redis://{},{}", servers[0].address(), servers[1].address()));
    for number in 0..10 {
        let channel = ChannelName::new(&format!("specific.abc!{number}")).unwrap();
        process.layer.send(&channel, Arc::new(note("x"))).await.unwrap();
    }
    let waiting: usize = servers[1].command(&["ZCARD", "asgispecific.abc!"]).await;
    assert_eq!((waiting, keys(&servers, "asgispecific.abc!").await), (10, vec![0, 1]));
}

/// channels_redis looks for a message on one server, and may have left it on the other.
#[tokio::test]
async fn a_process_listens_to_every_server() {
    let servers = [&RedisServer::start().await, &RedisServer::start().await];
    let process = Process::of(&format!("redis://{},{}?serializer=json", servers[0].address(), servers[1].address()));
    let channel = process.layer.new_channel();
    let key = format!("asgi{}!", channel.as_str().split('!').next().unwrap());
    for server in servers {
        let value = format!(r#"twelve bytes{{"type": "note", "text": "x", "__asgi_channel__": "{channel}"}}"#);
        let _: i64 = server.command(&["ZADD", &key, "1", &value]).await;
        assert_eq!(process.seen.next().await, Seen::Channel(channel.to_string(), note("x")));
    }
}

#[tokio::test]
async fn one_server_s_outage_leaves_the_others_working() {
    let (mut first, second) = (RedisServer::start().await, RedisServer::start().await);
    let process = Process::of(&format!("redis://{},{}", first.address(), second.address()));
    // `lobby` belongs to the first, `chat.room_1` to the second.
    process.join("lobby").await;
    process.join("chat.room_1").await;
    first.stop();
    until("that is noticed", || async { process.layer.health() != Health::Up }).await;
    assert!(matches!(process.say("lobby", "x").await, Err(LayerError::Unavailable { .. })));
    assert!(process.layer.check().await.is_err());
    first.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    for group in ["lobby", "chat.room_1"] {
        until("it can be sent to", || async { process.say(group, "x").await.is_ok() }).await;
        process.seen.expect_group(group, "x").await;
    }
}

#[tokio::test]
async fn passwords_users_and_databases() {
    let server = RedisServer::start_with(&["--requirepass", "p@ss:w/rd"]).await;
    let acl = ["ACL", "SETUSER", "jo", "on", ">s3cret", "~*", "&*", "+@all"];
    let _: String = server.command(&acl).await;
    talk(&format!("redis://:p%40ss%3Aw%2Frd@{}", server.address())).await;
    talk(&format!("redis://:p@ss:w%2Frd@{}/3", server.address())).await;
    talk(&format!("redis://jo:s3cret@{}?db=5", server.address())).await;
    let other = Process::of(&format!("redis://jo:s3cret@{}/6", server.address()));
    let fifth = Process::of(&format!("redis://jo:s3cret@{}/5", server.address()));
    other.join("room").await;
    fifth.join("room").await;
    fifth.say("room", "in five").await.unwrap();
    other.say("room", "in six").await.unwrap();
    other.seen.expect_group("room", "in six").await;
    fifth.seen.expect_group("room", "in five").await;
}

#[tokio::test]
async fn sockets() {
    let server = RedisServer::start().await;
    let path = server.socket().display().to_string();
    talk(&format!("redis+unix://{path}")).await;
    talk(&format!("redis+unix://{path}?db=2&prefix=x")).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn tls() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let server = RedisServer::start_tls(&made.cert.pem(), &made.signing_key.serialize_pem()).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, made.cert.pem()).unwrap();
    talk(&format!("rediss://{}?ca_file={}", server.address(), file.display())).await;

    let stranger = Process::of(&format!("rediss://{}", server.address()));
    assert!(stranger.say("room", "x").await.is_err(), "the system does not know that authority");
    let plain = Process::of(&format!("redis://{}?timeout=0.5", server.address()));
    assert!(plain.say("room", "x").await.is_err(), "the server speaks TLS only");
    let lost = Process::of(&format!("rediss://{}?ca_file=/nowhere/ca.pem", server.address()));
    let Err(LayerError::Refused { reason }) = lost.say("room", "x").await else { panic!("there is no such file") };
    assert!(reason.contains("/nowhere/ca.pem"), "{reason}");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_server_that_asks_for_a_certificate() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let server = RedisServer::start_mutual_tls(&made.cert.pem(), &made.signing_key.serialize_pem()).await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (cert, key) = (file("cert.pem", made.cert.pem()), file("key.pem", made.signing_key.serialize_pem()));
    let url = format!("rediss://{}?ca_file={cert}", server.address());
    assert!(Process::of(&url).say("room", "x").await.is_err(), "the server wants a certificate");
    talk(&format!("{url}&cert_file={cert}&key_file={key}")).await;
}

#[tokio::test]
async fn a_password_in_a_file_can_be_replaced() {
    let server = RedisServer::start().await;
    let rule = |words: &'static [&'static str]| server.command::<String>(words);
    rule(&["ACL", "SETUSER", "jo", "on", ">old", "~*", "&*", "+@all"]).await;
    rule(&["ACL", "SETUSER", "robot", "on", ">other", "~*", "&*", "+@all"]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, "old\n").unwrap();
    let process = Process::of(&format!("redis://jo@{}?password_file={}", server.address(), file.display()));
    process.join("room").await;
    process.say("room", "before").await.unwrap();
    process.seen.expect_group("room", "before").await;
    rule(&["ACL", "SETUSER", "jo", "<old", ">new"]).await;
    fs::write(&file, "new\n").unwrap();
    let _: i64 = server.command(&["CLIENT", "KILL", "USER", "jo"]).await;
    until("the new password is used", || async { process.say("room", "after").await.is_ok() }).await;
    while process.seen.next().await != Seen::Group("room".to_owned(), note("after")) {}
    fs::write(&file, "").unwrap();
    let _: i64 = server.command(&["CLIENT", "KILL", "USER", "jo"]).await;
    until("an empty file is refused", || async {
        let sent = process.say("room", "never").await;
        matches!(sent, Err(LayerError::Refused { reason }) if reason.contains("first line is empty"))
    })
    .await;
}

#[tokio::test]
async fn sentinels_know_the_server_and_its_successor() {
    let mut first = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]).await;
    let port = first.port().to_string();
    let second = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]).await;
    until("the replica follows", || async {
        let info: String = second.command(&["INFO", "replication"]).await;
        info.contains("master_link_status:up")
    })
    .await;
    let sentinel = RedisServer::start_sentinel(&format!(
        "sentinel monitor chief 127.0.0.1 {port} 1\n\
         sentinel down-after-milliseconds chief 300\n\
         sentinel failover-timeout chief 2000\n"
    ))
    .await;
    let nobody = "127.0.0.1:1";
    let process = Process::of(&format!("redis://{nobody},{}?sentinel=chief", sentinel.address()));
    process.join("room").await;
    process.say("room", "before").await.unwrap();
    process.seen.expect_group("room", "before").await;
    until("the sentinel knows the replica", || async {
        let replicas: Vec<redis::Value> = sentinel.command(&["SENTINEL", "REPLICAS", "chief"]).await;
        !replicas.is_empty()
    })
    .await;

    first.stop();
    assert_eq!(process.seen.next().await, Seen::Missed);
    process.say("room", "after").await.unwrap();
    process.seen.expect_group("room", "after").await;
    let members: usize = second.command(&["ZCARD", "asgi:group:room"]).await;
    // The memberships of the past were copied; the present one is among them.
    assert_eq!(members, 1);

    let unknown = Process::of(&sentinel.url("redis", "?sentinel=nobody"));
    let sent = unknown.layer.group_send(&group_name("room"), Arc::new(note("x"))).await;
    let Err(LayerError::Unavailable { reason }) = sent else { panic!("{sent:?}") };
    assert!(reason.contains("`nobody`"), "{reason}");
}
