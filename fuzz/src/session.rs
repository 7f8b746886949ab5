//! A session whose driver does anything in any order: what leaves it is the protocol, and what it holds is bounded.

use std::sync::Arc;

use bytes::Bytes;
use chanx::{IncomingMessage, Message, Raw};
use chanx_core::close::CloseFrame;
use chanx_core::deflate::{Compression, Parameters};
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_frame, write_masked};
use chanx_core::session::{Buffers, Input as Next, Session, SessionConfig, State};

use crate::input::Input;

pub(crate) const WORDS: &[&[u8]] = &[
    b"\x10\x0f\0{\"action\":\"ping\"}",
    b"\x12\x05\0\x08\x03\xe8by",
    b"\x05\x05\x05",
    b"\x06\x07",
    b"\x10\x02\0\x01x",
    b"\x11\x02\0\x02x",
];

const MAX_MESSAGE: usize = 500;
const MAX_OUTGOING: usize = 2000;
const LONGEST: usize = 3 * MAX_OUTGOING;
const MAX_WAITING: usize = 5;
const LARGEST_READ: usize = 64 * 1024;

#[derive(Debug, Message)]
enum Talk {
    Ping,
    Say(String),
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    if flags & 1 == 0 {
        Drive::new(flags).go::<Talk>(&mut input);
    } else {
        Drive::new(flags).go::<Raw>(&mut input);
    }
}

struct Drive {
    session: Session,
    client: FrameReader,
    buffers: Buffers,
    is_handling: bool,
    was_accepted: bool,
    /// Whether the consumer was told of the end.
    has_ended: bool,
    client_saw_close: bool,
}

impl Drive {
    fn new(flags: u8) -> Self {
        let mut config = SessionConfig::default();
        config.max_message_size = MAX_MESSAGE;
        config.max_outgoing_bytes = MAX_OUTGOING;
        config.max_outgoing_message_size = LONGEST;
        config.max_waiting_messages = MAX_WAITING;
        config.send_completion = flags & 2 != 0;
        config.unusable_frame_closes = flags & 4 != 0;
        let compression = Arc::new(Compression::new(if flags & 16 == 0 { 0 } else { 2 }));
        let mut session = Session::new(Arc::from("fuzz"), Arc::new(config));
        let mut client = FrameReader::new(Role::Client, usize::MAX);
        if flags & 8 != 0 {
            let Ok(Some(parameters)) = Parameters::negotiate(["permessage-deflate"]) else { panic!("a good offer") };
            session = session.with_compression(compression.agree(parameters, 0));
            // Whoever keeps more than is needed can read everything.
            client = client.inflating(Arc::new(Compression::new(2)).agree(parameters, 0).inflater);
        }
        Self {
            session,
            client,
            buffers: Buffers::default(),
            is_handling: false,
            was_accepted: false,
            has_ended: false,
            client_saw_close: false,
        }
    }

    fn go<M: IncomingMessage>(&mut self, input: &mut Input<'_>) {
        while !input.is_empty() {
            self.step::<M>(input);
            self.check();
        }
        // Whatever happened, a driver that goes on comes to an end.
        self.session.end_of_input();
        self.is_handling = false;
        for _ in 0..=MAX_WAITING + 2 {
            self.next::<M>();
            self.session.completed();
            self.is_handling = false;
        }
        self.take(usize::MAX);
        assert_eq!(self.session.state(), State::Closing, "all that waited was handled");
        assert!(self.session.disconnect().is_some());
    }

