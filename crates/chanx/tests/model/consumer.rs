//! Consumers that do what the plan says, and note what comes of it.

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use chanx::permission::{NotPermitted, Permission, Permitted, Request};
use chanx::{
    Audience, Consumer, Context, Disconnect, EndedBy, GroupName, HandlerError, Message, Never, Overrides, Peer, Raw,
    Result, SendError,
};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde::{Deserialize, Deserializer};
use tokio::time::sleep;

use crate::journal::{Kind, Phase, Waited, What};
use crate::plan::{Act, Handler, LONGEST, Outcome};
use crate::world::World;

/// What handlers fail with; the hook of the tests prints no such panic.
pub(crate) const CAUSE: &str = "the cause";

/// Panics when it is read, and notes that first. It is the number of a connection and of a message.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Fragile(#[allow(dead_code)] String);

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let [of, n] = numbers(&String::deserialize(deserializer)?);
        crate::world::note_here(of, What::Begun(Phase::Reading, n as u32));
        crate::world::note_here(of, What::Failed(Phase::Reading, Kind::Panic, None));
        panic!("{CAUSE}");
    }
}

/// The numbers at the beginning of a text, with colons between and behind them.
pub(crate) fn numbers<const N: usize>(text: &str) -> [usize; N] {
    let mut parts = text.split(':').map(|part| part.parse().unwrap_or(usize::MAX));
    std::array::from_fn(|_| parts.next().unwrap_or(usize::MAX))
}

#[derive(Message)]
#[message(incoming)]
pub(crate) enum Incoming {
    /// Does what the plan has under this number.
    Act(String),
    Read(Fragile),
}

#[derive(Message)]
#[message(outgoing)]
pub(crate) enum Outgoing {
    Own(String),
}

#[derive(Message)]
pub(crate) enum Room {
    Said(String),
}

#[derive(Message)]
pub(crate) enum News {
    Tell(String),
}

/// A handle of some connection.
#[derive(Clone)]
pub(crate) enum Handle {
    Typed(Peer<Outgoing>),
    Bare(Peer<Never>),
}

impl Handle {
    async fn send(&self, text: String) -> std::result::Result<(), SendError> {
        match self {
            Self::Typed(peer) => peer.send_text(text).await,
            Self::Bare(peer) => peer.send_text(text).await,
        }
    }
}

/// A text of this size that is the same each time, and different for others.
pub(crate) fn pad(from: usize, k: u32, size: usize) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz".iter().cycle().skip((from * 7 + k as usize) % 26);
    letters.take(size).map(|letter| *letter as char).collect()
}

fn whisper(from: usize, k: u32, size: usize) -> String {
    format!(r#"{{"action":"whisper","payload":"{from}:{k}:{size}:{}"}}"#, pad(from, k, size))
}

/// A consumer's place in the world.
#[derive(Clone)]
pub(crate) struct Me {
    pub(crate) number: usize,
    pub(crate) world: Arc<World>,
}

impl Me {
    fn of<C: Consumer>(cx: &Context<C>) -> Result<Self> {
        let number = number_of(cx.handshake()?.uri_path());
        Ok(Self { number, world: Arc::clone(cx.state::<Arc<World>>()?) })
    }

    fn note(&self, what: What) {
        self.world.journal.note(self.number, what);
    }

    fn plan(&self) -> &crate::plan::Connection {
        &self.world.plan.connections[self.number]
    }
}

fn number_of(path: &str) -> usize {
    path.trim_end_matches('/').rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// What both kinds of consumers can do.
pub(crate) trait Speaks: Consumer<GroupMessage = Room, Event = News> {
    fn own(cx: &mut Context<Self>, text: String) -> impl Future<Output = std::result::Result<(), SendError>> + Send;

    fn handle(peer: Peer<Self::Outgoing>) -> Handle;

    /// Whether what is sent says which message it answers.
    const ANSWERS: bool;
}

/// Notes that a handler was dropped before it ended.
struct Watch<'a> {
    me: &'a Me,
    phase: Phase,
    began: u64,
    waited: Waited,
    is_over: bool,
}

impl<'a> Watch<'a> {
    fn begin(me: &'a Me, phase: Phase, n: u32) -> Self {
        me.note(What::Begun(phase, n));
        Self { me, phase, began: me.world.journal.now(), waited: Waited::ForOthers, is_over: false }
    }

    fn end(&mut self, what: What) {
        self.is_over = true;
        self.me.note(what);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let lasted = self.me.world.journal.now() - self.began;
            self.me.note(What::Cut { phase: self.phase, lasted, waited: self.waited });
        }
    }
}

