//! The groups of a connection.

use std::collections::HashSet;
use std::sync::Arc;

use chanx_core::layer::{ChannelName, GroupName, InvalidName, LayerError};
use chanx_core::message::Message;
use serde::Serialize;
use thiserror::Error;

use super::Context;
use super::group_send::{GroupSend, SendGroupError};
use crate::channels::{self, Channels};
use crate::consumer::Consumer;

/// Why a connection is not in a group.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The group cannot have this name.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The connection is in too many groups already (`max_groups`).
    #[error("a connection may be in {limit} groups at most (`max_groups`)")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// The channel layer refuses.
    #[error(transparent)]
    Layer(#[from] LayerError),
}

impl<C: Consumer> Context<C> {
    /// Joins a group: from now on this client is sent the group's messages, and this consumer its events. Joining
    /// twice is joining once.
    ///
    /// While the channel layer is down the group is joined all the same, and messages come when the layer is back.
    ///
    /// # Errors
    /// Text that is no name of a group, too many groups, a layer that refuses the group for good.
    pub async fn join<G: TryInto<GroupName>>(&mut self, group: G) -> Result<(), JoinError>
    where
        InvalidName: From<G::Error>,
    {
        let group = group.try_into().map_err(InvalidName::from)?;
        self.join_all(vec![group]).await
    }

    /// Joins several groups in the time of one.
    pub(crate) async fn join_all(&mut self, mut groups: Vec<GroupName>) -> Result<(), JoinError> {
        let mut seen = HashSet::new();
        groups.retain(|group| !self.is_in(group) && seen.insert(group.clone()));
        let limit = self.mounted.max_groups;
        if self.groups().len() + groups.len() > limit {
            return Err(JoinError::TooMany { limit });
        }
        Ok(self.memberships.join(&groups).await?)
    }

    /// Leaves a group; one that the connection is not in is left already.
    ///
    /// # Errors
    /// Text that is no name of a group.
    pub fn leave<G: TryInto<GroupName>>(&mut self, group: G) -> Result<(), InvalidName>
    where
        InvalidName: From<G::Error>,
    {
        self.memberships.leave(&group.try_into()?);
        Ok(())
    }

    /// The groups that the connection has joined, in the order of joining.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &GroupName> {
        self.memberships.names().iter()
    }

    /// Whether the connection is in this group.
    pub fn is_in(&self, group: &GroupName) -> bool {
        self.groups().any(|own| own == group)
    }

    /// The name under which this connection can be reached from anywhere, as an
    /// [`Audience::Channel`](crate::Audience::Channel).
    pub fn channel_name(&self) -> &ChannelName {
        self.memberships.hub().channel_of(self.memberships.mailbox())
    }

    /// A handle to send from anywhere.
    pub fn channels(&self) -> Channels {
        Channels::of(Arc::clone(self.memberships.hub()))
    }

    /// Sends a message to the clients of this connection's groups, without this one; the methods of what is returned
    /// change that. Nothing is sent before it is awaited.
    ///
    /// ```
    /// # use chanx::{Consumer, Context, Message, Result};
    /// # #[derive(Message)]
    /// # enum RoomMessage { Said(String) }
    /// # async fn example<C: Consumer<GroupMessage = RoomMessage>>(cx: &mut Context<C>) -> Result {
    /// cx.send_group_message(RoomMessage::Said("hello".to_owned())).await?;
    /// cx.send_group_message(RoomMessage::Said("all".to_owned())).to(["room.1", "room.2"]).exclude_current(false).await?;
    /// # Ok(()) }
    /// ```
    pub fn send_group_message(&mut self, message: impl Into<C::GroupMessage>) -> GroupSend<'_, C> {
        GroupSend::new(self, channels::declared(&message.into()).map_err(SendGroupError::Encode))
    }

    /// The same for a JSON object, such as `json!({"action": "said", "payload": 1})`, which is delivered as it is,
    /// whatever the members declare.
    pub fn send_group_json(&mut self, object: &impl Serialize) -> GroupSend<'_, C> {
        GroupSend::new(self, channels::raw(object).map_err(SendGroupError::Json))
    }

    /// Joins what makes the connection reachable for its user and for everyone, if there is anything to reach it with.
    pub(crate) async fn become_reachable(&mut self) -> Result<(), LayerError> {
        if C::GroupMessage::messages().is_empty() && C::Event::messages().is_empty() {
            return Ok(());
        }
        self.memberships.join_audiences().await
    }
}
