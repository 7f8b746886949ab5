//! Consumers of chanx and of a real Chanx in one group, with clients that connect to both: `../python/chat.py` does the same.

use std::net::{Ipv4Addr, SocketAddr};

use chanx::auth::{Authentication, AuthenticationError, Identity};
use chanx::layer::ChannelName;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{Audience, Channels, Consumer, Context, Handshake, Message, Overrides, Result, Settings, Websockets};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::peer::Program;
use crate::setup::{Backend, Options, Setup};

const GROUP: &str = "chat.room-1";

/// What tells how a message ended, and not what it is.
const ASIDE: &[&str] = &["authentication", "complete", "group_complete"];

#[derive(Message)]
#[message(incoming)]
enum Incoming {
    /// To the group, without this connection.
    Say(String),
    /// To the group, with this connection.
    SayAll(String),
    /// To the group, without a schema.
    SayJson(Value),
    /// An event for the group.
    Announce(String),
    /// An event for one channel.
    Tell { channel: String, text: String },
    /// Asks for the channel of this connection.
    Where,
    /// Leaves the group.
    Leave,
}

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Result(Value),
}

#[derive(Message)]
enum RoomMessage {
    Said(String),
}

#[derive(Message)]
enum RoomEvent {
    Announced(String),
}

/// Whoever sends the header `X-User: 7` is the user whose key is 7.
struct ByHeader;

struct User(Option<String>);

impl Identity for User {
    fn key(&self) -> Option<String> {
        self.0.clone()
    }

    /// A user of the Django site, whose consumers know its primary key alone.
    fn kind(&self) -> &str {
        "user"
    }
}

impl Authentication for ByHeader {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> std::result::Result<Option<User>, AuthenticationError> {
        Ok(handshake.header("x-user").map(|key| User(Some(key.to_owned()))))
    }

    fn anonymous() -> Option<User> {
        Some(User(None))
    }
}

struct Chat;

impl Consumer for Chat {
    type Authentication = ByHeader;
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = RoomMessage;
    type Event = RoomEvent;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.join(GROUP).await?;
        cx.send_message(Outgoing::Result("ready".into())).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Say(text) => cx.send_group_message(RoomMessage::Said(text)).await?,
            Incoming::SayAll(text) => cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?,
            Incoming::SayJson(value) => {
                let object = json!({"action": "result", "payload": value});
                cx.send_group_json(&object).exclude_current(false).await?;
            }
            Incoming::Announce(text) => {
                cx.channels().send_event(Audience::group(GROUP)?, &RoomEvent::Announced(text)).await?;
            }
            Incoming::Tell { channel, text } => {
                cx.channels().send_event(ChannelName::new(&channel)?, &RoomEvent::Announced(text)).await?;
            }
            Incoming::Where => {
                let name = cx.channel_name().to_string();
                cx.send_message(Outgoing::Result(name.into())).await?;
            }
            Incoming::Leave => cx.leave(GROUP)?,
        }
        Ok(())
    }

    async fn receive_event(&mut self, cx: &mut Context<Self>, event: RoomEvent) -> Result {
        let RoomEvent::Announced(text) = event;
        cx.send_message(Outgoing::Result(text.into())).await?;
        Ok(())
    }
}

/// Both sites, which end with their value.
struct Sites {
    chanx: SocketAddr,
    python: SocketAddr,
    server: JoinHandle<()>,
    _program: Program,
}

