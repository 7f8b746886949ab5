//! The request that opened a connection, as authentication, permissions and consumers see it.

use std::fmt;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{Extensions, HeaderMap};
use serde::de::DeserializeOwned;

use crate::cookies::Cookies;
use crate::refusal::{Refusal, Rejection};
use crate::routing::Parameters;

/// The request that opened a connection.
///
/// Header names are compared exactly, apart from case; a value with bytes outside UTF-8 spoils that one value only.
pub struct Handshake {
    parts: Parts,
    parameters: Parameters,
}

impl Handshake {
    pub(crate) fn new(parts: Parts, parameters: Parameters) -> Self {
        Self { parts, parameters }
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
        let query = axum::extract::Query::try_from_uri(&self.parts.uri);
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
        self.parts.headers.get(name).map(http::HeaderValue::as_bytes)
    }

    /// All cookies.
    pub fn cookies(&self) -> Cookies {
        Cookies::from_headers(&self.parts.headers)
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
        self.parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
    }

    /// What layers and the router have attached to the request, application state among it.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// A value that was attached to the request, by its type.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    /// Runs an axum extractor on the request.
    ///
    /// # Errors
    /// The extractor's rejection: a refusal with its status and body, or a failure if the status is 5xx.
    pub async fn extract<T: FromRequestParts<()>>(&self) -> Result<T, Rejection> {
        let mut parts = self.parts.clone();
        let extracted = T::from_request_parts(&mut parts, &()).await.map_err(IntoResponse::into_response);
        match extracted {
            Ok(value) => Ok(value),
            Err(response) => Err(Rejection::from_response(response).await),
        }
    }
}

/// Without the headers and the query, which may hold secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("path", &self.uri_path()).finish_non_exhaustive()
    }
}
