//! What every channel layer must do: the properties that [`layer_suite!`](crate::testing::layer_suite) lists, and what they are
//! made of.
//!
//! Each property is a function, so that one alone can be run under a debugger or with more than the suite gives it. They
//! panic where a layer breaks the contract. Every wait ends, and none is for a time: that something does not arrive is
//! shown by something later that does.

mod fixture;
mod process;
mod recorder;

mod channels;
mod groups;
mod load;
mod outages;
mod payloads;
mod subscribing;

pub use fixture::{BreakableStore, LayerFixture};
pub use process::Process;
pub use recorder::{Arrival, Recorder};

pub use channels::*;
pub use groups::*;
pub use load::*;
pub use outages::*;
pub use payloads::*;
pub use subscribing::*;