static TOO_LONG: [u8; LONGEST + 1] = [0; LONGEST + 1];

/// Whether the connection is ending. A message that is too long is refused after that is looked at, and never sent.
fn is_ending<C: Consumer>(cx: &mut Context<C>) -> bool {
    let sent = tokio::task::unconstrained(cx.send_binary(&TOO_LONG)).now_or_never();
    matches!(sent, Some(Err(SendError::Closed)))
}

fn kind_of(error: &HandlerError) -> Kind {
    if format!("{error:?}").contains("Closed") { Kind::Closed } else { Kind::Error }
}

/// Does what the plan says, in a phase in which there is a context.
async fn perform<C: Speaks>(me: &Me, cx: &mut Context<C>, phase: Phase, n: u32, handler: &Handler) -> Result {
    let mut watch = Watch::begin(me, phase, n);
    let answers = (C::ANSWERS && phase == Phase::Message).then(|| n.to_string());
    for act in &handler.acts {
        me.world.count_step();
        watch.waited = match *act {
            Act::Say { .. } => Waited::ForRoom,
            Act::Whisper { to, .. } if to == me.number => Waited::ForRoom,
            _ => Waited::ForOthers,
        };
        let done = act_out(me, cx, act, answers.clone()).await;
        watch.waited = Waited::ForOthers;
        // Nothing that is sent in a farewell arrives, which is no failure.
        if let Err(error) = done
            && phase != Phase::Farewell
        {
            let ending = is_ending(cx);
            watch.end(What::Failed(phase, kind_of(&error), Some(ending)));
            return Err(error);
        }
    }
    let ending = Some(is_ending(cx));
    match handler.outcome {
        Outcome::Ok | Outcome::Deny => {
            watch.end(What::Ended(phase, ending));
            Ok(())
        }
        Outcome::Error => {
            watch.end(What::Failed(phase, Kind::Error, ending));
            Err(HandlerError::new(CAUSE))
        }
        Outcome::Closed => {
            watch.end(What::Failed(phase, Kind::Closed, ending));
            Err(SendError::Closed.into())
        }
        Outcome::Panic => {
            watch.end(What::Failed(phase, Kind::Panic, ending));
            panic!("{CAUSE}");
        }
        Outcome::Hang => std::future::pending().await,
    }
}

async fn act_out<C: Speaks>(me: &Me, cx: &mut Context<C>, act: &Act, answers: Option<String>) -> Result {
    match *act {
        Act::Say { count, size } => {
            for _ in 0..count {
                let k = me.world.next_number(me.number);
                me.note(What::Sending(k));
                say(cx, k, format!("{k}:{size}:{}", pad(me.number, k, size))).await?;
                me.note(What::Own { k, size, answers: answers.clone() });
            }
        }
        Act::Sleep(time) => sleep(me.world.time(time)).await,
        Act::Yield(count) => {
            for _ in 0..count {
                tokio::task::yield_now().await;
            }
        }
        Act::Whisper { to, count, size } => {
            let handle = me.world.handle(to);
            for handle in handle.iter().cycle().take(count) {
                let k = me.world.next_number(me.number);
                me.note(What::Offering(k));
                handle.send(whisper(me.number, k, size)).await?;
                me.note(What::Whispering { to, k });
            }
        }
        Act::Publish { group, count, size, own_too } => publish(me, cx, group, count, size, own_too).await?,
        Act::Tell { group, event } => {
            let k = me.world.next_number(me.number);
            me.note(What::Telling { group, k });
            let news = News::Tell(format!("{event}:{}:{k}:", me.number));
            cx.channels().send_event(Audience::group(name_of(group))?, &news).await?;
            me.note(What::Told { k });
        }
        Act::Join(group) => {
            cx.join(name_of(group)).await?;
            me.note(What::Joined(group));
        }
        Act::Leave(group) => {
            me.note(What::Left(group));
            cx.leave(name_of(group))?;
        }
        Act::Close(code) => {
            let was_ending = is_ending(cx);
            cx.close_with(code, "")?;
            if !was_ending {
                me.note(What::Closing(code));
            }
        }
        Act::Spawn { after, size, outcome } => spawn(me, cx, me.world.time(after), size, outcome)?,
        Act::Miss => {
            me.world.journal.note(None, What::Missing);
            me.world.layer.miss();
        }
    }
    Ok(())
}

