//! A consumer as a route sees it: one type for all of them.

use std::fmt;
use std::sync::Arc;

use chanx_core::broadcast::{Broadcast, BroadcastError};
use chanx_core::decode::{Rejected, decode};
use chanx_core::deflate::Agreement;
use chanx_core::description::SecurityScheme;
use chanx_core::layer::Content;
use chanx_core::message::{IncomingMessage, Message, MessageSet};
use chanx_core::validation::Fault;
use chanx_core::wire::WireFormat;

use crate::about::About;
use crate::auth::Authentication;
use crate::channels::{InvalidEvent, parse_event};
use crate::config::wire_format;
use crate::consumer::{Consumer, Overrides};
use crate::driver;
use crate::handshake::Handshake;
use crate::hub::Registration;
use crate::label::ConnectionLabel;
use crate::mounted::Mounted;
use crate::permission::Permission;
use crate::settings::Settings;
use crate::transport::Transport;

/// A consumer that routes can lead to. Made by [`Consumer::endpoint`].
#[derive(Clone)]
pub struct Endpoint {
    name: &'static str,
    overrides: Overrides,
    is_raw: bool,
    incoming: fn() -> &'static MessageSet,
    outgoing: fn() -> &'static MessageSet,
    group_messages: fn() -> &'static MessageSet,
    events: fn() -> &'static MessageSet,
    subprotocols: fn() -> &'static [&'static str],
    about: fn() -> About,
    schemes: fn(&Settings) -> Vec<SecurityScheme>,
    permissions: fn() -> String,
    check_message: fn(&str, &WireFormat) -> Result<(), Rejected>,
    check_event: fn(&str) -> Result<(), InvalidEvent>,
    broadcast: fn(&Content, &WireFormat) -> Result<Broadcast, BroadcastError>,
    spawn: fn(Opening),
}

/// A connection about to begin.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) label: ConnectionLabel,
    pub(crate) transport: Transport,
    pub(crate) handshake: Box<Handshake>,
    /// What was agreed on about compressed messages, if anything.
    pub(crate) agreement: Option<Box<Agreement>>,
    pub(crate) mounted: Arc<Mounted>,
    pub(crate) registration: Registration,
}

impl Endpoint {
    /// The endpoint of a consumer.
    pub fn of<C: Consumer>() -> Self {
        Self {
            name: short_name(std::any::type_name::<C>()),
            overrides: C::overrides(),
            is_raw: C::Incoming::RAW.is_some(),
            incoming: C::Incoming::messages,
            outgoing: C::Outgoing::messages,
            group_messages: C::GroupMessage::messages,
            events: C::Event::messages,
            subprotocols: C::subprotocols,
            about: C::about,
            schemes: C::Authentication::schemes,
            permissions: || C::permissions().describe(),
            check_message: check_message::<C::Incoming>,
            check_event: |text| parse_event::<C::Event>(text).map(drop),
            broadcast: Broadcast::new::<C::GroupMessage>,
            spawn: |opening| opening.label.clone().spawn(driver::serve::<C>(Box::new(opening))),
        }
    }

    /// The name of the consumer's type.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What clients may send.
    pub fn incoming(&self) -> &'static MessageSet {
        (self.incoming)()
    }

    /// What is sent to clients.
    pub fn outgoing(&self) -> &'static MessageSet {
        (self.outgoing)()
    }

    /// What the clients of groups are sent.
    pub fn group_messages(&self) -> &'static MessageSet {
        (self.group_messages)()
    }

    /// What other parts of the application, and other processes, may tell the consumer.
    pub fn events(&self) -> &'static MessageSet {
        (self.events)()
    }

    /// The subprotocols that the consumer speaks, the best first.
    pub fn subprotocols(&self) -> &'static [&'static str] {
        (self.subprotocols)()
    }

    /// What documents say about the consumer beside that which its types say.
    pub fn about(&self) -> About {
        (self.about)()
    }

    /// Where clients put their credentials.
    pub fn security_schemes(&self, settings: &Settings) -> Vec<SecurityScheme> {
        (self.schemes)(settings)
    }

    /// Who may connect, in a few words.
    pub fn permissions(&self) -> String {
        (self.permissions)()
    }

    /// What the consumer would find wrong with a text that a client sent.
    ///
    /// # Errors
    /// Every fault of the message.
    pub fn check_message(&self, text: &str, settings: &Settings) -> Result<(), Vec<Fault>> {
        let wire = wire_format(settings, &self.overrides);
        (self.check_message)(text, &wire).map_err(|rejected| rejected.faults)
    }

    /// Whether the consumer takes this event, in the form of [`parse_event`].
    ///
    /// # Errors
    /// It is none of those that are declared, or has faults.
    pub fn check_event(&self, text: &str) -> Result<(), InvalidEvent> {
        (self.check_event)(text)
    }

    /// Whether messages of clients are taken as they are: see [`Raw`](crate::Raw).
    pub fn is_raw(&self) -> bool {
        self.is_raw
    }

    pub(crate) fn broadcast(&self, content: &Content, wire: &WireFormat) -> Result<Broadcast, BroadcastError> {
        (self.broadcast)(content, wire)
    }

    pub(crate) fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// Serves a connection in a task of its own.
    pub(crate) fn spawn(&self, opening: Opening) {
        (self.spawn)(opening);
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.name).finish()
    }
}

fn check_message<M: IncomingMessage>(text: &str, wire: &WireFormat) -> Result<(), Rejected> {
    if M::RAW.is_some() { Ok(()) } else { decode::<M>(text, wire).map(drop) }
}

/// The last part of a type's path, without the paths of its parameters.
pub(crate) fn short_name(full: &'static str) -> &'static str {
    let end = full.find('<').unwrap_or(full.len());
    full[..end].rsplit("::").next().unwrap_or(full)
}
