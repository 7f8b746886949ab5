//! A site with one room, and a door to it without compression.

use std::net::SocketAddr;

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::{Connections, Consumer, Context, GroupName, Message, Overrides, Raw, Result, Settings, Websockets};

#[derive(Message)]
pub(crate) enum Incoming {
    /// Says it to the client alone.
    Echo(String),
    /// Says it to the client alone, through a handle of the connection.
    Handle(String),
    /// Says it to all who are in the room.
    Say(String),
}

#[derive(Message)]
#[message(outgoing)]
pub(crate) enum Outgoing {
    Echo(String),
}

#[derive(Message)]
pub(crate) enum RoomMessage {
    Said(String),
}

struct Room<const IS_PLAIN: bool>;

impl<const IS_PLAIN: bool> Consumer for Room<IS_PLAIN> {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = RoomMessage;
    type Event = chanx::Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        if IS_PLAIN { Overrides::new().compression(false) } else { Overrides::new() }
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec!["room".try_into()?])
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Echo(text) => cx.send_message(Outgoing::Echo(text)).await?,
            Incoming::Handle(text) => cx.peer().send_message(Outgoing::Echo(text)).await?,
            Incoming::Say(text) => cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?,
        }
        Ok(())
    }
}

/// Sends back what it gets.
struct RawEcho;

impl Consumer for RawEcho {
    type Authentication = ();
    type Object = ();
    type Incoming = Raw;
    type Outgoing = chanx::Never;
    type GroupMessage = chanx::Never;
    type Event = chanx::Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().send_authentication_message(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Raw) -> Result {
        match message {
            Raw::Text(text) if text.contains("handle") => cx.peer().send_text(text).await?,
            Raw::Text(text) => cx.send_text(&text).await?,
            Raw::Binary(bytes) => cx.send_binary(&bytes).await?,
        }
        Ok(())
    }
}

/// A running site; it ends with the test.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Connections,
}

/// Settings that compress, with as many contexts.
pub(crate) fn compressing(max_compression_contexts: usize) -> Settings {
    let mut settings = settings();
    settings.compression = true;
    settings.max_compression_contexts = max_compression_contexts;
    settings
}

/// Settings that say nothing about compression.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings
}

impl Site {
    pub(crate) async fn start(settings: &Settings) -> Self {
        let routes = [
            path("room/", Room::<false>::endpoint()),
            path("plain/", Room::<true>::endpoint()),
            path("raw/", RawEcho::endpoint()),
        ];
        let websockets = Websockets::new(routes, settings).unwrap();
        let connections = websockets.connections();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, websockets.into_router()).await });
        Self { address, connections }
    }
}
