//! Why somebody is not let in, or why finding that out failed.

use std::error::Error;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

/// An error of any kind, as the application's code returns it. Its text goes to the log, never to a client.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A refusal: what the `authentication` frame says before the socket closes with 4000 + status.
///
/// ```
/// use chanx::Refusal;
///
/// let refusal = Refusal::new(429).detail("Try again in 13 seconds.");
/// assert_eq!(refusal.status_text(), "Too Many Requests");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    text: String,
    data: Value,
}

impl Refusal {
    /// A refusal with this HTTP status, its usual text, and the text as `detail`.
    ///
    /// A status that is no error (below 400 or above 599) counts as 403.
    pub fn new(status: u16) -> Self {
        let status = if (400..600).contains(&status) { status } else { 403 };
        let text = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Refused");
        Self { status, text: text.to_owned(), data: json!({"detail": text}) }
    }

    /// 404, for an object that does not exist.
    pub fn not_found(detail: &str) -> Self {
        Self::new(404).detail(detail)
    }

    /// 403, for somebody who may not do this.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(403).detail(detail)
    }

    /// Says why: the body becomes `{"detail": …}`.
    #[must_use]
    pub fn detail(self, detail: &str) -> Self {
        self.body(json!({"detail": detail}))
    }

    /// Replaces the whole body.
    #[must_use]
    pub fn body(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// Replaces the text of the status.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The words to the status.
    pub fn status_text(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_outcome(self) -> chanx_core::builtin::AuthenticationOutcome {
        chanx_core::builtin::AuthenticationOutcome { status_code: self.status, status_text: self.text, data: self.data }
    }
}

/// Why a step of the connection phase did not succeed: it said no, or it broke.
///
/// A store that cannot be reached is a failure (500), never a refusal and never a pass.
#[derive(Debug)]
pub enum Rejection {
    /// The answer is no.
    Refused(Refusal),
    /// There is no answer. The client learns 500; the cause is logged.
    Failed(BoxError),
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Rejection {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Rejection {
    /// A failure without an error value.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into().into())
    }

    /// What an axum extractor's rejection says: its status, and its body as JSON or as text.
    pub(crate) async fn from_response(response: Response) -> Self {
        const LONGEST_BODY: usize = 64 * 1024;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), LONGEST_BODY).await.unwrap_or_default();
        if status.is_server_error() {
            return Self::failed(format!("an extractor failed with {status}: {}", String::from_utf8_lossy(&body)));
        }
        let refusal = Refusal::new(status.as_u16());
        match serde_json::from_slice(&body) {
            Ok(data) => refusal.body(data).into(),
            Err(_) if body.is_empty() => refusal.into(),
            Err(_) => refusal.detail(&String::from_utf8_lossy(&body)).into(),
        }
    }
}

/// An error and its causes, for the log.
pub(crate) fn report(error: &BoxError) -> String {
    let mut report = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        report.push_str(": ");
        report.push_str(&error.to_string());
        cause = error.source();
    }
    report
}
