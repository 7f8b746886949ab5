//! The request that opened a connection, as authentication, permissions and consumers see it.

mod subprotocols;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri, Query};
use axum::response::IntoResponse;
use bytes::{BufMut, BytesMut};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Uri};
use serde::de::DeserializeOwned;

use crate::cookies::Cookies;
use crate::refusal::{Refusal, Rejection};
use crate::routing::Parameters;

pub(crate) use subprotocols::{choose as choose_subprotocol, is_token};

/// The request that opened a connection.
///
/// Header names are compared exactly, apart from case; a value with bytes outside UTF-8 spoils that one value only.
///
/// A connection drops its request once it is admitted, see [`Context::handshake`](crate::Context::handshake).
pub struct Handshake {
    parts: Box<Parts>,
    parameters: Parameters,
    /// What is attached to the application.
    shared: Arc<Extensions>,
    /// One of those that the consumer speaks.
    subprotocol: Option<&'static &'static str>,
}

impl Handshake {
    /// Copies the URI and the headers, which share the HTTP server's buffer, however large that is.
    pub(crate) fn new(
        mut parts: Parts,
        parameters: Parameters,
        shared: Arc<Extensions>,
        subprotocol: Option<&'static &'static str>,
    ) -> Self {
        parts.uri = copied_uri(&parts.uri);
        parts.headers = copied_headers(&parts.headers);
        if let Some(OriginalUri(original)) = parts.extensions.get_mut() {
            *original = copied_uri(original);
        }
        Self { parts: Box::new(parts), parameters, shared, subprotocol }
    }

    /// The path as it was requested, percent-encoded.
    pub fn uri_path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The text after the question mark; empty if there is none.
    pub fn raw_query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The query as a typed value.
    ///
    /// # Errors
    /// 400, if the query does not fit the type.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let query = Query::try_from_uri(&self.parts.uri);
        query.map(|query| query.0).map_err(|_| Refusal::new(400).detail("The query string does not fit."))
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.header_bytes(name)?).ok()
    }

    /// The first value of a header, as it came.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// All cookies.
    pub fn cookies(&self) -> Cookies {
        Cookies::from_headers(self.headers())
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().value(name).map(str::to_owned)
    }

    /// The subprotocols that the client offers, in its order and without a [token](Self::subprotocol_token). Elements
    /// of `Sec-WebSocket-Protocol` that are no names are left out.
    pub fn offered_subprotocols(&self) -> impl Iterator<Item = &str> {
        subprotocols::offered(self.headers())
    }

    /// The subprotocol that was chosen, see [`Consumer::subprotocols`](crate::Consumer::subprotocols).
    pub fn subprotocol(&self) -> Option<&'static str> {
        self.subprotocol.copied()
    }

    /// The token of a client that offers `chanx.bearer.<token>` beside its subprotocols: `new WebSocket(url,
    /// ["chat.v1", "chanx.bearer." + token])`, since scripts in browsers cannot set a header. None if there are several.
    ///
    /// A token is never answered with, and never logged. It may have letters, digits and ``!#$%&'*+-.^_`|~``, as API
    /// tokens and JSON Web Tokens do; encode others in base64url.
    pub fn subprotocol_token(&self) -> Option<&str> {
        subprotocols::token(self.headers())
    }

    /// The path parameters as text, by name.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The path parameters as a typed value.
    ///
    /// # Errors
    /// 404, if a parameter does not fit the type: nothing can be there. [`Parameters::parse`] tells what is wrong.
    pub fn path<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        self.parameters.parse().map_err(|_| Refusal::not_found("Not found."))
    }

    /// The address of the peer, if the server was started with `into_make_service_with_connect_info`.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.parts.extensions.get().map(|ConnectInfo(address)| *address)
    }

    /// A value that was attached to the application or, by a layer, to the request; found by its type.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.shared.get().or_else(|| self.parts.extensions.get())
    }

    /// Runs an axum extractor on the request.
    ///
    /// # Errors
    /// The extractor's rejection: a refusal with its status and body, or a failure if the status is 5xx.
    pub async fn extract<T: FromRequestParts<()>>(&self) -> Result<T, Rejection> {
        let mut parts = Parts::clone(&self.parts);
        parts.extensions.extend(Extensions::clone(&self.shared));
        let extracted = T::from_request_parts(&mut parts, &()).await.map_err(IntoResponse::into_response);
        match extracted {
            Ok(value) => Ok(value),
            Err(response) => Err(Rejection::from_response(response).await),
        }
    }

    /// The same, in less room.
    pub(crate) fn chosen_subprotocol(&self) -> Option<&'static &'static str> {
        self.subprotocol
    }

    /// What is attached to the application, which outlives the request.
    pub(crate) fn shared(&self) -> &Arc<Extensions> {
        &self.shared
    }
}

/// Without the headers and the query, which may hold secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("path", &self.uri_path()).finish_non_exhaustive()
    }
}

/// What was written by a URI is one.
fn copied_uri(uri: &Uri) -> Uri {
    Uri::try_from(uri.to_string()).unwrap_or_default()
}

