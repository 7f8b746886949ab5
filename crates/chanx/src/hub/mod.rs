//! Who is connected to this process, and in which groups: the end of a channel layer at which the connections are.
//!
//! The hub knows no consumer and runs no code of the application but the reading and writing of its messages.

mod crowd;
mod fanout;
mod flush;
mod groups;
mod mailbox;
mod members;
mod parcel;
mod reports;
mod roster;
mod seats;

pub(crate) use mailbox::{Delivery, EventTurn, Lent, Limits, Mailbox, Outlet, Reader, Turn};
pub(crate) use members::{Memberships, Registration};
pub(crate) use parcel::{Parcel, TooLarge};
pub(crate) use reports::{Reports, Trouble};
pub(crate) use roster::Roster;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chanx_core::broadcast::{Broadcast, BroadcastError};
use chanx_core::close::CloseCode;
use chanx_core::layer::{
    Begun, ChannelLayer, ChannelName, Content, Event, GroupName, LayerError, LayerFuture, LayerMessage, Pressure,
    Receiver,
};
use chanx_core::session::SessionConfig;
use tokio::sync::watch;

use crate::channels::InvalidEvent;
use crowd::Crowd;
use fanout::{Fanout, Way};
use flush::Flusher;
use groups::Groups;

/// How the clients of one endpoint are written to.
pub(crate) trait Format: fmt::Debug + Send + Sync {
    /// The name of the endpoint, for the log.
    fn name(&self) -> &str;

    fn config(&self) -> &SessionConfig;

    /// How much may wait for one of them.
    fn limits(&self) -> Limits;

    /// Whether its consumers take an event.
    fn takes(&self, event: &Event) -> Result<(), InvalidEvent>;

    /// A group message in the words of the endpoint.
    fn broadcast(&self, content: &Content) -> Result<Broadcast, BroadcastError>;
}

/// Connections, channels and groups of one server.
#[derive(Debug)]
pub(crate) struct Hub {
    layer: Arc<dyn ChannelLayer>,
    /// How many bytes a message to groups and channels may have.
    max_message_size: AtomicUsize,
    groups: Groups,
    flusher: Arc<Flusher>,
    reports: Arc<Reports>,
    channels: RwLock<Channels>,
    rosters: Mutex<Vec<Arc<Roster>>>,
    count: watch::Sender<usize>,
    is_draining: AtomicBool,
    next_id: AtomicU64,
}

/// Connections by the names under which they can be reached.
type Channels = HashMap<ChannelName, Arc<Mailbox>>;

impl Hub {
    /// The hub of a process that this layer connects with others.
    pub(crate) fn new(layer: Arc<dyn ChannelLayer>) -> Arc<Self> {
        let hub = Arc::new(Self {
            layer,
            max_message_size: AtomicUsize::new(usize::MAX),
            groups: Groups::default(),
            flusher: Arc::default(),
            reports: Arc::default(),
            channels: RwLock::default(),
            rosters: Mutex::default(),
            count: watch::Sender::default(),
            is_draining: AtomicBool::default(),
            next_id: AtomicU64::default(),
        });
        hub.layer.attach(Arc::new(Receiving(Arc::downgrade(&hub))));
        hub
    }

    pub(crate) fn layer(&self) -> &dyn ChannelLayer {
        &*self.layer
    }

    /// Bounds what is sent from now on. The smallest bound counts: what is sent is for all servers that share this hub.
    pub(crate) fn limit_messages(&self, bytes: usize) {
        self.max_message_size.fetch_min(bytes, Ordering::Relaxed);
    }

    /// Makes a message ready to be sent, as often as it is to be sent.
    pub(crate) fn pack(&self, message: LayerMessage) -> Result<Parcel, TooLarge> {
        Parcel::new(message, self.max_message_size.load(Ordering::Relaxed))
    }

    pub(crate) async fn send_to_group(&self, group: &GroupName, parcel: &Parcel) -> Result<(), LayerError> {
        self.layer.group_send(group, parcel.message()).await
    }

