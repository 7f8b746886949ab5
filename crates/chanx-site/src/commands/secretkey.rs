//! Secret keys: made, judged, and kept in a file for development.

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use rand::RngExt;

use super::error::CommandError;
use super::terminal::Terminal;

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Characters of a new key: more than 256 bits.
const LENGTH: usize = 50;

/// Shorter keys can be guessed.
const MIN_LENGTH: usize = 32;

/// Keys with fewer different characters can be guessed (Django's check security.W009).
const MIN_DISTINCT: usize = 5;

/// What Django puts in front of the key of a new project, which many people have.
const INSECURE_PREFIX: &str = "django-insecure-";

/// Prints a new key.
pub(crate) fn run(terminal: &mut dyn Terminal) -> Result<(), CommandError> {
    Ok(terminal.say(&generate())?)
}

/// A random text of letters and digits.
pub(crate) fn generate() -> String {
    random_text(ALPHABET, LENGTH)
}

/// `length` random characters of an alphabet.
pub(crate) fn random_text(alphabet: &[u8], length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
}

/// Why a key does not protect. The text completes "the secret key …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weakness {
    Short,
    Monotonous,
    Published,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "is too short: it needs at least {MIN_LENGTH} characters"),
            Self::Monotonous => write!(f, "is too simple: it needs at least {MIN_DISTINCT} different characters"),
            Self::Published => write!(f, "begins with {INSECURE_PREFIX}, as keys for development do"),
        }
    }
}

/// Judges a key that protects a site on the internet.
pub(crate) fn judge(key: &str) -> Result<(), Weakness> {
    if key.starts_with(INSECURE_PREFIX) {
        return Err(Weakness::Published);
    }
    if key.len() < MIN_LENGTH {
        return Err(Weakness::Short);
    }
    let distinct: HashSet<char> = key.chars().collect();
    if distinct.len() < MIN_DISTINCT { Err(Weakness::Monotonous) } else { Ok(()) }
}

/// The key that the file holds; a new one, readable by its owner only, if there is no file.
pub(crate) fn load_or_create(path: &Path) -> Result<String, CommandError> {
    let key = match File::open(path) {
        Ok(mut file) => read(&mut file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error),
    };
    key.map_err(|source| CommandError::SecretKeyFile { path: path.to_owned(), source })
}

fn read(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let key = text.trim();
    if key.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
    }
    Ok(key.to_owned())
}

fn create(path: &Path) -> io::Result<String> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let key = generate();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    writeln!(options.open(path)?, "{key}")?;
    Ok(key)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_keys_are_strong_and_differ() {
        let (one, other) = (generate(), generate());
        assert_eq!((judge(&one), judge(&other)), (Ok(()), Ok(())));
        assert_ne!(one, other);
    }

    #[test]
    fn weak_keys_are_told_apart() {
        assert_eq!(judge(""), Err(Weakness::Short));
        assert_eq!(judge("abcdefgh"), Err(Weakness::Short));
        assert_eq!(judge(&"abcd".repeat(20)), Err(Weakness::Monotonous));
        assert_eq!(judge(&format!("django-insecure-{}", generate())), Err(Weakness::Published));
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data").join("secret_key");
        let key = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(load_or_create(&path), Err(CommandError::SecretKeyFile { .. })));
    }
}
