//! The request that opened a connection, as authentication, permissions and consumers see it.

mod attached;
mod common;
mod head;

use std::any::TypeId;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{Extensions, HeaderMap, Request};
use serde::de::DeserializeOwned;

use crate::cookies::Cookies;
use crate::refusal::{Refusal, Rejection};
use crate::routing::Parameters;
use attached::Attached;
use head::Head;

/// The request that opened a connection.
///
/// Header names are compared exactly, apart from case; a value with bytes outside UTF-8 spoils that one value only.
///
/// A connection keeps its handshake for as long as it lives, and there may be many: the text of the head is kept as one
/// piece. [`headers`](Self::headers) and [`extensions`](Self::extensions) make maps of it when they are first asked for;
/// all other methods do without.
pub struct Handshake {
    head: Head,
    attached: Attached,
    parameters: Parameters,
    /// The request with its maps, once somebody has asked for them.
    parts: OnceLock<Box<Parts>>,
}

impl Handshake {
    /// Copies what is worth keeping of a request, so that nothing of the HTTP server's buffers lives on. `shared` is
    /// what is attached to the application.
    pub(crate) fn new(mut parts: Parts, parameters: Parameters, shared: Arc<Extensions>) -> Self {
        let original = parts.extensions.remove().map(|OriginalUri(uri)| uri);
        let head = Head::new(&parts, original.as_ref());
        Self { head, attached: Attached::new(parts, shared), parameters, parts: OnceLock::new() }
    }

    /// The path as it was requested, percent-encoded.
    pub fn uri_path(&self) -> &str {
        self.head.path()
    }

    /// The text after the question mark; empty if there is none.
    pub fn raw_query(&self) -> &str {
        self.head.query()
    }

    /// The query as a typed value.
    ///
    /// # Errors
    /// 400, if the query does not fit the type.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let query = Query::try_from_uri(&self.head.uri());
        query.map(|query| query.0).map_err(|_| Refusal::new(400).detail("The query string does not fit."))
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts().headers
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.header_bytes(name)?).ok()
    }

    /// The first value of a header, as it came.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.head.values(name).next()
    }

    /// All cookies.
    pub fn cookies(&self) -> Cookies {
        Cookies::from_values(self.head.values(http::header::COOKIE.as_str()))
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().value(name).map(str::to_owned)
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
        self.attached.remote_addr()
    }

    /// What layers and the router have attached to the request, application state among it.
    pub fn extensions(&self) -> &Extensions {
        &self.parts().extensions
    }

    /// A value that was attached to the request, by its type.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        let is_in_head = TypeId::of::<T>() == TypeId::of::<OriginalUri>();
        if is_in_head { self.extensions().get() } else { self.attached.get() }
    }

    /// Runs an axum extractor on the request.
    ///
    /// # Errors
    /// The extractor's rejection: a refusal with its status and body, or a failure if the status is 5xx.
    pub async fn extract<T: FromRequestParts<()>>(&self) -> Result<T, Rejection> {
        let mut parts = self.parts.get().map_or_else(|| self.make_parts(), |parts| Parts::clone(parts));
        let extracted = T::from_request_parts(&mut parts, &()).await.map_err(IntoResponse::into_response);
        match extracted {
            Ok(value) => Ok(value),
            Err(response) => Err(Rejection::from_response(response).await),
        }
    }

    fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| Box::new(self.make_parts()))
    }

    /// The request as it came. Its method and its version are those of every handshake.
    fn make_parts(&self) -> Parts {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.uri = self.head.uri();
        parts.headers = self.head.headers();
        parts.extensions = self.attached.with(OriginalUri(self.head.original_uri()));
        parts
    }
}

/// Without the headers and the query, which may hold secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("path", &self.uri_path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::Extension;
    use http::{Method, Uri, Version};

    use super::*;

    /// A handshake under a nested router, of an application with a state.
    fn handshake() -> Handshake {
        let request = Request::get("/ws/?a=1").header("cookie", "a=1").header("cookie", "b=2").extension("layer");
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(OriginalUri(Uri::from_static("/api/ws/?a=1")));
        let mut shared = Extensions::new();
        shared.insert(7_u8);
        Handshake::new(parts, Parameters::default(), Arc::new(shared))
    }

    #[tokio::test]
    async fn extractors_see_the_request_as_it_came() {
        let handshake = handshake();
        let (method, version): (Method, Version) = handshake.extract().await.unwrap();
        assert_eq!((method, version), (Method::GET, Version::HTTP_11));
        let (uri, OriginalUri(original)): (Uri, OriginalUri) = handshake.extract().await.unwrap();
        assert_eq!((uri, original), (Uri::from_static("/ws/?a=1"), Uri::from_static("/api/ws/?a=1")));
        let (state, layer): (Extension<u8>, Extension<&str>) = handshake.extract().await.unwrap();
        assert_eq!((state.0, layer.0), (7, "layer"));
        assert!(handshake.parts.get().is_none());
    }

    #[test]
    fn only_what_asks_for_maps_makes_them() {
        let handshake = handshake();
        assert_eq!((handshake.uri_path(), handshake.raw_query()), ("/ws/", "a=1"));
        assert_eq!((handshake.cookie("a").as_deref(), handshake.cookie("b").as_deref()), (Some("1"), Some("2")));
        assert_eq!((handshake.header("cookie"), handshake.header("host")), (Some("a=1"), None));
        assert_eq!(handshake.query::<HashMap<String, u8>>().unwrap()["a"], 1);
        assert_eq!(handshake.query::<HashMap<String, bool>>().unwrap_err().status(), 400);
        assert_eq!((handshake.extension(), handshake.extension()), (Some(&7_u8), Some(&"layer")));
        assert!(handshake.extension::<u64>().is_none());
        assert!(handshake.parts.get().is_none());

        assert_eq!(handshake.headers().get_all("cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(handshake.extensions().get::<u8>(), Some(&7));
        assert_eq!(handshake.extension::<OriginalUri>().unwrap().0, "/api/ws/?a=1");
        assert!(handshake.parts.get().is_some());
    }
}
