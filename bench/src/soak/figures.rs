//! What a process of the server says of itself.

use std::fmt;
use std::str::FromStr;

/// What a process of the server says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// The tasks of the runtime on which the connections are.
    pub(super) tasks: u64,
    /// How many connections a consumer was made for.
    pub(super) connected: u64,
    /// How many of these have ended.
    pub(super) disconnected: u64,
    /// How many of these were closed because their client took too little.
    pub(super) too_slow: u64,
}

impl Figures {
    pub(super) fn open(self) -> u64 {
        self.connected.saturating_sub(self.disconnected)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.tasks, self.connected, self.disconnected, self.too_slow)
    }
}

impl FromStr for Figures {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<u64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(drop)?;
        let [tasks, connected, disconnected, too_slow] = numbers[..] else { return Err(()) };
        Ok(Self { tasks, connected, disconnected, too_slow })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_are_written() {
        let figures = Figures { tasks: 1, connected: 20, disconnected: 3, too_slow: 2 };
        assert_eq!(figures.to_string().parse(), Ok(figures));
        assert_eq!(figures.open(), 17);
        for text in ["", "1 2 3", "1 2 3 4 5", "1 2 3 x"] {
            assert_eq!(text.parse::<Figures>(), Err(()), "{text}");
        }
    }
}
