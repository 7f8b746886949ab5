//! What the payload of a whole frame says: text, bytes, or why the connection ends.

use bytes::Bytes;
use bytestring::ByteString;

use super::{Frame, Opcode, OwnedFrame, Violation};
use crate::close::{CloseCode, CloseFrame};
use crate::message::Raw;

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

/// The same for a payload that stays.
pub(super) fn interpret_owned(opcode: Opcode, payload: Bytes) -> Result<OwnedFrame, Violation> {
    Ok(match opcode {
        Opcode::Text => {
            let text = ByteString::try_from(payload).map_err(|_| Violation::InvalidUtf8)?;
            OwnedFrame::Message(Raw::Text(text))
        }
        Opcode::Binary | Opcode::Continuation => OwnedFrame::Message(Raw::Binary(payload)),
        Opcode::Ping => OwnedFrame::Ping(payload),
        Opcode::Pong => OwnedFrame::Pong(payload),
        Opcode::Close => OwnedFrame::Close(close(&payload)?),
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
