//! What is given to the channel layer: nothing that is longer than one message may be.

use std::sync::Arc;

use chanx_core::layer::LayerMessage;

/// A message for the channel layer whose size was checked.
#[derive(Clone, Debug)]
pub(crate) struct Parcel(Arc<LayerMessage>);

/// A message that is longer than `max_outgoing_message_size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message has {size} bytes; max_outgoing_message_size allows {limit}")]
pub(crate) struct TooLarge {
    pub(crate) size: usize,
    pub(crate) limit: usize,
}

impl Parcel {
    pub(super) fn new(message: LayerMessage, limit: usize) -> Result<Self, TooLarge> {
        check_size(message.size(), limit)?;
        Ok(Self(Arc::new(message)))
    }

    pub(super) fn message(&self) -> Arc<LayerMessage> {
        Arc::clone(&self.0)
    }
}

pub(super) fn check_size(size: usize, limit: usize) -> Result<(), TooLarge> {
    if size > limit { Err(TooLarge { size, limit }) } else { Ok(()) }
}
