//! The form of usernames and e-mail addresses, by Django's rules.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const MAX_USERNAME: usize = 150;
const MAX_EMAIL: usize = 254;

/// Letters in black circles and squares, which are alphabetic to Unicode and symbols to Python.
const ENCLOSED_LETTERS: RangeInclusive<char> = '\u{1F150}'..='\u{1F189}';

/// Why a username is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUsername {
    /// There is none.
    #[error("the username is empty")]
    Empty,
    /// It is longer than the column.
    #[error("the username is longer than {MAX_USERNAME} characters")]
    TooLong,
    /// It has a character that usernames may not have.
    #[error("the username may contain only letters, digits and @ . + - _")]
    Characters,
}

/// Brings a username to Unicode's form NFKC, as Django's forms do before they look it up.
///
/// ```
/// use chanx_site::accounts::normalize_username;
///
/// assert_eq!(normalize_username("ｂｏｂ"), "bob");
/// ```
pub fn normalize_username(username: &str) -> String {
    username.nfkc().collect()
}

/// The normalized username, if it may be one.
pub(super) fn valid_username(username: &str) -> Result<String, InvalidUsername> {
    let username = normalize_username(username);
    if username.is_empty() {
        return Err(InvalidUsername::Empty);
    }
    if username.chars().count() > MAX_USERNAME {
        return Err(InvalidUsername::TooLong);
    }
    if !username.chars().all(is_username_character) {
        return Err(InvalidUsername::Characters);
    }
    Ok(username)
}

/// `[\w.@+-]` of Python's regular expressions, in which combining marks are no letters.
fn is_username_character(c: char) -> bool {
    let is_word = c.is_alphanumeric() && !is_combining_mark(c) && !ENCLOSED_LETTERS.contains(&c);
    is_word || matches!(c, '_' | '.' | '@' | '+' | '-')
}

/// The address with its domain in lower case, if it is empty or looks like an address.
pub(super) fn valid_email(email: &str) -> Option<String> {
    let email = email.trim();
    if email.is_empty() {
        return Some(String::new());
    }
    let (name, domain) = email.rsplit_once('@')?;
    let is_one_word = !email.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_valid = !name.is_empty() && !domain.is_empty() && is_one_word && email.len() <= MAX_EMAIL;
    is_valid.then(|| format!("{name}@{}", domain.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_follow_djangos_rules() {
        for (given, valid) in [("alice", "alice"), ("Élan_9.@+-", "Élan_9.@+-"), ("Ⅳ王", "IV王"), ("e\u{301}", "é")]
        {
            assert_eq!(valid_username(given), Ok(valid.to_owned()));
        }
        for given in ["a b", "a/b", "a\n", "a!", "ab\0", "x\u{0301}", "नमस्ते", "☃", "🅰"] {
            assert_eq!(valid_username(given), Err(InvalidUsername::Characters), "{given:?}");
        }
        assert_eq!(valid_username(""), Err(InvalidUsername::Empty));
        assert!(valid_username(&"é".repeat(150)).is_ok());
        assert_eq!(valid_username(&"é".repeat(151)), Err(InvalidUsername::TooLong));
    }

    #[test]
    fn the_domain_of_an_address_is_lowered_and_the_name_is_not() {
        assert_eq!(valid_email(" Al.Ice@EXAMPLE.com ").as_deref(), Some("Al.Ice@example.com"));
        assert_eq!(valid_email("").as_deref(), Some(""));
        for email in ["alice", "@example.com", "alice@", "a b@example.com", "a@b\u{7}"] {
            assert_eq!(valid_email(email), None, "{email:?}");
        }
        assert_eq!(valid_email(&format!("{}@example.com", "a".repeat(243))), None);
    }
}
