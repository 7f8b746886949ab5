//! Questions that several commands ask. Knows no database.

use std::io;

use super::terminal::Terminal;
use crate::passwords;

/// Asks for a new password twice, until both are the same and no rule is broken.
pub(crate) fn new_password(terminal: &mut dyn Terminal, attributes: &[(&str, &str)]) -> io::Result<String> {
    loop {
        let password = terminal.ask_secret("Password: ")?;
        if let Err(weak) = passwords::validate(&password, attributes) {
            terminal.warn(&format!("error: {weak}"))?;
        } else if terminal.ask_secret("Password (again): ")? == password {
            return Ok(password);
        } else {
            terminal.warn("error: the two passwords are not the same")?;
        }
    }
}

/// Asks for a line until it is not blank.
pub(crate) fn required(terminal: &mut dyn Terminal, prompt: &str) -> io::Result<String> {
    loop {
        let answer = terminal.ask(prompt)?.trim().to_owned();
        if !answer.is_empty() {
            return Ok(answer);
        }
        terminal.warn("error: an answer is needed")?;
    }
}

#[cfg(test)]
mod tests {
    use super::super::terminal::script::Script;
    use super::*;

    #[test]
    fn a_password_is_asked_for_until_it_is_good_and_repeated() {
        let mut script = Script::answering([
            "12345",
            "brass-otter-lamp",
            "brass-otter-lamb",
            "brass-otter-lamp",
            "brass-otter-lamp",
        ]);
        assert_eq!(new_password(&mut script, &[]).unwrap(), "brass-otter-lamp");
        for reason in ["shorter than 8", "too common", "digits alone", "not the same"] {
            assert!(script.written.contains(reason), "{reason} is not in {}", script.written);
        }
    }

    #[test]
    fn a_password_like_the_name_is_refused() {
        let mut script = Script::answering(["gwendolyn1"]);
        let error = new_password(&mut script, &[("username", "gwendolyn")]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(script.written.contains("too similar to the username"), "{}", script.written);
    }

    #[test]
    fn a_blank_answer_is_none() {
        let mut script = Script::answering(["", "  ", " alice "]);
        assert_eq!(required(&mut script, "User name: ").unwrap(), "alice");
    }
}
