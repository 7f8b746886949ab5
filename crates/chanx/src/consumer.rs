//! What an application writes: the life of one connection.

use std::error::Error as StdError;
use std::fmt;

use chanx_core::layer::GroupName;
use chanx_core::message::{IncomingMessage, Message, OutgoingMessage};
use chanx_core::session::{Disconnect, SendError};

use crate::about::About;
use crate::auth::Authentication;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::object::FromHandshake;
use crate::permission::{IsAuthenticated, Permission};
use crate::refusal::{BoxError, report};

/// The logic of one kind of connection. One value lives for each connection, so `&mut self` needs no lock: handlers
/// of one connection run one at a time, in the order of the messages.
///
/// A connection goes through these steps: the socket is accepted; [`Authentication`](Self::Authentication) finds the
/// user; [`permissions`](Self::permissions) are asked; the [`Object`](Self::Object) is looked up and the permissions are
/// asked about it; the client is told the outcome; [`connect`](Self::connect) makes the consumer; the groups of
/// [`build_groups`](Self::build_groups) are joined; [`post_authentication`](Self::post_authentication) runs; then each
/// message goes to [`receive_message`](Self::receive_message) and each event to [`receive_event`](Self::receive_event),
/// until [`disconnected`](Self::disconnected) ends it.
///
/// No handler may block its thread; [what to use instead](#work-that-blocks) is below.
#[doc = include_str!("../docs/consumer.md")]
#[diagnostic::on_unimplemented(message = "`{Self}` is no consumer", note = "implement `chanx::Consumer` for it")]
pub trait Consumer: Sized + Send + 'static {
    /// Who may be on the other side: a source of identity, a tuple of them, or `()`.
    type Authentication: Authentication;
    /// What this connection is about, found by the request; `()` if it is about nothing in particular.
    type Object: FromHandshake;
    /// What clients may send; [`Raw`](crate::Raw) for texts and bytes as they are.
    type Incoming: IncomingMessage;
    /// What is sent to clients.
    type Outgoing: OutgoingMessage;
    /// What the clients of a group are sent; [`Never`](crate::Never) if this consumer has nothing to do with groups.
    type GroupMessage: IncomingMessage + OutgoingMessage;
    /// What other parts of the application, and other processes, may tell this consumer, named by the action;
    /// [`Never`](crate::Never) if nobody does.
    type Event: IncomingMessage;

    /// Who may connect. Without a word of yours: whoever is logged in.
    fn permissions() -> impl Permission<Self> {
        IsAuthenticated
    }

    /// What this consumer does differently from the settings.
    fn overrides() -> Overrides {
        Overrides::default()
    }

    /// The subprotocols that this consumer speaks, the best first. A client that offers some in `Sec-WebSocket-Protocol` is
    /// answered with the first of these that it offers; [`Context::subprotocol`] is which.
    ///
    /// A browser ends a connection for which it offered subprotocols and none was chosen, with the close code 1006.
    fn subprotocols() -> &'static [&'static str] {
        &[]
    }

    /// What documents say about this consumer beside that which its types say.
    fn about() -> About {
        About::default()
    }

    /// Makes the consumer, once the client is let in.
    ///
    /// # Errors
    /// Any error closes the connection with 1011, and is logged.
    fn connect(cx: &mut Context<Self>) -> impl Future<Output = Result<Self>> + Send;

    /// The groups that the connection joins before [`post_authentication`](Self::post_authentication). More can be joined
    /// and left at any time with [`Context::join`] and [`Context::leave`]; the end of the connection leaves all.
    ///
    /// # Errors
    /// Any error closes the connection with 1011, and is logged.
    fn build_groups(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result<Vec<GroupName>>> + Send {
        let _ = cx;
        std::future::ready(Ok(Vec::new()))
    }

    /// Runs once, before any message.
    ///
    /// # Errors
    /// Any error closes the connection with 1011, and is logged.
    fn post_authentication(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }

    /// Handles one message.
    ///
    /// # Errors
    /// Any error is logged under an id, the client gets that id in an `error` frame, and the connection lives on. Where
    /// messages are [`Raw`](crate::Raw) it closes the connection with 1011 instead.
    fn receive_message(
        &mut self,
        cx: &mut Context<Self>,
        message: Self::Incoming,
    ) -> impl Future<Output = Result> + Send;

    /// Handles one event of [`Channels::send_event`](crate::Channels::send_event), between two messages.
    ///
    /// # Errors
    /// Any error is logged under an id, and the connection lives on. Without a word of yours every event is such an
    /// error.
    fn receive_event(&mut self, cx: &mut Context<Self>, event: Self::Event) -> impl Future<Output = Result> + Send {
        let _ = cx;
        let unhandled = format!("`receive_event` is not written, so `{}` has no effect", event.action());
        std::future::ready(Err(HandlerError::new(unhandled)))
    }

    /// Runs after the channel layer was down, or lost messages in another way: group messages and events may not have
    /// arrived. The time to tell the client, or to look into a store for what it missed.
    ///
    /// # Errors
    /// Any error is logged under an id, and the connection lives on.
    fn messages_missed(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }

    /// Runs exactly once for each consumer, when no more messages will come. Nothing that is sent here arrives. It has what
    /// is left of `close_timeout`, a fifth at least where a handler did not end in time.
    fn disconnected(&mut self, cx: &mut Context<Self>, how: &Disconnect) -> impl Future<Output = ()> + Send {
        let _ = (cx, how);
        std::future::ready(())
    }

    /// What a route leads to.
    fn endpoint() -> Endpoint {
        Endpoint::of::<Self>()
    }
}

