//! The password column of Django, `<algorithm>$…`: written with PBKDF2, read in every algorithm that Django has. Blocks while it computes.

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordVerifier, phc::PasswordHash};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::EagerHash;
use md5::Md5;
use rand::distr::{Alphanumeric, SampleString};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::signing::{equal, hex};

/// Letters and digits of a salt: Django asks for 128 bits, which are 22 characters of 62 kinds.
const SALT_LENGTH: usize = 22;

/// Begins the column of a user who cannot log in with a password.
const UNUSABLE_PREFIX: &str = "!";
const UNUSABLE_LENGTH: usize = 40;

// What a stored hash may cost. Django's own values are far below; a larger one would stall the
// server or take all its memory.
const MAX_ITERATIONS: u32 = 20_000_000;
const MAX_BCRYPT_COST: u32 = 16;
const MAX_SCRYPT_N: u64 = 1 << 20;
const MAX_SCRYPT_R_P: u32 = 64;
const MAX_ARGON2_KIB: u32 = 1 << 20;
const MAX_ARGON2_T_P: u32 = 64;

/// bcrypt cannot see more bytes of a password than these.
const BCRYPT_BYTES: usize = 72;

/// What came out of comparing a password with the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the right password.
    pub is_correct: bool,
    /// Whether the column should be written anew: another algorithm, a lower cost or a short salt.
    pub is_outdated: bool,
}

/// The column names a known algorithm, but what follows is not in its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is malformed")]
pub struct MalformedHash;

/// Hashes a new password: `pbkdf2_sha256$<iterations>$<salt>$<hash>`.
pub fn encode(password: &str, iterations: u32) -> String {
    let salt = random_text(SALT_LENGTH);
    let hash = pbkdf2::<Sha256, 32>(password, &salt, iterations);
    format!("pbkdf2_sha256${iterations}${salt}${hash}")
}

/// A column that no password matches: `!` and 40 random characters.
///
/// They are random so that the login sessions of two such users differ in their hashes.
pub fn unusable() -> String {
    format!("{UNUSABLE_PREFIX}{}", random_text(UNUSABLE_LENGTH))
}

/// Compares `password` with the column.
///
/// A column that no password can match (unusable, or in an unknown algorithm) costs as much time
/// as a new hash would, so that a stranger cannot tell by the clock who has a password. The same
/// goes for a hash of fewer than `iterations` rounds.
///
/// # Errors
/// The algorithm is known and the rest is malformed, or would cost far more than Django asks for.
pub fn check(password: &str, encoded: &str, iterations: u32) -> Result<Verdict, MalformedHash> {
    let Some((algorithm, rest)) = parse(encoded) else {
        encode(password, iterations);
        return Ok(Verdict { is_correct: false, is_outdated: false });
    };
    let is_correct = algorithm.verify(password, rest)?;
    let missing = algorithm.missing_iterations(rest, iterations);
    if let (false, Some(missing)) = (is_correct, missing) {
        encode(password, missing);
    }
    let is_outdated = algorithm != Algorithm::Pbkdf2Sha256 || missing.is_some() || has_short_salt(rest);
    Ok(Verdict { is_correct, is_outdated })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Pbkdf2Sha256,
    Pbkdf2Sha1,
    Argon2,
    BcryptSha256,
    Bcrypt,
    Scrypt,
    Md5,
}

fn parse(encoded: &str) -> Option<(Algorithm, &str)> {
    let (name, rest) = encoded.split_once('$')?;
    let algorithm = match name {
        "pbkdf2_sha256" => Algorithm::Pbkdf2Sha256,
        "pbkdf2_sha1" => Algorithm::Pbkdf2Sha1,
        "argon2" => Algorithm::Argon2,
        "bcrypt_sha256" => Algorithm::BcryptSha256,
        "bcrypt" => Algorithm::Bcrypt,
        "scrypt" => Algorithm::Scrypt,
        "md5" => Algorithm::Md5,
        _ => return None,
    };
    Some((algorithm, rest))
}

impl Algorithm {
    fn verify(self, password: &str, rest: &str) -> Result<bool, MalformedHash> {
        match self {
            Self::Pbkdf2Sha256 => verify_pbkdf2::<Sha256, 32>(password, rest),
            Self::Pbkdf2Sha1 => verify_pbkdf2::<Sha1, 20>(password, rest),
            Self::Argon2 => verify_argon2(password, rest),
            Self::BcryptSha256 => verify_bcrypt(&hex(&Sha256::digest(password)), rest),
            Self::Bcrypt => verify_bcrypt(password, rest),
            Self::Scrypt => verify_scrypt(password, rest),
            Self::Md5 => verify_md5(password, rest),
        }
    }

