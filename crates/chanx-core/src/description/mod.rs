//! What an application offers over WebSockets, as one value: all documents about it are made from this.
//!
//! The types of the consumers fill it, so it cannot say anything else than the code does. It knows no server: where the
//! application can be reached is added by whoever writes a document.

mod example;
mod frame;
mod information;
mod message;
pub(crate) mod names;
mod parameter;
mod pattern;
pub(crate) mod reach;
mod security;

pub use example::example;
pub use information::{Base, information};
pub use message::{MessageDescription, describe_group_messages, describe_messages};
pub use parameter::{PathParameter, QueryParameter};
pub use security::SecurityScheme;

use serde::Serialize;

/// An application: its endpoints, in the order in which routes are tried.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Application {
    /// What the documents call it.
    pub title: String,
    /// The version of the application, not of chanx.
    pub version: String,
    /// What it is for, in Markdown; possibly empty.
    pub description: String,
    /// One for each route.
    pub endpoints: Vec<EndpointDescription>,
}

/// A route and what its consumer takes and sends.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct EndpointDescription {
    /// The consumer's type: `EchoConsumer`.
    pub name: String,
    /// The route's name with its namespaces: `chat:room`.
    pub route_name: Option<String>,
    /// The pattern as written, from the root on, without a leading slash: `ws/rooms/<int:pk>/`.
    pub pattern: String,
    /// The path with its parameters in braces and a leading slash: `/ws/rooms/{pk}/`. Nothing for a regular expression
    /// that cannot be written in this form.
    pub address: Option<String>,
    /// What the consumer is for, in Markdown; possibly empty.
    pub description: String,
    /// Under which headings documents list it.
    pub tags: Vec<String>,
    /// The parameters in the path, outer ones first.
    pub path_parameters: Vec<PathParameter>,
    /// The parameters behind the path.
    pub query_parameters: Vec<QueryParameter>,
    /// Where the client's identity is looked for, in this order; empty if nobody is asked.
    pub authentication: Vec<SecurityScheme>,
    /// Who may connect, as an expression of names: `IsAuthenticated & !IsBanned`.
    pub permissions: String,
    /// The subprotocols that clients may offer, the best first.
    pub subprotocols: Vec<String>,
    /// How frames look.
    pub wire: Wire,
    /// What clients may send.
    pub incoming: Vec<MessageDescription>,
    /// What is sent to clients in answer, or by the server's own accord.
    pub outgoing: Vec<MessageDescription>,
    /// What the members of a group are sent.
    pub group_messages: Vec<MessageDescription>,
    /// What other parts of the application may tell the consumer. Clients never see these.
    pub events: Vec<MessageDescription>,
    /// What chanx itself sends here, by the settings of the endpoint.
    pub builtin: Vec<MessageDescription>,
    /// The codes with which connections end: those of the application, and those of chanx.
    pub close_codes: Vec<CloseCodeDescription>,
}

/// The settings of an endpoint that clients can notice.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Wire {
    /// The key of the discriminator.
    pub action_key: String,
    /// Whether declared names travel in camelCase.
    pub camelize: bool,
    /// Whether `complete` follows each message and the connection phase.
    pub send_completion: bool,
    /// Whether the outcome of authentication is told.
    pub send_authentication_message: bool,
    /// Bytes of one incoming message.
    pub max_message_size: usize,
}

/// A code with which a connection may end.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct CloseCodeDescription {
    /// The number.
    pub code: u16,
    /// What it says.
    pub meaning: String,
    /// What a client should do: `reconnect`, `fix_client`; nothing if the application does not say.
    pub action: Option<&'static str>,
}