/// What a handler returns.
pub type Result<T = (), E = HandlerError> = std::result::Result<T, E>;

/// An error of a handler: any error at all, made by `?`. Its text goes to the log and never to the client.
pub struct HandlerError(BoxError);

impl HandlerError {
    /// An error without a type of its own.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    pub(crate) fn from_boxed(error: BoxError) -> Self {
        Self(error)
    }

    /// The error and its causes, for the log.
    pub(crate) fn report(&self) -> String {
        report(&self.0)
    }

    /// Whether something was sent into a closed connection, in whatever errors of the application that is wrapped.
    pub(crate) fn is_closed(&self) -> bool {
        self.causes().any(|cause| matches!(cause.downcast_ref(), Some(SendError::Closed)))
    }

    /// Whether it reads like one that was. An error of the application with `#[error(transparent)]` hides the one within from
    /// those who look for causes, and has its text.
    pub(crate) fn reads_like_closed(&self) -> bool {
        self.causes().last().is_some_and(|cause| cause.to_string() == SendError::Closed.to_string())
    }

    /// The error, its cause, the cause of that, and so on.
    fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let error: &(dyn StdError + 'static) = &*self.0;
        std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source())
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What one consumer does differently from the settings; what is not named stays as the settings say.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    pub(crate) send_completion: Option<bool>,
    pub(crate) send_authentication_message: Option<bool>,
    pub(crate) camelize: Option<bool>,
    pub(crate) message_action_key: Option<String>,
    pub(crate) log_received_message: Option<bool>,
    pub(crate) log_sent_message: Option<bool>,
    pub(crate) log_ignored_actions: Option<Vec<String>>,
    pub(crate) max_message_size: Option<usize>,
    pub(crate) compression: Option<bool>,
    pub(crate) compression_threshold: Option<usize>,
    pub(crate) panic_closes: Option<bool>,
    pub(crate) unusable_frame_closes: Option<bool>,
    pub(crate) keep_handshake: Option<bool>,
}

/// One method for each setting that a consumer may override.
macro_rules! overrides {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)*) => {
        impl Overrides {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, value: $kind) -> Self {
                    self.$name = Some(value.into());
                    self
                }
            )*
        }
    };
}

overrides! {
    /// Whether `complete` follows each message and the connection phase.
    send_completion: bool;
    /// Whether the outcome of authentication is told.
    send_authentication_message: bool;
    /// Whether declared names travel in camelCase.
    camelize: bool;
    /// The key of the discriminator.
    message_action_key: &str;
    /// Whether received messages are logged.
    log_received_message: bool;
    /// Whether sent messages are logged.
    log_sent_message: bool;
    /// Actions that are not logged.
    log_ignored_actions: Vec<String>;
    /// Bytes of one incoming message.
    max_message_size: usize;
    /// Whether clients are offered to compress messages.
    compression: bool;
    /// How many bytes a message must have to be compressed.
    compression_threshold: usize;
    /// Whether a panic of a handler closes the connection with 1011 (it does, unless you say no: then the panic counts
    /// as a failed message, and the consumer goes on with whatever state the panic left behind).
    panic_closes: bool;
    /// Whether a frame that is no JSON object closes the connection with 1011, as in Chanx up to 0.12. Unless you say
    /// so it is answered with an `error`, and the connection lives on.
    unusable_frame_closes: bool;
    /// Whether each connection keeps its request for [`Context::handshake`] as long as it lives: up to
    /// `max_handshake_size` bytes of text, and with it a table of the headers of 2 to 16 kB. Unless you say so it is dropped
    /// once the connection is admitted.
    keep_handshake: bool;
}

impl Overrides {
    /// No difference.
    pub fn new() -> Self {
        Self::default()
    }
}
