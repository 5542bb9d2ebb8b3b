//! Notifies open connections when a session of their agent has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use tokio::sync::watch;

use crate::actor_cache::ActorCache;
use crate::throttle::LoginThrottle;

/// Interval between two looks for ended sessions. A connection must be closed within a second of the
/// end of its session, whichever node or process ended it.
const INTERVAL: Duration = Duration::from_millis(250);

/// Session ends per read.
const PAGE: u32 = 1_000;

/// Notifies the connections of an agent that one of its sessions has ended; each connection then
/// checks its own session.
#[derive(Clone, Debug, Default)]
pub struct SessionRevocations {
    connections: Arc<Mutex<HashMap<AgentId, watch::Sender<()>>>>,
    memory: Arc<OnceLock<Memory>>,
}

/// State of this process about logins, cleared when sessions end.
#[derive(Debug)]
struct Memory {
    /// The counter of failed logins, which is cleared for agents with an ended session.
    throttle: Arc<LoginThrottle>,
    /// The authenticated tokens.
    actors: Arc<ActorCache>,
}

impl SessionRevocations {
    /// Sets the state to clear when a session has ended, whichever process ended it: all of `actors`,
    /// and the failed logins of that agent. Only the agent, its admins and the operator end a session,
    /// and this is how the operator unlocks an account while the server runs.
    pub(crate) fn clear_in(&self, throttle: Arc<LoginThrottle>, actors: Arc<ActorCache>) {
        // Set once, when the server is built.
        let _ = self.memory.set(Memory { throttle, actors });
    }

    /// Returns a receiver that changes whenever a session of `agent` has ended.
    pub(super) fn subscribe(&self, agent: AgentId) -> watch::Receiver<()> {
        self.lock().entry(agent).or_default().subscribe()
    }

    /// Notifies the connections of `agents`. By then no request is let in
    /// with a session that has ended.
    fn notify(&self, agents: &[AgentId]) {
        if let (Some(memory), false) = (self.memory.get(), agents.is_empty()) {
            memory.actors.clear();
            for agent in agents {
                memory.throttle.clear_failures(*agent);
            }
        }
        let open = self.lock();
        for sender in agents.iter().filter_map(|agent| open.get(agent)) {
            sender.send_replace(());
        }
    }

    /// Notifies all connections.
    fn notify_all(&self) {
        if let Some(memory) = self.memory.get() {
            memory.actors.clear();
        }
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    /// Drops agents without a connection.
    fn remove_unused(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
    }

    /// Each change of the map is complete, so a poisoned lock is still usable.
    fn lock(&self) -> MutexGuard<'_, HashMap<AgentId, watch::Sender<()>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the notifier, and a future that polls the store for ended sessions.
pub fn watch_revocations(
    store: Arc<dyn Store<Talk>>,
) -> (SessionRevocations, impl Future<Output = ()> + Send) {
    let revocations = SessionRevocations::default();
    let notifier = revocations.clone();
    let watching = async move {
        let mut known = None;
        loop {
            match look(&*store, known).await {
                Ok(found) => {
                    // Before the first look any session may have ended.
                    match known.replace(found.last) {
                        Some(_) => notifier.notify(&found.agents),
                        None => notifier.notify_all(),
                    }
                    notifier.remove_unused();
                }
                Err(error) => tracing::warn!(%error, "failed to read ended sessions"),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    (revocations, watching)
}

struct Found {
    last: u64,
    agents: Vec<AgentId>,
}

/// Reads the session ends after number `known`.
async fn look(
    store: &(dyn Store<Talk> + 'static),
    known: Option<u64>,
) -> Result<Found, StoreError> {
    let unit = Unit::installation("watch_revocations");
    let look = store.read(unit, move |snapshot| {
        let directory = snapshot.directory();
        let mut found = Found {
            last: known.map_or_else(|| directory.last_end(), Ok)?,
            agents: Vec::new(),
        };
        loop {
            let page = directory.ends_after(found.last, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(found);
            };
            found.last = *last;
            found
                .agents
                .extend(page.into_iter().map(|(_, agent)| agent));
        }
    });
    look.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor_cache::Session;
    use crate::throttle::{Account, Attempt, LoginLimits};
    use std::net::IpAddr;
    use std::time::Instant;
    use talk_domain::identity::session::Credential;
    use talk_domain::testing::{actor, agent_id, at};

    #[test]
    fn only_connections_of_the_agent_are_notified() {
        let revocations = SessionRevocations::default();
        let mut first = revocations.subscribe(agent_id(1));
        let mut second = revocations.subscribe(agent_id(2));
        revocations.notify(&[agent_id(2), agent_id(3)]);
        assert!(!first.has_changed().unwrap() && second.has_changed().unwrap());
        second.mark_unchanged();
        revocations.notify_all();
        assert!(first.has_changed().unwrap() && second.has_changed().unwrap());
        first.mark_unchanged();
        drop(second);
        revocations.remove_unused();
        assert_eq!(revocations.lock().len(), 1);
    }

    /// RUN-20: a customer deleted by another process is not let in by this one.
    #[test]
    fn a_session_end_clears_the_cached_agents_before_connections_are_notified() {
        let (revocations, actors) = (
            SessionRevocations::default(),
            Arc::new(ActorCache::default()),
        );
        let throttle = Arc::new(LoginThrottle::new(LoginLimits::OF_TESTS));
        revocations.clear_in(throttle, Arc::clone(&actors));
        let session = Session {
            credential: Credential::Key([7; 32]),
            expires: None,
        };
        let somebody = actor(agent_id(1));
        let put = || {
            let just_now = Instant::now() + Duration::from_secs(600);
            actors.put([1; 32], somebody, session, just_now);
        };
        put();
        revocations.notify(&[]);
        assert!(actors.get(&[1; 32], at(0)).is_some());
        revocations.notify(&[agent_id(1)]);
        assert_eq!(actors.get(&[1; 32], at(0)), None);
        put();
        revocations.notify_all();
        assert_eq!(actors.get(&[1; 32], at(0)), None);
    }

    /// Case 54: the operator unlocks an account on a running server like this.
    #[test]
    fn a_session_end_clears_failed_logins_of_its_agent_alone() {
        let throttle = Arc::new(LoginThrottle::new(LoginLimits::OF_TESTS));
        let revocations = SessionRevocations::default();
        revocations.clear_in(Arc::clone(&throttle), Arc::default());
        let address = IpAddr::from([192, 0, 2, 1]).into();
        let of = |agent| Attempt::new(Account::Known(agent_id(agent)), address);
        for agent in [1, 2] {
            (0..6).for_each(|_| throttle.fail(of(agent), at(0)));
        }
        revocations.notify(&[agent_id(2)]);
        assert!(throttle.check(of(1), at(0)).is_err());
        assert!(throttle.check(of(2), at(0)).is_ok());
    }
}
