//! Sessions that end while their connections are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use talk_domain::id::AgentId;
use talk_domain::store::{Store, StoreError, Unit};
use tokio::sync::watch;

/// How often ended sessions are looked for. A connection must end within a second of its session,
/// whichever node or process ended it.
const INTERVAL: Duration = Duration::from_millis(250);

/// Ends read at a time.
const PAGE: u32 = 1_000;

/// Tells the connections of an agent that one of its sessions has ended: perhaps theirs.
#[derive(Clone, Debug, Default)]
pub struct Ends(Arc<Mutex<HashMap<AgentId, watch::Sender<()>>>>);

impl Ends {
    /// Changes whenever a session of `agent` has ended.
    pub(super) fn of(&self, agent: AgentId) -> watch::Receiver<()> {
        self.lock().entry(agent).or_default().subscribe()
    }

    fn tell(&self, agents: impl IntoIterator<Item = AgentId>) {
        let open = self.lock();
        for sender in agents.into_iter().filter_map(|agent| open.get(&agent)) {
            sender.send_replace(());
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    use talk_domain::testing::agent_id;

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
}