    pub(crate) async fn send_to_channel(&self, channel: &ChannelName, parcel: &Parcel) -> Result<(), LayerError> {
        self.layer.send(channel, parcel.message()).await
    }

    /// What was reported of its connections.
    pub(crate) fn reports(&self) -> &Arc<Reports> {
        &self.reports
    }

    pub(crate) fn len(&self) -> usize {
        *self.count.borrow()
    }

    /// A list for the connections of one more endpoint.
    pub(crate) fn new_roster(&self, tick_period: Duration) -> Arc<Roster> {
        let roster = Roster::new(tick_period);
        self.rosters().push(Arc::clone(&roster));
        roster
    }

    /// A place for one more connection; none if there are `limit` already, or if the server ends.
    pub(crate) fn register(self: &Arc<Self>, limit: Option<usize>) -> Option<Registration> {
        let has_room = self.count.send_if_modified(|count| {
            let has_room = !self.is_draining() && limit.is_none_or(|limit| *count < limit);
            *count += usize::from(has_room);
            has_room
        });
        has_room.then(|| Registration::new(Arc::clone(self), self.next_id.fetch_add(1, Ordering::Relaxed)))
    }

    /// Closes every connection with 1001, waits until all are gone, and leaves the channel layer. New connections are
    /// refused from now on.
    pub(crate) async fn drain(&self) {
        // While nobody can be counted: who is let in after this would not be waited for.
        self.count.send_if_modified(|_| {
            self.is_draining.store(true, Ordering::SeqCst);
            false
        });
        for mailbox in self.connections() {
            mailbox.end(CloseCode::GOING_AWAY, "server shutdown");
        }
        self.drained().await;
        if let Err(error) = self.layer.close().await {
            tracing::warn!(target: "chanx::layer", %error, "the channel layer could not be left");
        }
    }

    /// Waits until there are no connections.
    pub(crate) async fn drained(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Adds a connection to a group. Yields the name that all members share, too, and what ends once the group's messages
    /// arrive here.
    fn join(&self, group: &GroupName, mailbox: &Arc<Mailbox>) -> (GroupName, LayerFuture<'static>) {
        mailbox.become_reachable();
        self.groups.join(group, mailbox, || self.layer.subscribe(group))
    }

    fn leave(&self, group: &GroupName, mailbox: &Mailbox) {
        self.groups.leave(group, mailbox, || self.layer.unsubscribe(group));
    }

    /// The name under which a connection can be reached, made when it is first asked for.
    pub(crate) fn channel_of<'a>(&self, mailbox: &'a Arc<Mailbox>) -> &'a ChannelName {
        mailbox.channel.get_or_init(|| {
            mailbox.become_reachable();
            let channel = self.layer.new_channel();
            self.channels_mut().insert(channel.clone(), Arc::clone(mailbox));
            channel
        })
    }

    fn connections(&self) -> Vec<Arc<Mailbox>> {
        self.rosters().iter().flat_map(|roster| roster.all()).collect()
    }

    fn mailbox_of(&self, channel: &str) -> Option<Arc<Mailbox>> {
        self.channels().get(channel).cloned()
    }

    fn sender_of(&self, message: &LayerMessage) -> Option<u64> {
        let LayerMessage::Group(message) = message else { return None };
        self.mailbox_of(message.from_channel.as_deref()?).map(|sender| sender.id)
    }

    /// Delivers to all of these members, without a pause.
    fn fan_out<'a>(&self, members: impl IntoIterator<Item = &'a Arc<Mailbox>>, way: Way<'_>) -> Pressure {
        let mut fanout = Fanout::new(self.sender_of(way.message), way);
        for member in members {
            fanout.deliver(member, way);
        }
        let pressure = fanout.finish(way);
        self.flusher.add(fanout.take_flushed());
        pressure
    }

    fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    /// The tables stay usable after a panic elsewhere: every change of them is one step.
    fn channels(&self) -> RwLockReadGuard<'_, Channels> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels_mut(&self) -> RwLockWriteGuard<'_, Channels> {
        self.channels.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn rosters(&self) -> MutexGuard<'_, Vec<Arc<Roster>>> {
        self.rosters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hub as its layer knows it, which does not keep it.
#[derive(Debug)]
struct Receiving(std::sync::Weak<Hub>);

impl Receiver for Receiving {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        let Some(hub) = self.0.upgrade() else { return Pressure::Low };
        let Some(members) = hub.groups.members(group) else { return Pressure::Low };
        hub.fan_out(&*members, Way { message, to: group.as_str(), reports: &hub.reports })
    }

    fn begin_group_message(&self, group: &GroupName, message: &Arc<LayerMessage>) -> Begun {
        let Some(hub) = self.0.upgrade() else { return Begun::Done(Pressure::Low) };
        let Some(members) = hub.groups.members(group) else { return Begun::Done(Pressure::Low) };
        if members.len() > crowd::STEP {
            return Begun::Long(Box::new(Crowd::new(hub, group.clone(), Arc::clone(message))));
        }
        Begun::Done(hub.fan_out(&*members, Way { message, to: group.as_str(), reports: &hub.reports }))
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        let Some(hub) = self.0.upgrade() else { return Pressure::Low };
        let Some(mailbox) = hub.mailbox_of(channel) else { return Pressure::Low };
        hub.fan_out([&mailbox], Way { message, to: channel, reports: &hub.reports })
    }

    fn missed(&self) {
        let Some(hub) = self.0.upgrade() else { return };
        for mailbox in hub.connections().iter().filter(|mailbox| mailbox.is_reachable()) {
            mailbox.note_missed();
        }
    }
}