    /// How many rounds the hash lacks, if it is of the preferred algorithm and lacks any.
    fn missing_iterations(self, rest: &str, wanted: u32) -> Option<u32> {
        if self != Self::Pbkdf2Sha256 {
            return None;
        }
        let iterations = rest.split('$').next()?.parse().ok()?;
        wanted.checked_sub(iterations).filter(|&missing| missing > 0)
    }
}

/// Whether the salt of `iterations$salt$hash` is shorter than that of new hashes.
fn has_short_salt(rest: &str) -> bool {
    rest.split('$').nth(1).is_some_and(|salt| salt.len() < SALT_LENGTH)
}

/// `<iterations>$<salt>$<base64>`
fn verify_pbkdf2<D: EagerHash, const N: usize>(password: &str, rest: &str) -> Result<bool, MalformedHash> {
    let [iterations, salt, hash] = parts(rest)?;
    let iterations = number(iterations, 1..=MAX_ITERATIONS)?;
    require_salt(salt)?;
    Ok(equal(&pbkdf2::<D, N>(password, salt, iterations), hash))
}

fn pbkdf2<D: EagerHash, const N: usize>(password: &str, salt: &str, iterations: u32) -> String {
    let hash = pbkdf2::pbkdf2_hmac_array::<D, N>(password.as_bytes(), salt.as_bytes(), iterations);
    STANDARD.encode(hash)
}

/// A PHC string without its first `$`: `argon2id$v=19$m=102400,t=2,p=8$<salt>$<hash>`
fn verify_argon2(password: &str, rest: &str) -> Result<bool, MalformedHash> {
    let hash = PasswordHash::new(&format!("${rest}")).map_err(|_| MalformedHash)?;
    let params = argon2::Params::try_from(&hash).map_err(|_| MalformedHash)?;
    let is_affordable =
        params.m_cost() <= MAX_ARGON2_KIB && params.t_cost() <= MAX_ARGON2_T_P && params.p_cost() <= MAX_ARGON2_T_P;
    if !is_affordable {
        return Err(MalformedHash);
    }
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) if hash.hash.is_some() => Ok(false),
        Err(_) => Err(MalformedHash),
    }
}

/// `$2b$<cost>$<salt and hash>`, on a password that bcrypt sees whole.
fn verify_bcrypt(password: &str, rest: &str) -> Result<bool, MalformedHash> {
    let parts: bcrypt::HashParts = rest.parse().map_err(|_| MalformedHash)?;
    if parts.get_cost() > MAX_BCRYPT_COST {
        return Err(MalformedHash);
    }
    if password.len() > BCRYPT_BYTES {
        return Ok(false);
    }
    bcrypt::verify(password, rest).map_err(|_| MalformedHash)
}

/// `<N>$<salt>$<r>$<p>$<base64>`
fn verify_scrypt(password: &str, rest: &str) -> Result<bool, MalformedHash> {
    let [n, salt, r, p, hash] = parts(rest)?;
    require_salt(salt)?;
    let params = scrypt_params(n, r, p)?;
    let mut output = [0; 64];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut output).map_err(|_| MalformedHash)?;
    Ok(equal(&STANDARD.encode(output), hash))
}

fn scrypt_params(n: &str, r: &str, p: &str) -> Result<scrypt::Params, MalformedHash> {
    let n = number(n, 2..=MAX_SCRYPT_N)?;
    let r = number(r, 1..=MAX_SCRYPT_R_P)?;
    let p = number(p, 1..=MAX_SCRYPT_R_P)?;
    if !n.is_power_of_two() {
        return Err(MalformedHash);
    }
    scrypt::Params::new(n.ilog2() as u8, r, p).map_err(|_| MalformedHash)
}

/// `<salt>$<hexadecimal>`
fn verify_md5(password: &str, rest: &str) -> Result<bool, MalformedHash> {
    let [salt, hash] = parts(rest)?;
    require_salt(salt)?;
    let computed = Md5::new().chain_update(salt).chain_update(password).finalize();
    Ok(equal(&hex(&computed), hash))
}

fn parts<const N: usize>(rest: &str) -> Result<[&str; N], MalformedHash> {
    let parts: Vec<_> = rest.splitn(N, '$').collect();
    parts.try_into().map_err(|_| MalformedHash)
}

