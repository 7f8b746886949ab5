//! What client and server agree on, from the offers of the one to the answer of the other (RFC 7692, section 7.1).

use std::fmt;

use super::Window;
use super::extensions::{Extension, MalformedExtensions, read};

const NAME: &str = "permessage-deflate";
const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";

/// What holds for the compressed messages of one connection. Written as text it is the answer to the offer.
///
/// The window of the client is not part of it: states that inflate take the same memory for each, so that the server
/// never asks for a smaller one and is prepared for the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// Whether the server may refer to messages that it sent before.
    pub server_takeover: bool,
    /// Whether the client may refer to messages that it sent before.
    pub client_takeover: bool,
    /// How far back the server may refer, if the client limits it.
    pub server_window: Option<Window>,
}

impl Parameters {
    /// The most that the first acceptable offer allows; none if there is none. Each text is the value of one
    /// `Sec-WebSocket-Extensions`, in their order.
    ///
    /// An offer is declined where it has an unknown parameter, one twice, one with a value that it cannot have, or a window
    /// that zlib cannot compress for.
    ///
    /// # Errors
    /// A header that cannot be read, be it before or behind an acceptable offer.
    pub fn negotiate<'a>(headers: impl IntoIterator<Item = &'a str>) -> Result<Option<Self>, MalformedExtensions> {
        let mut accepted = None;
        for header in headers {
            for extension in read(header)? {
                accepted = accepted.or_else(|| Self::accept(&extension));
            }
        }
        Ok(accepted)
    }

    fn accept(offer: &Extension<'_>) -> Option<Self> {
        if offer.name != NAME {
            return None;
        }
        let mut accepted = Self { server_takeover: true, client_takeover: true, server_window: None };
        for (index, (name, value)) in offer.parameters.iter().enumerate() {
            let is_repeated = offer.parameters[..index].iter().any(|(earlier, _)| earlier == name);
            if is_repeated {
                return None;
            }
            accepted.apply(name, value.as_deref())?;
        }
        Some(accepted)
    }

    /// Takes one parameter into account; none if it cannot be honored.
    fn apply(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        match (name, value) {
            (SERVER_TAKEOVER, None) => self.server_takeover = false,
            (CLIENT_TAKEOVER, None) => self.client_takeover = false,
            (SERVER_WINDOW, Some(bits)) => self.server_window = Some(Window::new(window_bits(bits)?)?),
            (CLIENT_WINDOW, None) => {}
            (CLIENT_WINDOW, Some(bits)) => drop(window_bits(bits)?),
            _ => return None,
        }
        Some(())
    }
}

/// A number of bits as the RFC has it: 8 to 15, without zeros in front.
fn window_bits(text: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == text)
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if !self.server_takeover {
            write!(f, "; {SERVER_TAKEOVER}")?;
        }
        if !self.client_takeover {
            write!(f, "; {CLIENT_TAKEOVER}")?;
        }
        if let Some(window) = self.server_window {
            write!(f, "; {SERVER_WINDOW}={window}")?;
        }
        Ok(())
    }
}
