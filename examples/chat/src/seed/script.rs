//! Conversations as text: one line for each message, with the minutes that passed before it.
//!
//! ```text
//! 5 alice Five minutes after the line before.
//! ```

/// A room and what is said in it.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) topic: &'static str,
    /// How many minutes ago the last words were said.
    pub(super) ended: i64,
    pub(super) text: &'static str,
}

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) speaker: &'static str,
    pub(super) text: &'static str,
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
}

/// A line that is not a number, a name and words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no line of a script: {0:?}")]
pub(super) struct Unreadable(&'static str);

const MINUTE: i64 = 60_000;

impl Script {
    /// The messages, as of `now`.
    pub(super) fn lines(&self, now: i64) -> Result<Vec<Line>, Unreadable> {
        let lines: Vec<_> = self.text.lines().map(read).collect::<Result<_, _>>()?;
        let total: i64 = lines.iter().map(|(gap, ..)| gap).sum();
        let mut at = now - (total + self.ended) * MINUTE;
        let timed = lines.into_iter().map(|(gap, speaker, text)| {
            at += gap * MINUTE;
            Line { speaker, text, at }
        });
        Ok(timed.collect())
    }
}

fn read(line: &'static str) -> Result<(i64, &'static str, &'static str), Unreadable> {
    let mut parts = line.splitn(3, ' ');
    let parsed = (parts.next().and_then(|gap| gap.parse().ok()), parts.next(), parts.next());
    let (Some(gap), Some(speaker), Some(text)) = parsed else { return Err(Unreadable(line)) };
    Ok((gap, speaker, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_add_up_to_the_end() {
        let script = Script { name: "", topic: "", ended: 1, text: "3 alice Hello there.\n2 bob Hi!" };
        let line = |speaker, text, at| Line { speaker, text, at };
        let lines = script.lines(10 * MINUTE);
        assert_eq!(lines, Ok(vec![line("alice", "Hello there.", 7 * MINUTE), line("bob", "Hi!", 9 * MINUTE)]));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_shown() {
        for text in ["alice Hello", "1 alice", ""] {
            assert_eq!(read(text), Err(Unreadable(text)));
        }
    }
}
