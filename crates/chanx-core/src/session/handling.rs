//! Messages and their outcome: what answers what, and what a failure is called.

use super::Session;
use crate::builtin::{Builtin, Failure};
use crate::close::CloseCode;
use crate::decode::{Decoded, Rejected};
use crate::message::IncomingMessage;
use crate::validation::Fault;
use crate::wire::Envelope;

impl Session {
    /// Begins a message: what is sent from now on answers it.
    pub(super) fn begin<M: IncomingMessage>(&mut self, decoded: Result<Decoded<M>, Rejected>) -> Option<M> {
        self.count_message();
        match decoded {
            Ok(decoded) => {
                self.envelope = decoded.envelope;
                self.is_handling = true;
                self.log_received(decoded.message.action());
                Some(decoded.message)
            }
            Err(rejected) => {
                self.reject(rejected);
                None
            }
        }
    }

    /// The same for a message that is taken as it is.
    pub(super) fn begin_raw<M: IncomingMessage>(&mut self, message: M) -> M {
        self.count_message();
        self.is_handling = true;
        self.log_received(message.action());
        message
    }

    pub(super) fn reject_binary(&mut self) {
        self.count_message();
        let fault = Fault::new("json_invalid", [], "Invalid JSON: text was expected, not a binary frame");
        self.reject(Rejected { faults: vec![fault], envelope: Envelope::default() });
    }

    fn count_message(&mut self) {
        self.message_number += 1;
        self.liveness.had_message();
    }

    fn reject(&mut self, rejected: Rejected) {
        if self.config.log.received {
            let (number, faults) = (self.message_number, rejected.faults.len());
            tracing::info!(target: "chanx::message", message_id = number, faults, kinds = rejected.kinds(), "refused");
        }
        if self.config.unusable_frame_closes && rejected.is_unusable() {
            let id = self.fail();
            tracing::error!(target: "chanx::message", id, "an unusable frame ended the connection");
            return;
        }
        self.envelope = rejected.envelope;
        self.send_builtin(&Builtin::Invalid(rejected.faults));
        self.completed();
    }

    /// Begins an event, which no client sent: what is sent from now on answers nothing.
    pub fn begin_event(&mut self) {
        self.message_number += 1;
        self.is_handling = true;
    }

    /// The handler is done with the message or the event: what it sent does not wait for the next one.
    pub fn completed(&mut self) {
        self.is_handling = false;
        self.complete();
        self.must_leave |= !self.output.pending().is_empty();
        self.envelope = Envelope::default();
    }

    /// The handler failed. The client gets an id to ask for; the cause belongs into the log, under the same id.
    pub fn failed(&mut self) -> String {
        let id = self.failure_id();
        self.send_builtin(&Builtin::Failed(Failure::new(id.clone())));
        self.completed();
        id
    }

    /// The handler of an event failed. Only the log learns of it, under this id: the client did not ask for anything.
    pub fn failed_event(&mut self) -> String {
        let id = self.failure_id();
        self.completed();
        id
    }

    /// The connection cannot go on: closes with 1011 and the id in the log as the reason.
    pub fn fail(&mut self) -> String {
        let id = self.failure_id();
        self.end(CloseCode::INTERNAL, &format!("internal error {id}"));
        id
    }

    /// Reading a message panicked: it is the message that the next failure is about.
    pub fn begin_unreadable(&mut self) {
        self.count_message();
    }

    /// The number of the latest message, as the log names it.
    pub fn message_id(&self) -> u64 {
        self.message_number
    }

    /// The envelope of the message that is being handled.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn failure_id(&self) -> String {
        let id = self.name.split(' ').next().unwrap_or_default();
        format!("{id}-{}", self.message_number)
    }

    pub(super) fn complete(&mut self) {
        if self.config.send_completion {
            self.send_builtin(&Builtin::Complete);
        }
    }

    fn log_received(&self, action: &str) {
        let bytes = self.message_size;
        if self.config.log.wants_received(action) {
            tracing::info!(target: "chanx::message", message_id = self.message_number, action, bytes, "received");
        }
    }
}
