//! Access keys that were made a moment ago: the answer to a repeated request shows the key again,
//! although only its hash is stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use talk_domain::kernel::id::AccessKeyId;

/// How long a key is remembered: longer than any client waits before it repeats a request.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Keys remembered at most; beyond, none is added until some are forgotten.
const CAPACITY: usize = 1_000;

/// Bounded memory of the keys that requests with an idempotency key have made.
#[derive(Debug, Default)]
pub(crate) struct NewKeys {
    keys: Mutex<HashMap<AccessKeyId, (SecretString, Instant)>>,
}

impl NewKeys {
    /// Remembers a key that is about to be stored.
    pub(crate) fn put(&self, id: AccessKeyId, key: &str, now: Instant) {
        let mut keys = self.lock();
        if keys.len() >= CAPACITY {
            keys.retain(|_, (_, since)| is_recent(*since, now));
        }
        if keys.len() < CAPACITY {
            keys.insert(id, (key.to_owned().into(), now));
        }
    }

    /// The key, if it was made a moment ago by this process.
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