#[cfg(test)]
mod tests {
    use chanx_core::layer::GroupMessage;
    use chanx_core::message::Never;

    use super::*;
    use crate::layer::MemoryLayer;

    const LIMITS: Limits = Limits { deliveries: 10, bytes: 1000 };

    /// An endpoint without declared messages.
    #[derive(Debug)]
    struct Plain(SessionConfig, Limits);

    impl Format for Plain {
        fn name(&self) -> &str {
            "Plain"
        }

        fn config(&self) -> &SessionConfig {
            &self.0
        }

        fn limits(&self) -> Limits {
            self.1
        }

        fn takes(&self, _: &Event) -> Result<(), InvalidEvent> {
            Ok(())
        }

        fn broadcast(&self, content: &Content) -> Result<Broadcast, BroadcastError> {
            Broadcast::new::<Never>(content, &self.0.wire)
        }
    }

    pub(super) fn format() -> Arc<dyn Format> {
        format_with(LIMITS)
    }

    pub(super) fn format_with(limits: Limits) -> Arc<dyn Format> {
        format_of(SessionConfig::default(), limits)
    }

    pub(super) fn format_of(config: SessionConfig, limits: Limits) -> Arc<dyn Format> {
        Arc::new(Plain(config, limits))
    }

    pub(super) fn roomy() -> Limits {
        Limits { deliveries: 100, bytes: 100 << 20 }
    }

    fn hub() -> Arc<Hub> {
        Hub::new(Arc::new(MemoryLayer::new()))
    }

    fn connect(hub: &Arc<Hub>) -> (Registration, Arc<Mailbox>) {
        let mut registration = hub.register(None).unwrap();
        let mailbox = open(&mut registration, format());
        (registration, mailbox)
    }

    fn open(registration: &mut Registration, format: Arc<dyn Format>) -> Arc<Mailbox> {
        let roster = registration.hub().new_roster(Duration::from_secs(20));
        registration.open_mailbox(&roster, format)
    }

    fn room() -> GroupName {
        GroupName::new("room").unwrap()
    }

    /// One more reason to be in the room.
    async fn joined(hub: &Arc<Hub>, mailbox: &Arc<Mailbox>) -> Memberships {
        let mut memberships = Memberships::new(Arc::clone(hub), Arc::clone(mailbox));
        memberships.join(&[room()]).await.unwrap();
        memberships
    }

