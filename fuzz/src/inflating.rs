//! Compressed messages: nothing inflates to more than a message may have, whatever it is made of.

use std::sync::Arc;

use chanx_core::deflate::{Compression, Parameters};
use chanx_core::frame::{Frame, FrameReader, Role};

use crate::input::Input;

const LIMITS: [usize; 3] = [10, 1000, 60_000];

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let compression = Arc::new(Compression::new(2 * input.below(2)));
    let limit = LIMITS[input.below(LIMITS.len())];
    let Ok(Some(parameters)) = Parameters::negotiate(["permessage-deflate; client_max_window_bits"]) else {
        panic!("the offer is good")
    };
    let agreement = compression.agree(parameters, 0);
    let mut reader = FrameReader::new(Role::Server, limit).inflating(agreement.inflater);
    while !input.is_empty() && !reader.is_finished() {
        let first = if input.below(2) == 0 { 0xC1 } else { 0xC2 };
        let payload = input.piece();
        let size = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
        let buffer = reader.buffer_mut();
        buffer.extend_from_slice(&[first, 0xFE, size[0], size[1], 0, 0, 0, 0]);
        buffer.extend_from_slice(payload);
        while let Ok(Some(frame)) = reader.next() {
            if let Frame::Text(text) = frame {
                assert!(text.len() <= limit);
            } else if let Frame::Binary(bytes) = frame {
                assert!(bytes.len() <= limit);
            }
        }
    }
}
