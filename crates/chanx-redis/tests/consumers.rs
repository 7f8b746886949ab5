//! Consumers over one layer, in runtimes that come and go, as tests of an application have.

mod support;

use std::net::Ipv4Addr;

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::Connector;
use chanx::{Audience, Channels, Consumer, Context, Message, Never, Result, Settings, Websockets};
use futures_executor::block_on;
use serde_json::json;
use support::RedisServer;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Ready,
}

#[derive(Message)]
enum RoomMessage {
    Said(String),
}

struct Room;

impl Consumer for Room {
    type Authentication = ();
    type Object = ();
    type Incoming = Never;
    type Outgoing = Outgoing;
    type GroupMessage = RoomMessage;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.join("room").await?;
        cx.send_message(Outgoing::Ready).await?;
        Ok(())
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, message: Never) -> Result {
        match message {}
    }
}

/// One client, which hears what a thread without a runtime says.
async fn one_test(channels: &Channels) {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    let app = Websockets::with_channels([path("ws/", Room::endpoint())], &settings, channels).unwrap().into_router();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    let mut client = Connector::tcp(address, "/ws/").connect().await.unwrap();
    while client.receive_json().await.unwrap()["action"] != "ready" {}
    for text in ["one", "two"] {
        let channels = channels.clone();
        let sending = move || block_on(channels.send_group_message(room(), &RoomMessage::Said(text.to_owned())));
        std::thread::spawn(sending).join().unwrap().unwrap();
        loop {
            let heard = client.receive_json().await.unwrap();
            if heard["action"] == "said" {
                assert_eq!(heard["payload"], json!(text));
                break;
            }
        }
    }
}

fn room() -> Audience {
    Audience::group("room").unwrap()
}

fn each_runtime_hears(scheme: &str) {
    let runtime: fn() -> Runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let test = runtime();
    let server = test.block_on(RedisServer::start());
    let channels = Channels::new(chanx_redis::connect(&server.url(scheme, "")).unwrap());
    for _ in 0..3 {
        runtime().block_on(one_test(&channels));
    }
    Builder::new_multi_thread().enable_all().build().unwrap().block_on(one_test(&channels));
    runtime().block_on(one_test(&channels));
}

#[test]
fn each_runtime_hears_over_the_core_layer() {
    each_runtime_hears("redis");
}

#[test]
fn each_runtime_hears_over_the_pubsub_layer() {
    each_runtime_hears("redis+pubsub");
}

#[test]
fn each_runtime_hears_over_the_sharded_layer() {
    each_runtime_hears("redis+sharded");
}