    fn members(hub: &Hub, group: &GroupName) -> usize {
        hub.groups.members(group).map_or(0, |members| members.len())
    }

    fn raw(text: &str) -> Arc<LayerMessage> {
        let content = Content::Raw(text.to_owned());
        let message = GroupMessage { content, exclude_current: false, from_channel: None, from_user: None };
        Arc::new(LayerMessage::Group(message))
    }

    /// The next delivery, which must come without a wait for anything but other tasks.
    async fn next(mailbox: &Mailbox) -> Delivery {
        let next = std::future::poll_fn(|task| mailbox::tests::poll_next(mailbox, task, true));
        tokio::time::timeout(std::time::Duration::from_secs(10), next).await.expect("a delivery comes")
    }

    #[tokio::test]
    async fn a_membership_lasts_as_long_as_its_last_reason() {
        let hub = hub();
        let (_registration, mailbox) = connect(&hub);
        let (first, second) = (joined(&hub, &mailbox).await, joined(&hub, &mailbox).await);
        assert_eq!(members(&hub, &room()), 1);
        drop(first);
        assert_eq!(members(&hub, &room()), 1);
        drop(second);
        assert_eq!(members(&hub, &room()), 0);
        hub.layer().group_send(&room(), raw("{}")).await.unwrap();
        mailbox.end(CloseCode::NORMAL, "marker");
        assert!(matches!(next(&mailbox).await, Delivery::Close(..)));
    }

