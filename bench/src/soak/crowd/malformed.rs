//! A client that breaks one rule after the other, and is answered as the protocol says.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::client::{connect, request};
use super::session::{Session, Unexpected};
use super::words::{self, Heard, Word};
use super::{PATIENCE, Stage, World};
use crate::soak::book::Parting;
use crate::soak::dice::Dice;

const PAUSE: Duration = Duration::from_secs(1);
/// Deeper than any message may be.
const DEPTH: usize = 500;
/// Longer than a head may be.
const LONG_HEAD: usize = 20_000;

/// What a connection is told, and what comes of it. Frames are masked with zeros.
const FRAMES: &[(&str, &[u8], u16)] = &[
    ("an unknown opcode", b"\x83\x80\0\0\0\0", 1002),
    ("a first reserved bit", b"\xc1\x80\0\0\0\0", 1002),
    ("a second reserved bit", b"\xa1\x80\0\0\0\0", 1002),
    ("a frame without a mask", b"\x81\x02hi", 1002),
    ("a ping in fragments", b"\x09\x80\0\0\0\0", 1002),
    ("a long ping", b"\x89\xfe\0\x7e\0\0\0\0", 1002),
    ("an end without a beginning", b"\x80\x80\0\0\0\0", 1002),
    ("a beginning within a message", b"\x01\x81\0\0\0\0a\x81\x81\0\0\0\0b", 1002),
    ("a close code that is none", b"\x88\x82\0\0\0\0\x03\xed", 1002),
    ("a text that is not UTF-8", b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    ("a reason that is not UTF-8", b"\x88\x83\0\0\0\0\x03\xe8\xff", 1007),
    ("a message that is too large", b"\x81\xff\0\0\0\0\0\x10\0\0\0\0\0\0", 1009),
];

/// What becomes of the head of a good request.
type Change = fn(&str) -> String;

/// Requests, and the status with which they are refused.
const HEADS: &[(&str, Change, u16)] = &[
    ("a head that is none", |_| "\u{16}\u{3}\u{1} garbage\r\n\r\n".to_owned(), 400),
    ("a head without a key", |head| head.replace("Sec-WebSocket-Key", "X-Key"), 400),
    ("another version", |head| head.replace("Version: 13", "Version: 12"), 426),
    ("an unknown path", |head| head.replace("/soak/", "/nowhere/"), 404),
    ("a head that is too long", |head| head.replace("Host", &format!("X: {}\r\nHost", "x".repeat(LONG_HEAD))), 431),
];

pub(super) async fn break_rules(world: Arc<World>, number: u32, mut dice: Dice) {
    while !world.is_leaving() {
        let process = number + dice.below(2);
        let frames = FRAMES.len() as u32;
        let broken = match dice.below(frames + HEADS.len() as u32 + 1) as usize {
            rule if rule < FRAMES.len() => frame(&world, process, FRAMES[rule]).await,
            rule if rule < FRAMES.len() + HEADS.len() => head(&world, process, HEADS[rule - FRAMES.len()]).await,
            _ => text(&world, process).await,
        };
        if let Err(unexpected) = broken {
            world.fault(format!("a client that breaks rules: {unexpected}"));
        }
        world.rest(dice.up_to(PAUSE), Stage::Leaving).await;
    }
}

/// Breaks a rule of frames, as a member of a group.
async fn frame(world: &World, process: u32, rule: (&'static str, &[u8], u16)) -> Result<(), Unexpected> {
    let (what, bytes, code) = rule;
    let mut session = Session::enter(world, world.address(process)).await?;
    session.join(world.shape.visited().start).await?;
    session.client.send_bytes(bytes).await.map_err(|error| format!("{what}: {error}"))?;
    let hear = async {
        loop {
            match session.hear().await {
                Heard::Word(Word::Said { .. } | Word::Missed) => {}
                other => return other,
            }
        }
    };
    match timeout(PATIENCE, hear).await {
        Ok(Heard::Closed(Some(closed))) if closed == code => {
            world.did(what);
            Ok(())
        }
        Ok(other) => Err(format!("{what}: {other} where {code} was to come")),
        Err(_) => Err(format!("{what}: no {code} came in {PATIENCE:?}")),
    }
}

/// Sends texts that are no messages; the connection lives on.
async fn text(world: &World, process: u32) -> Result<(), Unexpected> {
    let mut session = Session::enter(world, world.address(process)).await?;
    let deep = format!(r#"{{"action":"echo","payload":{}}}"#, "[".repeat(DEPTH) + &"]".repeat(DEPTH));
    session.ask(&deep, |word| matches!(word, Word::Error(_))).await?;
    session.ask(&words::echo("still here"), |word| matches!(word, Word::Echo(_))).await?;
    session.goodbye(Parting::Leaves).await?;
    world.did("a message that is too deep");
    Ok(())
}

/// Breaks a rule of handshakes.
async fn head(world: &World, process: u32, rule: (&'static str, Change, u16)) -> Result<(), Unexpected> {
    let (what, change, status) = rule;
    let address = world.address(process);
    let failed = |error: std::io::Error| format!("{what}: {error}");
    let mut stream = connect(address, None).await.map_err(failed)?;
    stream.write_all(change(&request(address)).as_bytes()).await.map_err(failed)?;
    let mut answer = vec![0; 1024];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await.map_err(|_| format!("{what}: no answer"))?;
    let answer = String::from_utf8_lossy(&answer[..read.map_err(failed)?]).into_owned();
    if !answer.starts_with(&format!("HTTP/1.1 {status} ")) {
        return Err(format!("{what}: `{}` where {status} was to come", answer.lines().next().unwrap_or_default()));
    }
    world.did(what);
    Ok(())
}
