//! Passwords: how Django stores them, how they are checked without stalling the server, and which are too weak.

mod encoded;
mod hasher;
mod strength;

pub use encoded::{MalformedHash, Verdict, check, encode, unusable};
pub(crate) use hasher::PasswordHasher;
pub use strength::{WeakPassword, Weakness, validate};

/// Rounds of PBKDF2 for new passwords: the default of Django 5.2.
pub const ITERATIONS: u32 = 1_000_000;
