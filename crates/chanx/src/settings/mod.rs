//! Every setting of chanx with its default; the file, the environment and the code write them, in
//! this order.
//!
//! ```
//! use chanx::settings::Settings;
//!
//! let environment = [("CHANX_CAMELIZE".to_owned(), "true".to_owned())];
//! let mut settings = Settings::from_sources(None, environment)?;
//! settings.send_completion = true;
//! assert!(settings.camelize && settings.send_authentication_message);
//! # Ok::<(), chanx::settings::SettingsError>(())
//! ```

mod choice;
mod describe;
mod error;
mod load;
mod rules;
mod secret;
mod source;
mod table;
mod value;

use std::time::Duration;

pub use choice::{Access, LogFormat, SameSite};
pub use describe::SettingInfo;
pub use error::SettingsError;
pub use secret::{ConnectionUrl, Secret};
pub use source::Source;

use crate::origin::{AllowedOrigins, OriginError};
use source::Provenance;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

table::settings! {
    /// Sends `complete` after each incoming message, each event and the connection phase, and
    /// `group_complete` after each delivered group message.
    send_completion: bool = false;

    /// Tells the client how its authentication ended, in an `authentication` message.
    send_authentication_message: bool = true;

    /// Lets messages leave as soon as a handler waits for something; otherwise they leave when it
    /// is done.
    send_message_immediately: bool = true;

    /// The key of a message that names its action.
    message_action_key: String = "action".to_owned(), rules::action_key;

    /// Writes the fields of declared types in camelCase on the wire, in both directions. Keys of
    /// maps are data and stay as they are.
    camelize: bool = false;

    /// Closes a refused socket with 1000, as Chanx up to 0.12 does, not with 4000 + status.
    legacy_close_codes: bool = false;

    /// The longest incoming message in bytes, fragments added up and decompressed. A longer one
    /// closes the socket with 1009.
    max_message_size: usize = 65_536, rules::at_least_one;

    /// The longest head of a request in bytes: its first line and its headers as they arrived. A longer one is answered with
    /// 431.
    max_handshake_size: usize = 16_384, rules::at_least_one;

    /// Offers clients to compress messages (permessage-deflate). Leave it off where a message has a secret beside text that
    /// somebody else chose: the sizes of such messages tell the secret, over TLS too (CRIME, BREACH).
    compression: bool = false;

    /// How many bytes a message must have to be compressed.
    compression_threshold: usize = 256;

    /// How many compression contexts may be kept between messages, by all connections together. One for what a connection
    /// sends takes about 320 kB, one for what it receives 50 kB; connections without one compress each message by itself.
    max_compression_contexts: usize = 0;

    /// How many incoming messages of one connection may wait for their handler before reading
    /// pauses.
    max_waiting_messages: usize = 64, rules::at_least_one;

    /// How many faults of one message its `error` frame lists at most. They take about a kibibyte each of the frame, all in
    /// all; what is more is left out.
    max_faults: usize = 20, rules::at_least_one;

    /// How many bytes may wait to be sent to one connection before its handlers wait too, and
    /// nothing more is read from it.
    max_outgoing_bytes: usize = 1_048_576, rules::at_least_one;

    /// The longest message in bytes that is sent, to a client, to a group or as an event, before compression. A longer one is
    /// refused where it is sent.
    max_outgoing_message_size: usize = 4_194_304, rules::at_least_one;

    /// How many group messages and events may wait for one connection. One that lets more wait is closed with 4413, so that
    /// it never holds up the others.
    max_queued_deliveries: usize = 1024, rules::at_least_one;

    /// How many groups one connection may be in.
    max_groups: usize = 1000, rules::at_least_one;

    /// How many tasks one connection may run beside its handlers.
    max_spawned_tasks: usize = 32, rules::at_least_one;

    /// How many connections may be open at the same time. A further one is answered with 503.
    max_connections: Option<usize> = Some(16_384), rules::at_least_one_if_any;

    /// How many connections one user may have to this process at the same time. A further one is refused with 429, and closed
    /// with 4429. Users without a key, anonymous ones for instance, are not counted.
    max_connections_per_user: Option<usize> = Some(100), rules::at_least_one_if_any;

    /// How many HTTP connections that are no WebSocket (yet) may be open at the same time. Further ones wait until one ends.
    max_http_connections: usize = 4096, rules::at_least_one;

    /// The seconds that a client may take for the head of an HTTP request. Then its connection is closed.
    http_head_timeout: Duration = Duration::from_secs(15), rules::positive;

    /// The seconds that the server may have to wait for the body of an HTTP request, and one more for each 1,000 bytes that
    /// came. Then the request is answered with 408.
    http_body_timeout: Duration = Duration::from_secs(30), rules::positive;

    /// The seconds that an HTTP connection may stay without a further request. A proxy or load balancer in front should give
    /// up its idle connections earlier than that.
    http_keep_alive_timeout: Duration = Duration::from_secs(75), rules::positive;

    /// The seconds that a client may go without taking anything of an HTTP answer. Then its connection is cut.
    http_send_timeout: Duration = Duration::from_secs(30), rules::positive;

    /// The seconds that everything together may take to end when the server is told to stop: requests, handlers, closing
    /// handshakes, blocked threads. Then the process ends.
    shutdown_timeout: Duration = Duration::from_secs(10), rules::positive;

    /// The seconds after which a silent connection is sent a ping.
    ping_interval: Option<Duration> = Some(Duration::from_secs(20)), rules::positive_if_any;

    /// The seconds that a client may take to answer a ping. Then it is closed with 4408.
    ping_timeout: Duration = Duration::from_secs(20), rules::positive;

    /// The seconds that authentication, permissions, the object, `connect`, `build_groups` and `post_authentication` may take
    /// together. Then the connection is closed with 1011.
    admission_timeout: Duration = Duration::from_secs(10), rules::positive;

    /// The seconds that a handler may take. Then it is given up, which counts as a failure of it.
    handler_timeout: Option<Duration> = None, rules::positive_if_any;

    /// The seconds in which everything that follows the end of a connection has to happen: its handler and the messages
    /// that its client sent before it closed have four fifths of them, `disconnected` and the client's answer to the close
    /// frame the rest. Then the connection is cut.
    close_timeout: Duration = Duration::from_secs(5), rules::positive;

    /// The seconds that a client may go without taking anything of what waits for it. Then it is
    /// closed with 4413.
    send_timeout: Duration = Duration::from_secs(30), rules::positive;

    /// The bytes per second that a client must take of what waits for it, on average over `send_timeout`; 0 for any rate. A
    /// slower one is closed with 4413.
    min_send_rate: usize = 1024;

    /// The seconds without a message from the client after which it is closed with 4408.
    idle_timeout: Option<Duration> = None, rules::positive_if_any;

    /// The origins of pages that may open a socket: `https://example.com`, `https://*.example.com`
    /// for a domain with its subdomains, `*` for all.
    allowed_origins: Vec<String> = Vec::new(), rules::origins;

    /// More allowed origins, under the name that django-cors-headers uses.
    cors_allowed_origins: Vec<String> = Vec::new(), rules::origins;

    /// More allowed origins, which may post forms as well.
    csrf_trusted_origins: Vec<String> = Vec::new(), rules::origins;

    /// Lets clients connect that send no origin. Browsers always send one.
    allow_missing_origin: bool = false;

    /// The host names that the site answers to: `example.com`, `.example.com` with its subdomains,
    /// `*` for all.
    allowed_hosts: Vec<String> = Vec::new();

    /// Where clients reach the sockets, for pages and documents that name their address.
    websocket_base_url: Option<String> = None, rules::websocket_url_if_any;

    /// Logs every received message, and each refused one with its faults. On in the development server, unless it is set.
    log_received_message: bool = false;

    /// Logs every message that a handler sends to its own client. On in the development server, unless it is set.
    log_sent_message: bool = false;

    /// The actions of messages that are not logged.
    log_ignored_actions: Vec<String> = Vec::new();

    /// How log lines look; `auto` writes for humans in a terminal and JSON otherwise.
    log_format: LogFormat = LogFormat::Auto;

    /// What is logged, as a level or as directives such as `info,chanx=debug`.
    log_filter: String = "info".to_owned(), rules::not_empty;

    /// How many bytes of log lines may wait to be written. Further lines are lost, and the log tells how many as soon as it
    /// can be written; a quarter is kept for warnings and errors.
    max_queued_log_bytes: usize = 1_048_576, rules::at_least_one;

    /// What carries messages between the processes of a site; `memory://` where there is one
    /// process.
    channel_layer | layer: ConnectionUrl = ConnectionUrl::from("memory://");

    /// The database of users, login sessions and tokens.
    database_url: ConnectionUrl = ConnectionUrl::from("sqlite://data/chanx.sqlite3");

    /// The key that signs login sessions. Anyone who knows it can be anybody.
    secret_key: Option<Secret> = None;

    /// Former secret keys, which still verify what they signed.
    secret_key_fallbacks: Vec<Secret> = Vec::new();

    /// The name of the cookie that holds the login session.
    session_cookie_name: String = "sessionid".to_owned(), rules::cookie_name;

    /// The seconds that a login lasts.
    session_cookie_age: Duration = 14 * DAY, rules::positive;

    /// Sends the session cookie over HTTPS only.
    session_cookie_secure: bool = false;

    /// The domain of the session cookie; none for the host that sets it.
    session_cookie_domain: Option<String> = None, rules::not_empty_if_any;

    /// The path of the session cookie.
    session_cookie_path: String = "/".to_owned(), rules::own_path;

    /// Whether the session cookie comes along from other sites.
    session_cookie_samesite: SameSite = SameSite::Lax;

    /// How many login sessions are kept in memory with their users, about a kilobyte each; 0 for none. What is kept
    /// counts only while nothing was committed to the database since: a logout is seen at once.
    session_cache_size: usize = 10_000;

    /// The name of the cookie that holds the CSRF secret.
    csrf_cookie_name: String = "csrftoken".to_owned(), rules::cookie_name;

    /// The seconds that the CSRF secret lasts.
    csrf_cookie_age: Duration = 364 * DAY, rules::positive;

    /// Sends the CSRF cookie over HTTPS only.
    csrf_cookie_secure: bool = false;

    /// The login page.
    login_url: String = "/admin/login/".to_owned(), rules::own_path;

    /// Where a login leads if the form does not say so.
    login_redirect_url: String = "/".to_owned(), rules::own_path;

    /// How many logins may fail within `login_failures_window` before further ones are refused.
    login_failures_limit: usize = 5, rules::at_least_one;

    /// The seconds for which a failed login counts.
    login_failures_window: Duration = 5 * MINUTE, rules::positive;

    /// Who may use the playground at `/playground/websocket/`: `everybody`, whoever has a `login`, `staff` or `nobody`. With
    /// `auto` it is everybody where `debug` is on, and otherwise nobody.
    playground: Access = Access::Auto;

    /// Who may read the AsyncAPI document and its page at `/asyncapi/`, in the same words.
    asyncapi: Access = Access::Auto;

    /// Makes `check` complain of consumers, and of messages that clients see, that have no description.
    require_descriptions: bool = false;

    /// Development: comfort before safety. Never on where strangers can connect.
    debug: bool = false;
}

impl Settings {
    /// Who may use the playground, now that it is known whether this is development.
    #[must_use]
    pub fn playground_access(&self) -> Access {
        self.playground.resolved(self.debug)
    }

    /// Who may read the AsyncAPI document and its page.
    #[must_use]
    pub fn asyncapi_access(&self) -> Access {
        self.asyncapi.resolved(self.debug)
    }

    /// The origins that may open a socket, from all three lists.
    ///
    /// # Errors
    ///
    /// A text that is no origin; only code can have written it, as loading refuses it.
    pub fn origins(&self) -> Result<AllowedOrigins, OriginError> {
        let lists = [&self.allowed_origins, &self.cors_allowed_origins, &self.csrf_trusted_origins];
        let origins = AllowedOrigins::parse(lists.into_iter().flatten())?;
        Ok(origins.allow_missing(self.allow_missing_origin))
    }
}
