//! A site whose connections do what their clients say, and a layer that can be looked into.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::Router;
use chanx::auth::{Authentication, AuthenticationError, Identity, User};
use chanx::layer::{ChannelLayer, Health, LayerFuture, LayerMessage, MemoryLayer, Receiver};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{
    ChannelName, Channels, Connections, Consumer, Context, GroupName, HandlerError, Handshake, Message, Never,
    Overrides, Result, Settings, Websockets,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

#[derive(Message)]
pub(crate) enum Command {
    Join(String),
    Leave(String),
    LeaveAll,
    Groups,
    Name,
    Say(String),
    SayToAll(String),
    SayTo { groups: Vec<String>, text: String },
    Light(Fuse),
    Raw(Value),
    Flood { count: usize, size: usize },
    SayAndBlock(String),
    Sleep(u64),
    Fail,
    Panic,
    Close(u16),
}

#[derive(Debug, PartialEq, Message)]
#[message(outgoing)]
pub(crate) enum Answer {
    Groups(Vec<String>),
    Name(String),
    Noted(String),
    Missed,
}

#[derive(Message)]
pub(crate) enum RoomMessage {
    Said(String),
    SaidInSnake { first_word: String },
    Light(Fuse),
}

#[derive(Message)]
pub(crate) enum RoomEvent {
    Note(#[garde(length(chars, max = 10))] String),
    Sleep(u64),
    Fail,
    Panic,
    Close(u16),
}

/// Text that cannot be written if it is `write`, and not be read if it is `read`.
#[derive(JsonSchema)]
pub(crate) struct Fuse(String);

impl Serialize for Fuse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, "write", "this fuse cannot be written");
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fuse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert_ne!(text, "read", "this fuse cannot be read");
        Ok(Self(text))
    }
}

/// Whoever has a header `x-user` is that user.
pub(crate) struct Visitor;

impl Authentication for Visitor {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        let id = handshake.header("x-user").and_then(|id| id.parse().ok());
        Ok(id.map(|id| User::new(id, "somebody")))
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }
}

/// What the members of a kind do differently.
pub(crate) trait Kind: Send + 'static {
    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }
}

pub(crate) struct Plain;
pub(crate) struct Camel;
pub(crate) struct OtherKey;
pub(crate) struct Lasting;
pub(crate) struct NoCompletion;

impl Kind for Plain {}

impl Kind for Camel {
    fn overrides() -> Overrides {
        Plain::overrides().camelize(true)
    }
}

impl Kind for OtherKey {
    fn overrides() -> Overrides {
        Plain::overrides().message_action_key("kind")
    }
}

impl Kind for Lasting {
    fn overrides() -> Overrides {
        Plain::overrides().panic_closes(false)
    }
}

impl Kind for NoCompletion {
    fn overrides() -> Overrides {
        Overrides::new().send_completion(false)
    }
}

/// Does what its client says. The header `x-groups` names its first groups, `x-fault` what goes wrong and where.
pub(crate) struct Member<K>(std::marker::PhantomData<K>);

fn fault<C: Consumer>(cx: &Context<C>, at: &str) -> Result {
    match cx.handshake()?.header("x-fault") {
        Some(fault) if fault == at => Err(HandlerError::new("a fault on demand")),
        Some(fault) if fault.strip_prefix("panic ") == Some(at) => panic!("a panic on demand"),
        _ => Ok(()),
    }
}

fn first_groups<C: Consumer>(cx: &Context<C>) -> Result<Vec<GroupName>> {
    let names = cx.handshake()?.header("x-groups").unwrap_or_default();
    Ok(names.split(',').filter(|name| !name.is_empty()).map(GroupName::new).collect::<Result<_, _>>()?)
}

