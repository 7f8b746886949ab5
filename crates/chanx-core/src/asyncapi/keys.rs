//! Keys of objects: words that generators of code can use as names.

use std::collections::HashSet;

use crate::description::EndpointDescription;

/// The keys that are taken.
#[derive(Default)]
pub(super) struct Keys {
    channels: HashSet<String>,
    operations: HashSet<String>,
}

impl Keys {
    /// From the name of the route, else from its address or pattern.
    pub(super) fn channel(&mut self, endpoint: &EndpointDescription) -> String {
        let path = || endpoint.address.as_ref().unwrap_or(&endpoint.pattern);
        let key = identifier(endpoint.route_name.as_ref().unwrap_or_else(path));
        distinct(&mut self.channels, key)
    }

    pub(super) fn operation(&mut self, name: String) -> String {
        distinct(&mut self.operations, name)
    }
}

/// The text in lower case, with underscores in place of what is neither a letter nor a digit of ASCII.
pub(super) fn identifier(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("channel_{joined}") }
}

fn distinct(taken: &mut HashSet<String>, key: String) -> String {
    let numbered = (2..).map(|number| format!("{key}_{number}"));
    let free = std::iter::once(key.clone()).chain(numbered).find(|key| !taken.contains(key)).unwrap_or(key);
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(route_name: Option<&str>, address: Option<&str>) -> EndpointDescription {
        EndpointDescription {
            route_name: route_name.map(str::to_owned),
            address: address.map(str::to_owned),
            pattern: r"^ws/(\d+)/$".to_owned(),
            ..EndpointDescription::default()
        }
    }

    #[test]
    fn channels_are_called_like_their_routes() {
        let mut keys = Keys::default();
        assert_eq!(keys.channel(&endpoint(Some("chat:room"), Some("/ws/rooms/"))), "chat_room");
        assert_eq!(keys.channel(&endpoint(None, Some("/ws/rooms/{pk}/"))), "ws_rooms_pk");
        assert_eq!(keys.channel(&endpoint(None, None)), "ws_d");
        assert_eq!(keys.channel(&endpoint(None, Some("/chat/room"))), "chat_room_2");
        assert_eq!(keys.channel(&endpoint(None, Some("/"))), "channel_");
        assert_eq!(keys.channel(&endpoint(None, Some("/2026/"))), "channel_2026");
    }
}
