//! Which new passwords are too weak: the four rules that Django starts a project with.

use std::collections::HashMap;
use std::fmt;

/// Shortest password, in characters.
const MIN_LENGTH: usize = 8;

/// Share of equal characters from which a password counts as taken from an attribute.
const MAX_SIMILARITY: f64 = 0.7;

/// Passwords that everybody tries first, in lower case, one to a line.
const COMMON: &str = include_str!("common.txt");

/// Checks a new password, and names everything that is wrong with it.
///
/// `attributes` are what an attacker knows about the user: `("username", "alice")`. Each is
/// compared whole and word by word.
///
/// ```
/// use chanx_site::passwords::validate;
///
/// assert!(validate("brass-otter-lamp", &[("username", "alice")]).is_ok());
/// let weak = validate("12345", &[]).unwrap_err();
/// assert_eq!(weak.weaknesses.len(), 3);
/// ```
///
/// # Errors
/// All the rules that the password breaks.
pub fn validate(password: &str, attributes: &[(&str, &str)]) -> Result<(), WeakPassword> {
    let weaknesses: Vec<_> = similar_attribute(password, attributes)
        .into_iter()
        .chain(is_short(password).then_some(Weakness::TooShort { minimum: MIN_LENGTH }))
        .chain(is_common(password).then_some(Weakness::TooCommon))
        .chain(is_numeric(password).then_some(Weakness::OnlyDigits))
        .collect();
    if weaknesses.is_empty() { Ok(()) } else { Err(WeakPassword { weaknesses }) }
}

/// A password that [`validate`] refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the password is {}", listed(weaknesses))]
pub struct WeakPassword {
    /// Every rule that it breaks; never empty.
    pub weaknesses: Vec<Weakness>,
}

/// One rule that a password breaks. Its text completes "the password is …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weakness {
    /// Most of its characters are those of an attribute of the user.
    TooSimilar {
        /// The attribute's name.
        attribute: String,
    },
    /// It has too few characters.
    TooShort {
        /// How many it needs.
        minimum: usize,
    },
    /// It is in the list of passwords that everybody tries first.
    TooCommon,
    /// It has nothing but digits.
    OnlyDigits,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSimilar { attribute } => write!(f, "too similar to the {attribute}"),
            Self::TooShort { minimum } => write!(f, "shorter than {minimum} characters"),
            Self::TooCommon => f.write_str("too common"),
            Self::OnlyDigits => f.write_str("made of digits alone"),
        }
    }
}

fn listed(weaknesses: &[Weakness]) -> String {
    let texts: Vec<_> = weaknesses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn is_short(password: &str) -> bool {
    password.chars().count() < MIN_LENGTH
}

fn is_common(password: &str) -> bool {
    let password = password.trim().to_lowercase();
    COMMON.lines().any(|common| common == password)
}

fn is_numeric(password: &str) -> bool {
    !password.is_empty() && password.chars().all(char::is_numeric)
}

/// The first attribute that the password resembles.
fn similar_attribute(password: &str, attributes: &[(&str, &str)]) -> Option<Weakness> {
    let password = password.to_lowercase();
    let (name, _) = attributes.iter().find(|(_, value)| resembles(&password, &value.to_lowercase()))?;
    Some(Weakness::TooSimilar { attribute: (*name).to_owned() })
}

fn resembles(password: &str, attribute: &str) -> bool {
    let words = attribute.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.chain([attribute]).filter(|word| !word.is_empty()).any(|word| similarity(password, word) >= MAX_SIMILARITY)
}

/// Twice the characters that two texts share, in any order, by the characters of both.
///
/// Python's `SequenceMatcher.quick_ratio`, which Django uses here.
fn similarity(left: &str, right: &str) -> f64 {
    let mut unmatched = HashMap::new();
    for character in right.chars() {
        *unmatched.entry(character).or_insert(0_usize) += 1;
    }
    let mut takes = |character| match unmatched.get_mut(&character) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    let shared = left.chars().filter(|&character| takes(character)).count();
    let total = left.chars().count() + right.chars().count();
    2.0 * shared as f64 / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_at_once() {
        let weak = validate("123456", &[("username", "x123456")]).unwrap_err();
        assert_eq!(
            weak.to_string(),
            "the password is too similar to the username, shorter than 8 characters, too common, \
             made of digits alone"
        );
    }

    #[test]
    fn each_rule_stands_alone() {
        let only = |password, attributes: &[_]| {
            let mut weak = validate(password, attributes).unwrap_err();
            assert_eq!(weak.weaknesses.len(), 1, "{password}: {weak}");
            weak.weaknesses.remove(0)
        };
        assert_eq!(only("brass9x", &[]), Weakness::TooShort { minimum: 8 });
        assert_eq!(only("PassWord ", &[]), Weakness::TooCommon);
        assert_eq!(only("٣٩٨١٧٢٠٤٥٩", &[]), Weakness::OnlyDigits);
        let similar = |name: &str| Weakness::TooSimilar { attribute: name.into() };
        assert_eq!(only("wonderland9", &[("username", "Wonderland")]), similar("username"));
        let email = [("username", "al"), ("email address", "wonderland@example.com")];
        assert_eq!(only("wonderland9", &email), similar("email address"));
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(validate("äöüß☃😀é", &[]).is_err());
        assert!(validate("äöüß☃😀éñ", &[]).is_ok());
    }

    #[test]
    fn attributes_that_say_little_forbid_little() {
        for attributes in [[("username", "")], [("username", "---")], [("username", "b")]] {
            assert!(validate("brass-otter-lamp", &attributes).is_ok(), "{attributes:?}");
        }
        assert!(validate("alice-password", &[("username", "alice")]).is_ok());
    }

    #[test]
    fn the_list_is_as_the_look_up_expects_it() {
        for common in COMMON.lines() {
            assert_eq!(common, common.trim().to_lowercase());
            assert!(!common.is_empty());
        }
        assert!(is_common("qwertyuiop") && is_common("iloveyou1") && !is_common("brass-otter"));
    }
}
