//! The log of the model: streams, their members, and committed events for which the bell has not
//! rung yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, StreamId};
use talk_domain::testing::{logged, stream_id};
use uuid::Uuid;

use super::random::Random;

const STREAMS: u64 = 3;
const AGENTS: u64 = 3;

/// The durable state of the model.
#[derive(Default)]
pub(super) struct Log {
    pub(super) events: HashMap<StreamId, Vec<Arc<Logged>>>,
    pub(super) members: HashMap<StreamId, Vec<AgentId>>,
    /// The event with which each former member left last.
    pub(super) left: HashMap<(StreamId, AgentId), u64>,
    pub(super) unrung: VecDeque<Arc<Logged>>,
    /// For each stream, the number of trimmed events.
    trimmed: HashMap<StreamId, u64>,
}

fn stream(n: u64) -> StreamId {
    stream_id(100 + u128::from(n))
}

/// Returns a random agent.
pub(super) fn an_agent(random: &mut Random) -> AgentId {
    AgentId(Uuid::from_u128(200 + u128::from(random.below(AGENTS))))
}

impl Log {
    fn append(&mut self, stream: StreamId, changes: &[Change]) {
        let log = self.events.entry(stream).or_default();
        let seq = log.len() as u64 + 1;
        // Some events are larger than half a queue, some larger than a queue.
        let digits = match seq % 7 {
            3 => 30,
            5 => 60,
            _ => 6,
        };
        let event = logged(stream, seq, changes, &format!("{seq:0digits$}"));
        log.push(Arc::clone(&event));
        self.unrung.push_back(event);
    }

    /// The last trimmed event of a stream.
    pub(super) fn start(&self, stream: StreamId) -> u64 {
        self.trimmed.get(&stream).copied().unwrap_or_default()
    }

    /// Trims a log, but keeps its last event.
    pub(super) fn trim(&mut self, random: &mut Random) {
        let stream = stream(random.below(STREAMS));
        let Some(log) = self.events.get(&stream) else {
            return;
        };
        let start = random.below(log.len() as u64);
        let trimmed = self.trimmed.entry(stream).or_default();
        *trimmed = start.max(*trimmed);
    }

    /// Appends a random event to a random stream.
    pub(super) fn write(&mut self, random: &mut Random) {
        let stream = stream(random.below(STREAMS));
        let who = an_agent(random);
        if !self.events.contains_key(&stream) {
            self.append(stream, &[Change::Joins(who)]);
            self.append(stream, &[Change::Joins(who)]);
            self.members.insert(stream, vec![who]);
            return;
        }
        let members = self.members.entry(stream).or_default();
        let place = members.iter().position(|member| *member == who);
        match (random.below(6), place) {
            (0, Some(place)) => {
                members.remove(place);
                self.append(stream, &[Change::Leaves(who)]);
                let seq = self.events[&stream].len() as u64;
                self.left.insert((stream, who), seq);
            }
            (1, None) => {
                members.push(who);
                self.left.remove(&(stream, who));
                self.append(stream, &[Change::Joins(who)]);
            }
            _ => self.append(stream, &[]),
        }
    }
}
