//! What is said and what is to be heard, to the byte.

use std::fmt::Write as _;

use chanx_core::frame::{Opcode, write_masked};

/// Makes a message 73 bytes of JSON, as in the measurements of echo servers that these are compared with.
const FILLING: &str = "what a room of people has to talk of";

/// Any four bytes will do: nothing stands between the load and its servers.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

/// The frame in which the message of this number is said.
pub(super) fn say(number: u64) -> Vec<u8> {
    let text = format!(r#"{{"action":"say","payload":"{}"}}"#, payload(number));
    let mut frame = Vec::new();
    write_masked(&mut frame, Opcode::Text, text.as_bytes(), MASK);
    frame
}

/// The text in which it arrives.
pub(super) fn said(number: u64, is_current: bool) -> Vec<u8> {
    let payload = payload(number);
    let mut text = format!(r#"{{"action":"said","payload":"{payload}","is_mine":false"#);
    // Writing to a string never fails.
    let _ = write!(text, r#","is_current":{is_current}}}"#);
    text.into_bytes()
}

fn payload(number: u64) -> String {
    format!("{number:07} {FILLING}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_size_that_the_readme_names() {
        // Two bytes of header and four of mask come first.
        assert_eq!(say(7).len(), 6 + 73);
        assert_eq!(said(7, false).len(), 109);
    }
}
