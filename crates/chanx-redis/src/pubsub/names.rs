//! What channels are called in Redis: channels_redis's names, arranged so that one pattern covers a whole process.

use chanx_core::layer::{ChannelName, GroupName};

use super::Addressee;

/// The longest and strangest name that a channel of this process gets, but for the prefix.
const EXAMPLE: &str = "specific.0123456789abcdef0123456789abcdef";

/// The names of one process.
#[derive(Clone, Debug)]
pub(super) struct Names {
    group_stem: String,
    /// All channels of this process begin with it, and those of no other process.
    channel_stem: String,
}

impl Names {
    /// A prefix that cannot stand in the name of a channel, such as `site:`, stands in those of groups only. Python sends to
    /// the others all the same, because it sends to whatever name it was told.
    pub(super) fn new(prefix: &str) -> Self {
        let is_speakable = ChannelName::new(&format!("{prefix}{EXAMPLE}")).is_ok() && !prefix.contains('!');
        let channel_prefix = if is_speakable { prefix } else { "" };
        Self {
            group_stem: format!("{prefix}__group__"),
            channel_stem: format!("{channel_prefix}specific.{:016x}", rand::random::<u64>()),
        }
    }

    pub(super) fn group(&self, group: &GroupName) -> String {
        format!("{}{group}", self.group_stem)
    }

    /// The whole looks like channels_redis's random 32 digits; the last 16 are different for each channel.
    pub(super) fn new_channel(&self) -> ChannelName {
        let name = format!("{}{:016x}", self.channel_stem, rand::random::<u64>());
        ChannelName::new(&name).unwrap_or_else(|_| unreachable!("a stem is checked when it is made"))
    }

    /// Covers all channels of this process. Nothing in it needs escaping: what may stand in a channel's name means itself.
    pub(super) fn pattern(&self) -> String {
        format!("{}*", self.channel_stem)
    }

    pub(super) fn addressee<'a>(&self, channel: &'a str) -> Option<Addressee<'a>> {
        match channel.strip_prefix(&self.group_stem) {
            Some(group) => GroupName::received(group).ok().map(Addressee::Group),
            None => channel.starts_with(&self.channel_stem).then_some(Addressee::Channel(channel)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_named_as_in_channels_redis() {
        let names = Names::new("asgi");
        let (one, other) = (names.new_channel(), names.new_channel());
        for name in [&one, &other] {
            let digits = name.as_str().strip_prefix("asgispecific.").unwrap();
            assert_eq!(digits.len(), 32);
            assert!(digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
            assert!(name.as_str().starts_with(names.pattern().strip_suffix('*').unwrap()));
        }
        assert_ne!(one, other);
        assert_ne!(names.pattern(), Names::new("asgi").pattern());
    }

    #[test]
    fn an_unspeakable_prefix_stands_in_the_names_of_groups_only() {
        for prefix in ["site:", "*", "a!b", "[a]", &"p".repeat(80)] {
            let names = Names::new(prefix);
            assert!(names.new_channel().as_str().starts_with("specific."), "{prefix}");
            assert_eq!(names.group(&GroupName::everyone()), format!("{prefix}__group__chanx.everyone"));
        }
        for prefix in ["", "site.", "a_b-"] {
            assert!(Names::new(prefix).new_channel().as_str().starts_with(&format!("{prefix}specific.")), "{prefix}");
        }
    }

    #[test]
    fn a_channel_in_redis_is_a_group_or_a_channel_or_nothing() {
        let names = Names::new("asgi");
        let group = GroupName::new("chat.room_1").unwrap();
        assert_eq!(names.group(&group), "asgi__group__chat.room_1");
        assert_eq!(names.addressee("asgi__group__chat.room_1"), Some(Addressee::Group(group)));
        let channel = names.new_channel();
        assert_eq!(names.addressee(channel.as_str()), Some(Addressee::Channel(channel.as_str())));
        for other in ["asgi__group__not valid", "asgispecific.f4de07fad4e14b39ab79764a07b32d82", "asgi", ""] {
            assert_eq!(names.addressee(other), None, "{other}");
        }
    }
}
