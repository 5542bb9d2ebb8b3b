//! Presence of agents, derived from their open connections. Without I/O; the time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::live::Presence;

use crate::hub::SubscriberId;

/// An agent is away after this time without a frame from any of its connections.
const IDLE: Duration = Duration::from_secs(300);

/// The time for which an agent keeps its presence after its last connection, since most clients
/// reconnect at once.
const GRACE: Duration = Duration::from_secs(5);

/// The agents with connections on this node.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    agents: HashMap<AgentId, Entry>,
}

#[derive(Debug)]
struct Entry {
    customer: CustomerId,
    subscribers: HashMap<SubscriberId, Instant>,
    gone_since: Option<Instant>,
    announced: Presence,
}

/// A change of the presence of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PresenceChange {
    pub(crate) agent: AgentId,
    pub(crate) customer: CustomerId,
    pub(crate) presence: Presence,
}

impl Roster {
    /// Adds a connection.
    pub(crate) fn connect(&mut self, id: SubscriberId, actor: Actor, now: Instant) {
        let entry = self.agents.entry(actor.agent).or_insert_with(|| Entry {
            customer: actor.customer,
            subscribers: HashMap::new(),
            gone_since: None,
            announced: Presence::Offline,
        });
        entry.subscribers.insert(id, now);
        entry.gone_since = None;
    }

    /// Removes a connection.
    pub(crate) fn disconnect(&mut self, id: SubscriberId, agent: AgentId, now: Instant) {
        if let Some(entry) = self.agents.get_mut(&agent) {
            entry.subscribers.remove(&id);
            if entry.subscribers.is_empty() {
                entry.gone_since = Some(now);
            }
        }
    }

    /// Records that a connection was active.
    pub(crate) fn mark_active(&mut self, id: SubscriberId, agent: AgentId, now: Instant) {
        let entry = self.agents.get_mut(&agent);
        if let Some(at) = entry.and_then(|entry| entry.subscribers.get_mut(&id)) {
            *at = now;
        }
    }

    /// Returns the presence of an agent.
    pub(crate) fn presence(&self, agent: AgentId, now: Instant) -> Presence {
        self.agents
            .get(&agent)
            .map_or(Presence::Offline, |entry| entry.presence(now))
    }

    /// Returns the changes since the last call.
    pub(crate) fn changes(&mut self, now: Instant) -> Vec<PresenceChange> {
        let mut changes = Vec::new();
        self.agents.retain(|agent, entry| {
            let presence = entry.presence(now);
            if entry.announced != presence {
                entry.announced = presence;
                changes.push(PresenceChange {
                    agent: *agent,
                    customer: entry.customer,
                    presence,
                });
            }
            presence != Presence::Offline
        });
        changes
    }
}

impl Entry {
    fn presence(&self, now: Instant) -> Presence {
        let Some(active) = self.subscribers.values().max() else {
            let is_back_soon = self.gone_since.is_some_and(|since| now - since < GRACE);
            return if is_back_soon {
                self.announced
            } else {
                Presence::Offline
            };
        };
        if now.saturating_duration_since(*active) >= IDLE {
            Presence::Away
        } else {
            Presence::Online
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{actor, agent_id};

    fn announced(roster: &mut Roster, now: Instant) -> Vec<Presence> {
        let changes = roster.changes(now);
        changes.into_iter().map(|change| change.presence).collect()
    }

    #[test]
    fn an_agent_is_online_with_its_first_connection_and_offline_after_its_last() {
        let (mut roster, start) = (Roster::default(), Instant::now());
        let agent = agent_id(1);
        roster.connect(SubscriberId(1), actor(agent), start);
        roster.connect(SubscriberId(2), actor(agent), start);
        assert_eq!(announced(&mut roster, start), [Presence::Online]);
        assert!(announced(&mut roster, start).is_empty());
        roster.disconnect(SubscriberId(1), agent, start);
        assert!(announced(&mut roster, start + GRACE).is_empty());
        roster.disconnect(SubscriberId(2), agent, start);
        assert_eq!(roster.presence(agent, start), Presence::Online);
        assert_eq!(announced(&mut roster, start + GRACE), [Presence::Offline]);
        assert!(roster.agents.is_empty());
    }

    #[test]
    fn an_agent_that_reconnects_at_once_stays_online() {
        let (mut roster, start) = (Roster::default(), Instant::now());
        roster.connect(SubscriberId(1), actor(agent_id(1)), start);
        roster.changes(start);
        roster.disconnect(SubscriberId(1), agent_id(1), start);
        roster.connect(SubscriberId(2), actor(agent_id(1)), start + GRACE / 2);
        assert!(announced(&mut roster, start + GRACE * 2).is_empty());
    }

    #[test]
    fn an_idle_agent_is_away_until_it_is_active() {
        let (mut roster, start) = (Roster::default(), Instant::now());
        let agent = agent_id(1);
        roster.connect(SubscriberId(1), actor(agent), start);
        roster.changes(start);
        assert_eq!(announced(&mut roster, start + IDLE), [Presence::Away]);
        roster.mark_active(SubscriberId(1), agent, start + IDLE);
        assert_eq!(announced(&mut roster, start + IDLE), [Presence::Online]);
    }
}