/// Sends to the own client, now and then from within something that is polled only when it is woken.
async fn say<C: Speaks>(cx: &mut Context<C>, k: u32, text: String) -> std::result::Result<(), SendError> {
    let sending = C::own(cx, text);
    if !k.is_multiple_of(3) {
        return sending.await;
    }
    let mut one = FuturesUnordered::from_iter([sending]);
    one.next().await.unwrap_or(Ok(()))
}

async fn publish<C: Speaks>(
    me: &Me,
    cx: &mut Context<C>,
    group: usize,
    count: usize,
    size: usize,
    own_too: bool,
) -> Result {
    for _ in 0..count {
        let k = me.world.next_number(me.number);
        me.note(What::Publishing { group, k, own_too });
        let text = format!("{}:{group}:{k}:{size}:{}", me.number, pad(me.number, k, size));
        cx.send_group_message(Room::Said(text)).to([name_of(group)]).exclude_current(!own_too).await?;
        me.note(What::Published { k });
    }
    Ok(())
}

fn spawn<C: Speaks>(me: &Me, cx: &mut Context<C>, after: Duration, size: usize, outcome: Outcome) -> Result {
    let (me, k) = (me.clone(), me.world.next_number(me.number));
    cx.spawn(async move |peer| {
        sleep(after).await;
        me.note(What::Offering(k));
        C::handle(peer).send(whisper(me.number, k, size)).await?;
        me.note(What::Whispering { to: me.number, k });
        match outcome {
            Outcome::Error => {
                me.note(What::SpawnFailed(Kind::Error));
                Err(HandlerError::new(CAUSE))
            }
            Outcome::Panic => {
                me.note(What::SpawnFailed(Kind::Panic));
                panic!("{CAUSE}");
            }
            Outcome::Closed => {
                me.note(What::SpawnFailed(Kind::Closed));
                Err(SendError::Closed.into())
            }
            _ => Ok(()),
        }
    })?;
    Ok(())
}

pub(crate) fn name_of(group: usize) -> String {
    format!("room.{group}")
}

pub(crate) struct Planned;

impl<C: Speaks> Permission<C> for Planned {
    async fn has_permission(&self, request: &Request<'_, C>) -> Permitted {
        let Some(world) = request.handshake().extension::<Arc<World>>() else {
            return Err(io::Error::other("no world").into());
        };
        let me = Me { number: number_of(request.handshake().uri_path()), world: Arc::clone(world) };
        let handler = me.plan().admission.clone();
        let mut watch = Watch::begin(&me, Phase::Admission, 0);
        for act in &handler.acts {
            me.world.count_step();
            match *act {
                Act::Sleep(time) => sleep(me.world.time(time)).await,
                _ => tokio::task::yield_now().await,
            }
        }
        match handler.outcome {
            Outcome::Ok => {
                watch.end(What::Ended(Phase::Admission, None));
                Ok(())
            }
            Outcome::Deny => {
                watch.end(What::Denied);
                Err(NotPermitted::denied())
            }
            Outcome::Error => {
                watch.end(What::Failed(Phase::Admission, Kind::Error, None));
                Err(io::Error::other(CAUSE).into())
            }
            Outcome::Closed => {
                watch.end(What::Failed(Phase::Admission, Kind::Closed, None));
                Err(SendError::Closed.into())
            }
            Outcome::Panic => {
                watch.end(What::Failed(Phase::Admission, Kind::Panic, None));
                panic!("{CAUSE}");
            }
            Outcome::Hang => std::future::pending().await,
        }
    }
}

/// The consumer's own life, which is the same for both kinds.
struct Life(Me);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.note(What::Dropped);
    }
}

impl Life {
    async fn connect<C: Speaks>(cx: &mut Context<C>) -> Result<Self> {
        let me = Me::of(cx)?;
        let handler = me.plan().connect.clone();
        perform(&me, cx, Phase::Connect, 0, &handler).await?;
        Ok(Self(me))
    }

    async fn groups<C: Speaks>(&self, cx: &mut Context<C>) -> Result<Vec<GroupName>> {
        let me = &self.0;
        perform(me, cx, Phase::Groups, 0, &me.plan().groups).await?;
        me.plan().joins.iter().map(|group| Ok(name_of(*group).try_into()?)).collect()
    }

