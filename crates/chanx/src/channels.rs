//! Sending from anywhere: an HTTP handler, a background task, a command.

use std::sync::Arc;

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::extract::rejection::ExtensionRejection;
use chanx_core::decode::{Rejected, decode};
use chanx_core::encode::{EncodeError, encode};
use chanx_core::layer::{
    ChannelName, Content, Event, GroupMessage, GroupName, Health, InvalidName, LayerError, LayerMessage, event_format,
    message_format, user_key,
};
use chanx_core::message::{IncomingMessage, OutgoingMessage};
use chanx_core::validation::Fault;
use chanx_core::wire::{Envelope, WireFormat};
use http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::hub::{Hub, TooLarge};
use crate::layer::{ChannelLayer, MemoryLayer};
use crate::settings::Settings;

/// Who is to get something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// The members of a group.
    Group(GroupName),
    /// One connection.
    Channel(ChannelName),
    /// All connections of a user.
    User {
        /// The [kind](crate::auth::Identity::kind) of the user.
        kind: String,
        /// The [key](crate::auth::Identity::key) of the user.
        key: String,
    },
    /// All connections.
    Everyone,
}

impl Audience {
    /// The members of the group with this name.
    ///
    /// # Errors
    /// Text that is no name of a group.
    pub fn group<G: TryInto<GroupName>>(name: G) -> Result<Self, InvalidName>
    where
        InvalidName: From<G::Error>,
    {
        Ok(Self::Group(name.try_into()?))
    }

    /// All connections of the site's [`User`](crate::auth::User) with this key.
    pub fn user(key: impl ToString) -> Self {
        Self::user_of("user", key)
    }

    /// All connections of a user of another kind, by the [kind](crate::auth::Identity::kind) and
    /// [key](crate::auth::Identity::key) of its identity.
    // Keys are numbers and texts, which read best without a reference.
    #[allow(clippy::needless_pass_by_value)]
    pub fn user_of(kind: &str, key: impl ToString) -> Self {
        Self::User { kind: kind.to_owned(), key: key.to_string() }
    }
}

impl From<GroupName> for Audience {
    fn from(group: GroupName) -> Self {
        Self::Group(group)
    }
}

impl From<ChannelName> for Audience {
    fn from(channel: ChannelName) -> Self {
        Self::Channel(channel)
    }
}

/// Why something could not be sent to an audience.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChannelsError {
    /// It has no JSON form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// It is longer than `max_outgoing_message_size`, and was sent to nobody.
    #[error("the message has {size} bytes; max_outgoing_message_size allows {limit}")]
    TooLarge {
        /// The bytes of the message.
        size: usize,
        /// The setting.
        limit: usize,
    },
    /// The channel layer did not take it.
    #[error(transparent)]
    Layer(#[from] LayerError),
}

impl From<TooLarge> for ChannelsError {
    fn from(TooLarge { size, limit }: TooLarge) -> Self {
        Self::TooLarge { size, limit }
    }
}

/// Sends to connections of this process and all others that share its channel layer, from anywhere.
///
/// From [`Websockets::channels`](crate::Websockets::channels), from a consumer's [`Context`](crate::Context), or as an
/// extractor of axum handlers whose router has it as an `Extension`. Cheap to clone.
///
/// Sending works on every thread and with every executor: in a handler, on another runtime of tokio's, or without one.
/// Synchronous code waits for it with the `block_on` of an executor, such as that of the crate `futures`; code that tokio
/// runs does so inside of [`tokio::task::spawn_blocking`], because it holds its thread meanwhile.
///
/// ```
/// use futures_executor::block_on; // `futures::executor::block_on`
/// use chanx::{Audience, Channels};
///
/// #[derive(chanx::Message)]
/// enum RoomEvent {
///     Renamed(String),
/// }
///
/// /// Called by a thread that knows no tokio.
/// fn rename(channels: &Channels, name: &str) -> Result<(), Box<dyn std::error::Error>> {
///     let event = RoomEvent::Renamed(name.to_owned());
///     block_on(channels.send_event(Audience::group("lobby")?, &event))?;
///     Ok(())
/// }
/// # rename(&Channels::in_memory(), "Tea").unwrap();
/// ```
///
/// Users and [`Audience::Everyone`] are reached where a consumer declares group messages or events; a consumer without either is sent nothing.
#[derive(Clone, Debug)]
pub struct Channels(Arc<Hub>);

impl Channels {
    /// A handle that sends over this layer, and to the connections of every
    /// [`Websockets::with_channels`](crate::Websockets::with_channels) that is given it. One without any, as commands
    /// have, only sends.
    ///
    /// A layer has one owner: make one handle and clone it.
    pub fn new(layer: Arc<dyn ChannelLayer>) -> Self {
        Self(Hub::new(layer))
    }

