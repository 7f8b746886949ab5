//! From an HTTP request to a connection: route, origin and protocol are judged as plain HTTP, before the upgrade.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chanx_core::deflate::{Agreement, Compression, MalformedExtensions, Parameters};
use chanx_core::frame::accept_key;
use http::header::{
    ALLOW, CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;

use crate::endpoint::Opening;
use crate::excerpt::excerpt;
use crate::handshake::{Handshake, choose_subprotocol};
use crate::hub::Registration;
use crate::label::ConnectionLabel;
use crate::mounted::Mounted;
use crate::origin::OriginRefused;
use crate::routing::{Match, decode_path};
use crate::transport::Transport;
use crate::websockets::Server;

/// Why a request does not become a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("the request has more than {limit} bytes of URL and headers")]
    TooLong { length: usize, limit: usize },
    #[error("no WebSocket endpoint has this path")]
    UnknownPath,
    #[error("no WebSocket endpoint has this path, but one has it with a slash at the end")]
    MissingSlash,
    #[error("a WebSocket handshake is a GET request")]
    NotGet,
    #[error("this is a WebSocket endpoint: the request must ask for an upgrade")]
    NoUpgrade,
    #[error("only version 13 of the WebSocket protocol is spoken here")]
    OtherVersion,
    #[error("a WebSocket handshake needs HTTP/1.1, one Host and a Sec-WebSocket-Key of 16 bytes in base64")]
    Malformed,
    #[error(transparent)]
    Origin(#[from] OriginRefused),
    #[error("the server has no room for another connection")]
    Full,
    #[error("the HTTP server cannot upgrade connections")]
    NotUpgradable,
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::TooLong { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnknownPath | Self::MissingSlash => StatusCode::NOT_FOUND,
            Self::NotGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoUpgrade | Self::OtherVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the operator of the server can do, for the log.
    fn hint(&self) -> Option<String> {
        match self {
            Self::TooLong { length, .. } => Some(format!("it has {length}; `max_handshake_size` sets the limit")),
            Self::NoUpgrade => Some("a proxy in between has to pass on `Upgrade` and `Connection`".to_owned()),
            Self::Origin(refused) => Some(refused.hint().to_owned()),
            Self::Full => Some("`max_connections` sets the limit".to_owned()),
            _ => None,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        let headers = response.headers_mut();
        match self.status() {
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            _ => {}
        }
        response
    }
}

/// A connection whose upgrade is promised: all of [`Opening`] but the bytes.
struct Promised {
    label: ConnectionLabel,
    handshake: Box<Handshake>,
    agreement: Option<Box<Agreement>>,
    mounted: Arc<Mounted>,
    registration: Registration,
}

/// Answers a request under one of the routes.
pub(crate) async fn answer(server: Arc<Server>, mut request: Request<Body>) -> Response {
    match open(&server, &mut request) {
        Ok(response) => response,
        Err(refused) => {
            log(&refused, request.uri(), request.headers());
            refused.into_response()
        }
    }
}

fn log(refused: &Refused, uri: &Uri, headers: &HeaderMap) {
    let path = excerpt(uri.path());
    let origin = headers.get(ORIGIN).map(|origin| excerpt(origin.as_bytes()));
    let status = refused.status().as_u16();
    tracing::warn!(path, status, origin, hint = refused.hint(), "handshake refused: {refused}");
}

/// A request that is refused stays as it is.
fn open(server: &Server, request: &mut Request<Body>) -> Result<Response, Refused> {
    check_length(request, server.max_handshake_size)?;
    let path = decode_path(request.uri().path()).ok_or(Refused::UnknownPath)?;
    let Match { endpoint, parameters, .. } = server.table.find(&path).ok_or_else(|| unknown(server, &path))?;
    let accept = check_protocol(request)?;
    server.origins.check(request.headers())?;
    let acceptable = compression_for(endpoint, request.headers());
    let spoken = endpoint.endpoint.subprotocols();
    let subprotocol = choose_subprotocol(spoken, request.headers());
    let registration = server.hub.register(server.max_connections).ok_or(Refused::Full)?;
    let label = server.new_label(&excerpt(path.as_bytes()));

    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or(Refused::NotUpgradable)?;
    if subprotocol.is_none() && request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
        label.around(|| log_no_subprotocol(spoken));
    }
    let (parts, _) = std::mem::take(request).into_parts();
    let handshake = Box::new(Handshake::new(parts, parameters, Arc::clone(&server.extensions), subprotocol));
    let agreement = acceptable.map(|(compression, parameters)| {
        Box::new(compression.agree(parameters, endpoint.config.compression_threshold))
    });
    let response = switching_protocols(accept, agreement.as_deref(), subprotocol.copied());
    let promised = Promised { label, handshake, agreement, mounted: Arc::clone(endpoint), registration };
    tokio::spawn(promised.keep(on_upgrade));
    Ok(response)
}

/// Without what was offered, in which there may be secrets.
fn log_no_subprotocol(spoken: &[&str]) {
    let spoken = spoken.join(", ");
    tracing::warn!(
        spoken,
        "none of the subprotocols was chosen that the client offers, and a browser ends such a connection with 1006: \
         `Consumer::subprotocols` names those that are spoken"
    );
}

fn unknown(server: &Server, path: &str) -> Refused {
    match server.table.find(&format!("{path}/")) {
        Some(_) => Refused::MissingSlash,
        None => Refused::UnknownPath,
    }
}

/// Refuses a request whose first line and headers are longer than `limit` bytes.
fn check_length(request: &Request<Body>, limit: usize) -> Result<(), Refused> {
    // Routers may have cut the URI.
    let uri = request.extensions().get().map_or(request.uri(), |OriginalUri(uri)| uri);
    let line = request.method().as_str().len() + length_of(uri) + "  HTTP/1.1\r\n".len();
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let length = line + headers.sum::<usize>() + "\r\n".len();
    if length <= limit { Ok(()) } else { Err(Refused::TooLong { length, limit }) }
}

fn length_of(uri: &Uri) -> usize {
    let server = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    server + authority + uri.path_and_query().map_or(0, |rest| rest.as_str().len())
}

impl Promised {
    /// Has the connection served as soon as the HTTP server lets go of it, by a task of its own that has room for nothing
    /// else.
    async fn keep(self, on_upgrade: OnUpgrade) {
        let Self { label, handshake, agreement, mounted, registration } = self;
        match on_upgrade.await {
            Ok(upgraded) => {
                let (transport, endpoint) = (Transport::new(upgraded), Arc::clone(&mounted));
                let opening = Opening { label, transport, handshake, agreement, mounted, registration };
                endpoint.endpoint.spawn(opening);
            }
            Err(error) => label.around(|| tracing::debug!(%error, "the client left before the upgrade")),
        }
    }
}

/// Checks what RFC 6455 (section 4.2.1) asks of a handshake. Yields the value of `Sec-WebSocket-Accept`.
fn check_protocol(request: &Request<Body>) -> Result<String, Refused> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refused::NotGet);
    }
    if !has_token(headers, CONNECTION, "upgrade") || !has_token(headers, UPGRADE, "websocket") {
        return Err(Refused::NoUpgrade);
    }
    if single(headers, SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Refused::OtherVersion);
    }
    if request.version() != Version::HTTP_11 || single(headers, HOST).is_none() {
        return Err(Refused::Malformed);
    }
    let key = single(headers, SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(Refused::Malformed)?;
    Ok(accept_key(key))
}

