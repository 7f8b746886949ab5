//! What comes out of one measurement: named figures.

use std::collections::BTreeMap;
use std::fmt;

/// A figure of a measurement. Which of them there are depends on the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    /// Units of work for each second.
    PerSecond,
    /// Microseconds of processor time of the server's processes for each unit.
    Cpu,
    /// As much of that as is not the kernel's.
    UserCpu,
    /// Redis's processor time for each unit, in microseconds.
    RedisCpu,
    /// Milliseconds that half of all units stayed within.
    P50,
    /// Milliseconds that 99 of 100 units stayed within.
    P99,
    /// MiB that the server's processes had resident before anybody connected.
    Base,
    /// Growth of the resident memory for each connection, in bytes, before its first message.
    BytesBefore,
    /// The same after one exchange.
    Bytes,
    /// The same as [`Bytes`](Self::Bytes), pages that processes share divided among them.
    SharedBytes,
    /// The share of a core that the server's processes used while nothing was asked of them.
    IdleBusy,
    /// Pings that were answered meanwhile, for each connection.
    Pings,
    /// Connections that lived at the end.
    Alive,
    /// The share of a core that the load used: near 1 it may be what held up the servers.
    LoadBusy,
    /// The share of a core that anybody else used, to the harm of the figures.
    OthersBusy,
}

/// The figures of one measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    figures: BTreeMap<Figure, f64>,
}

impl Sample {
    /// Adds a figure.
    #[must_use]
    pub(crate) fn with(mut self, figure: Figure, value: f64) -> Self {
        self.figures.insert(figure, value);
        self
    }

    /// A figure, if this work has it.
    pub(crate) fn get(&self, figure: Figure) -> Option<f64> {
        self.figures.get(&figure).copied()
    }

    /// All figures, in the order of [`Figure`].
    pub(crate) fn figures(&self) -> impl Iterator<Item = (Figure, f64)> {
        self.figures.iter().map(|(figure, value)| (*figure, *value))
    }
}

/// In one line, for the progress of a run and for those who read it with a program.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (figure, value)) in self.figures().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{} {value:.2}", figure.name())?;
        }
        Ok(())
    }
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "per second",
            Self::Cpu => "CPU µs",
            Self::UserCpu => "user µs",
            Self::RedisCpu => "Redis µs",
            Self::P50 => "p50 ms",
            Self::P99 => "p99 ms",
            Self::Base => "base MiB",
            Self::BytesBefore => "bytes before",
            Self::Bytes => "bytes",
            Self::SharedBytes => "shared bytes",
            Self::IdleBusy => "idle busy",
            Self::Pings => "pings",
            Self::Alive => "alive",
            Self::LoadBusy => "load busy",
            Self::OthersBusy => "others busy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_one_line_in_the_order_of_figures() {
        let sample = Sample::default().with(Figure::P50, 0.123).with(Figure::Cpu, 2.0).with(Figure::Cpu, 1.0);
        assert_eq!(sample.to_string(), "CPU µs 1.00, p50 ms 0.12");
        assert_eq!((sample.get(Figure::Cpu), sample.get(Figure::P99)), (Some(1.0), None));
    }
}
