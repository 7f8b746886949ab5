//! What the payload of a whole frame says: text, bytes, or why the connection ends.

use super::{Frame, Opcode, Violation};
use crate::close::{CloseCode, CloseFrame};

/// The frame that an unmasked `payload` makes. That of a message is given the opcode that the message began with.
pub(super) fn interpret(opcode: Opcode, payload: &[u8]) -> Result<Frame<'_>, Violation> {
    Ok(match opcode {
        Opcode::Text => Frame::Text(text(payload)?),
        Opcode::Binary | Opcode::Continuation => Frame::Binary(payload),
        Opcode::Ping => Frame::Ping(payload),
        Opcode::Pong => Frame::Pong(payload),
        Opcode::Close => Frame::Close(close(payload)?),
    })
}

fn text(payload: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(payload).map_err(|_| Violation::InvalidUtf8)
}

fn close(payload: &[u8]) -> Result<Option<CloseFrame>, Violation> {
    match payload {
        [] => Ok(None),
        [_] => Err(Violation::ShortCloseCode),
        &[high, low, ref reason @ ..] => {
            let code = CloseCode::try_from(u16::from_be_bytes([high, low]));
            let code = code.map_err(|invalid| Violation::CloseCode(invalid.0))?;
            Ok(Some(CloseFrame::new(code, text(reason)?)))
        }
    }
}
