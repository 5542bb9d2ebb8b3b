//! A model of everything around the hub — a log, a bell that rings late, slow snapshots and reads,
//! stalled connections — driven at random. In every interleaving each subscriber must get each
//! event that it is entitled to once and in order.

#![expect(
    clippy::cast_possible_truncation,
    reason = "the model's numbers are small"
)]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use talk_domain::kernel::live::{ResetReason, Start};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, StreamId};
use talk_domain::testing::stream_id;

use super::{Hub, Notice, Outbox, Reader, SubscriberId};

mod answering;
mod client;
mod log;
mod random;
mod stories;

use client::{Client, Seen};
use log::{Log, an_agent};
use random::Random;

/// A pending read: the subscriber, the stream, the event after which it starts, and the maximum
/// number of bytes.
pub(super) type Read = (SubscriberId, StreamId, u64, usize);

/// The recorded notices and reads that the hub has requested.
#[derive(Default)]
pub(super) struct Out {
    pub(super) notices: Vec<(SubscriberId, Notice)>,
    pub(super) reads: Vec<Read>,
}

impl Outbox for Out {
    fn send(&mut self, subscriber: SubscriberId, notice: Notice) {
        self.notices.push((subscriber, notice));
    }
    fn read(&mut self, subscriber: SubscriberId, stream: StreamId, since: u64, bytes: usize) {
        self.reads.push((subscriber, stream, since, bytes));
    }
}

