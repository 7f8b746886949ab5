//! The sending side of one connection.

use std::sync::Arc;

use super::compress::Compressor;
use super::contexts::Place;
use super::{Compression, Window};

/// Compresses the messages to one client, as far as that is worth it.
#[derive(Debug)]
pub struct Deflater {
    compression: Arc<Compression>,
    window: Window,
    /// Messages under this many bytes are sent as they are.
    threshold: usize,
    /// In a box, as most connections have none.
    context: Option<Box<Context>>,
}

/// What is kept between messages.
#[derive(Debug)]
struct Context {
    /// Made for the first message.
    compressor: Option<Compressor>,
    _place: Place,
}

impl Deflater {
    pub(super) fn new(compression: Arc<Compression>, window: Window, threshold: usize, context: Option<Place>) -> Self {
        let context = context.map(|place| Box::new(Context { compressor: None, _place: place }));
        Self { compression, window, threshold, context }
    }

    /// How far back messages to this client may refer.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether messages may refer to those before them.
    pub fn keeps_context(&self) -> bool {
        self.context.is_some()
    }

    /// The payload of the compressed message; none if the message is to be sent as it is.
    pub fn deflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        if payload.len() < self.threshold {
            return None;
        }
        match &mut self.context {
            Some(context) => context.compressor.get_or_insert_with(|| Compressor::new(self.window)).compress(payload),
            None => self.compression.deflate(payload, self.window),
        }
    }

    /// Notes that the client was sent a compressed message which did not come from here. It is in the client's window
    /// now, so that nothing before it can be referred to.
    pub fn sent_other(&mut self) {
        if let Some(compressor) = self.context.as_mut().and_then(|context| context.compressor.as_mut()) {
            compressor.forget();
        }
    }
}