/// The same headers, with values that share one buffer of the right size.
fn copied_headers(headers: &HeaderMap) -> HeaderMap {
    let mut buffer = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        buffer.put_slice(value.as_bytes());
        // It was legal when it came.
        if let Ok(mut copied) = HeaderValue::from_maybe_shared(buffer.split().freeze()) {
            copied.set_sensitive(value.is_sensitive());
            copy.append(name, copied);
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::Extension;
    use http::{Method, Request, Version};

    use super::*;

    fn handshake(request: Request<()>, shared: Extensions) -> Handshake {
        Handshake::new(request.into_parts().0, Parameters::default(), Arc::new(shared), None)
    }

    /// A handshake under a nested router, of an application with a state.
    fn nested() -> Handshake {
        let request = Request::get("/ws/?a=1").header("cookie", "a=1").header("cookie", "b=2").extension("layer");
        let request = request.extension(OriginalUri(Uri::from_static("/api/ws/?a=1")));
        let mut shared = Extensions::new();
        shared.insert(7_u8);
        handshake(request.body(()).unwrap(), shared)
    }

    #[tokio::test]
    async fn extractors_see_the_request_as_it_came() {
        let handshake = nested();
        let (method, version): (Method, Version) = handshake.extract().await.unwrap();
        assert_eq!((method, version), (Method::GET, Version::HTTP_11));
        let (uri, OriginalUri(original)): (Uri, OriginalUri) = handshake.extract().await.unwrap();
        assert_eq!((uri, original), (Uri::from_static("/ws/?a=1"), Uri::from_static("/api/ws/?a=1")));
        let (state, layer): (Extension<u8>, Extension<&str>) = handshake.extract().await.unwrap();
        assert_eq!((state.0, layer.0), (7, "layer"));
    }

    #[test]
    fn what_was_asked_and_attached_is_found() {
        let handshake = nested();
        assert_eq!((handshake.uri_path(), handshake.raw_query()), ("/ws/", "a=1"));
        assert_eq!((handshake.cookie("a").as_deref(), handshake.cookie("b").as_deref()), (Some("1"), Some("2")));
        assert_eq!((handshake.header("Cookie"), handshake.header("host")), (Some("a=1"), None));
        assert_eq!(handshake.header("no name"), None);
        assert_eq!(handshake.query::<HashMap<String, u8>>().unwrap()["a"], 1);
        assert_eq!(handshake.query::<HashMap<String, bool>>().unwrap_err().status(), 400);
        assert_eq!((handshake.extension(), handshake.extension()), (Some(&7_u8), Some(&"layer")));
        assert!(handshake.extension::<u64>().is_none());
        assert_eq!(handshake.extension::<OriginalUri>().unwrap().0, "/api/ws/?a=1");
    }

    #[test]
    fn the_application_goes_before_its_layers() {
        let request = Request::get("/").extension("layer").body(()).unwrap();
        let mut shared = Extensions::new();
        shared.insert("application");
        assert_eq!(handshake(request, shared).extension(), Some(&"application"));
    }

    #[test]
    fn all_headers_come_back_as_they_were() {
        let mut request = Request::get("/ws/?a=1").header("host", "example.com:8000").header("cookie", "a=1");
        request = request.header("x-bytes", b"caf\xe9\t\x80\xff".as_slice()).header("x-empty", "");
        let mut request = request.header("cookie", "b=\"2:3\"").header("!#$%&'*+-.^_`|~09z", "odd").body(()).unwrap();
        let mut secret = HeaderValue::from_static("Bearer x");
        secret.set_sensitive(true);
        request.headers_mut().insert("authorization", secret);
        let expected = request.headers().clone();
        let handshake = handshake(request, Extensions::new());
        assert_eq!(handshake.headers(), &expected);
        assert!(handshake.headers()["authorization"].is_sensitive());
        assert_eq!(handshake.headers().values().filter(|value| value.is_sensitive()).count(), 1);
    }

    #[test]
    fn every_form_of_a_uri_is_copied() {
        for (uri, path, query) in [
            ("/", "/", ""),
            ("/ws/%C3%A9/?a=1&b=%20", "/ws/%C3%A9/", "a=1&b=%20"),
            ("/ws/?to=http://a/b?c", "/ws/", "to=http://a/b?c"),
            ("//ws//", "//ws//", ""),
            ("/caf\u{e9}/?\u{e9}", "/caf\u{e9}/", "\u{e9}"),
            ("http://example.com:80/ws/?a=1", "/ws/", "a=1"),
        ] {
            let handshake = handshake(Request::get(uri).body(()).unwrap(), Extensions::new());
            assert_eq!((handshake.uri_path(), handshake.raw_query()), (path, query), "{uri}");
            assert_eq!(handshake.parts.uri, uri);
        }
    }

    #[test]
    fn nothing_of_the_servers_buffer_is_kept() {
        let mut buffer = BytesMut::from("/ws/?a=1 a long cookie");
        let (uri, cookie) = (buffer.split_to(8).freeze(), buffer.split_off(1).freeze());
        drop(buffer);
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_maybe_shared(uri.clone()).unwrap();
        request.headers_mut().insert("cookie", HeaderValue::from_maybe_shared(cookie.clone()).unwrap());
        let original = OriginalUri(request.uri().clone());
        request.extensions_mut().insert(original);
        let handshake = handshake(request, Extensions::new());
        assert_eq!((handshake.raw_query(), handshake.header("cookie")), ("a=1", Some("a long cookie")));
        drop(uri);
        assert!(cookie.is_unique(), "the cookie is the last part of the buffer");
    }
}
