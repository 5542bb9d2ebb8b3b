//! A short-lived cache of authenticated tokens, so that a busy client is not looked up for each
//! request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use talk_domain::identity::session::Credential;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::time::Timestamp;

use crate::digest::Digest;

/// Lifetime of an entry. A revocation must take effect within a second, on every node.
const BELIEVED: Duration = Duration::from_millis(500);

/// Maximum of entries.
const CAPACITY: usize = 10_000;

/// The credential of a caller, with its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The token or key.
    pub(crate) credential: Credential,
    /// Expiry; `None` for never.
    pub(crate) expires: Option<Timestamp>,
}

/// A bounded cache, by the digest of the token.
#[derive(Debug, Default)]
pub(crate) struct ActorCache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_token: HashMap<Digest, (Actor, Session, Instant)>,
    /// The last time the cache was cleared.
    cleared: Option<Instant>,
}

impl ActorCache {
    /// Returns the agent of a token, if it is cached and the token has not expired.
    pub(crate) fn get(&self, token: &Digest, now: Timestamp) -> Option<(Actor, Session)> {
        let (actor, session, since) = *self.lock().by_token.get(token)?;
        let is_valid = session.expires.is_none_or(|expires| now < expires);
        (is_valid && since.elapsed() < BELIEVED).then_some((actor, session))
    }

    /// Caches the agent of a token; `since` is the start of the lookup. A lookup that began before
    /// the cache was last cleared may have found what has ended, and is not cached.
    pub(crate) fn put(&self, token: Digest, actor: Actor, session: Session, since: Instant) {
        let mut entries = self.lock();
        if entries.cleared.is_some_and(|cleared| since <= cleared) {
            return;
        }
        let by_token = &mut entries.by_token;
        if by_token.len() >= CAPACITY {
            by_token.retain(|_, (_, _, since)| since.elapsed() < BELIEVED);
        }
        if by_token.len() < CAPACITY {
            by_token.insert(token, (actor, session, since));
        }
    }

    /// Clears the cache, since a token, key or agent has just ended.
    pub(crate) fn clear(&self) {
        let mut entries = self.lock();
        entries.by_token.clear();
        entries.cleared = Some(Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{actor, agent_id, at};

    const KEY: Session = Session {
        credential: Credential::Key([7; 32]),
        expires: None,
    };

    /// However long the test takes.
    fn just_now() -> Instant {
        Instant::now() + BELIEVED * 1_000
    }

    #[test]
    fn a_token_is_known_for_a_moment_only() {
        let cache = ActorCache::default();
        let somebody = actor(agent_id(1));
        cache.put([1; 32], somebody, KEY, just_now());
        assert_eq!(cache.get(&[1; 32], at(0)), Some((somebody, KEY)));
        assert_eq!(cache.get(&[2; 32], at(0)), None);
        let earlier = Instant::now().checked_sub(BELIEVED).unwrap();
        cache.put([1; 32], somebody, KEY, earlier);
        assert_eq!(cache.get(&[1; 32], at(0)), None);
    }

    #[test]
    fn an_expired_token_is_looked_up_again() {
        let cache = ActorCache::default();
        let session = Session {
            expires: Some(at(10)),
            ..KEY
        };
        cache.put([1; 32], actor(agent_id(1)), session, just_now());
        assert!(cache.get(&[1; 32], at(9)).is_some());
        assert!(cache.get(&[1; 32], at(10)).is_none());
    }

    #[test]
    fn a_revocation_forgets_everybody_at_once() {
        let cache = ActorCache::default();
        cache.put([1; 32], actor(agent_id(1)), KEY, just_now());
        cache.clear();
        assert_eq!(cache.get(&[1; 32], at(0)), None);
    }

    #[test]
    fn a_lookup_from_before_a_revocation_is_not_cached() {
        let cache = ActorCache::default();
        let before = Instant::now();
        cache.clear();
        cache.put([1; 32], actor(agent_id(1)), KEY, before);
        assert_eq!(cache.get(&[1; 32], at(0)), None);
    }

    #[test]
    fn its_memory_is_bounded() {
        let cache = ActorCache::default();
        for n in 0..=CAPACITY {
            let token = crate::digest::digest(&[&n.to_be_bytes()]);
            cache.put(token, actor(agent_id(1)), KEY, just_now());
        }
        assert!(cache.lock().by_token.len() <= CAPACITY);
    }
}
