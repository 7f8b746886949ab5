//! The contract between a process and its layer.

use std::error::Error as StdError;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;

use super::{ChannelName, GroupName, LayerMessage};

/// What a layer's methods return.
pub type LayerFuture<'a, T = ()> = Pin<Box<dyn Future<Output = Result<T, LayerError>> + Send + 'a>>;

/// Carries messages between the processes of a site.
///
/// A process subscribes to a group as a whole, however many of its connections are members: the layer brings each
/// message to the process once, and the process delivers it. Messages of one sender to one group arrive at most once each, and
/// between two calls of [`Receiver::missed`] in the order in which they were sent. What was on its way when a store failed
/// over may come after newer messages.
///
/// `chanx::testing::layer_suite!` is the test suite of this contract.
pub trait ChannelLayer: fmt::Debug + Send + Sync + 'static {
    /// A name for a new channel of this process, unlike that of any other channel of any process. Without traffic: a
    /// process can be reached under all names that it ever made, without being told of them. A layer that keeps nothing may
    /// lose what is sent before it has begun to listen, which [`ChannelLayer::check`] and [`ChannelLayer::subscribe`] wait for.
    fn new_channel(&self) -> ChannelName;

    /// Says where messages go that arrive for this process. Called once, before anything else.
    fn attach(&self, receiver: Arc<dyn Receiver>);

    /// Makes messages to `group` arrive.
    ///
    /// Takes effect in the order of the calls, before the future is polled. The future ends once every message that is sent
    /// from then on will arrive; while the layer is down it ends at once, and the group is subscribed to when the layer is up
    /// again, which [`Receiver::missed`] tells. Subscribing twice is subscribing once.
    ///
    /// # Errors
    /// A subscription that the layer refuses for good, such as one that the store's access rules forbid.
    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static>;

    /// Ends what [`ChannelLayer::subscribe`] began, without waiting for it. A message that is on its way may still arrive.
    fn unsubscribe(&self, group: &GroupName);

    /// Sends a message to a group, in this process and in all others.
    ///
    /// # Errors
    /// A layer that is down or takes too long (in bounded time), and a message that it cannot carry;
    /// [`LayerError::PassedOver`] where the layer knows of processes that the message did not reach. Either way the message
    /// may have reached some members. Success does not mean that it reached all: a layer tells the members that may have
    /// missed something, by [`Receiver::missed`], and the sender only of what is known by then.
    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a>;

    /// Sends a message to one channel, of this process or another.
    ///
    /// # Errors
    /// As with [`ChannelLayer::group_send`]; [`LayerError::Full`] where the layer counts what waits for a channel. A
    /// channel that is gone is no error.
    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a>;

    /// Whether the layer works, as far as it knows without asking.
    fn health(&self) -> Health;

    /// Asks the layer's store for a sign of life.
    ///
    /// # Errors
    /// None comes in time.
    fn check(&self) -> LayerFuture<'_>;

    /// Leaves all groups and ends what runs in the background. Nothing arrives afterwards.
    ///
    /// # Errors
    /// The store could not be told; it forgets this process by itself after a while.
    fn close(&self) -> LayerFuture<'_>;
}

/// A process, as its layer sees it. None of this blocks.
pub trait Receiver: fmt::Debug + Send + Sync {
    /// A message to a group arrived.
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure;

    /// The same for a layer that delivers in the task of the sender, where others wait for their turn meanwhile.
    fn begin_group_message(&self, group: &GroupName, message: &Arc<LayerMessage>) -> Begun {
        Begun::Done(self.group_message(group, message))
    }

    /// A message to a channel of this process arrived. One that is gone is passed over.
    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure;

    /// Messages may have been lost on their way here: while the layer was down, because too many waited for this process,
    /// or because the store had forgotten that it is a member of a group. Messages that are sent from now on arrive.
    fn missed(&self);
}

/// What came of a group message that arrived.
pub enum Begun {
    /// All members have it.
    Done(Pressure),
    /// There are very many members, and none of them has it yet.
    Long(Box<dyn Delivering>),
}

/// A message on its way to very many members. What is left of it when it is dropped is delivered then.
pub trait Delivering: Send {
    /// Delivers to some more members. Between two steps others may run, if no later message to the group begins.
    fn step(&mut self) -> ControlFlow<Pressure>;
}

/// How full the connections are that got a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "whoever sends much should let the connections run"]
pub enum Pressure {
    /// All of them have room for more.
    Low,
    /// Some have little room left: before the next message, others should run for a moment. A millisecond is enough; to
    /// yield is not, where there are several threads.
    High,
}

/// Whether a layer works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// As far as is known.
    Up,
    /// It does not; the reason holds no secret.
    Down {
        /// For the log and the health page.
        reason: String,
    },
}

/// Why a layer did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The store cannot be reached, or takes too long.
    #[error("the channel layer cannot be reached: {reason}")]
    Unavailable {
        /// Without secrets.
        reason: String,
    },
    /// Too many messages wait for the channel already.
    #[error("the channel `{channel}` is full")]
    Full {
        /// The name of the channel.
        channel: ChannelName,
    },
    /// Too many messages wait for some of the processes that have members in the group. Their members missed this one, and
    /// are told so; all others have it.
    #[error("a group message passed over {processes} processes for which too many messages wait")]
    PassedOver {
        /// How many processes.
        processes: usize,
    },
    /// The layer's format has no words for the message.
    #[error("the channel layer cannot carry this message")]
    Message(#[source] Box<dyn StdError + Send + Sync>),
    /// The store refuses, and will go on refusing.
    #[error("the channel layer refuses: {reason}")]
    Refused {
        /// Without secrets.
        reason: String,
    },
}

impl From<super::MalformedMessage> for LayerError {
    fn from(error: super::MalformedMessage) -> Self {
        Self::Message(error.into())
    }
}
