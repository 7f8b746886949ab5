//! One function for each reader of what strangers send, which takes any bytes and panics if a promise is broken.
//!
//! The tests of this crate try the inputs of `corpus/` and variations of them, the same in every run; `libfuzzer/` hands the
//! same functions to cargo-fuzz. See `README.md`.

mod addresses;
mod codec;
mod cookies;
mod decoding;
mod extensions;
mod frames;
mod inflating;
mod input;
mod origins;
mod patterns;
mod session;
mod variation;

pub use variation::Variations;

/// Something that reads input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is that of its folder in `corpus/`.
    pub name: &'static str,
    /// Reads one input.
    ///
    /// It panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Pieces that inputs often have.
    pub words: &'static [&'static [u8]],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "frames", run: frames::run, words: frames::WORDS },
    Target { name: "inflate", run: inflating::run, words: &[] },
    Target { name: "decode", run: decoding::round_trip, words: decoding::WORDS },
    Target { name: "diagnosis", run: decoding::both_ways, words: decoding::WORDS },
    Target { name: "session", run: session::run, words: session::WORDS },
    Target { name: "codec", run: codec::run, words: codec::WORDS },
    Target { name: "addresses", run: addresses::run, words: addresses::WORDS },
    Target { name: "origins", run: origins::run, words: origins::WORDS },
    Target { name: "cookies", run: cookies::run, words: cookies::WORDS },
    Target { name: "extensions", run: extensions::run, words: extensions::WORDS },
    Target { name: "patterns", run: patterns::run, words: patterns::WORDS },
];

/// The target with this name.
///
/// # Panics
/// There is none.
pub fn run(name: &str, data: &[u8]) {
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => (target.run)(data),
        None => panic!("there is no target {name}"),
    }
}
