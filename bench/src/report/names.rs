//! What works and figures are called in a report, and how figures are written.

use crate::layer::Layer;
use crate::sample::Figure;
use crate::work::{Answer, Work};

/// The heading above all works of a sort.
pub(super) fn family(work: Work) -> &'static str {
    match work {
        Work::Echo { .. } => "Echo",
        Work::Fanout { .. } => "Fan-out",
        Work::Idle { .. } => "Idle connections",
        Work::Handshake { .. } => "Handshake",
        Work::Churn { .. } => "Connections that come and go",
        Work::Growth { .. } => "Growth",
        Work::Fleet { .. } => "Fleet",
    }
}

/// The heading of one work below that.
pub(super) fn title(work: Work) -> String {
    match work {
        Work::Echo { connections, in_flight, answer } => {
            let answer = match answer {
                Answer::Reply => "a reply to each",
                Answer::ReplyAndCompletion => "a reply and its completion",
            };
            format!("{} connections, {in_flight} in flight, {answer}", grouped(connections))
        }
        Work::Fanout { layer: Layer::Memory, members, outstanding } => {
            format!("{} members, {outstanding} under way", grouped(members))
        }
        Work::Fanout { layer, members, outstanding } => {
            format!("{} members, {outstanding} under way: {}", grouped(members), lower_first(layer.title()))
        }
        Work::Idle { connections, login } => format!("{} connections, {}", grouped(connections), login.title()),
        Work::Handshake { connections, login } => format!("{} handshakes, {}", grouped(connections), login.title()),
        Work::Churn { at_once, login } => format!("{at_once} at a time, {}", login.title()),
        Work::Growth { of, connections } => format!("{} among {} connections", of.title(), grouped(connections)),
        Work::Fleet { connections } => format!("{} connections over several processes", grouped(connections)),
    }
}

/// The heading of a column.
pub(super) fn column(figure: Figure, unit: &str) -> String {
    match figure {
        Figure::PerSecond => "per second".to_owned(),
        Figure::Cpu => format!("CPU µs per {unit}"),
        Figure::UserCpu => "of it user".to_owned(),
        Figure::RedisCpu => "Redis CPU µs".to_owned(),
        Figure::P50 => "p50 ms".to_owned(),
        Figure::P99 => "p99 ms".to_owned(),
        Figure::Base => "MiB before".to_owned(),
        Figure::BytesBefore => "bytes before an exchange".to_owned(),
        Figure::Bytes => format!("bytes per {unit}"),
        Figure::SharedBytes => "shared pages divided".to_owned(),
        Figure::IdleBusy => "busy while idle".to_owned(),
        Figure::Pings => "pings each".to_owned(),
        Figure::Alive => "alive".to_owned(),
        Figure::LoadBusy => "load busy".to_owned(),
        Figure::OthersBusy => "others busy".to_owned(),
    }
}

/// A figure with as many digits as mean anything.
pub(super) fn value(figure: Figure, value: f64) -> String {
    match figure {
        Figure::PerSecond | Figure::BytesBefore | Figure::Bytes | Figure::SharedBytes | Figure::Alive => {
            let sign = if value.round() < 0.0 { "−" } else { "" };
            format!("{sign}{}", grouped(value.round().abs() as u64))
        }
        Figure::RedisCpu | Figure::IdleBusy => format!("{value:.3}"),
        Figure::Base => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0_u64, 999, 1000, 123_456, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "123,456", "1,234,567"]);
        assert_eq!([-1234.6, -0.4, 0.5].map(|bytes| value(Figure::Bytes, bytes)), ["−1,235", "0", "1"]);
    }

    #[test]
    fn figures_have_as_many_digits_as_mean_anything() {
        let figures = [Figure::PerSecond, Figure::Cpu, Figure::RedisCpu, Figure::IdleBusy, Figure::Base, Figure::P99];
        assert_eq!(figures.map(|figure| value(figure, 1.23456)), ["1", "1.23", "1.235", "1.235", "1.2", "1.23"]);
    }

    #[test]
    fn a_work_says_what_it_is() {
        let work = Work::Fanout { layer: Layer::PubSub, members: 1000, outstanding: 4 };
        assert_eq!(title(work), "1,000 members, 4 under way: two processes, chanx over `redis+pubsub://`");
    }
}
