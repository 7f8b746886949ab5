//! The offers of compression.

use chanx_core::deflate::Parameters;

use crate::input::lines;

pub(crate) const WORDS: &[&[u8]] = &[
    b"permessage-deflate",
    b"; client_max_window_bits",
    b"=15",
    b"=8",
    b"; server_max_window_bits=9",
    b"=\"10\"",
    b", ",
    b";",
    b"\"",
    b"\\",
    b"; server_no_context_takeover",
    b"; client_no_context_takeover",
];

pub(crate) fn run(data: &[u8]) {
    let headers = lines(data);
    if let Ok(Some(parameters)) = Parameters::negotiate(headers.iter().copied()) {
        let answer = parameters.to_string();
        assert!(answer.starts_with("permessage-deflate"), "{answer}");
        assert!(answer.bytes().all(|byte| (b' '..0x7F).contains(&byte)), "{answer:?} can be no header");
    }
}
