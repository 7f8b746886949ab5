//! What is logged on a test's thread.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::io;
use std::sync::{Arc, Mutex};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// The log until this is dropped.
pub(crate) struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn begin() -> Self {
        Self::from_level(Level::INFO)
    }

    /// With the lines for developers.
    pub(crate) fn detailed() -> Self {
        Self::from_level(Level::DEBUG)
    }

    fn from_level(level: Level) -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(lines.clone()).with_ansi(false);
        Self { lines, _guard: tracing::subscriber::set_default(subscriber.finish()) }
    }

    /// All of it so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines that have these words.
    pub(crate) fn with(&self, words: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
    }

    /// The only line that has these words.
    #[track_caller]
    pub(crate) fn line(&self, words: &str) -> String {
        match <[String; 1]>::try_from(self.with(words)) {
            Ok([line]) => line,
            Err(_) => panic!("not one line with {words:?}:\n{}", self.text()),
        }
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
