//! Messages that wait together, which are fetched and handed over together.

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, GroupName, LayerMessage, Pressure, Receiver};
use redis::{Client, ConnectionAddr, IntoConnectionInfo};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{PATIENCE, RedisServer, note};

/// A message, and how many waited in Redis while it was handed over.
type Seen = (LayerMessage, usize);

/// Asks Redis, without leaving the call that hands a message over, how many still wait.
#[derive(Debug)]
struct Onlooker {
    redis: Client,
    key: String,
    seen: mpsc::UnboundedSender<Seen>,
}

impl Onlooker {
    fn waiting(&self) -> usize {
        redis::cmd("ZCARD").arg(&self.key).query(&mut self.redis.get_connection().unwrap()).unwrap()
    }
}

impl Receiver for Onlooker {
    fn group_message(&self, _: &GroupName, _: &LayerMessage) -> Pressure {
        unreachable!("nobody sends to a group")
    }

    fn channel_message(&self, _: &str, message: &LayerMessage) -> Pressure {
        self.seen.send((message.clone(), self.waiting())).unwrap();
        Pressure::Low
    }

    fn missed(&self) {}
}

/// The layer of a process with one channel, for which this many messages are left at once; and what it sees of them.
async fn left_together(server: &RedisServer, messages: usize) -> (Arc<dyn ChannelLayer>, Vec<Seen>) {
    let layer = chanx_redis::connect(&server.url("redis", "?serializer=json")).unwrap();
    let channel = layer.new_channel();
    let process = channel.as_str().split_inclusive('!').next().unwrap();
    let key = format!("asgi{process}");
    let mut add = redis::cmd("ZADD");
    add.arg(&key);
    for number in 0..messages {
        let message = json!({"type": "note", "text": number.to_string(), "__asgi_channel__": channel.as_str()});
        add.arg(number).arg(format!("twelve bytes{message}"));
    }
    let socket = ConnectionAddr::Unix(server.socket()).into_connection_info().unwrap();
    let (sender, mut seen) = mpsc::unbounded_channel();
    layer.attach(Arc::new(Onlooker { redis: Client::open(socket).unwrap(), key, seen: sender }));
    layer.check().await.unwrap();
    add.exec_async(&mut server.connection().await).await.unwrap();
    let mut all = Vec::new();
    while all.len() < messages {
        all.push(timeout(PATIENCE, seen.recv()).await.expect("nothing arrived").unwrap());
    }
    (layer, all)
}

#[tokio::test]
async fn nobody_is_told_of_the_first_message_before_the_others_are_here() {
    let server = RedisServer::start().await;
    let (_layer, seen) = left_together(&server, 4).await;
    assert_eq!(seen, ["0", "1", "2", "3"].map(|text| (note(text), 0)));
}

#[tokio::test]
async fn what_is_too_much_for_one_journey_comes_in_order_with_the_next() {
    let server = RedisServer::start().await;
    let (_layer, seen) = left_together(&server, 200).await;
    let texts: Vec<_> = seen.iter().map(|(message, _)| message.clone()).collect();
    assert_eq!(texts, (0..200).map(|number| note(&number.to_string())).collect::<Vec<_>>());
    assert!(seen[0].1 > 0, "not all are fetched at once");
}
