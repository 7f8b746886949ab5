//! Settings that are one of a few words.

use super::value::{Raw, Value, quoted};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For humans in a terminal, JSON otherwise.
    Auto,
    /// For humans.
    Human,
    /// One JSON object for each line.
    Json,
}

/// Whether a cookie comes along with requests from other sites (RFC 6265bis, section 4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// When the user follows a link.
    Lax,
    /// Never.
    Strict,
    /// Always; browsers demand a secure cookie for it.
    None,
}

impl SameSite {
    /// The value of the cookie's attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

impl Value for LogFormat {
    fn kind() -> String {
        r#""auto", "human" or "json""#.to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        [Self::Auto, Self::Human, Self::Json].into_iter().find(|format| is_word(raw, format.word()))
    }

    fn show(&self) -> String {
        quoted(self.word())
    }
}

impl LogFormat {
    const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl Value for SameSite {
    fn kind() -> String {
        r#""Lax", "Strict" or "None""#.to_owned()
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        [Self::Lax, Self::Strict, Self::None].into_iter().find(|choice| is_word(raw, choice.as_str()))
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

fn is_word(raw: Raw<'_>, word: &str) -> bool {
    raw.text().is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
}
