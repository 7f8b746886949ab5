//! From an HTTP request to a connection: route, origin and protocol are judged as plain HTTP, before the upgrade.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chanx_core::frame::accept_key;
use http::header::{CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use hyper::upgrade::OnUpgrade;

use crate::endpoint::Opening;
use crate::handshake::Handshake;
use crate::routing::{Match, decode_path};
use crate::transport::Transport;
use crate::websockets::Server;

/// Why a request does not become a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("no WebSocket endpoint has this path")]
    UnknownPath,
    #[error("a WebSocket handshake is a GET request")]
    NotGet,
    #[error("this is a WebSocket endpoint: the request must ask for an upgrade")]
    NoUpgrade,
    #[error("only version 13 of the WebSocket protocol is spoken here")]
    OtherVersion,
    #[error("a WebSocket handshake needs HTTP/1.1, one Host and a Sec-WebSocket-Key of 16 bytes in base64")]
    Malformed,
    #[error("this origin is not allowed")]
    ForeignOrigin,
    #[error("the server has no room for another connection")]
    Full,
    #[error("the HTTP server cannot upgrade connections")]
    NotUpgradable,
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::NotGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoUpgrade | Self::OtherVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        if self.status() == StatusCode::UPGRADE_REQUIRED {
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        response
    }
}

/// Answers a request under one of the routes.
pub(crate) async fn answer(server: Arc<Server>, mut request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    match open(&server, &mut request) {
        Ok(response) => response,
        Err(refused) => {
            let origin = request.headers().get(http::header::ORIGIN);
            tracing::warn!(path, status = refused.status().as_u16(), ?origin, "handshake refused: {refused}");
            refused.into_response()
        }
    }
}

fn open(server: &Arc<Server>, request: &mut Request<Body>) -> Result<Response, Refused> {
    let path = decode_path(request.uri().path()).ok_or(Refused::UnknownPath)?.into_owned();
    let Match { endpoint, parameters, .. } = server.table.find(&path).ok_or(Refused::UnknownPath)?;
    let accept = check_protocol(request)?;
    if !server.origins.allows(request.headers()) {
        return Err(Refused::ForeignOrigin);
    }
    let registration = server.hub.register(server.max_connections).ok_or(Refused::Full)?;
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or(Refused::NotUpgradable)?;

    let mounted = Arc::clone(endpoint);
    let id = server.new_connection_id();
    let span = tracing::info_span!(parent: tracing::Span::current(), "websocket", id = &*id, path);
    let handshake = Handshake::new(take_parts(request, server), parameters);
    let serve = async move {
        match on_upgrade.await {
            Ok(upgraded) => {
                let transport = Transport::new(upgraded);
                let endpoint = mounted.endpoint.clone();
                endpoint.serve(Opening { id, transport, handshake, mounted, registration, span }).await;
            }
            Err(error) => span.in_scope(|| tracing::debug!(%error, "the client left before the upgrade")),
        }
    };
    tokio::spawn(serve);
    Ok(switching_protocols(accept))
}

/// The request without its body, with what is attached to the application.
fn take_parts(request: &mut Request<Body>, server: &Server) -> http::request::Parts {
    let (mut parts, _) = std::mem::take(request).into_parts();
    parts.extensions.extend(server.extensions.clone());
    parts
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
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
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

fn switching_protocols(accept: String) -> Response {
    let headers = [(UPGRADE, HeaderValue::from_static("websocket")), (CONNECTION, HeaderValue::from_static("Upgrade"))];
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
    // Base64 is always a legal value.
    if let Ok(accept) = HeaderValue::try_from(accept) {
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}
