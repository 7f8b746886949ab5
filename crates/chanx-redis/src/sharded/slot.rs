//! Which of a cluster's 16384 slots a name belongs to (the Redis Cluster specification, "Key distribution model").

/// How many slots there are.
pub(super) const SLOTS: u16 = 16384;

/// The slot of a name: of what stands in its first pair of braces, if there is one and it is not empty.
pub(super) fn slot(name: &str) -> u16 {
    crc16(tag(name).as_bytes()) % SLOTS
}

fn tag(name: &str) -> &str {
    let inside = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(inside, _)| inside);
    inside.filter(|inside| !inside.is_empty()).unwrap_or(name)
}

/// CRC-16/XMODEM. Bit by bit, because names are short and few.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| shift(crc)))
}

fn shift(crc: u16) -> u16 {
    if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_server() {
        // `CLUSTER KEYSLOT` of Redis 7.0.15.
        let table = [
            ("123456789", 12739),
            ("foo", 12182),
            ("", 0),
            ("{user1000}.following", 3443),
            ("{user1000}.followers", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
        ];
        for (name, expected) in table {
            assert_eq!(slot(name), expected, "{name}");
        }
    }
}