impl<K: Kind> Consumer for Member<K> {
    type Authentication = Visitor;
    type Object = ();
    type Incoming = Command;
    type Outgoing = Answer;
    type GroupMessage = RoomMessage;
    type Event = RoomEvent;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        K::overrides().keep_handshake(true)
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        if let Some(group) = cx.handshake()?.header("x-joins-early").map(str::to_owned) {
            cx.join(group).await?;
        }
        fault(cx, "connect")?;
        Ok(Self(std::marker::PhantomData))
    }

    async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
        fault(cx, "build")?;
        let audience = match cx.handshake()?.header("x-audience") {
            Some("everyone") => Some(GroupName::everyone()),
            Some(_) => cx.user().key().map(|key| GroupName::of_user(&key)),
            None => None,
        };
        Ok(first_groups(cx)?.into_iter().chain(audience).collect())
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        fault(cx, "post")
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Command) -> Result {
        match message {
            Command::Join(group) => cx.join(group).await?,
            Command::Leave(group) => cx.leave(group)?,
            Command::LeaveAll => {
                for group in cx.groups().cloned().collect::<Vec<_>>() {
                    cx.leave(group)?;
                }
            }
            Command::Groups => {
                let groups = cx.groups().map(ToString::to_string).collect();
                cx.send_message(Answer::Groups(groups)).await?;
            }
            Command::Name => {
                let name = cx.channel_name().to_string();
                cx.send_message(Answer::Name(name)).await?;
            }
            Command::Say(text) => cx.send_group_message(RoomMessage::Said(text)).await?,
            Command::SayToAll(text) => cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?,
            Command::SayTo { groups, text } => {
                let message = RoomMessage::SaidInSnake { first_word: text };
                cx.send_group_message(message).to(groups).exclude_current(false).await?;
            }
            Command::Light(fuse) => cx.send_group_message(RoomMessage::Light(fuse)).exclude_current(false).await?,
            Command::Raw(object) => cx.send_group_json(&object).exclude_current(false).await?,
            Command::Flood { count, size } => {
                for number in 0..count {
                    let text = format!("{number} {}", "x".repeat(size));
                    cx.send_group_message(RoomMessage::Said(text)).await?;
                }
            }
            Command::SayAndBlock(text) => {
                cx.send_group_message(RoomMessage::Said(text)).await?;
                cx.state::<Blocker>()?.block();
            }
            Command::Sleep(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Command::Fail => return Err(HandlerError::new("a fault on demand")),
            Command::Panic => panic!("a panic on demand"),
            Command::Close(code) => cx.close_with(code, "on demand")?,
        }
        Ok(())
    }

    async fn receive_event(&mut self, cx: &mut Context<Self>, event: RoomEvent) -> Result {
        match event {
            RoomEvent::Note(text) => cx.send_message(Answer::Noted(text)).await?,
            RoomEvent::Sleep(seconds) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                cx.send_message(Answer::Noted("slept".to_owned())).await?;
            }
            RoomEvent::Fail => return Err(HandlerError::new("a fault on demand")),
            RoomEvent::Panic => panic!("a panic on demand"),
            RoomEvent::Close(code) => cx.close_with(code, "on demand")?,
        }
        Ok(())
    }

    async fn messages_missed(&mut self, cx: &mut Context<Self>) -> Result {
        fault(cx, "missed")?;
        cx.send_message(Answer::Missed).await?;
        Ok(())
    }
}

/// A consumer with other group messages and without events; or without any.
pub(crate) struct Stranger<M>(std::marker::PhantomData<M>);

#[derive(Message)]
pub(crate) enum OtherMessage {
    Whispered(String),
    Said(u64),
}

impl<M: chanx::IncomingMessage + chanx::OutgoingMessage + Send + 'static> Consumer for Stranger<M> {
    type Authentication = Visitor;
    type Object = ();
    type Incoming = Command;
    type Outgoing = Answer;
    type GroupMessage = M;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Plain::overrides()
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self(std::marker::PhantomData))
    }

    async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
        first_groups(cx)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Command) -> Result {
        Ok(())
    }
}

/// Somebody who is no user of the site, by a header.
pub(crate) struct Robot(String);