    fn step<M: IncomingMessage>(&mut self, input: &mut Input<'_>) {
        // Handlers, and what others send, wait for room.
        let has_room = self.session.has_room();
        match input.below(24) {
            0 if !std::mem::replace(&mut self.was_accepted, true) => self.session.accept(),
            1 => self.session.open(),
            2 => drop(self.session.fail_authentication()),
            3..=5 => self.next::<M>(),
            6 => self.session.absorb(),
            7 if self.is_handling => {
                self.session.completed();
                self.is_handling = false;
            }
            8 if self.is_handling => {
                self.session.failed();
                self.is_handling = false;
            }
            9 if has_room => drop(self.session.send(&Talk::Say("x".repeat(input.below(256))))),
            10 if has_room => drop(self.session.send_text(&"é".repeat(input.below(256)))),
            11 if has_room => drop(self.session.send_binary(&vec![7; 30 * input.below(256)])),
            12 if has_room => {
                let mut frames = Vec::new();
                write_frame(&mut frames, Opcode::Text, b"{}");
                drop(self.session.send_frames(Bytes::from(frames)));
            }
            13 => self.take(input.below(200)),
            14 => {
                self.session.elapse(u32::from(input.byte()));
                self.session.check_liveness();
                assert!(self.session.ticks_to_check() > 0);
            }
            15 => self.session.end_of_input(),
            16 | 17 => self.frame(input, Opcode::Text),
            18 => {
                let opcode =
                    [Opcode::Close, Opcode::Ping, Opcode::Pong, Opcode::Binary, Opcode::Continuation][input.below(5)];
                self.frame(input, opcode);
            }
            19 => self.receive(input.piece()),
            20 => drop(self.session.close(1000 + u16::from(input.byte()), "reason")),
            21 => {
                self.session.lend(&mut self.buffers);
                if input.below(2) == 0 {
                    self.session.reclaim(&mut self.buffers);
                }
            }
            22 => self.session.abandon(),
            // What still arrives is thrown away only once nothing is handled any more.
            23 if self.session.state() == State::Closing => self.session.discard(),
            _ => {}
        }
    }

    fn frame(&mut self, input: &mut Input<'_>, opcode: Opcode) {
        let payload = input.piece();
        if opcode.is_control() && payload.len() > 125 {
            return;
        }
        let mut wire = Vec::new();
        write_masked(&mut wire, opcode, payload, [1, 2, 3, 4]);
        self.receive(&wire);
    }

    fn receive(&mut self, bytes: &[u8]) {
        // A driver reads no more before it has handled what is there.
        if self.session.wants_input() && self.session.input().len() < LARGEST_READ {
            self.session.input().extend_from_slice(bytes);
            self.session.heard();
        }
    }

    fn next<M: IncomingMessage>(&mut self) {
        if self.is_handling {
            return;
        }
        match self.session.next_input::<M>() {
            Some(Next::Message(message)) => {
                assert!(!self.has_ended, "a message after the end");
                assert!(matches!(self.session.state(), State::Open | State::Draining), "{:?}", self.session.state());
                assert!(message.validate().is_ok());
                self.is_handling = true;
            }
            Some(Next::Ended) => self.has_ended = true,
            Some(Next::Answered) | None => {}
        }
    }

    /// The client takes so many bytes, and understands them.
    fn take(&mut self, bytes: usize) {
        let output = self.session.output();
        let taken = bytes.min(output.len());
        for byte in &output[..taken] {
            assert!(!self.client_saw_close, "bytes follow the close frame");
            self.client.buffer_mut().extend_from_slice(&[*byte]);
            match self.client.next() {
                Ok(Some(Frame::Close(close))) => {
                    self.client_saw_close = true;
                    assert!(close.as_ref().is_none_or(|CloseFrame { reason, .. }| reason.len() <= 123));
                }
                Ok(_) => {}
                Err(violation) => panic!("the server breaks a rule: {violation}"),
            }
        }
        if taken > 0 {
            self.session.advance_output(taken);
        }
    }

    fn check(&mut self) {
        // What waits may be over its bound by the longest message, and by what the protocol says of its own accord.
        let bound = MAX_OUTGOING + LONGEST + 20_000;
        assert!(self.session.output().len() <= bound, "{} bytes wait", self.session.output().len());
        if self.session.is_broken() {
            assert!(self.session.is_ending());
        }
        assert_eq!(self.session.disconnect().is_some(), self.session.is_ending());
    }
}
