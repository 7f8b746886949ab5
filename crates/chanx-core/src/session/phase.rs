//! The connection phase: from the accepted socket to the first message.

use super::{Session, State};
use crate::builtin::{AuthenticationOutcome, Builtin};
use crate::close::CloseCode;

impl Session {
    /// Tells the client that it is welcome. Messages go on waiting until [`Session::open`].
    pub fn accept(&mut self) {
        self.tell_outcome(|| AuthenticationOutcome {
            status_code: 200,
            status_text: "OK".to_owned(),
            data: serde_json::json!({"detail": "OK"}),
        });
    }

    /// Tells the client why it is not welcome, and closes.
    pub fn refuse(&mut self, outcome: AuthenticationOutcome) {
        let code = match self.config.legacy_close_codes {
            true => CloseCode::NORMAL,
            false => CloseCode::refused(outcome.status_code),
        };
        self.tell_outcome(|| outcome);
        self.end(code, "");
    }

    /// Tells the client that checking it failed, and closes. The id is for the log as well.
    pub fn fail_authentication(&mut self) -> String {
        self.tell_outcome(|| AuthenticationOutcome {
            status_code: 500,
            status_text: "Internal Server Error".to_owned(),
            data: serde_json::json!({"detail": "Internal server error"}),
        });
        self.fail()
    }

    /// Ends the connection phase: from here on messages are handled.
    pub fn open(&mut self) {
        if self.state == State::Authenticating {
            self.state = State::Open;
            self.completed();
        }
    }

    /// An outcome that is not told is not made.
    fn tell_outcome(&mut self, outcome: impl FnOnce() -> AuthenticationOutcome) {
        if self.config.send_authentication_message {
            self.send_builtin(&Builtin::Authentication(outcome()));
        }
    }
}
