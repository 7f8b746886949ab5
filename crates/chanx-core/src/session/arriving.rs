//! What arrives: frames become messages to handle, messages that wait, and answers to control frames.

use bytes::BytesMut;

use super::output::Output;
use super::{EndedBy, Input, Session, State};
use crate::close::{CloseCode, CloseFrame};
use crate::decode::decode;
use crate::frame::{Frame, Opcode, OwnedFrame};
use crate::message::{IncomingMessage, Raw};

/// What a frame was.
enum Taken {
    Message(Raw),
    /// A control frame, which was dealt with, or a violation.
    Control,
    /// There is none yet.
    Nothing,
}

impl Session {
    /// Where received bytes go.
    pub fn input(&mut self) -> &mut BytesMut {
        self.reader.buffer_mut()
    }

    /// Notes that bytes arrived.
    pub fn heard(&mut self) {
        self.liveness.heard();
        self.is_starved = false;
    }

    /// The transport has nothing more to read.
    pub fn end_of_input(&mut self) {
        self.peer_is_done = true;
        self.note_end(None, String::new(), EndedBy::Transport);
    }

    /// The transport failed: nothing can be read or written any more.
    pub fn break_transport(&mut self) {
        self.is_broken = true;
        self.end_of_input();
    }

    /// Whether there is anything for [`Session::next_input`] to look at.
    pub fn has_input(&self) -> bool {
        self.is_ending() || !self.waiting.is_empty() || !self.reader.is_empty()
    }

    /// The next thing to do; `None` if more bytes or room for output are needed.
    ///
    /// Faulty messages are answered here, one at each call, and never reach a consumer. After a close by the client this yields the messages
    /// that the client sent before, and then the end.
    pub fn next_input<M: IncomingMessage>(&mut self) -> Option<Input<M>> {
        while self.state == State::Draining || self.state == State::Open && self.has_room() {
            if let Some(message) = self.waiting.pop() {
                return Some(taken(self.begin_owned(message)));
            }
            if self.state == State::Draining {
                self.state = State::Closing;
                break;
            }
            if M::RAW.is_some() {
                match self.take_frame() {
                    Taken::Message(message) => return self.begin_owned(message).map(Input::Message),
                    Taken::Control => continue,
                    Taken::Nothing => return self.ended_input(),
                }
            }
            match self.reader.next() {
                Ok(Some(Frame::Text(text))) => {
                    self.message_size = saturated(text.len());
                    let decoded = decode(text, &self.config.wire);
                    return Some(taken(self.begin(decoded)));
                }
                Ok(Some(Frame::Binary(bytes))) => {
                    self.message_size = saturated(bytes.len());
                    self.reject_binary();
                    return Some(Input::Answered);
                }
                Ok(Some(Frame::Ping(payload))) => Self::pong(&mut self.output, &mut self.must_leave, payload),
                Ok(Some(Frame::Pong(_))) => {}
                Ok(Some(Frame::Close(close))) => self.peer_closed(close),
                Ok(None) => {
                    self.is_starved = true;
                    return self.ended_input();
                }
                Err(violation) => self.violated(violation.close_code(), &violation.to_string()),
            }
        }
        self.ended_input()
    }

    /// Begins a message that waited, or one of a set that takes messages as they are.
    fn begin_owned<M: IncomingMessage>(&mut self, message: Raw) -> Option<M> {
        self.message_size = saturated(message.as_bytes().len());
        match (M::RAW, message) {
            (Some(take), message) => Some(self.begin_raw(take(message))),
            (None, Raw::Text(text)) => {
                let decoded = decode(&text, &self.config.wire);
                self.begin(decoded)
            }
            (None, Raw::Binary(_)) => {
                self.reject_binary();
                None
            }
        }
    }

    /// How many bytes the message had that was taken last, inflated.
    pub fn message_size(&self) -> usize {
        self.message_size as usize
    }

    /// Takes what arrived while no message may be handled: control frames are answered, messages wait.
    pub fn absorb(&mut self) {
        while self.takes_input() {
            match self.take_frame() {
                Taken::Message(message) => self.hold(message),
                Taken::Control => {}
                Taken::Nothing => return,
            }
        }
    }

    /// Takes a frame out of the reader. Control frames are answered.
    fn take_frame(&mut self) -> Taken {
        match self.reader.next_owned() {
            Ok(Some(OwnedFrame::Message(message))) => return Taken::Message(message),
            Ok(Some(OwnedFrame::Ping(payload))) => Self::pong(&mut self.output, &mut self.must_leave, &payload),
            Ok(Some(OwnedFrame::Pong(_))) => {}
            Ok(Some(OwnedFrame::Close(close))) => self.peer_closed(close),
            Ok(None) => {
                self.is_starved = true;
                return Taken::Nothing;
            }
            Err(violation) => self.violated(violation.close_code(), &violation.to_string()),
        }
        Taken::Control
    }

    fn hold(&mut self, message: Raw) {
        self.liveness.had_message();
        self.waiting.push(message);
    }

    /// Looks for the peer's close frame among what is not handled any more.
    pub fn discard(&mut self) {
        while !self.peer_is_done {
            match self.reader.next() {
                Ok(Some(Frame::Close(_))) | Err(_) => self.peer_is_done = true,
                Ok(Some(_)) => {}
                Ok(None) => return,
            }
        }
    }

    /// Whether more bytes may be read: there is room for what they may lead to, and what arrived before was taken. Without the
    /// latter a client that reads a little of what it is sent, and so makes a little room again and again, could make the
    /// input grow by a whole read each time.
    pub fn wants_input(&self) -> bool {
        self.takes_input() && (self.is_starved || self.reader.is_empty())
    }

    /// Whether what arrived may be taken: bounded by the messages that wait already.
    fn takes_input(&self) -> bool {
        !self.is_ending() && self.has_room() && self.waiting.has_room(&self.config)
    }

    fn pong(output: &mut Output, must_leave: &mut bool, payload: &[u8]) {
        output.frame(Opcode::Pong, payload);
        *must_leave = true;
    }

    fn ended_input<M>(&self) -> Option<Input<M>> {
        self.is_ending().then_some(Input::Ended)
    }

    fn peer_closed(&mut self, close: Option<CloseFrame>) {
        let code = close.as_ref().and_then(|close| close.code);
        let reason = close.map(|close| close.reason).unwrap_or_default();
        self.peer_is_done = true;
        if self.state != State::Closing {
            self.send_close(&CloseFrame { code, reason: String::new() });
            self.note_end(code, reason, EndedBy::Client);
        }
    }

    fn violated(&mut self, code: CloseCode, what: &str) {
        tracing::info!(target: "chanx::protocol", code = code.as_u16(), "protocol violation: {what}");
        self.end(code, what);
        // Nothing that follows a violation can be understood, a close frame included.
        self.peer_is_done = true;
    }
}

fn taken<M>(message: Option<M>) -> Input<M> {
    message.map_or(Input::Answered, Input::Message)
}

fn saturated(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}
