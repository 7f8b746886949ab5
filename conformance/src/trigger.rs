//! `POST /trigger/`: sends events and raw messages over the channel layer, as other parts of an application would.

use axum::Router;
use axum::extract::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chanx::{Audience, Channels, ChannelsError, InvalidEvent, InvalidName, parse_event};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::messages::AppEvent;

/// What is to be sent.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Order {
    Event { cls: Class, group: String, event: Map<String, Value> },
    RawGroup { group: String, message: Map<String, Value> },
}

/// The name of an event's class.
#[derive(Deserialize)]
enum Class {
    #[serde(rename = "NotifyEvent")]
    Notify,
    #[serde(rename = "CloseEvent")]
    Close,
    #[serde(rename = "FailEvent")]
    Fail,
    #[serde(rename = "StampEvent")]
    Stamp,
}

#[derive(Debug, Error)]
enum TriggerError {
    #[error(transparent)]
    Group(#[from] InvalidName),
    #[error(transparent)]
    Event(#[from] InvalidEvent),
    #[error(transparent)]
    Send(#[from] ChannelsError),
}

impl IntoResponse for TriggerError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Group(_) | Self::Event(_) => StatusCode::BAD_REQUEST,
            Self::Send(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.to_string()).into_response()
    }
}

impl Class {
    fn handler(&self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Close => "close",
            Self::Fail => "fail",
            Self::Stamp => "stamp",
        }
    }
}

pub(crate) fn router() -> Router {
    Router::new().route("/trigger/", post(trigger))
}

async fn trigger(channels: Channels, Json(order): Json<Order>) -> Result<Json<Value>, TriggerError> {
    match order {
        Order::Event { cls, group, mut event } => {
            event.insert("handler".to_owned(), cls.handler().into());
            let event: AppEvent = parse_event(&Value::Object(event).to_string())?;
            channels.send_event(Audience::group(group)?, &event).await?;
        }
        Order::RawGroup { group, message } => channels.send_raw(Audience::group(group)?, message).await?,
    }
    Ok(Json(json!({"ok": true})))
}
