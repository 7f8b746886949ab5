//! The secret that ties a form to the browser that asked for it, in Django's form. Knows no request.

use std::fmt;

use rand::RngExt;

use crate::signing::equal;

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SECRET_LENGTH: usize = 32;
const MASKED_LENGTH: usize = 2 * SECRET_LENGTH;

/// The value of the cookie `csrftoken`: 32 letters and digits.
///
/// ```
/// use chanx_site::csrf::CsrfSecret;
///
/// let secret = CsrfSecret::generate();
/// let field = secret.masked();
/// assert_eq!(secret.verify(&field), Ok(()));
/// assert!(CsrfSecret::generate().verify(&field).is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfSecret(String);

impl CsrfSecret {
    /// A new random secret.
    pub fn generate() -> Self {
        let mut random = rand::rng();
        let mut index = || random.random_range(0..ALPHABET.len());
        Self((0..SECRET_LENGTH).map(|_| letter(index())).collect())
    }

    /// Reads the cookie: the secret, or the masked form that old versions of Django stored.
    ///
    /// # Errors
    /// It has another length or other characters.
    pub fn parse(cookie: &str) -> Result<Self, CsrfError> {
        unmask(cookie).map(Self)
    }

    /// The secret, as the cookie carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The secret in a new disguise, for a form field or the header `X-CSRFToken`.
    ///
    /// Each page shows other characters, so that compression cannot leak the secret bit by bit.
    pub fn masked(&self) -> String {
        let mask = Self::generate();
        let cipher = combine(&self.0, &mask.0, |secret, mask| secret + mask);
        mask.0 + &cipher
    }

    /// Checks what a form or a header sent: the secret itself or a masked form.
    ///
    /// # Errors
    /// It has another length or other characters, or hides another secret.
    pub fn verify(&self, token: &str) -> Result<(), CsrfError> {
        if equal(&unmask(token)?, &self.0) { Ok(()) } else { Err(CsrfError::Incorrect) }
    }
}

impl fmt::Debug for CsrfSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfSecret(…)")
    }
}

/// What is wrong with a token or a cookie. The text completes "the token …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrfError {
    /// It is neither 32 nor 64 characters long.
    #[error("has incorrect length")]
    Length,
    /// It has other characters than letters and digits.
    #[error("has invalid characters")]
    Characters,
    /// It is well formed and belongs to another secret.
    #[error("incorrect")]
    Incorrect,
}

fn unmask(token: &str) -> Result<String, CsrfError> {
    let length = token.chars().count();
    if length != SECRET_LENGTH && length != MASKED_LENGTH {
        return Err(CsrfError::Length);
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(CsrfError::Characters);
    }
    if length == SECRET_LENGTH {
        return Ok(token.to_owned());
    }
    let (mask, cipher) = token.split_at(SECRET_LENGTH);
    Ok(combine(cipher, mask, |cipher, mask| cipher + ALPHABET.len() - mask))
}

/// Joins two texts of letters and digits, character by character.
fn combine(left: &str, right: &str, join: impl Fn(usize, usize) -> usize) -> String {
    let indices = left.bytes().map(index).zip(right.bytes().map(index));
    indices.map(|(left, right)| letter(join(left, right) % ALPHABET.len())).collect()
}

fn index(byte: u8) -> usize {
    ALPHABET.iter().position(|&letter| letter == byte).unwrap_or_default()
}

fn letter(index: usize) -> char {
    char::from(ALPHABET[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "TO4DcqSR5AJQcYE71oHfTE7cxMZj92oj";
    const MASKED: &str = "IWOZ8IP0RIrTw7s2CkBS4aFlpxKA9ZQarAIsaYxHM80zyVWZty8XNECnM9zJ8R4j";

    #[test]
    fn a_form_of_django_is_unmasked() {
        let secret = CsrfSecret::parse(SECRET).unwrap();
        assert_eq!(CsrfSecret::parse(MASKED).as_ref(), Ok(&secret));
        assert_eq!(secret.verify(MASKED), Ok(()));
        assert_eq!(secret.verify(SECRET), Ok(()));
    }

    #[test]
    fn masks_differ_and_hide_the_same_secret() {
        let secret = CsrfSecret::parse(SECRET).unwrap();
        let (one, other) = (secret.masked(), secret.masked());
        assert_ne!(one, other);
        assert!(!one.contains(SECRET));
        assert_eq!((secret.verify(&one), secret.verify(&other)), (Ok(()), Ok(())));
    }

    #[test]
    fn wrong_tokens_say_what_is_wrong() {
        let secret = CsrfSecret::parse(SECRET).unwrap();
        for token in ["", "x", &SECRET[1..], &MASKED[1..], &format!("{MASKED}x"), &"é".repeat(16)] {
            assert_eq!(secret.verify(token), Err(CsrfError::Length), "{token:?}");
        }
        for token in [SECRET.replace('T', "-"), "é".repeat(32), "é".repeat(64)] {
            assert_eq!(secret.verify(&token), Err(CsrfError::Characters), "{token:?}");
        }
        assert_eq!(secret.verify(&SECRET.to_lowercase()), Err(CsrfError::Incorrect));
        assert_eq!(secret.verify(&MASKED.replace('I', "J")), Err(CsrfError::Incorrect));
    }

    #[test]
    fn debug_tells_no_secret() {
        assert_eq!(format!("{:?}", CsrfSecret::generate()), "CsrfSecret(…)");
    }
}