struct World {
    random: Random,
    hub: Hub,
    out: Out,
    log: Log,
    clients: BTreeMap<SubscriberId, Client>,
    next: u64,
    /// The number of subscribers that were sent a reset.
    resets: u64,
    /// Whether the log is trimmed from time to time.
    is_forgetful: bool,
    /// Disables the check whether a subscriber still participates after a gap, to show that the
    /// test finds the error.
    is_trusting: bool,
    /// Takes the commit mark after the snapshot instead of before it, to show that the test finds
    /// the error.
    is_careless: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            hub: Hub::new(40),
            out: Out::default(),
            log: Log::default(),
            clients: BTreeMap::new(),
            next: 0,
            resets: 0,
            is_forgetful: false,
            is_trusting: false,
            is_careless: false,
        }
    }

    fn ring(&mut self, count: u64) {
        let count = (count as usize).min(self.log.unrung.len());
        let batch: Vec<_> = self.log.unrung.drain(..count).collect();
        self.hub.committed(&batch, &mut self.out);
    }

    fn connect(&mut self) {
        let id = SubscriberId(self.next);
        self.next += 1;
        let agent = an_agent(&mut self.random);
        self.hub.connect(id, Reader::of(agent));
        let is_choosy = self.random.below(3) == 0;
        if !is_choosy {
            self.hub.follow(id, &[stream_id(1).realm].into());
        }
        let mark = self.hub.mark();
        let client = Client {
            agent,
            got: BTreeMap::new(),
            bytes: VecDeque::new(),
            pending: Some((mark, Vec::new())),
            is_out: HashMap::new(),
            is_choosy,
            is_forgetful: self.is_forgetful,
        };
        self.clients.insert(id, client);
    }

    /// Takes the snapshot of a pending subscription.
    fn snapshot(&mut self) {
        let Some(client) = self
            .clients
            .values_mut()
            .filter(|c| c.pending.is_some())
            .last()
        else {
            return;
        };
        let Some((_, seen)) = &mut client.pending else {
            return;
        };
        seen.clear();
        for (stream, members) in &self.log.members {
            let left = self.log.left.get(&(*stream, client.agent)).copied();
            if members.contains(&client.agent) || left.is_some() {
                let (stream, head) = (*stream, self.log.events[stream].len() as u64);
                let log_start = self.log.start(stream);
                seen.push(Seen {
                    stream,
                    head,
                    left,
                    log_start,
                });
            }
        }
    }

    fn subscribe(&mut self) {
        self.snapshot();
        let delay = self.random.below(4);
        for _ in 0..delay {
            self.log.write(&mut self.random);
            let count = self.random.below(3);
            self.ring(count);
        }
        let Some((id, client)) = self
            .clients
            .iter_mut()
            .filter(|(_, c)| c.pending.is_some())
            .last()
        else {
            return;
        };
        let Some((mark, seen)) = client.pending.take() else {
            return;
        };
        let resumes = self.random.below(2) == 0;
        let mut streams = Vec::new();
        for seen in seen {
            let Seen {
                stream,
                head,
                left,
                log_start,
            } = seen;
            // A stream joined meanwhile is delivered already, and cannot start at a position.
            let resumes = resumes && !client.got.contains_key(&stream);
            let seq = self.random.below(left.unwrap_or(head + 1));
            let is_kept = seq >= log_start;
            let start = match left {
                None if resumes && is_kept => Start::Since { seq, head },
                None if resumes => Start::Reset(ResetReason::Retention, head),
                None => Start::Head(head),
                Some(until) if resumes && until > log_start => Start::Former { until, head },
                Some(_) => continue,
            };
            streams.push((stream, start));
        }
        let id = *id;
        let mark = if self.is_careless {
            self.hub.mark()
        } else {
            mark
        };
        if self.hub.subscribe(id, mark, &streams, &mut self.out) {
            return;
        }
        // The snapshot is older than events that the client has received: take another.
        if let Some(client) = self.clients.get_mut(&id) {
            client.pending = Some((self.hub.mark(), Vec::new()));
        }
    }

    fn drain(&mut self) {
        let ids: Vec<_> = self.clients.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.random.below(ids.len() as u64) as usize];
        if let Some(bytes) = self.clients.get_mut(&id).and_then(|c| c.bytes.pop_front()) {
            self.hub.acknowledge(id, bytes, &mut self.out);
        }
    }

    /// Delivers the sent notices and checks each of them against the rules.
    fn hand_out(&mut self) {
        for (id, notice) in std::mem::take(&mut self.out.notices) {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            match notice {
                Notice::Event { event, .. } => {
                    client.bytes.push_back(event.payload.len());
                    let log = &self.log.events[&event.stream];
                    client.receive(event.stream, event.seq, log);
                }
                Notice::Subscribed(begun) => {
                    for begun in begun {
                        client
                            .got
                            .entry(begun.stream)
                            .or_default()
                            .push(begun.after);
                        client.is_out.insert(begun.stream, false);
                    }
                }
                Notice::Unsubscribed(stream, _, seq) => {
                    let is_kept = seq > self.log.start(stream);
                    let last = client.got.entry(stream).or_default().last().copied();
                    assert!(!is_kept || last == Some(seq), "after its event");
                    client.is_out.insert(stream, true);
                }
                Notice::Reset(stream, ResetReason::Retention, head) if self.is_forgetful => {
                    let got = client.got.entry(stream).or_default();
                    let last = got.last().copied();
                    assert!(last.is_none_or(|last| last <= head), "never back");
                    got.push(head);
                    client.is_out.insert(stream, false);
                    assert!(
                        self.is_entitled(id, stream, head),
                        "nothing after its removal"
                    );
                    self.resets += 1;
                }
                Notice::Reset(..)
                | Notice::Ephemeral(..)
                | Notice::Presence(..)
                | Notice::Report(_) => {
                    panic!("nothing is ever forgotten or passed here")
                }
                Notice::CaughtUp(..) | Notice::Lagging(..) => {}
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..20_000 {
            self.ring(u64::MAX);
            self.subscribe_all();
            self.answer_read();
            self.drain();
            self.hand_out();
            let is_done = self.log.unrung.is_empty()
                && self.out.reads.is_empty()
                && self.clients.iter().all(|(id, c)| {
                    c.pending.is_none() && c.bytes.is_empty() && self.is_settled(*id)
                });
            if is_done {
                return;
            }
        }
        panic!("never settles: {:#?}", self.hub);
    }

    /// Returns whether the subscriber has no pending notices and no pending read.
    fn is_settled(&self, id: SubscriberId) -> bool {
        let subscriber = self.hub.subscribers.get(&id);
        subscriber.is_none_or(|subscriber| subscriber.behind.is_empty() && subscriber.queued == 0)
    }

    fn subscribe_all(&mut self) {
        while self.clients.values().any(|client| client.pending.is_some()) {
            self.subscribe();
            self.ring(u64::MAX);
        }
    }

    /// Returns whether a subscriber may get events after `head`: its agent participates, or did
    /// until a later event.
    fn is_entitled(&self, id: SubscriberId, stream: StreamId, head: u64) -> bool {
        let agent = self.clients[&id].agent;
        let leaves = |event: &&Arc<Logged>| event.changes.contains(&Change::Leaves(agent));
        let later = self.log.events[&stream].iter().skip(head as usize);
        self.log.members[&stream].contains(&agent) || later.filter(leaves).count() > 0
    }

    /// Checks that every participant's subscriber has received each of its streams up to the head.
    fn check_heads(&self) {
        for client in self.clients.values() {
            for (stream, members) in &self.log.members {
                let is_followed = match client.is_out.get(stream) {
                    _ if !client.is_choosy => true,
                    is_out => is_out == Some(&false),
                };
                if members.contains(&client.agent) && is_followed {
                    let got = client.got.get(stream).and_then(|got| got.last()).copied();
                    assert_eq!(
                        got,
                        Some(self.log.events[stream].len() as u64),
                        "at the head of {stream}"
                    );
                }
            }
        }
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0..=2 => self.log.write(&mut self.random),
            3 | 4 => {
                let count = self.random.below(4);
                self.ring(count);
            }
            5 => self.answer_read(),
            6 if self.is_forgetful => self.log.trim(&mut self.random),
            6 | 7 => self.drain(),
            8 if self.clients.len() < 4 => self.connect(),
            8 => {
                let id = *self.clients.keys().next().unwrap();
                self.hub.disconnect(id);
                self.clients.remove(&id);
                self.out.notices.retain(|(subscriber, _)| *subscriber != id);
            }
            _ => self.subscribe(),
        }
        self.hand_out();
    }
}