    #[tokio::test]
    async fn members_of_one_endpoint_share_the_bytes() {
        let hub = hub();
        let format = format();
        let mut connections: Vec<_> = (0..3).map(|_| hub.register(None).unwrap()).collect();
        let mailboxes: Vec<_> =
            connections.iter_mut().map(|connection| open(connection, Arc::clone(&format))).collect();
        for mailbox in &mailboxes {
            hub.join(&room(), mailbox).1.await.unwrap();
        }
        hub.layer().group_send(&room(), raw(r#"{"a":1}"#)).await.unwrap();
        let mut addresses = Vec::new();
        for mailbox in &mailboxes {
            let Delivery::Frames(frames) = next(mailbox).await else { panic!("frames were expected") };
            addresses.push(frames.as_ptr());
        }
        assert!(addresses.iter().all(|address| *address == addresses[0]));
    }

    /// A group of very many, the first and the last of them.
    fn crowd(hub: &Arc<Hub>) -> (Vec<Registration>, [Arc<Mailbox>; 2]) {
        let (format, roster) = (format(), hub.new_roster(Duration::from_secs(20)));
        let mut registrations: Vec<_> = (0..20_000).map(|_| hub.register(None).unwrap()).collect();
        let open = |registration: &mut Registration| registration.open_mailbox(&roster, Arc::clone(&format));
        let members: Vec<_> = registrations.iter_mut().map(open).collect();
        for member in &members {
            drop(hub.join(&room(), member));
        }
        (registrations, [0, members.len() - 1].map(|index| Arc::clone(&members[index])))
    }

    /// How long the frames are that wait for a member, in their order.
    async fn lengths<const N: usize>(mailbox: &Mailbox) -> [usize; N] {
        let mut lengths = [0; N];
        for length in &mut lengths {
            let Delivery::Frames(frames) = next(mailbox).await else { panic!("frames were expected") };
            *length = frames.len();
        }
        lengths
    }

    #[tokio::test]
    async fn others_have_their_turn_while_a_message_goes_to_very_many() {
        let hub = hub();
        let (_registrations, [_, last]) = crowd(&hub);
        let turns = Arc::new(AtomicUsize::new(0));
        let other = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move {
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
        hub.layer().group_send(&room(), raw("{}")).await.unwrap();
        assert!(turns.load(Ordering::Relaxed) > 0, "the sender kept the thread for itself");
        other.abort();
        let [_] = lengths(&last).await;
    }

    #[tokio::test]
    async fn an_answer_to_a_message_for_very_many_overtakes_it_for_none() {
        let hub = hub();
        let (_registrations, [first, last]) = crowd(&hub);
        let answering = tokio::spawn({
            let (hub, first) = (Arc::clone(&hub), Arc::clone(&first));
            async move {
                let [length] = lengths(&first).await;
                hub.layer().group_send(&room(), raw(r#"{"answer":1}"#)).await.unwrap();
                length
            }
        });
        hub.layer().group_send(&room(), raw("{}")).await.unwrap();
        let question = answering.await.unwrap();
        let [one, other] = lengths(&last).await;
        assert!(one == question && other > question, "{one} came before {other}");
    }

    #[tokio::test]
    async fn a_sender_that_is_given_up_has_sent_to_all_or_to_none() {
        use futures_util::FutureExt;

        let hub = hub();
        let (_registrations, members) = crowd(&hub);
        assert!(hub.layer().group_send(&room(), raw("{}")).now_or_never().is_none(), "it takes several steps");
        for member in members {
            let [_] = lengths(&member).await;
        }
    }

    #[tokio::test]
    async fn a_connection_that_ends_leaves_nothing_behind() {
        let hub = hub();
        let (registration, mailbox) = connect(&hub);
        let channel = hub.channel_of(&mailbox).clone();
        assert_eq!(hub.channel_of(&mailbox), &channel, "it has one name");
        assert_eq!(hub.len(), 1);
        drop(registration);
        assert_eq!(hub.len(), 0);
        assert!(hub.channels().is_empty() && hub.connections().is_empty());
        hub.layer().send(&channel, raw("{}")).await.unwrap();
        assert!(mailbox.send(Delivery::Missed).await.is_err(), "its mailbox is closed");
    }

    #[tokio::test]
    async fn more_connections_than_allowed_are_refused_until_one_ends() {
        let hub = hub();
        let first = hub.register(Some(1)).unwrap();
        assert!(hub.register(Some(1)).is_none());
        drop(first);
        assert!(hub.register(Some(1)).is_some());
        hub.drain().await;
        assert!(hub.register(None).is_none(), "a server that ends takes none");
    }

    #[tokio::test]
    async fn whoever_is_registered_before_the_end_and_opens_after_it_is_told() {
        let hub = hub();
        let mut registration = hub.register(None).unwrap();
        let drain = tokio::spawn({
            let hub = Arc::clone(&hub);
            async move { hub.drain().await }
        });
        tokio::task::yield_now().await;
        let mailbox = open(&mut registration, format());
        assert!(matches!(next(&mailbox).await, Delivery::Close(CloseCode::GOING_AWAY, _)));
        assert!(!drain.is_finished());
        drop(registration);
        drain.await.unwrap();
    }

    #[tokio::test]
    async fn only_those_who_can_be_reached_have_missed_something() {
        let hub = hub();
        let (_one, reachable) = connect(&hub);
        let (_two, member) = connect(&hub);
        let (_three, unknown) = connect(&hub);
        hub.channel_of(&reachable);
        hub.join(&room(), &member).1.await.unwrap();
        Receiving(Arc::downgrade(&hub)).missed();
        for (mailbox, is_told) in [(reachable, true), (member, true), (unknown, false)] {
            let marker = Delivery::Event(Arc::new(Event { data: "{}".to_owned() }));
            assert_eq!(mailbox.push(marker).pressure, Pressure::Low);
            assert_eq!(matches!(next(&mailbox).await, Delivery::Missed), is_told);
        }
    }

    #[tokio::test]
    async fn a_layer_that_outlives_its_hub_reaches_nobody() {
        let layer = Arc::new(MemoryLayer::new());
        let hub = Hub::new(Arc::clone(&layer) as _);
        let (registration, mailbox) = connect(&hub);
        let memberships = joined(&hub, &mailbox).await;
        let receiver = Receiving(Arc::downgrade(&hub));
        drop((memberships, registration, hub));
        assert_eq!(receiver.group_message(&room(), &raw("{}")), Pressure::Low);
        receiver.missed();
        assert!(receiver.0.upgrade().is_none(), "the layer does not keep its hub");
    }
}
