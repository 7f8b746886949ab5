//! Both ends of one connection without a runtime: a table of steps goes in, and what each of them led to is compared.

use std::sync::Arc;

use chanx_core::builtin::AuthenticationOutcome;
use chanx_core::close::CloseFrame;
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
use chanx_core::session::{Input, Session, SessionConfig};

use crate::messages::{Incoming, Outgoing};

pub(crate) const WELCOME: &str =
    r#"{"action":"authentication","payload":{"status_code":200,"status_text":"OK","data":{"detail":"OK"}}}"#;
pub(crate) const COMPLETE: &str = r#"{"action":"complete","payload":null}"#;
pub(crate) const PING: &str = r#"{"action":"ping"}"#;
pub(crate) const PONG: &str = r#"{"action":"pong","payload":null}"#;

/// Something that happens to a session. Steps that make it say something are answered with lines of text.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The connection phase.
    Accept,
    Refuse(u16),
    FailAuthentication,
    Open,
    /// A text frame of the client, some other frame, bytes that need not be a frame, the end of all bytes.
    Text(String),
    Control(Opcode, &'static [u8]),
    Binary(Vec<u8>),
    Bytes(Vec<u8>),
    EndOfInput,
    Break,
    /// The driver asks what to do (`handle …`, `ended`), or lets messages wait, or only looks for the last word.
    Next,
    Absorb,
    Discard,
    /// The handler answers, and comes to an end.
    Send(Outgoing),
    SendText(&'static str),
    SendBinary(&'static [u8]),
    Completed,
    Failed,
    Fail,
    Close(u16, &'static str),
    /// Time is up for what the client left.
    Abandon,
    /// Seconds go by, in whole ticks.
    Tick(u64),
    /// The client takes no bytes any more, or again.
    Stall,
    Take,
    /// A question, answered with `yes` or `no`.
    Is(fn(&Session) -> bool),
}

/// A step with the lines that it leads to: what the session answers its driver first, then the frames that it sends.
pub(crate) type Row<'a> = (Step, &'a [&'a str]);

/// Goes through a table from the first moment of a connection on.
#[track_caller]
pub(crate) fn check(config: SessionConfig, rows: &[Row<'_>]) -> Session {
    let session = Session::new(Arc::from("probe"), Arc::new(config));
    let client = FrameReader::new(Role::Client, usize::MAX);
    let mut ends = Ends { session, client, takes: true };
    for (number, (step, expected)) in rows.iter().enumerate() {
        let mut lines = ends.step(step.clone());
        lines.extend(ends.transfer());
        assert_eq!(lines, *expected, "row {number}: {step:?}");
    }
    ends.session
}

/// Goes through a table once the connection is open and has nothing left to say about that.
#[track_caller]
pub(crate) fn check_open(config: SessionConfig, rows: &[Row<'_>]) -> Session {
    let opening: &[&str] = if config.send_completion { &[COMPLETE] } else { &[] };
    check(config, &[&[(Step::Open, opening)], rows].concat())
}

/// The settings of most tables: `complete` makes the end of each message visible.
pub(crate) fn completing() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.send_completion = true;
    config
}

pub(crate) fn text(text: impl Into<String>) -> Step {
    Step::Text(text.into())
}

pub(crate) fn echo(text: impl Into<String>) -> Step {
    Step::Send(Outgoing::Echo(text.into()))
}

/// A frame as clients send it.
pub(crate) fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, [0x37, 0xfa, 0x21, 0x3d]);
    wire
}

struct Ends {
    session: Session,
    client: FrameReader,
    takes: bool,
}

impl Ends {
    fn step(&mut self, step: Step) -> Vec<String> {
        let session = &mut self.session;
        match step {
            Step::Accept => session.accept(),
            Step::Refuse(status) => session.refuse(outcome(status)),
            Step::FailAuthentication => return line(session.fail_authentication()),
            Step::Open => session.open(),
            Step::Text(text) => self.receive(&masked(Opcode::Text, text.as_bytes())),
            Step::Control(opcode, payload) => self.receive(&masked(opcode, payload)),
            Step::Binary(payload) => self.receive(&masked(Opcode::Binary, &payload)),
            Step::Bytes(bytes) => self.receive(&bytes),
            Step::EndOfInput => session.end_of_input(),
            Step::Break => session.break_transport(),
            Step::Next => return next(session),
            Step::Absorb => session.absorb(),
            Step::Discard => session.discard(),
            Step::Send(message) => return failure(session.send(&message)),
            Step::SendText(text) => return failure(session.send_text(text)),
            Step::SendBinary(bytes) => return failure(session.send_binary(bytes)),
            Step::Completed => session.completed(),
            Step::Failed => return line(session.failed()),
            Step::Fail => return line(session.fail()),
            Step::Close(code, reason) => return failure(session.close(code, reason)),
            Step::Tick(seconds) => {
                session.elapse((seconds / session.config().tick_period().as_secs()).max(1) as u32);
                session.check_liveness();
            }
            Step::Abandon => session.abandon(),
            Step::Stall => self.takes = false,
            Step::Take => self.takes = true,
            Step::Is(question) => return line(if question(session) { "yes" } else { "no" }),
        }
        Vec::new()
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.session.input().extend_from_slice(bytes);
        self.session.heard();
    }

    /// The frames that the client takes from the session's output. It looks at every byte alone, since a reader throws
    /// away what follows a close frame, and nothing may follow.
    fn transfer(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.takes {
            return lines;
        }
        for byte in self.session.output() {
            assert!(!self.client.is_finished(), "bytes follow the close frame");
            self.client.buffer_mut().extend_from_slice(&[*byte]);
            lines.extend(self.client.next().expect("the server keeps to the protocol").as_ref().map(seen));
        }
        assert!(self.client.buffer_mut().is_empty(), "a frame is cut short");
        if !self.session.output().is_empty() {
            self.session.advance_output(self.session.output().len());
        }
        lines
    }
}

fn outcome(status: u16) -> AuthenticationOutcome {
    AuthenticationOutcome {
        status_code: status,
        status_text: "Refused".to_owned(),
        data: serde_json::json!({"detail": "no"}),
    }
}

fn line(line: impl Into<String>) -> Vec<String> {
    vec![line.into()]
}

fn failure<E: std::error::Error>(result: Result<(), E>) -> Vec<String> {
    result.err().map(|error| format!("error: {error}")).into_iter().collect()
}

/// What is to be done next, after messages that were answered.
fn next(session: &mut Session) -> Vec<String> {
    loop {
        return match session.next_input() {
            Some(Input::Answered) => continue,
            Some(Input::Message(Incoming::Ping)) => line("handle ping"),
            Some(Input::Message(Incoming::Echo(text))) => line(format!("handle echo {text}")),
            Some(Input::Ended) => line("ended"),
            None => Vec::new(),
        };
    }
}

fn seen(frame: &Frame<'_>) -> String {
    match frame {
        Frame::Text(text) => (*text).to_owned(),
        Frame::Binary(bytes) => format!("binary {bytes:?}"),
        Frame::Ping(bytes) => format!("ping {}", bytes.escape_ascii()),
        Frame::Pong(bytes) => format!("pong {}", bytes.escape_ascii()),
        Frame::Close(None) => "close".to_owned(),
        Frame::Close(Some(CloseFrame { code, reason })) => {
            format!("close {} {reason}", code.map_or(0, u16::from))
        }
    }
}
