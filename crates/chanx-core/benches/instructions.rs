//! A program that does one thing many times, for `cargo xtask instructions`, which counts the instructions of one round.
//!
//! `instructions SCENARIO ROUNDS` runs; without these two it lists its scenarios. Nothing here is measured in time: for
//! that there are the benchmarks of the crate `chanx`.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::decode::decode;
use chanx_core::encode::encode;
use chanx_core::frame::{Opcode, write_masked};
use chanx_core::layer::Content;
use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet, OutgoingMessage};
use chanx_core::session::{Input, Session, SessionConfig};
use chanx_core::wire::{Envelope, WireFormat};
use garde::{Report, Validate};
use schemars::JsonSchema;
use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

/// A chat line, in bytes of the whole text.
const SMALL: usize = 73;
const LARGE: usize = 4096;
/// How many clients get a group message.
const MEMBERS: usize = 16;

struct Scenario {
    name: &'static str,
    /// Does it so many times.
    run: fn(usize),
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "decode-73", run: |rounds| read::<Chat>(&message(SMALL), rounds) },
    Scenario { name: "decode-4096", run: |rounds| read::<Chat>(&message(LARGE), rounds) },
    Scenario { name: "decode-reference-73", run: |rounds| read::<Chat>(&with_reference(SMALL), rounds) },
    Scenario { name: "decode-action-last-73", run: |rounds| read::<Chat>(&action_last(SMALL), rounds) },
    Scenario { name: "decode-faulty-73", run: |rounds| read::<Chat>(&faulty(SMALL), rounds) },
    Scenario { name: "decode-floats-73", run: |rounds| read::<Chat>(FLOATS, rounds) },
    Scenario { name: "decode-formats-92", run: |rounds| read::<Meet>(FORMATS, rounds) },
    Scenario { name: "encode-73", run: |rounds| write(SMALL, rounds) },
    Scenario { name: "encode-4096", run: |rounds| write(LARGE, rounds) },
    Scenario { name: "echo-73", run: |rounds| echo(&message(SMALL), rounds) },
    Scenario { name: "echo-4096", run: |rounds| echo(&message(LARGE), rounds) },
    Scenario { name: "fan-out-73", run: |rounds| fan_out(&message(SMALL), rounds) },
    Scenario { name: "fan-out-4096", run: |rounds| fan_out(&message(LARGE), rounds) },
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, rounds] = arguments.as_slice() else {
        for scenario in SCENARIOS {
            println!("{}", scenario.name);
        }
        return ExitCode::SUCCESS;
    };
    let (Some(scenario), Ok(rounds)) = (SCENARIOS.iter().find(|scenario| scenario.name == name), rounds.parse()) else {
        eprintln!("usage: instructions SCENARIO ROUNDS");
        return ExitCode::from(2);
    };
    (scenario.run)(rounds);
    ExitCode::SUCCESS
}

/// What `#[derive(Message)]` makes of an enum with these variants; the derive belongs to a crate above this one.
#[derive(Debug)]
enum Chat {
    Ping,
    Say(Text),
    Go(Vec<f64>),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Text {
    #[garde(length(chars, min = 1, max = 10_000))]
    message: String,
}

impl Message for Chat {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| {
            MessageSet::builder().nothing("ping", "").payload::<Text>("say", "").payload::<Vec<f64>>("go", "").build()
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Say(_) => "say",
            Self::Go(_) => "go",
        }
    }
}

impl IncomingMessage for Chat {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "ping" => fields.nothing().map(|()| Self::Ping),
            "say" => fields.payload().map(Self::Say),
            "go" => fields.payload().map(Self::Go),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), Report> {
        match self {
            Self::Ping | Self::Go(_) => Ok(()),
            Self::Say(text) => Validate::validate(text),
        }
    }
}

impl OutgoingMessage for Chat {
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Ping => fields.serialize_entry("payload", &()),
            Self::Say(text) => fields.serialize_entry("payload", text),
            Self::Go(place) => fields.serialize_entry("payload", place),
        }
    }
}