    /// A handle for connections of this process alone.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(MemoryLayer::new()))
    }

    /// Bounds what is sent by `max_outgoing_message_size`, as
    /// [`Websockets::with_channels`](crate::Websockets::with_channels) does; for a handle that only sends.
    #[must_use]
    pub fn limited_by(self, settings: &Settings) -> Self {
        self.0.limit_messages(settings.max_outgoing_message_size);
        self
    }

    pub(crate) fn of(hub: Arc<Hub>) -> Self {
        Self(hub)
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.0
    }

    /// Tells the consumers of an audience something. What they declare as their
    /// [`Event`](crate::Consumer::Event) reaches `receive_event`; anything else is logged there, and passed over.
    ///
    /// # Errors
    /// An event without a JSON form, or one that is longer than `max_outgoing_message_size`; a layer that does not take it.
    pub async fn send_event<E: OutgoingMessage>(
        &self,
        audience: impl Into<Audience>,
        event: &E,
    ) -> Result<(), ChannelsError> {
        let data = text(event, event_format())?;
        self.send(&audience.into(), LayerMessage::Event(Event { data })).await
    }

    /// Sends a message to the clients of an audience, as far as their consumers declare it among their
    /// [group messages](crate::Consumer::GroupMessage).
    ///
    /// # Errors
    /// A message without a JSON form, or one that is longer than `max_outgoing_message_size` with the two fields about its
    /// origin; a layer that does not take it.
    pub async fn send_group_message<M: OutgoingMessage>(
        &self,
        audience: impl Into<Audience>,
        message: &M,
    ) -> Result<(), ChannelsError> {
        let message =
            GroupMessage { content: declared(message)?, exclude_current: false, from_channel: None, from_user: None };
        self.send(&audience.into(), LayerMessage::Group(message)).await
    }

    /// Puts an object on the channel layer as it is, for consumers of other frameworks that share it. chanx's own consumers understand
    /// it if it has the form of an event or a group message.
    ///
    /// # Errors
    /// An object that is longer than `max_outgoing_message_size` as JSON; a layer that does not take it.
    pub async fn send_raw(
        &self,
        audience: impl Into<Audience>,
        message: Map<String, Value>,
    ) -> Result<(), ChannelsError> {
        let message = LayerMessage::from_object(message.clone()).unwrap_or(LayerMessage::Other(message));
        self.send(&audience.into(), message).await
    }

    /// Whether the channel layer works, as far as is known.
    pub fn health(&self) -> Health {
        self.0.layer().health()
    }

    /// Asks the channel layer for a sign of life.
    ///
    /// # Errors
    /// None comes in time.
    pub async fn check(&self) -> Result<(), LayerError> {
        self.0.layer().check().await
    }

    pub(crate) async fn send(&self, audience: &Audience, message: LayerMessage) -> Result<(), ChannelsError> {
        let (hub, parcel) = (&self.0, self.0.pack(message)?);
        let sent = match audience {
            Audience::Group(group) => hub.send_to_group(group, &parcel).await,
            Audience::Channel(channel) => hub.send_to_channel(channel, &parcel).await,
            Audience::User { kind, key } => {
                hub.send_to_group(&GroupName::of_identity(&user_key(kind, key)), &parcel).await
            }
            Audience::Everyone => hub.send_to_group(&GroupName::everyone(), &parcel).await,
        };
        Ok(sent?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Channels {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtensionRejection> {
        Extension::from_request_parts(parts, state).await.map(|Extension(channels)| channels)
    }
}

/// A text that is none of the declared events.
#[derive(Debug, Error)]
#[error("this is none of the declared events: {}", describe(.faults))]
pub struct InvalidEvent {
    faults: Vec<Fault>,
}

/// Reads an event in the form that it has on the channel layer: a JSON object with its name under `handler` and its
/// content under `payload`. For events that come from elsewhere, a command line or a webhook.
///
/// ```
/// #[derive(chanx::Message)]
/// enum RoomEvent {
///     Renamed(String),
/// }
///
/// let RoomEvent::Renamed(name) = chanx::parse_event(r#"{"handler": "renamed", "payload": "Tea"}"#)?;
/// assert_eq!(name, "Tea");
/// # Ok::<(), chanx::InvalidEvent>(())
/// ```
///
/// # Errors
/// Text that is none of the events of `E`, with all that is wrong with it.
pub fn parse_event<E: IncomingMessage>(text: &str) -> Result<E, InvalidEvent> {
    let decoded = decode(text, event_format()).map_err(|Rejected { faults, .. }| InvalidEvent { faults })?;
    Ok(decoded.message)
}

fn describe(faults: &[Fault]) -> String {
    let faults: Vec<_> = faults.iter().map(|fault| &*fault.msg).collect();
    faults.join("; ")
}

/// A message for the layer, in declared names.
pub(crate) fn declared<M: OutgoingMessage>(message: &M) -> Result<Content, EncodeError> {
    text(message, message_format()).map(Content::Declared)
}

/// A JSON object for the layer, as it is.
pub(crate) fn raw(object: &impl Serialize) -> Result<Content, serde_json::Error> {
    serde_json::to_string(object).map(Content::Raw)
}

fn text<M: OutgoingMessage>(message: &M, format: &WireFormat) -> Result<String, EncodeError> {
    let mut text = Vec::new();
    encode(message, &Envelope::default(), format, &mut text)?;
    // The serializer writes nothing but UTF-8.
    Ok(String::from_utf8_lossy(&text).into_owned())
}
