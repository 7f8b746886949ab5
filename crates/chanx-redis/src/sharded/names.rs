//! What channels are called in Redis.

use chanx_core::layer::{ChannelName, GroupName};

use crate::pubsub::Addressee;

/// The names of one process.
#[derive(Clone, Debug)]
pub(super) struct Names {
    group_stem: String,
    process_stem: String,
    /// 32 random digits that no other process has.
    process: String,
}

impl Names {
    /// Braces in a prefix have their usual meaning, and put everything on one node.
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            group_stem: format!("{prefix}:group:"),
            process_stem: format!("{prefix}:process:"),
            process: format!("{:032x}", rand::random::<u128>()),
        }
    }

    pub(super) fn group(&self, group: &GroupName) -> String {
        format!("{}{group}", self.group_stem)
    }

    /// The one channel in Redis on which all messages to channels of this process come.
    pub(super) fn own(&self) -> String {
        format!("{}{}", self.process_stem, self.process)
    }

    /// Where messages to a channel go; none: no process of this layer made it.
    pub(super) fn process_of(&self, channel: &ChannelName) -> Option<String> {
        let (process, _) = channel.as_str().strip_prefix("specific.")?.split_once('!')?;
        Some(format!("{}{process}", self.process_stem))
    }

    /// The process's digits, and others that nobody can guess.
    pub(super) fn new_channel(&self) -> ChannelName {
        let name = format!("specific.{}!{:032x}", self.process, rand::random::<u128>());
        ChannelName::new(&name).unwrap_or_else(|_| unreachable!("digits may stand in a name"))
    }

    pub(super) fn addressee(&self, channel: &str) -> Option<Addressee<'static>> {
        match channel.strip_prefix(&self.group_stem) {
            Some(group) => GroupName::received(group).ok().map(Addressee::Group),
            None => (channel.strip_prefix(&self.process_stem)? == self.process).then_some(Addressee::Within),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_to_a_channel_goes_to_its_process() {
        let (names, other) = (Names::new("asgi"), Names::new("asgi"));
        let (one, two) = (names.new_channel(), names.new_channel());
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), "specific.".len() + 32 + 1 + 32);
        assert_eq!(other.process_of(&one), Some(names.own()));
        assert_eq!(names.addressee(&names.own()), Some(Addressee::Within));
        assert_eq!(other.addressee(&names.own()), None);
    }

    #[test]
    fn channels_of_other_kinds_belong_to_no_process() {
        for name in ["plain", "specific.0123", "other.0123!45"] {
            assert_eq!(Names::new("asgi").process_of(&ChannelName::new(name).unwrap()), None, "{name}");
        }
    }

    #[test]
    fn groups_are_found_in_the_names_of_their_channels() {
        let names = Names::new("asgi");
        let group = GroupName::new("chat.room_1").unwrap();
        assert_eq!(names.group(&group), "asgi:group:chat.room_1");
        assert_eq!(names.addressee("asgi:group:chat.room_1"), Some(Addressee::Group(group)));
        for other in ["asgi:group:not valid", "asgi2:group:a", "asgi", ""] {
            assert_eq!(names.addressee(other), None, "{other}");
        }
    }
}
