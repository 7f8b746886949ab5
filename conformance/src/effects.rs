//! Marks that handlers leave, to be read by cases over HTTP.

use std::sync::{Mutex, PoisonError};

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// A trace of a handler that ran.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mark {
    pub(crate) mark: String,
    pub(crate) user: String,
}

static MARKS: Mutex<Vec<Mark>> = Mutex::new(Vec::new());

pub(crate) fn leave(mark: Mark) {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
}

/// `GET /effects/` answers all marks since the last call, and empties them.
pub(crate) fn router() -> Router {
    Router::new().route("/effects/", get(async || Json(take())))
}

fn take() -> Vec<Mark> {
    std::mem::take(&mut *MARKS.lock().unwrap_or_else(PoisonError::into_inner))
}
