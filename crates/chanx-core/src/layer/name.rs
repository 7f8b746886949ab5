//! Names of channels and groups, checked alike for every layer.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// No name is longer than this (Channels: fewer than 100 characters).
const MAX_LENGTH: usize = 99;

/// What the name of any string begins with, at most, if the string is too long to stand in it whole.
const KEPT_LENGTH: usize = 32;

/// What the names of chanx's own groups begin with.
const RESERVED: &str = "chanx.";

/// The kind of the users that a site has in its database.
const SITE_USERS: &str = "user";

/// Text that is no name of a channel or a group, or one that is not to be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is no name of a {kind}: {rule}")]
pub struct InvalidName {
    text: String,
    kind: &'static str,
    rule: &'static str,
}

impl From<Infallible> for InvalidName {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The name of a group: 1 to 99 ASCII letters, digits, hyphens, underscores and full stops, as in Channels.
///
/// Names that begin with `chanx.` are those of chanx's own groups. No text makes one of them, so that a client which chooses
/// the name of a group is in no other user's.
///
/// ```
/// use chanx_core::layer::GroupName;
///
/// assert_eq!(GroupName::new("chat.room-1")?.as_str(), "chat.room-1");
/// assert!(GroupName::new("chat room").is_err());
/// assert!(GroupName::new("chanx.user.7").is_err());
/// assert_eq!(GroupName::escaped("chat room").as_str(), "chat_20room");
/// # Ok::<(), chanx_core::layer::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// This name.
    ///
    /// # Errors
    /// Text that is no name, and names of chanx's own groups.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if name.starts_with(RESERVED) {
            let rule = "names that begin with `chanx.` are chanx's own; an audience is addressed as an `Audience`";
            return Err(InvalidName { text: name.to_owned(), kind: "group", rule });
        }
        Self::received(name)
    }

    /// A name as a layer gets it from its store: chanx's own groups have names there, too.
    ///
    /// # Errors
    /// Text that is no name.
    pub fn received(name: &str) -> Result<Self, InvalidName> {
        if is_name(name) {
            return Ok(Self(name.into()));
        }
        let rule = "1 to 99 of the characters A-Z a-z 0-9 _ . - are";
        Err(InvalidName { text: name.to_owned(), kind: "group", rule })
    }

    /// A valid name for any text: different texts have different names, and most valid names stand for themselves.
    ///
    /// Whatever may not stand in a name, and the underscore, becomes `_` and the two hexadecimal digits of each byte.
    /// What would be too long ends in a digest (SHA-256).
    pub fn escaped(text: &str) -> Self {
        // No byte but those of other characters is written like this, so that the name is no other text's.
        let (first, rest) = if text.starts_with(RESERVED) { ("_63", &text[1..]) } else { ("", text) };
        Self::written(text, first, rest)
    }

    /// The name for `text`, which begins with `first`; `rest` is the part of the text that is still to be escaped.
    fn written(text: &str, first: &str, rest: &str) -> Self {
        let mut name = String::with_capacity(text.len());
        name.push_str(first);
        for byte in rest.bytes() {
            match byte {
                b'_' => name.push_str("_5f"),
                byte if is_name_byte(byte) => name.push(char::from(byte)),
                byte => name.push_str(&format!("_{byte:02x}")),
            }
        }
        if name.is_empty() || name.len() > MAX_LENGTH {
            name.truncate(KEPT_LENGTH);
            // No escaped text has two underscores side by side.
            name.push_str("__");
            name.extend(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")));
        }
        Self(name.into())
    }

    /// The group of the connections of one of the site's users, in every process: `chanx.user.7` for the key `7`.
    pub fn of_user(key: &str) -> Self {
        Self::of_identity(&user_key(SITE_USERS, key))
    }

    /// The group of the connections of a user of any kind, by its [`user_key`].
    pub fn of_identity(user_key: &str) -> Self {
        let text = format!("{RESERVED}user.{user_key}");
        Self::written(&text, "", &text)
    }

    /// The group of everybody who can be reached at all.
    pub fn everyone() -> Self {
        Self(format!("{RESERVED}everyone").into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What tells a user from all others, whatever their kinds: the key alone for the site's users (the kind `user`), as
/// Django's consumers write it, and `kind/key` for others.
pub fn user_key(kind: &str, key: &str) -> String {
    if kind == SITE_USERS && !key.contains('/') {
        return key.to_owned();
    }
    // The first slash is where the kind ends.
    format!("{}/{key}", kind.replace('/', "."))
}

/// The name of a channel, which is to say of a connection. A layer makes them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(Arc<str>);

impl ChannelName {
    /// The name of a channel that this process made, in the form of Channels.
    pub fn specific(process: u128, channel: u128) -> Self {
        Self(format!("specific.{process:032x}!{channel:032x}").into())
    }

    /// This name.
    ///
    /// # Errors
    /// Text that is no name; one exclamation mark is allowed, behind the first character (Channels).
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let (process, rest) = name.split_once('!').unwrap_or((name, ""));
        if is_name(process) && rest.bytes().all(is_name_byte) && name.len() <= MAX_LENGTH {
            return Ok(Self(name.into()));
        }
        let rule = "1 to 99 of the characters A-Z a-z 0-9 _ . - are, and one ! between them";
        Err(InvalidName { text: name.to_owned(), kind: "channel", rule })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Text, as far as it is a name, and back.
macro_rules! is_text {
    ($($name:ident)+) => {$(
        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(name: &str) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(name: String) -> Result<Self, InvalidName> {
                Self::new(&name)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = InvalidName;

            fn try_from(name: &String) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        /// So that tables of names can be asked for text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )+};
}

is_text!(GroupName ChannelName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_names_are_those_of_channels() {
        for name in ["a", "Z9_.-", "chat.room_1", &"g".repeat(99)] {
            assert_eq!(GroupName::new(name).unwrap().as_str(), name);
        }
        for text in ["", "a b", "a!", "é", "a/b", "\u{0661}", &"g".repeat(100)] {
            assert!(GroupName::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_text_makes_a_name_of_chanx_s_own_groups() {
        assert_eq!(GroupName::of_user("7").as_str(), "chanx.user.7");
        assert_eq!(GroupName::of_user("-1 é").as_str(), "chanx.user.-1_20_c3_a9");
        for own in [GroupName::of_user("7"), GroupName::everyone(), GroupName::of_identity("a/b")] {
            let name = own.as_str();
            assert!(GroupName::new(name).is_err() && GroupName::try_from(name).is_err());
            assert_ne!(GroupName::escaped(name), own);
            assert_eq!(GroupName::received(name), Ok(own));
        }
        let error = GroupName::new("chanx.x").unwrap_err().to_string();
        assert!(error.starts_with("`chanx.x` is no name of a group: names that begin with `chanx.`"), "{error}");
    }

    #[test]
    fn users_of_different_kinds_have_different_keys() {
        assert_eq!([user_key("user", "7"), user_key("a::Robot", "7")], ["7", "a::Robot/7"]);
        let users = [
            ("user", "7"),
            ("user", "robot/7"),
            ("robot", "7"),
            ("robot", "/7"),
            ("user", "/7"),
            ("", "7"),
            ("robot", ""),
        ];
        let keys: std::collections::BTreeSet<_> = users.iter().map(|(kind, key)| user_key(kind, key)).collect();
        assert_eq!(keys.len(), users.len(), "{keys:?}");
    }

    #[test]
    fn channel_names_may_have_one_exclamation_mark() {
        let specific = ChannelName::specific(1, u128::MAX);
        for name in ["plain", "specific.0123!abc", "specific.0123!", specific.as_str()] {
            assert_eq!(ChannelName::new(name).unwrap().as_str(), name);
        }
        for text in ["", "!a", "a!b!c", "a b", &format!("a!{}", "b".repeat(98))] {
            assert!(ChannelName::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn any_text_has_a_name_of_its_own() {
        let texts = [
            "",
            "_",
            "__",
            " ",
            "a b",
            "a_b",
            "a_20b",
            "a\0b",
            "é",
            "☃",
            &"x".repeat(99),
            &"x".repeat(100),
            &"x".repeat(101),
            &"é".repeat(99),
            "_5f",
            "chanx.user.7",
            "_63hanx.user.7",
            "chanx.",
            &format!("chanx.{}", "x".repeat(99)),
        ];
        let names: std::collections::BTreeSet<_> = texts.iter().map(|text| GroupName::escaped(text)).collect();
        assert_eq!(names.len(), texts.len());
        assert!(names.iter().all(|name| GroupName::new(name.as_str()).is_ok()));
        assert_eq!(GroupName::escaped("room-1.x").as_str(), "room-1.x");
    }
}
