//! Sealing: secrets are stored encrypted with the installation's `secrets_key`.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use talk_domain::kernel::secret::{Sealed, SecretError, Secrets};

/// Version of the sealed form, which is: this byte, 4 bytes that identify the key, the nonce, the
/// ciphertext with its tag.
const VERSION: u8 = 1;

/// Number of bytes that identify a key.
const NAME: usize = 4;

/// Number of random bytes of a new secret.
const SECRET: usize = 32;

/// Prefix of the text from which the key is derived. Other uses of the same text derive other keys.
const PURPOSE: &[u8] = b"talk secrets at rest, version 1\0";

/// Minimum number of bytes of a `secrets_key`.
const LEAST: usize = 32;

/// Prefix of the text of a secret.
const PREFIX: &str = "whsec_";

/// A `secrets_key` that is too short to be random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at least {LEAST} random bytes")]
pub struct KeyTooShort;

/// A key that seals secrets and opens them.
pub struct SealingKey {
    name: [u8; NAME],
    key: LessSafeKey,
}

impl SealingKey {
    /// Derives the key from the text of the setting.
    ///
    /// # Errors
    /// If the text has fewer than 32 bytes.
    pub fn new(text: &SecretString) -> Result<Self, KeyTooShort> {
        let text = text.expose_secret().as_bytes();
        if text.len() < LEAST {
            return Err(KeyTooShort);
        }
        let derived = digest(&SHA256, &[PURPOSE, text].concat());
        let named = digest(&SHA256, derived.as_ref());
        let mut name = [0; NAME];
        name.iter_mut()
            .zip(named.as_ref())
            .for_each(|(to, from)| *to = *from);
        let key = UnboundKey::new(&CHACHA20_POLY1305, derived.as_ref()).map_err(|_| KeyTooShort)?;
        Ok(Self {
            name,
            key: LessSafeKey::new(key),
        })
    }

    fn seal(&self, owner: &[u8], text: &str) -> Result<Sealed, SecretError> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut sealed = text.as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(owner), &mut sealed)
            .map_err(|_| SecretError::NoRandom)?;
        Ok(Sealed(
            [&[VERSION], &self.name[..], &nonce[..], &sealed].concat(),
        ))
    }

    /// Opens a sealed text; `None` if another key has sealed it, or for another owner.
    fn open(&self, owner: &[u8], sealed: &Sealed) -> Option<String> {
        let rest = sealed.0.strip_prefix(&[VERSION])?;
        let rest = rest.strip_prefix(&self.name[..])?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = self
            .key
            .open_in_place(nonce, Aad::from(owner), &mut sealed)
            .ok()?;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

/// The keys of an installation.
#[derive(Default)]
pub struct SealingKeys {
    /// The key that seals; `None` if the installation has none and stores no secrets.
    pub current: Option<SealingKey>,
    /// The key before it, which still opens what it has sealed.
    pub previous: Option<SealingKey>,
}

impl Secrets for SealingKeys {
    fn create(&self, owner: &[u8]) -> Result<(String, Sealed), SecretError> {
        let key = self.current.as_ref().ok_or(SecretError::NoKey)?;
        let mut random = [0; SECRET];
        fill(&mut random)?;
        let text = format!("{PREFIX}{}", STANDARD.encode(random));
        let sealed = key.seal(owner, &text)?;
        Ok((text, sealed))
    }

    fn seal(&self, owner: &[u8], text: &str) -> Result<Sealed, SecretError> {
        let key = self.current.as_ref().ok_or(SecretError::NoKey)?;
        key.seal(owner, text)
    }

    fn open(&self, owner: &[u8], sealed: &Sealed) -> Result<String, SecretError> {
        if self.current.is_none() {
            return Err(SecretError::NoKey);
        }
        let keys = [self.current.as_ref(), self.previous.as_ref()];
        let opened = keys.into_iter().flatten();
        let mut opened = opened.filter_map(|key| key.open(owner, sealed));
        opened.next().ok_or(SecretError::Unreadable)
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), SecretError> {
    getrandom::fill(bytes).map_err(|_| SecretError::NoRandom)
}

/// Returns the HMAC key of a secret: the bytes that its text encodes in base64 after `whsec_`, or
/// the text itself if it is not base64.
pub(crate) fn signing_bytes(text: &str) -> Vec<u8> {
    let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
    let decoded = STANDARD.decode(encoded);
    decoded.unwrap_or_else(|_| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: &[u8] = b"owner";

    fn key(text: &str) -> SealingKey {
        SealingKey::new(&SecretString::from(text.repeat(32))).unwrap()
    }

    fn keys(current: &str, previous: &str) -> SealingKeys {
        SealingKeys {
            current: Some(key(current)),
            previous: Some(key(previous)),
        }
    }

    /// HOOK-11.
    #[test]
    fn a_sealed_secret_is_opened_by_its_key_for_its_owner_only() {
        let (text, sealed) = keys("a", "b").create(OWNER).unwrap();
        assert!(text.starts_with("whsec_") && signing_bytes(&text).len() == 32);
        let shown = text.strip_prefix("whsec_").unwrap().as_bytes();
        assert!(!sealed.0.windows(8).any(|part| shown.starts_with(part)));
        let rotated = keys("c", "a").open(OWNER, &sealed);
        assert_eq!(rotated.unwrap(), text);
        let other = keys("a", "b").open(b"another", &sealed);
        assert!(matches!(other, Err(SecretError::Unreadable)));
        let lost = keys("c", "d").open(OWNER, &sealed);
        assert!(matches!(lost, Err(SecretError::Unreadable)));
    }

    /// HOOK-11: a changed byte is noticed.
    #[test]
    fn a_damaged_secret_is_not_opened() {
        let keys = keys("a", "b");
        let (_, sealed) = keys.create(OWNER).unwrap();
        for place in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[place] ^= 1;
            assert!(keys.open(OWNER, &damaged).is_err(), "{place}");
        }
        assert!(keys.open(OWNER, &Sealed(Vec::new())).is_err());
    }

    /// HOOK-11.
    #[test]
    fn without_a_key_no_secret_is_made() {
        let none = SealingKeys::default();
        let made = none.create(OWNER);
        assert!(matches!(made, Err(SecretError::NoKey)));
        let short = SealingKey::new(&SecretString::from("x".repeat(31)));
        assert!(matches!(short, Err(KeyTooShort)));
    }

    #[test]
    fn no_two_secrets_are_the_same() {
        let keys = keys("a", "b");
        let made = || keys.create(OWNER).unwrap();
        assert_ne!(made(), made());
    }
}