fn is_key(key: &str) -> bool {
    // Room for all that 24 characters can be.
    let mut bytes = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut bytes).is_ok_and(|length| length == 16)
}

/// The value of a header that must be there once.
fn single(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim),
        _ => None,
    }
}

/// Whether a header that is a list of words has this one, in any case.
fn has_token(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// What an endpoint compresses messages with, and the most that client and endpoint both want of it; nothing if one of them
/// wants none, or if the client's offers cannot be read.
fn compression_for<'a>(endpoint: &'a Mounted, headers: &HeaderMap) -> Option<(&'a Arc<Compression>, Parameters)> {
    let compression = endpoint.config.compression.as_ref()?;
    match negotiate(headers) {
        Ok(parameters) => Some((compression, parameters?)),
        Err(error) => {
            let offers: Vec<_> = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().map(HeaderValue::as_bytes).collect();
            let offers = excerpt(offers.join(&b", "[..]));
            tracing::debug!(offers, "nothing is compressed: {error}");
            None
        }
    }
}

fn negotiate(headers: &HeaderMap) -> Result<Option<Parameters>, MalformedExtensions> {
    let offers = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().map(|value| value.to_str());
    Parameters::negotiate(offers.collect::<Result<Vec<_>, _>>().map_err(|_| MalformedExtensions)?)
}

fn switching_protocols(accept: String, agreement: Option<&Agreement>, subprotocol: Option<&'static str>) -> Response {
    let headers = [(UPGRADE, HeaderValue::from_static("websocket")), (CONNECTION, HeaderValue::from_static("Upgrade"))];
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
    // Base64 is always a legal value.
    if let Ok(accept) = HeaderValue::try_from(accept) {
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    // So are parameters.
    if let Some(Ok(answer)) = agreement.map(|agreement| HeaderValue::try_from(agreement.parameters.to_string())) {
        response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, answer);
    }
    // And so is a name that a client offered.
    if let Some(Ok(name)) = subprotocol.map(HeaderValue::from_str) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
    }
    response
}
