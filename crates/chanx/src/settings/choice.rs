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

/// Who may see pages for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everybody in development, otherwise nobody.
    Auto,
    /// Nobody: the pages do not exist.
    Nobody,
    /// Users who are staff.
    Staff,
    /// Users who are logged in.
    Login,
    /// Everybody.
    Everybody,
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

impl Access {
    /// What `auto` means here.
    pub(super) const fn resolved(self, is_development: bool) -> Self {
        match (self, is_development) {
            (Self::Auto, true) => Self::Everybody,
            (Self::Auto, false) => Self::Nobody,
            (chosen, _) => chosen,
        }
    }
}

/// A value with a word for each of few possibilities.
trait Choice: Copy + 'static {
    const ALL: &'static [Self];

    fn word(self) -> &'static str;
}

impl Choice for LogFormat {
    const ALL: &'static [Self] = &[Self::Auto, Self::Human, Self::Json];

    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl Choice for SameSite {
    const ALL: &'static [Self] = &[Self::Lax, Self::Strict, Self::None];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Choice for Access {
    const ALL: &'static [Self] = &[Self::Auto, Self::Nobody, Self::Staff, Self::Login, Self::Everybody];

    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Nobody => "nobody",
            Self::Staff => "staff",
            Self::Login => "login",
            Self::Everybody => "everybody",
        }
    }
}

impl<T: Choice> Value for T {
    fn kind() -> String {
        let words: Vec<_> = T::ALL.iter().map(|choice| quoted(choice.word())).collect();
        match words.split_last() {
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        T::ALL.iter().copied().find(|choice| is_word(raw, choice.word()))
    }

    fn show(&self) -> String {
        quoted(self.word())
    }
}

fn is_word(raw: Raw<'_>, word: &str) -> bool {
    raw.text().is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_names_all_its_words() {
        assert_eq!(LogFormat::kind(), r#""auto", "human" or "json""#);
        assert_eq!(Access::kind(), r#""auto", "nobody", "staff", "login" or "everybody""#);
    }

    #[test]
    fn only_development_opens_pages_by_itself() {
        assert_eq!(Access::Auto.resolved(true), Access::Everybody);
        assert_eq!(Access::Auto.resolved(false), Access::Nobody);
        assert_eq!(Access::Staff.resolved(true), Access::Staff);
        assert_eq!(Access::Everybody.resolved(false), Access::Everybody);
    }
}