impl Identity for Robot {
    fn key(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

pub(crate) struct RobotHeader;

impl Authentication for RobotHeader {
    type User = Robot;

    async fn authenticate(handshake: &Handshake) -> Result<Option<Robot>, AuthenticationError> {
        Ok(handshake.header("x-robot").map(|name| Robot(name.to_owned())))
    }

    fn anonymous() -> Option<Robot> {
        None
    }
}

/// A consumer for robots, which say what they are told to say to the groups of their header `x-groups`.
pub(crate) struct Robots;

impl Consumer for Robots {
    type Authentication = RobotHeader;
    type Object = ();
    type Incoming = Command;
    type Outgoing = Answer;
    type GroupMessage = RoomMessage;
    type Event = Never;

    fn overrides() -> Overrides {
        Plain::overrides()
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
        first_groups(cx)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Command) -> Result {
        if let Command::SayToAll(text) = message {
            cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?;
        }
        Ok(())
    }
}

/// A consumer that declares events and has not written what they do.
pub(crate) struct Unwritten;

impl Consumer for Unwritten {
    type Authentication = Visitor;
    type Object = ();
    type Incoming = Command;
    type Outgoing = Answer;
    type GroupMessage = Never;
    type Event = RoomEvent;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Plain::overrides()
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Command) -> Result {
        Ok(())
    }
}

/// A layer in memory that tells which groups its process subscribes to, and can claim that messages were lost.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: MemoryLayer,
    groups: Mutex<BTreeSet<String>>,
    receiver: Mutex<Option<Arc<dyn Receiver>>>,
    pub(crate) is_closed: AtomicBool,
    /// Groups that are refused for good.
    pub(crate) forbidden: Mutex<BTreeSet<String>>,
}

impl Watched {
    pub(crate) fn new(inner: MemoryLayer) -> Arc<Self> {
        let (groups, receiver, forbidden) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { inner, groups, receiver, is_closed: AtomicBool::new(false), forbidden })
    }

    /// What is subscribed to, without the audiences that every connection is in.
    pub(crate) fn groups(&self) -> Vec<String> {
        let groups = self.groups.lock().unwrap();
        groups.iter().filter(|group| !group.starts_with("chanx.")).cloned().collect()
    }

    pub(crate) fn all_groups(&self) -> usize {
        self.groups.lock().unwrap().len()
    }

    pub(crate) fn lose_messages(&self) {
        self.receiver.lock().unwrap().as_ref().unwrap().missed();
    }
}

impl ChannelLayer for Watched {
    fn new_channel(&self) -> ChannelName {
        self.inner.new_channel()
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        *self.receiver.lock().unwrap() = Some(Arc::clone(&receiver));
        self.inner.attach(receiver);
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        if self.forbidden.lock().unwrap().contains(group.as_str()) {
            let reason = "this group is not for you".to_owned();
            return Box::pin(async { Err(chanx::layer::LayerError::Refused { reason }) });
        }
        self.groups.lock().unwrap().insert(group.to_string());
        self.inner.subscribe(group)
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.groups.lock().unwrap().remove(group.as_str());
        self.inner.unsubscribe(group);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.inner.group_send(group, message)
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.inner.send(channel, message)
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn check(&self) -> LayerFuture<'_> {
        self.inner.check()
    }

    fn close(&self) -> LayerFuture<'_> {
        self.is_closed.store(true, Ordering::Relaxed);
        self.inner.close()
    }
}

/// Where handlers block their threads, until the test lets them go.
#[derive(Clone, Default)]
pub(crate) struct Blocker(Arc<(Mutex<Blocked>, Condvar)>);

#[derive(Default)]
struct Blocked {
    is_there: bool,
    may_go: bool,
}

impl Blocker {
    fn block(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.is_there = true;
        drop(changed.wait_timeout_while(state, Duration::from_secs(20), |state| !state.may_go).unwrap());
    }

    pub(crate) fn is_blocking(&self) -> bool {
        self.0.0.lock().unwrap().is_there
    }

    pub(crate) fn release(&self) {
        self.0.0.lock().unwrap().may_go = true;
        self.0.1.notify_all();
    }
}

