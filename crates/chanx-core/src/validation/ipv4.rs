//! IPv4 addresses, with the words of Python's `ipaddress` for what is none: Pydantic repeats them.

use std::net::Ipv4Addr;

use super::wording::{quoted_as_python, shortened};

/// What is wrong with the text, if it is no IPv4 address.
pub(super) fn fault(text: &str) -> Option<String> {
    if text.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    let whole = quoted_as_python(&shortened(text));
    Some(if text.contains('/') {
        format!("Unexpected '/' in {whole}")
    } else if text.is_empty() {
        "Address cannot be empty".to_owned()
    } else if text.split('.').count() != 4 {
        format!("Expected 4 octets in {whole}")
    } else {
        let octet = text.split('.').find_map(octet).unwrap_or_else(|| "Expected octets from 0 to 255".to_owned());
        format!("{octet} in {whole}")
    })
}

/// What is wrong with one of the four numbers.
fn octet(text: &str) -> Option<String> {
    let quoted = || quoted_as_python(&shortened(text));
    if text.is_empty() {
        Some("Empty octet not permitted".to_owned())
    } else if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(format!("Only decimal digits permitted in {}", quoted()))
    } else if text.len() > 3 {
        Some(format!("At most 3 characters permitted in {}", quoted()))
    } else if text.len() > 1 && text.starts_with('0') {
        Some(format!("Leading zeros are not permitted in {}", quoted()))
    } else {
        let octet: u32 = text.parse().ok()?;
        (octet > 255).then(|| format!("Octet {octet} (> 255) not permitted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_python_s() {
        assert_eq!(fault("127.0.0.1"), None);
        for (text, expected) in [
            ("", "Address cannot be empty"),
            ("1.2.3.4/8", "Unexpected '/' in '1.2.3.4/8'"),
            ("::1", "Expected 4 octets in '::1'"),
            ("1..2.3", "Empty octet not permitted in '1..2.3'"),
            ("1.2.3.x", "Only decimal digits permitted in 'x' in '1.2.3.x'"),
            ("1.2.3.0004", "At most 3 characters permitted in '0004' in '1.2.3.0004'"),
            ("01.2.3.4", "Leading zeros are not permitted in '01' in '01.2.3.4'"),
            ("256.1.1.1", "Octet 256 (> 255) not permitted in '256.1.1.1'"),
            ("it's", "Expected 4 octets in \"it's\""),
        ] {
            assert_eq!(fault(text).as_deref(), Some(expected), "{text}");
        }
    }
}
