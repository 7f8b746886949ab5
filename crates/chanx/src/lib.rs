#![doc = include_str!("../docs/lib.md")]

pub mod auth;
pub mod layer;
pub mod permission;
pub mod routing;
pub mod settings;

mod about;
mod channels;
mod consumer;
mod context;
mod describe;
mod endpoint;
mod handshake;
mod object;
mod peer;
mod refusal;
mod runtime;

mod websockets;

#[cfg(feature = "testing")]
pub mod testing;

mod config;
mod connections;
mod cookies;
mod driver;
mod excerpt;
mod http_socket;
mod hub;
mod label;
mod mounted;
mod origin;
mod shared;
mod transport;
mod upgrade;
mod users;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use about::About;
pub use bytes::Bytes;
pub use bytestring::ByteString;
pub use channels::{Audience, Channels, ChannelsError, InvalidEvent, parse_event};
pub use chanx_core::close::{CLOSE_CODES, CloseCode, CloseCodeInfo, InvalidCloseCode};
pub use chanx_core::description;
pub use chanx_core::layer::{ChannelName, GroupName, InvalidName};
pub use chanx_core::message::{IncomingMessage, Message, MessageInfo, MessageSet, Never, OutgoingMessage, Raw};
pub use chanx_core::session::{Disconnect, EndedBy, SendError};
pub use chanx_macros::Message;
pub use connections::Connections;
pub use consumer::{Consumer, HandlerError, Overrides, Result};
pub use context::{Context, GroupSend, JoinError, SendGroupError, SpawnError, UserOf};
pub use cookies::Cookies;
pub use describe::describe;
pub use endpoint::Endpoint;
#[doc(hidden)]
pub use excerpt::excerpt;
pub use handshake::Handshake;
pub use http_socket::{HttpSocket, HttpTimeouts, HttpTurn, HttpTurns};
pub use label::ConnectionLabel;
pub use object::{Extract, FromHandshake, Path, Query};
pub use origin::{AllowedOrigins, OriginError};
pub use peer::Peer;
pub use refusal::{BoxError, Refusal, Rejection};
pub use runtime::runtime;
pub use settings::Settings;
pub use websockets::{StartError, Websockets};
