//! Fernet, the encryption of channels_redis: AES-128 in CBC mode with HMAC-SHA256, and the time of writing.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const VERSION: u8 = 0x80;
const HEADER_LENGTH: usize = 1 + 8 + 16;
const MAC_LENGTH: usize = 32;

/// How far ahead another machine's clock may be, where the age of a message matters.
const MAX_CLOCK_SKEW: u64 = 60;

/// The keys of a layer: the first encrypts, each decrypts.
pub(super) struct Keyring {
    first: Key,
    others: Vec<Key>,
}

struct Key {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl Keyring {
    /// The keys that are made of these texts; none without a text.
    pub(super) fn new(texts: &[Vec<u8>]) -> Option<Self> {
        let mut keys = texts.iter().map(|text| Key::derive(text));
        Some(Self { first: keys.next()?, others: keys.collect() })
    }

    /// A token for this message.
    pub(super) fn encrypt(&self, message: &[u8]) -> Vec<u8> {
        self.first.encrypt(message, now(), rand::random()).into_bytes()
    }

    /// The message of a token, unless none of the keys made it or it is older than `max_age`.
    pub(super) fn decrypt(&self, token: &[u8], max_age: Option<Duration>) -> Option<Vec<u8>> {
        let token = URL_SAFE.decode(token).ok()?;
        let (signed, mac) = token.split_at_checked(token.len().checked_sub(MAC_LENGTH)?)?;
        let (header, ciphertext) = signed.split_first_chunk::<HEADER_LENGTH>()?;
        if header[0] != VERSION || !is_fresh(header, max_age, now()) {
            return None;
        }
        let key = std::iter::once(&self.first).chain(&self.others).find(|key| key.has_signed(signed, mac))?;
        key.decrypt(header, ciphertext)
    }
}

impl Key {
    fn derive(text: &[u8]) -> Self {
        let (mut signing, mut encryption) = ([0; 16], [0; 16]);
        let digest = Sha256::digest(text);
        signing.copy_from_slice(&digest[..16]);
        encryption.copy_from_slice(&digest[16..]);
        Self { signing, encryption }
    }

    fn encrypt(&self, message: &[u8], time: u64, iv: [u8; 16]) -> String {
        let cipher = cbc::Encryptor::<Aes128>::new(&self.encryption.into(), &iv.into());
        let ciphertext = cipher.encrypt_padded_vec::<Pkcs7>(message);
        let mut token = [&[VERSION], &time.to_be_bytes()[..], &iv, &ciphertext].concat();
        let mac = self.mac(&token).finalize().into_bytes();
        token.extend_from_slice(&mac);
        URL_SAFE.encode(token)
    }

    fn decrypt(&self, header: &[u8; HEADER_LENGTH], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let (_, iv) = header.split_last_chunk::<16>()?;
        let cipher = cbc::Decryptor::<Aes128>::new(&self.encryption.into(), iv.into());
        cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
    }

    /// Compares in constant time.
    fn has_signed(&self, signed: &[u8], mac: &[u8]) -> bool {
        self.mac(signed).verify_slice(mac).is_ok()
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        <Hmac<Sha256> as KeyInit>::new(&padded(self.signing).into()).chain_update(signed)
    }
}

/// HMAC's own way to treat a key that is shorter than a block of SHA-256.
fn padded(key: [u8; 16]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..16].copy_from_slice(&key);
    block
}

fn is_fresh(header: &[u8; HEADER_LENGTH], max_age: Option<Duration>, now: u64) -> bool {
    let Some(max_age) = max_age else { return true };
    let Some((_, rest)) = header.split_first() else { return false };
    let Some(time) = rest.first_chunk().copied().map(u64::from_be_bytes) else { return false };
    time.saturating_add(max_age.as_secs()) >= now && time <= now.saturating_add(MAX_CLOCK_SKEW)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |duration| duration.as_secs())
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from channels_redis 4.3.0: `{"type": "t"}`, written at 1795375850.
    const TOKEN: &str =
        "gAAAAABrA0LqRUKO61JOgi7xQe-sZMz5-v8-6YSogEc8NDptaTI43X_2hp4CxIVHjOJ8eMs2zFK6lJ-c27OAfAZ-WSjGr8LQ4A==";
    const MESSAGE: &[u8] = b"\x81\xa4type\xa1t";

    fn keyring(keys: &[&str]) -> Keyring {
        Keyring::new(&keys.iter().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn tokens_of_python_are_read_and_made() {
        assert_eq!(keyring(&["this is a test key"]).decrypt(TOKEN.as_bytes(), None).as_deref(), Some(MESSAGE));
        let iv = *b"\x45\x42\x8e\xeb\x52\x4e\x82\x2e\xf1\x41\xef\xac\x64\xcc\xf9\xfa";
        assert_eq!(Key::derive(b"this is a test key").encrypt(MESSAGE, 1_795_375_850, iv), TOKEN);
    }

    #[test]
    fn the_first_key_encrypts_and_each_decrypts() {
        let token = keyring(&["old"]).encrypt(MESSAGE);
        assert_eq!(keyring(&["new", "old"]).decrypt(&token, None).as_deref(), Some(MESSAGE));
        assert_eq!(keyring(&["old"]).decrypt(&keyring(&["new", "old"]).encrypt(MESSAGE), None), None);
    }

    #[test]
    fn age_is_heeded_where_it_matters() {
        let mut header = [0; HEADER_LENGTH];
        header[1..9].copy_from_slice(&1000_u64.to_be_bytes());
        let age = Some(Duration::from_secs(70));
        for (now, fresh) in [(1000, true), (1070, true), (1071, false), (940, true), (939, false)] {
            assert_eq!(is_fresh(&header, age, now), fresh, "{now}");
        }
        assert!(is_fresh(&header, None, u64::MAX));
    }

    #[test]
    fn whatever_is_changed_is_refused() {
        let keyring = keyring(&["this is a test key"]);
        let token = URL_SAFE.decode(TOKEN).unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone();
            changed[at] ^= 1;
            assert_eq!(keyring.decrypt(URL_SAFE.encode(changed).as_bytes(), None), None, "byte {at}");
            assert_eq!(keyring.decrypt(URL_SAFE.encode(&token[..at]).as_bytes(), None), None, "{at} bytes");
        }
        assert_eq!(keyring.decrypt(b"no base64!", None), None);
    }
}
