//! Turns: requests of an agent with the same idempotency key run one after the other, so that a
//! repetition waits for the decision on the first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use talk_domain::kernel::id::AgentId;
use tokio::sync::OwnedMutexGuard;

type Key = (AgentId, String);

/// The turns of all keys.
#[derive(Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Key, Entry>>>);

/// The turn of one key, while a request has it or waits for it.
#[derive(Default)]
struct Entry {
    lock: Arc<tokio::sync::Mutex<()>>,
    requests: usize,
}

/// A turn; the next request has it once this is dropped.
pub(super) struct Turn {
    /// Dropped first.
    _guard: OwnedMutexGuard<()>,
    _place: Place,
}

/// A request that has or waits for a turn.
struct Place {
    turns: Arc<Mutex<HashMap<Key, Entry>>>,
    key: Key,
}

impl Turns {
    /// Waits for the turn of `key`.
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