fn number<T>(text: &str, allowed: std::ops::RangeInclusive<T>) -> Result<T, MalformedHash>
where
    T: std::str::FromStr + PartialOrd,
{
    let number = text.parse().map_err(|_| MalformedHash)?;
    allowed.contains(&number).then_some(number).ok_or(MalformedHash)
}

fn require_salt(salt: &str) -> Result<(), MalformedHash> {
    if salt.is_empty() { Err(MalformedHash) } else { Ok(()) }
}

fn random_text(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: u32 = 10;

    #[test]
    fn a_new_hash_matches_its_password_alone() {
        let encoded = encode("pässwörd☃", CHEAP);
        assert!(encoded.starts_with("pbkdf2_sha256$10$"), "{encoded}");
        assert_eq!(check("pässwörd☃", &encoded, CHEAP), Ok(verdict(true, false)));
        assert_eq!(check("password", &encoded, CHEAP), Ok(verdict(false, false)));
        assert_ne!(encoded, encode("pässwörd☃", CHEAP));
    }

    #[test]
    fn a_new_hash_fits_the_column() {
        assert!(encode("password", super::super::ITERATIONS / 1000).len() + 3 <= 128);
        assert_eq!(unusable().len(), 41);
    }

    #[test]
    fn lower_costs_and_short_salts_are_outdated_and_higher_costs_are_not() {
        let encoded = encode("password", CHEAP);
        assert_eq!(check("password", &encoded, CHEAP + 1), Ok(verdict(true, true)));
        assert_eq!(check("password", &encoded, CHEAP - 1), Ok(verdict(true, false)));
        let hash = pbkdf2::<Sha256, 32>("password", "salt", CHEAP);
        let encoded = format!("pbkdf2_sha256${CHEAP}$salt${hash}");
        assert_eq!(check("password", &encoded, CHEAP), Ok(verdict(true, true)));
    }

    #[test]
    fn nothing_matches_unusable_and_unknown_columns() {
        for encoded in ["", "plain", "nosuch$1$x", "!", "!pbkdf2_sha256$1$a$b", &unusable()] {
            assert_eq!(check("plain", encoded, CHEAP), Ok(verdict(false, false)), "{encoded:?}");
        }
    }

    #[test]
    fn malformed_and_ruinous_hashes_are_errors() {
        for encoded in [
            "pbkdf2_sha256$",
            "pbkdf2_sha256$abc$salt$hash",
            "pbkdf2_sha256$0$salt$hash",
            "pbkdf2_sha256$4000000000$salt$hash",
            "pbkdf2_sha256$1$$hash",
            "pbkdf2_sha256$1$salt",
            "pbkdf2_sha1$-1$salt$hash",
            "md5$salt",
            "md5$$hash",
            "bcrypt$2b$12$x",
            "bcrypt_sha256$$2b$31$NhgTC61Hl46CCBELXSfE2uYwgcadp8pvrp8.Ok5z5yqG/n02g1782",
            "scrypt$16383$salt$8$5$hash",
            "scrypt$4611686018427387904$salt$8$5$hash",
            "scrypt$16384$salt$4294967295$4294967295$hash",
            "scrypt$16384$salt$8$5",
            "argon2$",
            "argon2$argon2id$v=19$m=102400,t=2,p=8$bmlvR3VvMFZPRkFU",
            "argon2$argon2id$v=19$m=4294967295,t=2,p=8$bmlvR3VvMFZPRkFUUEJ4WkF3eDFCcg$kysEv4f4Imb12W3xjGzAYA8CtXhYGjiMKdrmd6SRlE0",
            "argon2$nosuch$v=19$m=8,t=1,p=1$bmlvR3VvMFZPRkFUUEJ4WkF3eDFCcg$kysEv4f4Imb12W3xjGzAYA8CtXhYGjiMKdrmd6SRlE0",
        ] {
            assert_eq!(check("password", encoded, CHEAP), Err(MalformedHash), "{encoded:?}");
        }
    }

    #[test]
    fn bcrypt_matches_nothing_longer_than_it_can_see() {
        let seen = "x".repeat(72);
        let encoded = format!("bcrypt${}", bcrypt::hash(&seen, 4).unwrap());
        assert_eq!(check(&seen, &encoded, CHEAP), Ok(verdict(true, true)));
        assert_eq!(check(&"x".repeat(73), &encoded, CHEAP), Ok(verdict(false, true)));
    }

    fn verdict(is_correct: bool, is_outdated: bool) -> Verdict {
        Verdict { is_correct, is_outdated }
    }
}
