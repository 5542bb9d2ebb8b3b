//! A model of everything around the hub — a log, a bell that rings late, snapshots and reads that
//! take their time, connections that stall — driven at random. Whatever the interleaving, each
//! reader gets each event it is entitled to once and in order.

#![expect(
    clippy::cast_possible_truncation,
    reason = "the model's numbers are small"
)]

use std::collections::{BTreeMap, HashMap, VecDeque};

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::live::ResetReason;
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::live::subscribe::Start;
use talk_domain::talk::model::event::EventKind;

use super::{Hub, Notice, Outbox, ReaderId};

mod answering;
mod client;
mod log;
mod random;
mod stories;

use client::{Client, Seen};
use log::{Log, an_agent};
use random::Random;

/// A read under way: for whom, of which chat, after which event, and how many bytes.
pub(super) type Read = (ReaderId, ChatId, u64, usize);

/// What the hub wanted done.
#[derive(Default)]
pub(super) struct Out {
    pub(super) notices: Vec<(ReaderId, Notice)>,
    pub(super) reads: Vec<Read>,
}

impl Outbox for Out {
    fn send(&mut self, reader: ReaderId, notice: Notice) {
        self.notices.push((reader, notice));
    }
    fn read(&mut self, reader: ReaderId, chat: ChatId, since: u64, bytes: usize) {
        self.reads.push((reader, chat, since, bytes));
    }
}

struct World {
    random: Random,
    hub: Hub,
    out: Out,
    log: Log,
    clients: BTreeMap<ReaderId, Client>,
    next: u64,
    /// Readers that were told of a gap.
    resets: u64,
    /// Whether the log is trimmed now and then.
    is_forgetful: bool,
    /// Switches off the look whether a reader still participates behind a gap.
    is_trusting: bool,
    /// Switches off what holds a snapshot and the bell together: the mark is taken too late.
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
        let id = ReaderId(self.next);
        self.next += 1;
        let agent = an_agent(&mut self.random);
        self.hub.connect(id, agent);
        let is_choosy = self.random.below(3) == 0;
        self.hub.follow_joined(id, !is_choosy);
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

    /// The snapshot of a subscription under way.
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
        for (chat, members) in &self.log.members {
            let left = self.log.left.get(&(*chat, client.agent)).copied();
            if members.contains(&client.agent) || left.is_some() {
                let (chat, head) = (*chat, self.log.events[chat].len() as u64);
                let log_start = self.log.start(chat);
                seen.push(Seen {
                    chat,
                    head,
                    left,
                    log_start,
                });
            }
        }
    }

    fn attach(&mut self) {
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
        let mut chats = Vec::new();
        for seen in seen {
            let Seen {
                chat,
                head,
                left,
                log_start,
            } = seen;
            // A chat joined meanwhile is delivered already: it has no other start.
            let resumes = resumes && !client.got.contains_key(&chat);
            let seq = self.random.below(left.unwrap_or(head + 1));
            let is_kept = seq >= log_start;
            let start = match left {
                None if resumes && is_kept => Start::Since { seq, head },
                None if resumes => Start::Reset(ResetReason::Retention, head),
                None => Start::Head(head),
                Some(until) if resumes && until > log_start => Start::Former { until, head },
                Some(_) => continue,
            };
            chats.push((chat, start));
        }
        let id = *id;
        let mark = if self.is_careless {
            self.hub.mark()
        } else {
            mark
        };
        if self.hub.attach(id, mark, &chats, &mut self.out) {
            return;
        }
        // What the snapshot showed is older than what the client was told: anew.
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
            self.hub.drained(id, bytes, &mut self.out);
        }
    }

    /// Hands out what was sent and checks each notice against the rules.
    fn hand_out(&mut self) {
        for (id, notice) in std::mem::take(&mut self.out.notices) {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            match notice {
                Notice::Event { event, .. } => {
                    client.bytes.push_back(event.frame.len());
                    let log = &self.log.events[&event.chat];
                    client.receive(event.chat, event.seq, log);
                }
                Notice::Begun(begun) => {
                    for begun in begun {
                        client.got.entry(begun.chat).or_default().push(begun.after);
                        client.is_out.insert(begun.chat, false);
                    }
                }
                Notice::Unsubscribed(chat, _, seq) => {
                    let is_kept = seq > self.log.start(chat);
                    let last = client.got.entry(chat).or_default().last().copied();
                    assert!(!is_kept || last == Some(seq), "after its event");
                    client.is_out.insert(chat, true);
                }
                Notice::Reset(chat, ResetReason::Retention, head) if self.is_forgetful => {
                    let got = client.got.entry(chat).or_default();
                    let last = got.last().copied();
                    assert!(last.is_none_or(|last| last <= head), "never back");
                    got.push(head);
                    client.is_out.insert(chat, false);
                    assert!(
                        self.is_entitled(id, chat, head),
                        "nothing after its removal"
                    );
                    self.resets += 1;
                }
                Notice::Reset(..) | Notice::Passing(..) | Notice::Presence(..) => {
                    panic!("nothing is ever forgotten or passed here")
                }
                Notice::CaughtUp(..) | Notice::Lagging(..) => {}
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..20_000 {
            self.ring(u64::MAX);
            self.attach_all();
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

    /// Whether nothing is on its way to the reader.
    fn is_settled(&self, id: ReaderId) -> bool {
        let reader = self.hub.readers.get(&id);
        reader.is_none_or(|reader| reader.behind.is_empty() && reader.queued == 0)
    }

    fn attach_all(&mut self) {
        while self.clients.values().any(|client| client.pending.is_some()) {
            self.attach();
            self.ring(u64::MAX);
        }
    }

    /// Whether what follows `head` may be shown to a reader: its agent participates, or did until an
    /// event that follows.
    fn is_entitled(&self, id: ReaderId, chat: ChatId, head: u64) -> bool {
        let agent = self.clients[&id].agent;
        let leaves = |event: &&LoggedEvent| {
            event.kind == EventKind::ParticipantLeft && event.subject == agent.0
        };
        let later = self.log.events[&chat].iter().skip(head as usize);
        self.log.members[&chat].contains(&agent) || later.filter(leaves).count() > 0
    }

    /// Every participant's reader stands at the head of each chat it is told of.
    fn check_heads(&self) {
        for client in self.clients.values() {
            for (chat, members) in &self.log.members {
                let is_followed = match client.is_out.get(chat) {
                    _ if !client.is_choosy => true,
                    is_out => is_out == Some(&false),
                };
                if members.contains(&client.agent) && is_followed {
                    let got = client.got.get(chat).and_then(|got| got.last()).copied();
                    assert_eq!(
                        got,
                        Some(self.log.events[chat].len() as u64),
                        "at the head of {chat}"
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
                self.out.notices.retain(|(reader, _)| *reader != id);
            }
            _ => self.attach(),
        }
        self.hand_out();
    }
}
