//! Access keys: random, looked up by their hash.

use aws_lc_rs::{digest, hmac};
use talk_domain::identity::access_key::KeyHash;
use talk_domain::identity::credentials::TokenError;

/// Prefix of every access key.
const PREFIX: &str = "vb_";

/// Accepted number of characters after the prefix. Keys made here have 64, imported ones may
/// differ.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// Generates an access key of 256 random bits.
pub(crate) fn random() -> Result<String, TokenError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| TokenError::NoRandomness)?;
    Ok(format!("{PREFIX}{}", hex(&bytes)))
}

/// Derives a second secret from the signing secret, for fingerprints of requests. Earlier versions
/// derived access keys in this way, each from its id; this one uses the nil id, which no key has.
pub(crate) fn derived(key: &hmac::Key) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(b"access-key");
    context.update(&[0; 16]);
    format!("{PREFIX}{}", hex(context.sign().as_ref()))
}

/// Returns the SHA-256 hash to look an access key up by, or `None` if the text cannot be a key.
pub(crate) fn hash(presented: &str) -> Option<KeyHash> {
    let rest = presented.strip_prefix(PREFIX)?;
    if !LENGTH.contains(&rest.len()) || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    sha256(presented.as_bytes()).try_into().ok()
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &[u8]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, secret)
    }

    /// Case 51.
    #[test]
    fn a_key_is_256_random_bits() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        let digits = one.strip_prefix("vb_").unwrap();
        assert_eq!(digits.len(), 64);
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }

    /// Fingerprints of requests that were stored before an update still match after it.
    #[test]
    fn the_derived_secret_stays_what_it_was() {
        let secret = derived(&key(b"ours"));
        assert_eq!(
            secret,
            "vb_acc6a7d0ec17a6882ee4908516b41dc715f15e00652216523bacb14f9147cb40"
        );
        assert_ne!(secret, derived(&key(b"theirs")));
    }

    #[test]
    fn a_key_is_found_by_the_hash_of_all_of_it() {
        let secret = random().unwrap();
        assert_eq!(
            hash(&secret).unwrap().to_vec(),
            sha256(secret.as_bytes()),
            "the prefix belongs to what is hashed"
        );
    }

    #[test]
    fn what_cannot_be_a_key_is_not_looked_up() {
        let long = format!("vb_{}", "a".repeat(129));
        for presented in [
            "",
            "vb_",
            "vb_short",
            "xy_0123456789abcdef",
            "vb_0123456789abcde.",
            &long,
        ] {
            assert_eq!(hash(presented), None, "{presented}");
        }
    }
}