impl Sites {
    async fn start(setup: &Setup) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let chanx = listener.local_addr().expect("it has an address");
        let app = application(setup);
        let server = tokio::spawn(async { axum::serve(listener, app).await.expect("the server runs") });
        let mut program = setup.program("chat.py");
        let port: u16 = program.line().await.parse().expect("it prints its port");
        Self { chanx, python: (Ipv4Addr::LOCALHOST, port).into(), server, _program: program }
    }

    async fn python(&self, user: Option<u32>) -> Client {
        Client::connect("Python", self.python, user).await
    }

    async fn chanx(&self, user: Option<u32>) -> Client {
        Client::connect("chanx", self.chanx, user).await
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn application(setup: &Setup) -> axum::Router {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    let channels = Channels::new(chanx_redis::connect(&setup.url()).expect("the URL is valid"));
    let routes = [path("ws/chat/", Chat::endpoint())];
    Websockets::with_channels(routes, &settings, &channels).expect("the routes are valid").into_router()
}

/// A connection to one of the sites.
struct Client {
    /// Which one, for people.
    site: &'static str,
    user: Option<u32>,
    socket: Communicator,
}

impl Client {
    async fn connect(site: &'static str, address: SocketAddr, user: Option<u32>) -> Self {
        let mut connector = Connector::tcp(address, "/ws/chat/");
        if let Some(key) = user {
            connector = connector.header("X-User", key.to_string());
        }
        let mut client = Self { site, user, socket: connector.connect().await.expect("the site lets everybody in") };
        client.expect(json!({"action": "result", "payload": "ready"})).await;
        client
    }

    async fn send(&mut self, action: &str, payload: impl Into<Value>) {
        self.socket.send_json(&json!({"action": action, "payload": payload.into()})).await;
    }

    /// The next frame that says something.
    async fn next(&mut self) -> Value {
        loop {
            let frame = self.socket.receive_json().await.expect("a frame comes");
            if !ASIDE.iter().any(|action| frame["action"] == *action) {
                return frame;
            }
        }
    }

    async fn expect(&mut self, frame: Value) {
        assert_eq!(self.next().await, frame, "user {:?} at {}", self.user, self.site);
    }

    /// The name of its channel.
    async fn channel(&mut self) -> String {
        self.send("where", Value::Null).await;
        self.next().await["payload"].as_str().expect("a channel has a name").to_owned()
    }
}

/// One client of each user, and two of nobody, at each site.
async fn everybody(setup: &Setup, sites: &Sites) -> Vec<Client> {
    let mut clients = Vec::new();
    for user in [Some(7), Some(8), None] {
        clients.push(sites.python(user).await);
        clients.push(sites.chanx(user).await);
    }
    setup.until_members(GROUP, setup.members_of(3)).await;
    clients
}

pub(crate) async fn everybody_hears_everybody(backend: Backend) {
    let both: &[&str] = &["key"];
    let plain = Options::new(backend);
    for options in [plain, Options { hosts: 2, serializer: "json", keys: both, prefix: "chat", ..plain }] {
        println!("{options:?}");
        let setup = options.start().await;
        let sites = Sites::start(&setup).await;
        let mut clients = everybody(&setup, &sites).await;
        for sender in 0..clients.len() {
            speak(&mut clients, sender).await;
        }
    }
}

/// What one client says reaches all, with the right relation to each.
async fn speak(clients: &mut [Client], sender: usize) {
    let value = json!({"\u{e9}": ["\u{2603}", 1.5, null, u64::MAX, {"is_mine": 1}]});
    let messages =
        [("say", "said", json!("hi \u{1f600}")), ("say_all", "said", json!("all")), ("say_json", "result", value)];
    let user = clients[sender].user;
    for (action, heard, payload) in messages {
        // One at a time: Chanx handles the messages of a connection side by side, and mixes their order.
        clients[sender].send(action, payload.clone()).await;
        for (number, client) in clients.iter_mut().enumerate() {
            let is_current = number == sender;
            let is_mine = user.is_some() && client.user == user;
            if action != "say" || !is_current {
                client
                    .expect(json!({"action": heard, "payload": payload, "is_mine": is_mine, "is_current": is_current}))
                    .await;
            }
        }
    }
    clients[sender].send("announce", "event").await;
    for client in clients {
        client.expect(json!({"action": "result", "payload": "event"})).await;
    }
}

pub(crate) async fn an_event_reaches_one_connection_of_the_other_site(backend: Backend) {
    for hosts in [1, 2] {
        let setup = Options { hosts, ..Options::new(backend) }.start().await;
        let sites = Sites::start(&setup).await;
        let mut clients = everybody(&setup, &sites).await;
        for sender in 0..clients.len() {
            for receiver in (0..clients.len()).filter(|other| other % 2 != sender % 2) {
                let channel = clients[receiver].channel().await;
                let text = format!("from {sender} to {receiver}");
                clients[sender].send("tell", json!({"channel": channel, "text": text})).await;
                clients[receiver].expect(json!({"action": "result", "payload": text})).await;
            }
        }
    }
}

pub(crate) async fn whoever_leaves_hears_nothing_more(backend: Backend) {
    let setup = Options::new(backend).start().await;
    let sites = Sites::start(&setup).await;
    for turn in 0..2 {
        let (python, chanx) = (sites.python(Some(7)).await, sites.chanx(Some(7)).await);
        let (mut leaver, mut stayer) = if turn == 0 { (python, chanx) } else { (chanx, python) };
        setup.until_members(GROUP, 2).await;
        let channel = leaver.channel().await;
        leaver.send("leave", Value::Null).await;
        setup.until_members(GROUP, 1).await;
        stayer.send("say", "not to you").await;
        stayer.send("tell", json!({"channel": channel, "text": "to you"})).await;
        leaver.expect(json!({"action": "result", "payload": "to you"})).await;

        // An end of the connection is a farewell as well.
        stayer.socket.disconnect().await.expect("the site answers");
        setup.until_members(GROUP, 0).await;
    }
}
