//! The mask that clients put over their payloads (RFC 6455, section 5.3).

/// Puts the mask on `payload`, or takes it off again: the two are the same.
///
/// The key repeats every four bytes, so that eight bytes can be combined with it twice over in one step. The loop over
/// whole words has no branch in it, and the compiler widens it further to the machine's vectors.
pub(super) fn apply(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide_key = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide_key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_matches_the_definition() {
        let key = [0x12, 0xe4, 0x00, 0xff];
        for len in 0..70 {
            let plain: Vec<u8> = (0..len).collect();
            let expected: Vec<u8> = plain.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
            let mut masked = plain.clone();
            apply(&mut masked, key);
            assert_eq!(masked, expected, "length {len}");
        }
    }
}
