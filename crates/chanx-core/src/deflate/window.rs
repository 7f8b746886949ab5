//! How far back a compressed message may refer.

use std::fmt;

/// The size of a window, as the number of bits that a distance in it takes: 9 to 15, which is 512 bytes to 32 KiB.
///
/// RFC 7692 knows 8 as well; zlib cannot compress for so small a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window(u8);

impl Window {
    /// The largest one, which holds where none is agreed on.
    pub const MAX: Self = Self(15);

    /// The smallest one that zlib can compress for.
    pub const MIN: Self = Self(9);

    /// The window of this many bits, if there can be one.
    pub fn new(bits: u8) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&bits).then_some(Self(bits))
    }

    /// The number of bits.
    pub fn bits(self) -> u8 {
        self.0
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
