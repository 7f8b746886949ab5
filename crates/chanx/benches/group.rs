//! What a group message costs inside of one process, from `Channels` to clients that have read it.
//!
//! `cargo bench -p chanx --bench group`. Everything is real but for the network: the layer in memory, the hub, a mailbox and a
//! driver for each member. The clients are those of the testing kit, and their share is in the figures.

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{
    Audience, Channels, Consumer, Context, GroupName, Message, Never, Overrides, Result, Settings, Websockets,
};
use divan::counter::ItemsCount;
use divan::{Bencher, Divan};
use tokio::runtime::{Builder, Runtime};

const MEMBERS: [usize; 3] = [1, 10, 100];
/// Sizes of the text, in bytes.
const SIZES: [usize; 2] = [31, 4096];
const ORIGIN: &str = "http://localhost";

fn main() {
    Divan::default().sample_count(100).sample_size(10).config_with_args().main();
}

#[derive(Message)]
enum Chat {
    Said(String),
}

/// Is in the room, and only listens.
struct Member;

impl Consumer for Member {
    type Authentication = ();
    type Object = ();
    type Incoming = Never;
    type Outgoing = Never;
    type GroupMessage = Chat;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(false)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![GroupName::new("room")?])
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, message: Never) -> Result {
        match message {}
    }
}

#[divan::bench(args = MEMBERS, consts = SIZES)]
fn publish<const SIZE: usize>(bencher: Bencher<'_, '_>, members: usize) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let channels = Channels::in_memory();
    let mut clients = connect(&runtime, &channels, members);
    let (audience, message) = (Audience::group("room").unwrap(), Chat::Said("x".repeat(SIZE)));
    bencher.counter(ItemsCount::new(members)).bench_local(|| {
        runtime.block_on(async {
            channels.send_group_message(audience.clone(), &message).await.unwrap();
            for client in &mut clients {
                assert!(client.receive_text().await.unwrap().len() > SIZE);
            }
        });
    });
}

/// Clients that are all in the room.
fn connect(runtime: &Runtime, channels: &Channels, members: usize) -> Vec<Communicator> {
    let mut settings = Settings::default();
    settings.allowed_origins = vec![ORIGIN.to_owned()];
    let websockets = Websockets::with_channels([path("ws/room/", Member::endpoint())], &settings, channels).unwrap();
    let app = websockets.into_router();
    runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..members {
            let mut client = Connector::new(app.clone(), "/ws/room/").origin(ORIGIN).connect().await.unwrap();
            client.assert_authenticated_status_ok().await;
            clients.push(client);
        }
        clients
    })
}