/// One server.
pub(crate) struct Site {
    pub(crate) app: Router,
    pub(crate) channels: Channels,
    pub(crate) connections: Connections,
    pub(crate) layer: Arc<Watched>,
    pub(crate) blocker: Blocker,
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(&settings(), MemoryLayer::new())
    }

    pub(crate) fn with(settings: &Settings, layer: MemoryLayer) -> Self {
        let layer = Watched::new(layer);
        let routes = [
            path("member/", Member::<Plain>::endpoint()),
            path("camel/", Member::<Camel>::endpoint()),
            path("key/", Member::<OtherKey>::endpoint()),
            path("lasting/", Member::<Lasting>::endpoint()),
            path("brief/", Member::<NoCompletion>::endpoint()),
            path("stranger/", Stranger::<OtherMessage>::endpoint()),
            path("deaf/", Stranger::<Never>::endpoint()),
            path("unwritten/", Unwritten::endpoint()),
            path("robots/", Robots::endpoint()),
        ];
        let channels = Channels::new(Arc::clone(&layer) as _);
        let blocker = Blocker::default();
        let websockets = Websockets::with_channels(routes, settings, &channels).unwrap().extension(blocker.clone());
        let connections = websockets.connections();
        Self { app: websockets.into_router(), channels, connections, layer, blocker }
    }

    pub(crate) fn connector(&self, path: &str) -> Connector {
        Connector::new(self.app.clone(), path)
    }

    /// An anonymous member of these groups.
    pub(crate) async fn member(&self, groups: &str) -> Communicator {
        welcome(self.connector("/member/").header("x-groups", groups)).await
    }

    /// A member of these groups who is logged in.
    pub(crate) async fn user(&self, id: i64, groups: &str) -> Communicator {
        welcome(self.connector("/member/").header("x-groups", groups).header("x-user", id.to_string())).await
    }

    /// An anonymous connection of another kind.
    pub(crate) async fn other(&self, path: &str, groups: &str) -> Communicator {
        welcome(self.connector(path).header("x-groups", groups)).await
    }

    /// Waits until so many connections are left, in time that does not pass.
    pub(crate) async fn has_connections(&self, count: usize) {
        until("the connections are as many as expected", || self.connections.len() == count).await;
    }

    /// Claims that nobody is in any group any more.
    pub(crate) async fn is_deserted(&self) {
        self.connections.drained().await;
        assert_eq!(self.layer.all_groups(), 0);
    }
}

/// Connects, and takes the first words of the server.
pub(crate) async fn welcome(connector: Connector) -> Communicator {
    let mut client = connector.connect().await.unwrap();
    // Its names are in the words of the endpoint.
    let outcome = client.receive_text().await.unwrap();
    assert!(outcome.contains("200"), "{outcome}");
    assert_eq!(client.receive_json().await.unwrap()["payload"], Value::Null, "a completion");
    client
}

pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("this does not come about: {what}");
}

pub(crate) async fn tell(client: &mut Communicator, action: &str, payload: impl Serialize) {
    client.send_json(&json!({"action": action, "payload": payload})).await;
}

/// Tells a client's consumer to do something, and takes what it answers.
pub(crate) async fn ask(client: &mut Communicator, action: &str, payload: impl Serialize) -> Vec<Value> {
    tell(client, action, payload).await;
    client.receive_all().await.unwrap()
}

/// The groups of a connection, as its consumer knows them.
pub(crate) async fn groups_of(client: &mut Communicator) -> Vec<String> {
    let answers = ask(client, "groups", ()).await;
    serde_json::from_value(answers.last().unwrap()["payload"].clone()).unwrap()
}

pub(crate) async fn name_of(client: &mut Communicator) -> ChannelName {
    let answers = ask(client, "name", ()).await;
    ChannelName::new(answers.last().unwrap()["payload"].as_str().unwrap()).unwrap()
}

/// What was said to a group, from nobody in particular.
pub(crate) fn said(text: &str) -> Value {
    json!({"action": "said", "payload": text, "is_mine": false, "is_current": false})
}

pub(crate) fn group_complete() -> Value {
    json!({"action": "group_complete", "payload": null})
}

/// Claims that this is said to the client next, with its completion.
pub(crate) async fn hears(client: &mut Communicator, text: &str) {
    assert_eq!(client.receive_json().await.unwrap(), said(text));
    assert_eq!(client.receive_json().await.unwrap(), group_complete());
}

/// Claims that nothing waits for the client: the answer to a question comes next.
pub(crate) async fn heard_all(client: &mut Communicator) {
    let answers = ask(client, "name", ()).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
}
