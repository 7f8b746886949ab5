//! Reading and showing the values of settings, type by type.

use std::time::Duration;

use toml::de::DeValue;

/// A value as its source writes it.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    /// The text of a variable of the environment.
    Text(&'a str),
    /// A value in a TOML file, which has a type.
    Toml(&'a DeValue<'a>),
}

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// Whether values must never be shown.
    const IS_SECRET: bool = false;

    /// What is allowed, to follow the words "must be".
    fn kind() -> String;

    /// The value, if it is one.
    fn read(raw: Raw<'_>) -> Option<Self>;

    /// The value as a TOML file would have it, secrets blotted out.
    fn show(&self) -> String;
}

impl<'a> Raw<'a> {
    /// The value if it is text; a TOML string is.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        }
    }

    fn whole_number(self) -> Option<usize> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Toml(value) => {
                let integer = value.as_integer()?;
                usize::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
        }
    }

    fn fraction(self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Toml(value) => value.as_float()?.as_str().parse().ok(),
        }
    }
}

impl Value for bool {
    fn kind() -> String {
        "true or false".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    fn kind() -> String {
        "a whole number".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.whole_number()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Duration {
    fn kind() -> String {
        "a number of seconds".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        match raw.whole_number() {
            Some(seconds) => u64::try_from(seconds).ok().map(Self::from_secs),
            None => Self::try_from_secs_f64(raw.fraction()?).ok(),
        }
    }

    fn show(&self) -> String {
        self.as_secs_f64().to_string()
    }
}

impl Value for String {
    fn kind() -> String {
        "a text".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().map(str::to_owned)
    }

    fn show(&self) -> String {
        quoted(self)
    }
}

/// `"none"` and the empty text are nothing.
impl<T: Value> Value for Option<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn kind() -> String {
        format!("{} or \"none\"", T::kind())
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        match raw.text() {
            Some("" | "none") => Some(None),
            _ => T::read(raw).map(Some),
        }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| quoted("none"), T::show)
    }
}

/// An array in a file; separated by commas, with blanks around them or not, in the environment.
impl<T: Value> Value for Vec<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn kind() -> String {
        "a list of texts".to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Text(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| T::read(Raw::Text(item))).collect()
            }
            Raw::Toml(value) => value.as_array()?.iter().map(|item| T::read(Raw::Toml(item.get_ref()))).collect(),
        }
    }

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(T::show).collect::<Vec<_>>().join(", "))
    }
}

/// `text` as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
