//! Values that must not be shown: keys, and addresses that may hold a password.

use std::fmt;

use super::value::{Raw, Value, quoted};

const BLOT: &str = "***";

/// A text that is kept out of logs, listings and error messages.
///
/// ```
/// # use chanx::settings::Secret;
/// let key = Secret::from("hunter2");
/// assert_eq!(format!("{key:?}"), "Secret(***)");
/// assert_eq!(key.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The address of a database or a channel layer, whose password is not shown.
///
/// ```
/// # use chanx::settings::ConnectionUrl;
/// let url = ConnectionUrl::from("redis://user:hunter@2@localhost:6379/0");
/// assert_eq!(url.to_string(), "redis://***@localhost:6379/0");
/// assert_eq!(url.scheme(), "redis");
/// let url = ConnectionUrl::from("redis://localhost/0?encryption_key=hunter2");
/// assert_eq!(url.to_string(), "redis://localhost/0?***");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(String);

impl Secret {
    /// The text, for the one who needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({BLOT})")
    }
}

impl Value for Secret {
    const IS_SECRET: bool = true;

    fn kind() -> String {
        "a secret text".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().filter(|text| !text.is_empty()).map(Self::from)
    }

    fn show(&self) -> String {
        quoted(BLOT)
    }
}

impl ConnectionUrl {
    /// The whole address, password included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the colon: `memory`, `redis`, `sqlite`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }
}

/// A name alone, such as `memory`, is the scheme of an address.
impl From<&str> for ConnectionUrl {
    fn from(text: &str) -> Self {
        if text.contains(':') { Self(text.to_owned()) } else { Self(format!("{text}://")) }
    }
}

/// Without the user's name and password, and without the options behind a question mark, if one of them may be a key.
impl fmt::Display for ConnectionUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password may hold any character, so that the last "@" counts.
        let (before, place) = match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => (format!("{scheme}://{BLOT}@"), place),
            _ => (String::new(), &*self.0),
        };
        match place.split_once('?') {
            Some((place, options)) if may_hold_a_secret(options) => write!(formatter, "{before}{place}?{BLOT}"),
            _ => write!(formatter, "{before}{place}"),
        }
    }
}

fn may_hold_a_secret(options: &str) -> bool {
    let options = options.to_ascii_lowercase();
    ["key", "pass", "secret", "token"].iter().any(|word| options.contains(word))
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectionUrl({self})")
    }
}

impl Value for ConnectionUrl {
    const IS_SECRET: bool = true;

    fn kind() -> String {
        "an address such as \"memory://\", \"redis://host:6379/0\" or \"sqlite://path\"".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        let url = Self::from(raw.text()?.trim());
        is_scheme(url.scheme()).then_some(url)
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}
