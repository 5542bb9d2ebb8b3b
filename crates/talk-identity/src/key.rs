//! Access keys: derived from the installation's secret, looked up by their hash.

use aws_lc_rs::{digest, hmac};
use talk_domain::access_key::KeyHash;
use talk_domain::id::AccessKeyId;

/// What every access key starts with.
const PREFIX: &str = "vb_";

/// Characters behind the prefix that can be a key. Ours have 64; imported ones may differ.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// The secret of the key `id`: the same each time, so that a repeated request can be answered again
/// although the secret is stored nowhere.
pub(crate) fn secret(key: &hmac::Key, id: AccessKeyId) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(b"access-key");
    context.update(id.0.as_bytes());
    format!("{PREFIX}{}", hex(context.sign().as_ref()))
}

/// SHA-256 of what was presented, if it looks like a key at all.
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
    use uuid::Uuid;

    fn key(secret: &[u8]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, secret)
    }

    #[test]
    fn a_key_is_the_same_each_time_and_another_for_every_id_and_installation() {
        let (one, two) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let (ours, theirs) = (key(b"ours"), key(b"theirs"));
        assert_eq!(secret(&ours, one), secret(&ours, one));
        assert_ne!(secret(&ours, one), secret(&ours, two));
        assert_ne!(secret(&ours, one), secret(&theirs, one));
        assert_eq!(secret(&ours, one).len(), 3 + 64);
    }

    #[test]
    fn a_key_is_found_by_the_hash_of_all_of_it() {
        let secret = secret(&key(b"ours"), Uuid::from_u128(1).into());
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
