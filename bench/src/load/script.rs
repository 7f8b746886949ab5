//! What is said and what is to be heard, to the byte.

use chanx_core::frame::{Opcode, write_masked};

use super::dialect::Dialect;

/// Makes messages 73 bytes of JSON.
const FILLING: &str = "what a room of people has to talk of";

/// Any four bytes will do: nothing stands between the load and its servers.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

/// How many messages of an exchange differ from each other: enough to notice one that went astray.
const LINES: usize = 256;

/// Something that one client asks, and a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// The same text comes back.
    Echo,
    /// The same, and that it is dealt with.
    EchoAndCompletion,
    /// The client leaves its group and joins it again.
    Rejoin,
}

/// All messages of an exchange, ready to be sent, and their answers.
#[derive(Debug)]
pub(super) struct Script {
    lines: Vec<Line>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) frame: Vec<u8>,
    /// The texts that answer it.
    pub(super) answers: Vec<Vec<u8>>,
}

impl Script {
    pub(super) fn new(dialect: Dialect, exchange: Exchange) -> Self {
        Self { lines: (0..LINES).map(|number| Line::new(dialect, exchange, number)).collect() }
    }

    /// What a client says as its message of this number. Neighbors say different things at the same time.
    pub(super) fn line(&self, client: usize, number: u32) -> &Line {
        &self.lines[(client * 7 + number as usize) % LINES]
    }
}

impl Line {
    fn new(dialect: Dialect, exchange: Exchange, number: usize) -> Self {
        let payload = format!("{number:06} {FILLING}");
        let echoed = dialect.echoed(&payload);
        let (text, answers) = match exchange {
            Exchange::Echo => (dialect.echo(&payload), vec![echoed]),
            Exchange::EchoAndCompletion => (dialect.echo(&payload), vec![echoed, dialect.completion().to_owned()]),
            Exchange::Rejoin => (dialect.rejoin(&payload), vec![dialect.rejoined(&payload)]),
        };
        Self { frame: frame(&text), answers: answers.into_iter().map(String::into_bytes).collect() }
    }
}

/// The frame in which the message of this number is said to a group.
pub(super) fn say(dialect: Dialect, number: u64) -> Vec<u8> {
    frame(&dialect.say(&payload(number)))
}

/// The text in which it arrives.
pub(super) fn said(dialect: Dialect, number: u64, is_current: bool) -> Vec<u8> {
    dialect.said(&payload(number), is_current).into_bytes()
}

fn payload(number: u64) -> String {
    format!("{number:07} {FILLING}")
}

fn frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked(&mut frame, Opcode::Text, text.as_bytes(), MASK);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_size_that_the_readme_names() {
        // Two bytes of header and four of mask come first.
        assert_eq!(say(Dialect::Json, 7).len(), 6 + 73);
        assert_eq!(said(Dialect::Json, 7, false).len(), 109);
        let script = Script::new(Dialect::Json, Exchange::Echo);
        assert_eq!(script.line(3, 300).frame.len(), 6 + 73);
        assert_eq!(script.line(3, 300).answers[0].len(), 73);
    }

    #[test]
    fn neighbors_and_messages_in_a_row_differ() {
        let script = Script::new(Dialect::Json, Exchange::Echo);
        for (client, number) in [(0, 1), (1, 0), (1, 1), (0, 64)] {
            assert_ne!(script.line(0, 0).frame, script.line(client, number).frame);
        }
    }
}
