//! The baseline: what one writes with axum and tokio alone. A message is written once, and its text shared by all; with
//! Redis each process publishes what its members say, and passes on what it hears.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use redis::AsyncCommands;
use redis::aio::{MultiplexedConnection, PubSub};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

use super::ServeError;
use super::words::{READY, said};

/// How many messages may wait for a member.
const CAPACITY: usize = 1024;

/// The channel in Redis.
const CHANNEL: &str = "room";

#[derive(Clone)]
struct Room {
    said: Sender<Utf8Bytes>,
    redis: Option<MultiplexedConnection>,
}

/// Without a layer's address the group is in one process.
pub(super) async fn app(layer: Option<&str>) -> Result<Router, ServeError> {
    let mut room = Room { said: broadcast::channel(CAPACITY).0, redis: None };
    if let Some(url) = layer {
        let client = redis::Client::open(url)?;
        room.redis = Some(client.get_multiplexed_async_connection().await?);
        let mut heard = client.get_async_pubsub().await?;
        heard.subscribe(CHANNEL).await?;
        tokio::spawn(pass_on(heard, room.said.clone()));
    }
    Ok(Router::new().route("/room/", any(enter)).with_state(room))
}

async fn enter(upgrade: WebSocketUpgrade, State(room): State<Room>) -> Response {
    upgrade.on_upgrade(|socket| attend(socket, room))
}

async fn pass_on(heard: PubSub, said: Sender<Utf8Bytes>) {
    let mut heard = heard.into_on_message();
    while let Some(message) = heard.next().await {
        if let Ok(text) = message.get_payload::<String>() {
            // Nobody is here to hear it.
            let _ = said.send(text.into());
        }
    }
}

impl Room {
    /// Whether it could be said.
    async fn say(&mut self, text: String) -> bool {
        match &mut self.redis {
            Some(redis) => redis.publish::<_, _, ()>(CHANNEL, text).await.is_ok(),
            None => self.said.send(text.into()).is_ok(),
        }
    }
}

/// One task writes and another reads, so that neither is woken for the other's sake.
async fn attend(socket: WebSocket, room: Room) {
    let (mut outgoing, incoming) = socket.split();
    let heard = room.said.subscribe();
    if outgoing.send(Message::text(READY)).await.is_err() {
        return;
    }
    let writing = tokio::spawn(write(outgoing, heard));
    read(incoming, room).await;
    writing.abort();
}

async fn write(mut outgoing: SplitSink<WebSocket, Message>, mut heard: Receiver<Utf8Bytes>) {
    loop {
        let text = match heard.recv().await {
            Ok(text) => text,
            // Whoever counts finds out.
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        if outgoing.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}

async fn read(mut incoming: SplitStream<WebSocket>, mut room: Room) {
    while let Some(Ok(message)) = incoming.next().await {
        if let Message::Text(text) = message
            && let Some(text) = said(&text)
            && !room.say(text).await
        {
            return;
        }
    }
}
