//! What the heads of most requests have in common, written as one byte each, since every connection keeps its head.

/// The names of headers that need no text.
const NAMES: [&str; 15] = [
    "host",
    "origin",
    "cookie",
    "authorization",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-fetch-site",
];

/// Headers that need no text, with what they say to open a WebSocket, as browsers write it.
const HEADERS: [(&str, &str); 12] = [
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("connection", "upgrade"),
    ("connection", "keep-alive, Upgrade"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ("sec-websocket-extensions", "permessage-deflate"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-encoding", "gzip, deflate, br"),
    ("cache-control", "no-cache"),
    ("pragma", "no-cache"),
];

/// The first byte that stands for a name, and the first that stands for a whole header. No name begins with such a byte.
const FIRST_NAME: u8 = 0x80;
const FIRST_HEADER: u8 = 0xC0;

/// The byte that stands for a whole header, if there is one.
pub(super) fn byte_of_header(name: &str, value: &[u8]) -> Option<u8> {
    let is_it = |(known, usual): &(&str, &str)| *known == name && usual.as_bytes() == value;
    HEADERS.iter().position(is_it).map(|index| FIRST_HEADER + index as u8)
}

/// The byte that stands for a name, if there is one.
pub(super) fn byte_of_name(name: &str) -> Option<u8> {
    NAMES.iter().position(|known| *known == name).map(|index| FIRST_NAME + index as u8)
}

/// The header that a byte stands for.
pub(super) fn header(byte: u8) -> Option<(&'static [u8], &'static [u8])> {
    let (name, value) = HEADERS.get(usize::from(byte.checked_sub(FIRST_HEADER)?))?;
    Some((name.as_bytes(), value.as_bytes()))
}

/// The name that a byte stands for.
pub(super) fn name(byte: u8) -> Option<&'static [u8]> {
    NAMES.get(usize::from(byte.checked_sub(FIRST_NAME)?)).map(|name| name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_stands_for_what_it_was_made_of() {
        for text in NAMES {
            let byte = byte_of_name(text).unwrap();
            assert_eq!(name(byte), Some(text.as_bytes()));
            assert!(header(byte).is_none());
        }
        for (name, value) in HEADERS {
            let byte = byte_of_header(name, value.as_bytes()).unwrap();
            assert_eq!(header(byte), Some((name.as_bytes(), value.as_bytes())));
            assert!(super::name(byte).is_none());
        }
        assert!(!(0..FIRST_NAME).any(|byte| name(byte).is_some() || header(byte).is_some()));
    }
}