    async fn greet<C: Speaks>(&self, cx: &mut Context<C>) -> Result {
        let me = &self.0;
        for group in &me.plan().joins {
            me.note(What::Joined(*group));
        }
        me.world.register(me.number, C::handle(cx.peer()));
        perform(me, cx, Phase::Greet, 0, &me.plan().greet).await
    }

    async fn act<C: Speaks>(&self, cx: &mut Context<C>, text: &str) -> Result {
        let (me, [n]) = (&self.0, numbers(text));
        let probe = crate::plan::probe(me.plan());
        let handler = me.plan().messages.get(n).unwrap_or(&probe);
        perform(me, cx, Phase::Message, n as u32, handler).await
    }

    async fn hear<C: Speaks>(&self, cx: &mut Context<C>, text: &str) -> Result {
        let (me, [event, from, k]) = (&self.0, numbers(text));
        me.note(What::Heard { from, k: k as u32 });
        perform(me, cx, Phase::Event, event as u32, &me.world.plan.events[event]).await
    }

    async fn missed<C: Speaks>(&self, cx: &mut Context<C>) -> Result {
        perform(&self.0, cx, Phase::Missed, 0, &self.0.plan().missed).await
    }

    async fn farewell<C: Speaks>(&self, cx: &mut Context<C>, how: &Disconnect) {
        let by = match how.by {
            EndedBy::Server => "server",
            EndedBy::Client => "client",
            EndedBy::Transport => "transport",
        };
        let code = how.code.map(u16::from);
        self.0.note(What::Disconnected { by: by.to_owned(), code });
        // Cannot fail but by a panic.
        let _ = perform(&self.0, cx, Phase::Farewell, 0, &self.0.plan().farewell).await;
    }
}

macro_rules! life {
    () => {
        type Authentication = ();
        type Object = ();
        type GroupMessage = Room;
        type Event = News;

        fn permissions() -> impl Permission<Self> {
            Planned
        }

        fn overrides() -> Overrides {
            Overrides::new().panic_closes(!LENIENT)
        }

        async fn connect(cx: &mut Context<Self>) -> Result<Self> {
            Ok(Self(Life::connect(cx).await?, PhantomData))
        }

        async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
            self.0.groups(cx).await
        }

        async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
            self.0.greet(cx).await
        }

        async fn receive_event(&mut self, cx: &mut Context<Self>, News::Tell(text): News) -> Result {
            self.0.hear(cx, &text).await
        }

        async fn messages_missed(&mut self, cx: &mut Context<Self>) -> Result {
            self.0.missed(cx).await
        }

        async fn disconnected(&mut self, cx: &mut Context<Self>, how: &Disconnect) {
            self.0.farewell(cx, how).await
        }
    };
}

/// Speaks the protocol.
pub(crate) struct Typed<const LENIENT: bool>(Life, PhantomData<()>);

impl<const LENIENT: bool> Consumer for Typed<LENIENT> {
    type Incoming = Incoming;
    type Outgoing = Outgoing;

    life!();

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Act(text) => self.0.act(cx, &text).await,
            Incoming::Read(_) => Err(HandlerError::new("what cannot be read was read")),
        }
    }
}

impl<const LENIENT: bool> Speaks for Typed<LENIENT> {
    const ANSWERS: bool = true;

    async fn own(cx: &mut Context<Self>, text: String) -> std::result::Result<(), SendError> {
        cx.send_message(Outgoing::Own(text)).await
    }

    fn handle(peer: Peer<Outgoing>) -> Handle {
        Handle::Typed(peer)
    }
}

/// Takes messages as they are.
pub(crate) struct Bare<const LENIENT: bool>(Life, PhantomData<()>);

impl<const LENIENT: bool> Consumer for Bare<LENIENT> {
    type Incoming = Raw;
    type Outgoing = Never;

    life!();

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Raw) -> Result {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        self.0.act(cx, &text).await
    }
}

impl<const LENIENT: bool> Speaks for Bare<LENIENT> {
    const ANSWERS: bool = false;

    async fn own(cx: &mut Context<Self>, text: String) -> std::result::Result<(), SendError> {
        cx.send_text(&format!(r#"{{"action":"own","payload":"{text}"}}"#)).await
    }

    fn handle(peer: Peer<Never>) -> Handle {
        Handle::Bare(peer)
    }
}
