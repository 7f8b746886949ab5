//! The receiving side of one connection.

use std::sync::Arc;

use super::Compression;
use super::contexts::Place;
use super::decompress::{Decompressor, InflateError};

/// Inflates the messages of one client.
#[derive(Debug)]
pub struct Inflater {
    compression: Arc<Compression>,
    /// In a box, as most connections have none.
    context: Option<Box<Context>>,
}

/// What is kept between messages.
#[derive(Debug)]
struct Context {
    /// Made for the first message.
    decompressor: Option<Decompressor>,
    _place: Place,
}

impl Inflater {
    pub(super) fn new(compression: Arc<Compression>, context: Option<Place>) -> Self {
        let context = context.map(|place| Box::new(Context { decompressor: None, _place: place }));
        Self { compression, context }
    }

    /// The message whose compressed payload this is, unless it is longer than `limit` bytes.
    pub(crate) fn inflate(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        match &mut self.context {
            Some(context) => context.decompressor.get_or_insert_with(Decompressor::new).decompress(payload, limit),
            None => self.compression.inflate(payload, limit),
        }
    }
}
