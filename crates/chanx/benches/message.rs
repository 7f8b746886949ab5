//! What a message costs from the bytes of its frame to the bytes of its answer, layer by layer, beside serde_json alone.
//!
//! `cargo bench -p chanx --bench message`. Every layer does the work of the one before it: `serde_json` reads and writes
//! an enum, `codec` (`decode` and `encode`) adds the envelope, the constraints and the checks, `session` adds frames, order
//! and limits.

use std::sync::Arc;

use chanx::Message;
use chanx_core::decode::{Decoded, decode};
use chanx_core::encode::encode;
use chanx_core::frame::{Opcode, write_masked};
use chanx_core::session::{Input, Session, SessionConfig};
use chanx_core::wire::WireFormat;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, Divan, black_box};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Sizes of the whole text, in bytes.
const SIZES: [usize; 2] = [73, 4096];

fn main() {
    Divan::default().sample_count(200).sample_size(200).config_with_args().main();
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Text {
    message: String,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct ShortText {
    #[garde(length(chars, min = 1, max = 10_000))]
    message: String,
}

/// The messages as one would write them with serde alone.
#[derive(Serialize, Deserialize)]
#[serde(tag = "action", content = "payload", rename_all = "snake_case")]
enum Plain {
    Ping,
    Echo(Text),
}

#[derive(Message)]
enum Incoming {
    Ping,
    Echo(Text),
    EchoShort(ShortText),
}

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Pong,
    Echo(Text),
    EchoShort(ShortText),
}

/// What the handler of the benchmarks does.
fn handle(message: Incoming) -> Outgoing {
    match message {
        Incoming::Ping => Outgoing::Pong,
        Incoming::Echo(text) => Outgoing::Echo(text),
        Incoming::EchoShort(text) => Outgoing::EchoShort(text),
    }
}

/// A message of `size` bytes.
fn message(action: &str, size: usize) -> String {
    let around = format!(r#"{{"action":"{action}","payload":{{"message":""}}}}"#).len();
    format!(r#"{{"action":"{action}","payload":{{"message":"{}"}}}}"#, "x".repeat(size - around))
}

/// As large, but its text is called something else.
fn faulty(size: usize) -> String {
    message("echo", size).replace("message", "massage")
}

#[divan::bench(args = SIZES)]
fn serde_json(bencher: Bencher<'_, '_>, size: usize) {
    let (text, mut out) = (message("echo", size), Vec::new());
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        let message: Plain = serde_json::from_str(black_box(&text)).unwrap();
        serde_json::to_writer(&mut out, &message).unwrap();
        black_box(&out);
    });
}

#[divan::bench(args = SIZES)]
fn codec_decode(bencher: Bencher<'_, '_>, size: usize) {
    let (text, wire) = (message("echo", size), WireFormat::default());
    bencher.counter(BytesCount::new(size)).bench_local(|| decode::<Incoming>(black_box(&text), &wire).is_ok());
}

#[divan::bench(args = SIZES)]
fn codec_encode(bencher: Bencher<'_, '_>, size: usize) {
    let (wire, mut out) = (WireFormat::default(), Vec::new());
    let Decoded { message, envelope } = decode(&message("echo", size), &wire).unwrap();
    let message = handle(message);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        encode(black_box(&message), &envelope, &wire, &mut out).unwrap();
        black_box(&out);
    });
}

#[divan::bench(args = SIZES)]
fn codec(bencher: Bencher<'_, '_>, size: usize) {
    translate(bencher, &message("echo", size));
}

#[divan::bench(args = SIZES)]
fn codec_with_constraints(bencher: Bencher<'_, '_>, size: usize) {
    translate(bencher, &message("echo_short", size));
}

#[divan::bench(args = SIZES)]
fn codec_with_reference(bencher: Bencher<'_, '_>, size: usize) {
    let text = message("echo", size - 12).replace(r#""echo","#, r#""echo","ref":"1234","#);
    translate(bencher, &text);
}

#[divan::bench(args = SIZES)]
fn codec_when_faulty(bencher: Bencher<'_, '_>, size: usize) {
    let (text, wire) = (faulty(size), WireFormat::default());
    let read = || decode::<Incoming>(black_box(&text), &wire).map(|_| ());
    assert!(read().is_err());
    bencher.counter(BytesCount::new(size)).bench_local(read);
}

#[divan::bench(args = SIZES)]
fn session(bencher: Bencher<'_, '_>, size: usize) {
    converse(bencher, &message("echo", size), SessionConfig::default());
}

#[divan::bench(args = SIZES)]
fn session_with_completion(bencher: Bencher<'_, '_>, size: usize) {
    let mut config = SessionConfig::default();
    config.send_completion = true;
    converse(bencher, &message("echo", size), config);
}

#[divan::bench(args = SIZES)]
fn session_when_faulty(bencher: Bencher<'_, '_>, size: usize) {
    converse(bencher, &faulty(size), SessionConfig::default());
}

/// From text to text.
fn translate(bencher: Bencher<'_, '_>, text: &str) {
    let (wire, mut out) = (WireFormat::default(), Vec::new());
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        out.clear();
        let Decoded { message, envelope } = decode(black_box(text), &wire).unwrap();
        encode(&handle(message), &envelope, &wire, &mut out).unwrap();
        black_box(&out);
    });
}

/// From the bytes of a frame to those of its answers, as the driver goes about it.
fn converse(bencher: Bencher<'_, '_>, text: &str, config: SessionConfig) {
    let mut frame = Vec::new();
    write_masked(&mut frame, Opcode::Text, text.as_bytes(), [0x37, 0xfa, 0x21, 0x3d]);
    let mut session = Session::new(Arc::from("bench"), Arc::new(config));
    session.open();
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        session.input().extend_from_slice(black_box(&frame));
        session.heard();
        while let Some(Input::Message(message)) = session.next_input() {
            session.send(&handle(message)).unwrap();
            session.completed();
        }
        session.advance_output(black_box(session.output()).len());
    });
}
