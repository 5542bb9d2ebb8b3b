//! Sessions that end while their connections are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::watch;

use crate::throttle::LoginThrottle;

/// How often ended sessions are looked for. A connection must end within a second of its session,
/// whichever node or process ended it.
const INTERVAL: Duration = Duration::from_millis(250);

/// Ends read at a time.
const PAGE: u32 = 1_000;

/// Tells the connections of an agent that one of its sessions has ended: perhaps theirs.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    connections: Arc<Mutex<HashMap<AgentId, watch::Sender<()>>>>,
    /// Counts failed logins, which an end forgives.
    throttle: Arc<OnceLock<Arc<LoginThrottle>>>,
}

impl Ends {
    /// Forgets failed logins of an agent when one of its sessions has ended. Only somebody whom the
    /// account trusts ends a session, and so the operator can unlock an account while the server
    /// runs.
    pub(crate) fn forgive(&self, throttle: Arc<LoginThrottle>) {
        // Set once, when the server is put together.
        let _ = self.throttle.set(throttle);
    }

    /// Changes whenever a session of `agent` has ended.
    pub(super) fn of(&self, agent: AgentId) -> watch::Receiver<()> {
        self.lock().entry(agent).or_default().subscribe()
    }

    fn tell(&self, agents: impl IntoIterator<Item = AgentId>) {
        let (open, throttle) = (self.lock(), self.throttle.get());
        for agent in agents {
            if let Some(throttle) = throttle {
                throttle.forget(agent);
            }
            if let Some(sender) = open.get(&agent) {
                sender.send_replace(());
            }
        }
    }

    fn tell_all(&self) {
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    /// Forgets agents without a connection.
    fn tidy(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
    }

    /// A panic while it was held left it as it was.
    fn lock(&self) -> MutexGuard<'_, HashMap<AgentId, watch::Sender<()>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells of ended sessions for as long as the future is polled.
pub fn watch_ends(store: Arc<dyn Store>) -> (Ends, impl Future<Output = ()> + Send) {
    let ends = Ends::default();
    let told = ends.clone();
    let watching = async move {
        let mut known = None;
        loop {
            match look(&*store, known).await {
                Ok(found) => {
                    // Before the first look any session may have ended.
                    match known.replace(found.last) {
                        Some(_) => told.tell(found.agents),
                        None => told.tell_all(),
                    }
                    told.tidy();
                }
                Err(error) => tracing::warn!(%error, "ended sessions could not be looked at"),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    (ends, watching)
}

struct Found {
    last: u64,
    agents: Vec<AgentId>,
}

/// What has ended since the end `known`.
async fn look(store: &(dyn Store + 'static), known: Option<u64>) -> Result<Found, StoreError> {
    let unit = Unit::installation("watch_ends");
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
    use crate::throttle::{Account, Attempt, LoginLimits};
    use std::net::IpAddr;
    use talk_domain::testing::{agent_id, at};

    #[test]
    fn only_connections_of_the_agent_look_again() {
        let ends = Ends::default();
        let mut first = ends.of(agent_id(1));
        let mut second = ends.of(agent_id(2));
        ends.tell([agent_id(2), agent_id(3)]);
        assert!(!first.has_changed().unwrap() && second.has_changed().unwrap());
        second.mark_unchanged();
        ends.tell_all();
        assert!(first.has_changed().unwrap() && second.has_changed().unwrap());
        first.mark_unchanged();
        drop(second);
        ends.tidy();
        assert_eq!(ends.lock().len(), 1);
    }

    /// Case 54: so the operator lifts the delay of an account on a running server.
    #[test]
    fn an_end_forgives_failed_logins_of_its_agent_alone() {
        let throttle = Arc::new(LoginThrottle::new(LoginLimits::default()));
        let ends = Ends::default();
        ends.forgive(Arc::clone(&throttle));
        let address = IpAddr::from([192, 0, 2, 1]).into();
        let of = |agent| Attempt::new(Account::Known(agent_id(agent)), address);
        for agent in [1, 2] {
            (0..6).for_each(|_| throttle.fail(of(agent), at(0)));
        }
        ends.tell([agent_id(2)]);
        assert!(throttle.check(of(1), at(0)).is_err());
        assert!(throttle.check(of(2), at(0)).is_ok());
    }
}
