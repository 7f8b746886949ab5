//! Which of several independent servers a name belongs to, as channels_redis shards.

/// The names of all processes are spread over so many places.
const PLACES: u32 = 4096;

/// The place of a name among so many servers.
pub(crate) fn shard(name: &str, servers: usize) -> usize {
    let hash = crc32fast::hash(name.as_bytes()) & (PLACES - 1);
    // In floating point as in Python, so that both round alike.
    let width = f64::from(PLACES) / servers.max(1) as f64;
    (f64::from(hash) / width) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_where_channels_redis_looks_for_them() {
        let table = [
            ("chat.room_1", [0, 1, 2, 4, 15]),
            ("lobby", [0, 0, 1, 1, 5]),
            ("specific.abc!", [0, 1, 2, 4, 14]),
            ("é", [0, 1, 2, 4, 13]),
        ];
        for (name, shards) in table {
            assert_eq!([1, 2, 3, 5, 16].map(|servers| shard(name, servers)), shards, "{name}");
        }
    }

    #[test]
    fn every_place_is_a_server() {
        for servers in 1..70 {
            assert!((0..1000).all(|number| shard(&number.to_string(), servers) < servers));
        }
    }
}
