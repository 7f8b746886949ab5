//! Sending to groups from a connection.

use std::future::IntoFuture;
use std::pin::Pin;

use chanx_core::encode::EncodeError;
use chanx_core::layer::{Content, GroupMessage, GroupName, InvalidName, LayerError, LayerMessage};
use thiserror::Error;

use super::Context;
use crate::auth::user_key;
use crate::consumer::Consumer;
use crate::hub::TooLarge;

/// Why a message did not go to all groups.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendGroupError {
    /// A group cannot have this name; the message went to none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The message has no JSON form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The object has no JSON form.
    #[error("the object cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The message is longer than `max_outgoing_message_size` with the two fields about its origin; it went to no group.
    #[error("the message has {size} bytes; max_outgoing_message_size allows {limit}")]
    TooLarge {
        /// The bytes of the message.
        size: usize,
        /// The setting.
        limit: usize,
    },
    /// The channel layer did not take it; some groups may have got it.
    #[error(transparent)]
    Layer(#[from] LayerError),
}

impl From<TooLarge> for SendGroupError {
    fn from(TooLarge { size, limit }: TooLarge) -> Self {
        Self::TooLarge { size, limit }
    }
}

/// A message for groups, sent when it is awaited.
#[must_use = "nothing is sent before this is awaited"]
#[derive(Debug)]
pub struct GroupSend<'a, C: Consumer> {
    cx: &'a mut Context<C>,
    content: Result<Content, SendGroupError>,
    groups: Option<Result<Vec<GroupName>, InvalidName>>,
    exclude_current: bool,
}

impl<'a, C: Consumer> GroupSend<'a, C> {
    pub(super) fn new(cx: &'a mut Context<C>, content: Result<Content, SendGroupError>) -> Self {
        Self { cx, content, groups: None, exclude_current: true }
    }

    /// To these groups, whether the connection is in them or not, and not to its own. Whoever is in two of them gets the message twice.
    pub fn to<G: TryInto<GroupName>>(mut self, groups: impl IntoIterator<Item = G>) -> Self
    where
        InvalidName: From<G::Error>,
    {
        let names = groups.into_iter().map(|group| group.try_into().map_err(InvalidName::from));
        self.groups = Some(names.collect());
        self
    }

    /// Whether this connection is left out; it is, unless you say no.
    pub fn exclude_current(mut self, exclude_current: bool) -> Self {
        self.exclude_current = exclude_current;
        self
    }

    async fn send(self) -> Result<(), SendGroupError> {
        let groups = match self.groups {
            Some(groups) => groups?,
            None => self.cx.groups().cloned().collect(),
        };
        let message = LayerMessage::Group(GroupMessage {
            content: self.content?,
            exclude_current: self.exclude_current,
            from_channel: Some(self.cx.channel_name().as_str().to_owned()),
            from_user: user_key(self.cx.user()),
        });
        let hub = self.cx.memberships.hub();
        let parcel = hub.pack(message)?;
        for group in groups {
            hub.send_to_group(&group, &parcel).await?;
        }
        Ok(())
    }
}

impl<'a, C: Consumer> IntoFuture for GroupSend<'a, C> {
    type Output = Result<(), SendGroupError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