/// A message with strings of the usual formats. A type of its own, so that the code of the others stays as it is.
#[derive(Debug)]
struct Meet(#[expect(dead_code, reason = "it is read and dropped")] Meeting);

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Meeting {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    #[schemars(extend("format" = "date"))]
    day: String,
}

impl Message for Meet {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().payload::<Meeting>("meet", "").build())
    }

    fn action(&self) -> &'static str {
        "meet"
    }
}

impl IncomingMessage for Meet {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "meet" => fields.payload().map(Self),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), Report> {
        Ok(())
    }
}

/// A place and a time, of 73 bytes.
const FLOATS: &str = r#"{"action":"go","payload":[48.85837009,2.294481123,1796353693.5594187000]}"#;

/// An id and a day.
const FORMATS: &str = r#"{"action":"meet","payload":{"id":"2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d","day":"2026-11-30"}}"#;

/// A message of `size` bytes.
fn message(size: usize) -> String {
    fill(r#"{"action":"say","payload":{"message":"_"}}"#, size)
}

fn with_reference(size: usize) -> String {
    fill(r#"{"action":"say","ref":"12","payload":{"message":"_"}}"#, size)
}

fn action_last(size: usize) -> String {
    fill(r#"{"payload":{"message":"_"},"action":"say"}"#, size)
}

fn faulty(size: usize) -> String {
    fill(r#"{"action":"say","payload":{"massage":"_"}}"#, size)
}

fn fill(around: &str, size: usize) -> String {
    around.replace('_', &"x".repeat(size + 1 - around.len()))
}

fn read<M: IncomingMessage>(text: &str, rounds: usize) {
    let wire = WireFormat::default();
    for _ in 0..rounds {
        // A faulty message is a scenario too.
        let _ = black_box(decode::<M>(black_box(text), &wire));
    }
}

fn write(size: usize, rounds: usize) {
    let around = r#"{"action":"say","payload":{"message":""}}"#.len();
    let message = Chat::Say(Text { message: "x".repeat(size - around) });
    let (wire, envelope, mut out) = (WireFormat::default(), Envelope::default(), Vec::new());
    for _ in 0..rounds {
        out.clear();
        encode(black_box(&message), &envelope, &wire, &mut out).expect("text has a JSON form");
        black_box(&out);
    }
}

fn open_session() -> Session {
    let mut session = Session::new(Arc::from("bench"), Arc::new(SessionConfig::default()));
    session.open();
    session
}

/// From the bytes of a frame to those of its answer, as a driver goes about it.
fn echo(text: &str, rounds: usize) {
    let mut frame = Vec::new();
    write_masked(&mut frame, Opcode::Text, text.as_bytes(), [0x37, 0xfa, 0x21, 0x3d]);
    let mut session = open_session();
    for _ in 0..rounds {
        session.input().extend_from_slice(black_box(&frame));
        session.heard();
        while let Some(Input::Message(message)) = session.next_input::<Chat>() {
            session.send(&message).expect("the session is open");
            session.completed();
        }
        session.advance_output(black_box(session.output()).len());
    }
}

/// From the text of a group message to the outputs of its members, the sender among them.
fn fan_out(text: &str, rounds: usize) {
    let config = SessionConfig::default();
    let content = Content::Declared(text.to_owned());
    let mut sessions: Vec<_> = (0..MEMBERS).map(|_| open_session()).collect();
    for _ in 0..rounds {
        let broadcast = Broadcast::new::<Chat>(black_box(&content), &config.wire).expect("the message is declared");
        let [others, sender] = [false, true]
            .map(|is_current| Bytes::from(broadcast.frames(Origin { is_mine: is_current, is_current }, None, &config)));
        for (number, session) in sessions.iter_mut().enumerate() {
            let frames = if number == 0 { &sender } else { &others };
            session.send_frames(frames.clone()).expect("the session is open");
            session.advance_output(black_box(session.output()).len());
        }
    }
}
