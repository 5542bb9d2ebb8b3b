//! Turns: requests of an agent with the same idempotency key run one after the other, so that a
//! repetition waits for the decision on the first request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use talk_domain::kernel::id::AgentId;
use tokio::sync::OwnedMutexGuard;

type Key = (AgentId, String);

/// The locks of all keys in use.
#[derive(Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Key, Entry>>>);

/// The lock of one key, with the number of requests that hold it or wait for it.
#[derive(Default)]
struct Entry {
    lock: Arc<tokio::sync::Mutex<()>>,
    requests: usize,
}

/// The right to run. When it is dropped, the next request with the key runs.
pub(super) struct Turn {
    /// Dropped first.
    _guard: OwnedMutexGuard<()>,
    _place: Place,
}

/// Counts a request that holds the lock or waits for it. When dropped, it removes an unused entry.
struct Place {
    turns: Arc<Mutex<HashMap<Key, Entry>>>,
    key: Key,
}

impl Turns {
    /// Waits until no earlier request with `key` is running.
    pub(super) async fn take(&self, agent: AgentId, key: &str) -> Turn {
        let key = (agent, key.to_owned());
        let lock = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = turns.entry(key.clone()).or_default();
            entry.requests += 1;
            Arc::clone(&entry.lock)
        };
        let place = Place {
            turns: Arc::clone(&self.0),
            key,
        };
        Turn {
            _guard: lock.lock_owned().await,
            _place: place,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = turns.get_mut(&self.key) {
            entry.requests -= 1;
            if entry.requests == 0 {
                turns.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    use talk_domain::testing::agent_id;

    /// INT-06: repetitions at the same time wait.
    #[actix_web::test]
    async fn a_repetition_waits_and_another_key_does_not() {
        let turns = Turns::default();
        let first = turns.take(agent_id(1), "k-1").await;
        let others = (
            turns.take(agent_id(1), "k-2").await,
            turns.take(agent_id(2), "k-1").await,
        );
        let mut second = pin!(turns.take(agent_id(1), "k-1"));
        let is_waiting = poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await;
        assert!(is_waiting);
        drop(first);
        let second = second.await;
        drop((second, others));
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
