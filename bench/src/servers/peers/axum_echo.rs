//! axum's WebSockets in the loop that everybody writes: wait for a message, send the answer.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::{MethodRouter, any};

use super::words::{COMPLETE, echoed};

/// What differs between two servers of this sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Whether messages are read and written. Otherwise they go back as they came.
    pub(super) is_json: bool,
    /// Bytes of the read buffer, which axum fills with zeros before each read; its own choice is 128 KiB.
    pub(super) read_buffer: Option<usize>,
}

pub(super) fn app(style: Style) -> Router {
    if !style.is_json {
        return Router::new().route("/echo/", upgraded(style, send_back));
    }
    Router::new()
        .route("/echo/", upgraded(style, |socket| answer(socket, false)))
        .route("/completed/", upgraded(style, |socket| answer(socket, true)))
}

fn upgraded<F>(style: Style, serve: impl FnOnce(WebSocket) -> F + Clone + Send + Sync + 'static) -> MethodRouter
where
    F: Future<Output = ()> + Send + 'static,
{
    any(async move |upgrade: WebSocketUpgrade| match style.read_buffer {
        Some(bytes) => upgrade.read_buffer_size(bytes).write_buffer_size(0).on_upgrade(serve),
        None => upgrade.on_upgrade(serve),
    })
}

async fn send_back(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn answer(mut socket: WebSocket, completes: bool) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        let Some(reply) = echoed(&text) else { return };
        if socket.send(Message::text(reply)).await.is_err() {
            return;
        }
        if completes && socket.send(Message::text(COMPLETE)).await.is_err() {
            return;
        }
    }
}
