//! A client for tests: connects to an application in process or over a socket, and says what it expects.
//!
//! In process, the whole path is real (router, upgrade, frames, driver) but for the network: no port is opened, and with
//! `#[tokio::test(start_paused = true)]` time passes only when everything waits: see "Paused time" below.
#![doc = include_str!("../../docs/testing.md")]

mod communicator;
mod connector;
mod error;

pub mod layer;
mod layer_suite;

#[doc(inline)]
pub use crate::__layer_suite as layer_suite;
pub use chanx_core::frame::Opcode;
pub use communicator::{Communicator, Outcome};
pub use connector::Connector;
pub use error::{ConnectError, ReceiveError};
