//! Names of channels, and the keys in Redis that belong to names.

use chanx_core::layer::{ChannelName, GroupName};

/// What the local part of an alias begins with. The script that reads the members of a group knows it, too.
const ALIAS: &str = "chanx.";

/// The names of one process.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
    /// What the name of every channel of this process begins with, `!` included.
    process: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), process: format!("specific.{}!", random_hex()) }
    }

    /// The name of a channel of this process. Nobody can guess it.
    pub(super) fn new_channel(&self) -> ChannelName {
        let name = format!("{}{}", self.process, random_hex());
        ChannelName::new(&name).expect("hexadecimal digits, a full stop and an exclamation mark make a name")
    }

    /// The name under which this process is a member of a group. What follows the process's part tells it from the channels
    /// of Python: the process says that it is alive, and is forgotten when it does not.
    pub(super) fn new_alias(&self) -> ChannelName {
        let name = format!("{}{ALIAS}{}", self.process, random_hex());
        ChannelName::new(&name).expect("hexadecimal digits, full stops and an exclamation mark make a name")
    }

    /// What exists as long as this process runs.
    pub(super) fn heartbeat_key(&self) -> String {
        format!("{}alive", self.own_key())
    }

    /// Where this process leaves something for itself, to see whether it arrives.
    pub(super) fn echo_key(&self) -> String {
        format!("{}echo", self.own_key())
    }

    /// Where messages for this process are.
    pub(super) fn own_key(&self) -> String {
        self.key(&self.process)
    }

    /// Where messages for this process, or a channel that belongs to none, are.
    pub(super) fn key(&self, process: &str) -> String {
        format!("{}{process}", self.prefix)
    }

    /// Where the members of a group are.
    pub(super) fn group_key(&self, group: &GroupName) -> String {
        format!("{}:group:{group}", self.prefix)
    }
}

/// What the names of a process's channels have in common: up to `!`, which a channel that belongs to no process lacks.
pub(super) fn process_of(channel: &str) -> &str {
    channel.find('!').map_or(channel, |at| &channel[..=at])
}

/// Whether this is the name under which a process of chanx is a member of a group.
pub(super) fn is_alias(channel: &str) -> bool {
    channel.split_once('!').is_some_and(|(_, local)| local.starts_with(ALIAS))
}

fn random_hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_channels_redis() {
        let names = Names::new("asgi");
        let channel = names.new_channel();
        let (process, local) = channel.as_str().split_once('!').unwrap();
        assert_eq!((process.len(), local.len()), (9 + 32, 32));
        assert_eq!(names.own_key(), format!("asgi{process}!"));
        assert_eq!(names.key(process_of(channel.as_str())), names.own_key());
        assert_ne!(channel, names.new_channel());
        assert_eq!(names.group_key(&GroupName::new("chat.room_1").unwrap()), "asgi:group:chat.room_1");
        assert_eq!(process_of("plain-channel"), "plain-channel");
        let alias = names.new_alias();
        assert_eq!(process_of(alias.as_str()), process_of(channel.as_str()));
        assert!(is_alias(alias.as_str()) && !is_alias(channel.as_str()) && !is_alias("chanx.x"));
    }
}
