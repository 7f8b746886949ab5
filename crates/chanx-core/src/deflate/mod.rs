//! Compressed messages (RFC 7692, `permessage-deflate`): what a client and the server agree on, and the work on single
//! messages. What a frame looks like is known elsewhere.
//!
//! A connection that keeps no context between its messages holds nothing of zlib: the states are lent from a pool for the
//! time of one message. Contexts that are kept make small messages much smaller, and cost memory; a process has only so
//! many of them, and a connection that finds none left is told that there are none.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chanx_core::deflate::{Compression, Parameters};
//!
//! let offer = "permessage-deflate; client_max_window_bits";
//! let parameters = Parameters::negotiate([offer])?.expect("it can be honored");
//! let compression = Arc::new(Compression::new(0));
//! let mut agreement = compression.agree(parameters, 16);
//! let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
//! assert_eq!(agreement.parameters.to_string(), answer);
//!
//! let text = r#"{"action":"echo","payload":{"message":"echo echo echo"}}"#;
//! let compressed = agreement.deflater.deflate(text.as_bytes()).expect("it gets smaller");
//! assert!(compressed.len() < text.len());
//! # Ok::<(), chanx_core::deflate::MalformedExtensions>(())
//! ```

mod negotiation;
mod window;

mod agreement;
mod deflater;
mod inflater;

mod contexts;
mod pool;

mod compress;
mod decompress;

mod extensions;

pub use agreement::{Agreement, Compression};
pub use deflater::Deflater;
pub use extensions::MalformedExtensions;
pub use inflater::Inflater;
pub use negotiation::Parameters;
pub use window::Window;

pub(crate) use decompress::InflateError;

/// What a sender leaves out at the end of each message, and a receiver puts back (RFC 7692, section 7.2): the length of an
/// empty block, whose header is the last thing sent.
const TRAILER: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
