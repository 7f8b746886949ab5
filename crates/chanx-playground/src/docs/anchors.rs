//! Names of places on the page, each of them given once.

use std::collections::HashSet;

/// Lower-case letters and digits with hyphens between them.
pub(crate) fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// The names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Anchors(HashSet<String>);

impl Anchors {
    /// The name, with a number behind it if another place has it.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
        let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
        candidates.find(|candidate| self.0.insert(candidate.clone())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_what_addresses_can_hold() {
        for (text, expected) in [
            ("chat:room", "chat-room"),
            ("EchoConsumer", "echoconsumer"),
            ("__a  b!", "a-b"),
            ("état", "tat"),
            ("日本", ""),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut anchors = Anchors::default();
        let names: Vec<_> = ["a", "a-2", "a", "b"].map(|name| anchors.take(name)).into();
        assert_eq!(names, ["a", "a-2", "a-3", "b"]);
    }
}
