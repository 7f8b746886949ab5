//! socketioxide: Socket.IO in Rust. An event that is acknowledged for an echo, and a room for a group.
//!
//! Its handlers are tasks that run beside each other, so that answers to one client come in any order. Only work with one
//! message under way can be checked.

use std::time::Duration;

use axum::Router;
use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

const GROUP: &str = "room";

/// Long enough for no ping to fall into a measurement.
const PING_INTERVAL: Duration = Duration::from_secs(300);

#[derive(Deserialize, Serialize)]
struct Message {
    action: String,
    payload: String,
}

#[derive(Serialize)]
struct Said {
    action: &'static str,
    payload: String,
    is_mine: bool,
    is_current: bool,
}

pub(super) fn app() -> Router {
    let (layer, io) = SocketIo::builder().req_path("/").ping_interval(PING_INTERVAL).build_layer();
    io.ns("/", enter);
    Router::new().layer(layer)
}

async fn enter(socket: SocketRef) {
    socket.on("echo", echo);
    socket.on("say", say);
    if socket.req_parts().uri.path() == "/room/" {
        socket.join(GROUP);
    }
    // Whoever has left is not told.
    let _ = socket.emit("ready", &());
}

async fn echo(Data(message): Data<Message>, acknowledge: AckSender) {
    let _ = acknowledge.send(&message);
}

async fn say(socket: SocketRef, Data(message): Data<Message>) {
    let said = Said { action: "said", payload: message.payload, is_mine: false, is_current: false };
    let _ = socket.within(GROUP).emit("said", &said).await;
}
