//! Recently created access keys in memory, so that the answer to a repeated request can show the
//! key although only its hash is stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use talk_domain::kernel::id::AccessKeyId;

/// Lifetime of an entry: longer than clients wait before a retry.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Maximum of entries; beyond it, none is added until some expire.
const CAPACITY: usize = 1_000;

/// A bounded cache of the keys created by requests with an idempotency key.
#[derive(Debug, Default)]
pub(crate) struct NewKeys {
    keys: Mutex<HashMap<AccessKeyId, (SecretString, Instant)>>,
}

impl NewKeys {
    /// Adds a key that is about to be stored.
    pub(crate) fn put(&self, id: AccessKeyId, key: &str, now: Instant) {
        let mut keys = self.lock();
        if keys.len() >= CAPACITY {
            keys.retain(|_, (_, since)| is_recent(*since, now));
        }
        if keys.len() < CAPACITY {
            keys.insert(id, (key.to_owned().into(), now));
        }
    }

    /// Returns the key, if this process created it recently.
    pub(crate) fn get(&self, id: AccessKeyId, now: Instant) -> Option<String> {
        let keys = self.lock();
        let (key, since) = keys.get(&id)?;
        is_recent(*since, now).then(|| key.expose_secret().to_owned())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccessKeyId, (SecretString, Instant)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: usize) -> AccessKeyId {
        AccessKeyId(Uuid::from_u128(n as u128))
    }

    #[test]
    fn a_key_is_remembered_for_a_while() {
        let (keys, now) = (NewKeys::default(), Instant::now());
        keys.put(id(1), "vb_1", now);
        assert_eq!(keys.get(id(1), now).as_deref(), Some("vb_1"));
        assert_eq!(keys.get(id(1), now + REMEMBERED), None);
        assert_eq!(keys.get(id(2), now), None);
        assert!(!format!("{keys:?}").contains("vb_1"));
    }

    #[test]
    fn its_memory_is_bounded_and_frees_what_is_old() {
        let (keys, now) = (NewKeys::default(), Instant::now());
        for n in 0..=CAPACITY {
            keys.put(id(n), "vb_1", now);
        }
        assert_eq!(keys.lock().len(), CAPACITY);
        keys.put(id(CAPACITY), "vb_2", now + REMEMBERED);
        assert_eq!(keys.lock().len(), 1);
    }
}
