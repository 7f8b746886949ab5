//! Django's signatures: salted HMAC-SHA256 and `value:time:signature` strings. Knows no session, no cookie and no database.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Digits of the number system in which Django writes the time into a signature.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What stands between value, time and signature.
const SEPARATOR: char = ':';

/// The secret key that signs, and the former ones that are still believed.
///
/// The same texts as `SECRET_KEY` and `SECRET_KEY_FALLBACKS` of a Django site that shares the
/// database. `Debug` shows how many keys there are, never a key.
///
/// ```
/// use chanx_site::signing::Keys;
///
/// let keys = Keys::new("a long random text", ["last year's text"]);
/// assert_eq!(format!("{keys:?}"), "Keys { secret_key: \"…\", fallbacks: 1 }");
/// ```
#[derive(Clone)]
pub struct Keys {
    secret_key: String,
    fallbacks: Vec<String>,
}

impl Keys {
    /// Signs with `secret_key`; believes what was signed with it or with one of the `fallbacks`.
    pub fn new<F>(secret_key: impl Into<String>, fallbacks: F) -> Self
    where
        F: IntoIterator<Item: Into<String>>,
    {
        Self { secret_key: secret_key.into(), fallbacks: fallbacks.into_iter().map(Into::into).collect() }
    }

    /// The keys that are believed, the signing key first.
    fn believed(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.secret_key).chain(&self.fallbacks).map(String::as_str)
    }

    /// Signs `value` and the time (seconds since 1970) for the purpose that `salt` names.
    ///
    /// The form of `django.core.signing.TimestampSigner`.
    pub fn sign(&self, salt: &str, value: &str, seconds: u64) -> String {
        let message = format!("{value}{SEPARATOR}{}", base62(seconds));
        let signature = signature(&self.secret_key, salt, &message);
        format!("{message}{SEPARATOR}{signature}")
    }

    /// The value and the time inside `signed`, if one of the keys signed it for this purpose.
    pub fn unsign<'a>(&self, salt: &str, signed: &'a str) -> Option<Signed<'a>> {
        let (message, given) = signed.rsplit_once(SEPARATOR)?;
        self.believed().any(|key| equal(&signature(key, salt, message), given)).then_some(())?;
        let (value, time) = message.rsplit_once(SEPARATOR)?;
        Some(Signed { value, seconds: from_base62(time)? })
    }

    /// The hexadecimal HMAC of `message` under the signing key, for the purpose that `salt` names.
    ///
    /// The form of `django.utils.crypto.salted_hmac` with SHA-256.
    pub fn digest(&self, salt: &str, message: &str) -> String {
        hex(&hmac(&self.secret_key, salt, message))
    }

    /// Whether `given` is the [`digest`](Self::digest) of `message` under any of the keys.
    pub fn matches_digest(&self, salt: &str, message: &str, given: &str) -> bool {
        self.believed().any(|key| equal(&hex(&hmac(key, salt, message)), given))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("secret_key", &"…").field("fallbacks", &self.fallbacks.len()).finish()
    }
}

/// What [`Keys::unsign`] found to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The text that was signed.
    pub value: &'a str,
    /// When it was signed, in seconds since 1970.
    pub seconds: u64,
}

/// Whether two texts are equal, in a time that depends on their lengths alone.
pub(crate) fn equal(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signature(key: &str, salt: &str, message: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac(key, &format!("{salt}signer"), message))
}

fn hmac(key: &str, salt: &str, message: &str) -> [u8; 32] {
    let derived = Sha256::new().chain_update(salt).chain_update(key).finalize();
    let mut mac = Hmac::<Sha256>::new_from_slice(&derived).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

fn base62(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(BASE62[(number % 62) as usize]));
        number /= 62;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn from_base62(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = BASE62.iter().position(|&digit| digit == byte)?;
        number.checked_mul(62)?.checked_add(digit as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_writes_digits_then_upper_then_lower_case() {
        for (number, text) in [(0, "0"), (9, "9"), (10, "A"), (36, "a"), (61, "z"), (62, "10")] {
            assert_eq!(base62(number), text);
            assert_eq!(from_base62(text), Some(number));
        }
        assert_eq!(base62(1_795_376_303), "1xVDOJ");
        assert_eq!(from_base62(&base62(u64::MAX)), Some(u64::MAX));
    }

    #[test]
    fn base62_refuses_other_characters_and_overflow() {
        for text in ["", "-1", "a b", "é", "zzzzzzzzzzzz"] {
            assert_eq!(from_base62(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_signature_is_bound_to_value_time_salt_and_key() {
        let keys = Keys::new("new", ["old"]);
        let signed = keys.sign("salt", "a:b", 62);
        assert_eq!(keys.unsign("salt", &signed), Some(Signed { value: "a:b", seconds: 62 }));
        assert_eq!(keys.unsign("other", &signed), None);
        assert_eq!(keys.unsign("salt", &signed.replace("a:b", "a:c")), None);
        assert_eq!(keys.unsign("salt", &signed.replace(":10:", ":11:")), None);
        assert_eq!(Keys::new("other", ["old"]).unsign("salt", &signed), None);
        assert_eq!(keys.unsign("salt", "no separator"), None);
        assert_eq!(keys.unsign("salt", ""), None);
    }

    #[test]
    fn fallbacks_are_believed_but_never_sign() {
        let old = Keys::new("old", [""; 0]);
        let new = Keys::new("new", ["older", "old"]);
        assert!(new.unsign("salt", &old.sign("salt", "value", 1)).is_some());
        assert!(old.unsign("salt", &new.sign("salt", "value", 1)).is_none());
        assert!(new.matches_digest("salt", "message", &old.digest("salt", "message")));
        assert!(!old.matches_digest("salt", "message", &new.digest("salt", "message")));
    }
}
