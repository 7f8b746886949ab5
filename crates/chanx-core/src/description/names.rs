//! Names that documents need and applications do not give.

/// What Chanx would call the class of a message: `ping` is `PingMessage`, and `new_message` is `NewMessage`.
pub(crate) fn class_name(action: &str) -> String {
    let name = pascal_case(action);
    if name.ends_with("Message") { name } else { name + "Message" }
}

/// The text as the name of a type. What such a name cannot hold separates words.
pub(crate) fn pascal_case(text: &str) -> String {
    text.split(|c: char| !c.is_alphanumeric()).map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_become_names_of_types() {
        for (action, name) in [
            ("ping", "PingMessage"),
            ("load_history", "LoadHistoryMessage"),
            ("member_message", "MemberMessage"),
            ("chat.join-room", "ChatJoinRoomMessage"),
            ("loadHistory", "LoadHistoryMessage"),
            ("état", "ÉtatMessage"),
        ] {
            assert_eq!(class_name(action), name);
        }
    }
}
