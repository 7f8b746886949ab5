//! What the connections of a process share, and what one of them gets of it.

use std::sync::Arc;

use super::compress::Compressor;
use super::contexts::Contexts;
use super::decompress::{Decompressor, InflateError};
use super::pool::Pool;
use super::{Deflater, Inflater, Parameters, Window};

/// The states of zlib of one process.
#[derive(Debug)]
pub struct Compression {
    compressors: Pool<Compressor>,
    decompressors: Pool<Decompressor>,
    contexts: Contexts,
}

/// The two sides of a connection whose messages may be compressed.
#[derive(Debug)]
pub struct Agreement {
    /// What was agreed on: the answer to the client.
    pub parameters: Parameters,
    /// For what the client sends.
    pub inflater: Inflater,
    /// For what the client is sent.
    pub deflater: Deflater,
}

impl Compression {
    /// For connections that may keep `max_contexts` contexts between messages, all of them together. A connection can have
    /// two, one for each direction.
    pub fn new(max_contexts: usize) -> Self {
        Self { compressors: Pool::new(), decompressors: Pool::new(), contexts: Contexts::new(max_contexts) }
    }

    /// Agrees with a client whose offer allows `parameters`. Contexts that the process has no room for are declined.
    ///
    /// Messages of less than `threshold` bytes will be sent as they are.
    pub fn agree(self: &Arc<Self>, mut parameters: Parameters, threshold: usize) -> Agreement {
        let reserve = |takeover: &mut bool| {
            let place = takeover.then(|| self.contexts.reserve()).flatten();
            *takeover = place.is_some();
            place
        };
        let inflater = Inflater::new(Arc::clone(self), reserve(&mut parameters.client_takeover));
        let window = parameters.server_window.unwrap_or_default();
        let place = reserve(&mut parameters.server_takeover);
        let deflater = Deflater::new(Arc::clone(self), window, threshold, place);
        Agreement { parameters, inflater, deflater }
    }

    /// The payload of a compressed message that refers to no other, for all who have at least this window; none if it
    /// would not be smaller.
    pub fn deflate(&self, payload: &[u8], window: Window) -> Option<Vec<u8>> {
        let suits = |compressor: &Compressor| compressor.window() == window;
        self.compressors.lend(suits, || Compressor::new(window), |compressor| compressor.compress_alone(payload))
    }

    pub(super) fn inflate(&self, payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        self.decompressors.lend(
            |_| true,
            Decompressor::new,
            |decompressor| decompressor.decompress_alone(payload, limit),
        )
    }
}
