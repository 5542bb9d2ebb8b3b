//! The node runs the hub of a process and performs its I/O.

mod io;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::live::{
    CatchUp, Connection, Entitlements, Live, Notice, Presence, Scope, Starts,
};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::stream::{Realm, StreamId};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connection::NodeConnection;
use crate::hub::{CommitMark, Hub, Outbox as _, Page, Reader, SubscriberId, portion};
use crate::mailbox::{Mailbox, mailbox};
use crate::roster::{PresenceChange, Roster};
use io::NodeIo;

/// Maximum number of events in one read of the log.
const PAGE: u32 = 128;

/// Time for which ephemeral frames are collected, so that each connection sends several in one
/// write: with a write per frame, a busy chat delivers less than half as many.
const GATHERING: Duration = Duration::from_millis(2);

/// Time between two searches for changes of presence.
const PRESENCE: Duration = Duration::from_secs(1);

/// Locks the roster. A panic while it was locked left it consistent.
pub(crate) fn lock(roster: &Mutex<Roster>) -> MutexGuard<'_, Roster> {
    roster.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command to the node. Commits are in the same queue as requests, so that their order is
/// defined.
pub(crate) enum Command {
    Committed(Vec<Arc<Logged>>),
    Connect(SubscriberId, Actor, Mailbox),
    Disconnect(SubscriberId),
    Mark {
        id: SubscriberId,
        realms: BTreeSet<Realm>,
        reply: oneshot::Sender<CommitMark>,
    },
    Subscribe {
        id: SubscriberId,
        mark: CommitMark,
        starts: Starts,
        reply: oneshot::Sender<bool>,
    },
    Unsubscribe(SubscriberId, Scope),
    Acknowledge(SubscriberId, usize),
    /// Without a sender it comes from outside.
    Ephemeral(Option<SubscriberId>, StreamId, Arc<str>),
    FlushEphemeral,
    Presence(PresenceChange, Vec<StreamId>),
    Report(HashSet<AgentId>, Arc<str>),
    Page {
        id: SubscriberId,
        stream: StreamId,
        since: u64,
        read: CatchUp,
    },
}

/// The delivery of one process. [`Node::run`] runs it.
pub struct Node {
    hub: Hub,
    inbox: UnboundedReceiver<Command>,
    sender: UnboundedSender<Command>,
}

/// The [`Bell`] of a [`Node`]. Ringing never blocks: it puts the shared events into an unbounded
/// queue, from which the hub takes them.
#[derive(Clone)]
pub struct NodeBell(UnboundedSender<Command>);

/// A running [`Node`].
#[derive(Clone)]
pub struct NodeHandle {
    pub(crate) entitlements: Arc<dyn Entitlements>,
    pub(crate) sender: UnboundedSender<Command>,
    pub(crate) roster: Arc<Mutex<Roster>>,
    /// Number of received bytes that a connection acknowledges together.
    pub(crate) portion: usize,
    ids: Arc<AtomicU64>,
}

impl Node {
    /// Creates a node that queues at most `queue_limit` bytes of events per connection.
    #[must_use]
    pub fn new(queue_limit: usize) -> Self {
        let (sender, inbox) = mpsc::unbounded_channel();
        Self {
            hub: Hub::new(queue_limit),
            inbox,
            sender,
        }
    }

    /// Returns the bell that the store rings after each commit.
    #[must_use]
    pub fn bell(&self) -> NodeBell {
        NodeBell(self.sender.clone())
    }

    /// Returns the handle that opens connections, and the delivery itself: it runs while it is polled,
    /// and its connections end when it is dropped.
    pub fn run(
        self,
        entitlements: Arc<dyn Entitlements>,
    ) -> (NodeHandle, impl Future<Output = ()> + Send) {
        let handle = NodeHandle {
            entitlements: Arc::clone(&entitlements),
            sender: self.sender.clone(),
            roster: Arc::default(),
            portion: portion(self.hub.queue_limit()),
            ids: Arc::default(),
        };
        let running = Running {
            hub: self.hub,
            roster: Arc::clone(&handle.roster),
            io: NodeIo::new(entitlements, self.sender),
        };
        (handle, running.serve(self.inbox))
    }
}

impl Bell for NodeBell {
    fn ring(&self, committed: &[Arc<Logged>]) {
        // An error means that delivery has ended. The log has the events.
        let _ = self.0.send(Command::Committed(committed.to_vec()));
    }
}

impl NodeHandle {
    /// Sends a frame that is not in the log to every connection of these agents.
    pub fn report(&self, agents: impl IntoIterator<Item = AgentId>, frame: Arc<str>) {
        let agents = agents.into_iter().collect();
        // An error means that delivery has ended.
        let _ = self.sender.send(Command::Report(agents, frame));
    }
}

impl Live for NodeHandle {
    fn connect(&self, actor: Actor) -> Box<dyn Connection> {
        let id = SubscriberId(self.ids.fetch_add(1, Ordering::Relaxed));
        let (mailbox, notices) = mailbox();
        // An error means that delivery has ended; the mailbox is closed then.
        let _ = self.sender.send(Command::Connect(id, actor, mailbox));
        Box::new(NodeConnection::new(id, actor, self, notices))
    }

    fn presence(&self, agents: &[AgentId]) -> Vec<(AgentId, Presence)> {
        let (roster, now) = (lock(&self.roster), Instant::now().into_std());
        let present = agents
            .iter()
            .map(|agent| (*agent, roster.presence(*agent, now)));
        present.collect()
    }

    fn send_from_outside(&self, stream: StreamId, frame: Arc<str>) {
        // An error means that delivery has ended.
        let _ = self.sender.send(Command::Ephemeral(None, stream, frame));
    }
}

struct Running {
    hub: Hub,
    roster: Arc<Mutex<Roster>>,
    io: NodeIo,
}

impl Running {
    async fn serve(mut self, mut inbox: UnboundedReceiver<Command>) {
        let mut presence = tokio::time::interval(PRESENCE);
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.handle(command),
                    None => return,
                },
                _ = presence.tick() => {
                    for change in lock(&self.roster).changes(Instant::now().into_std()) {
                        self.io.find_streams(change);
                    }
                }
            }
        }
    }

    fn handle(&mut self, command: Command) {
        let (hub, io) = (&mut self.hub, &mut self.io);
        match command {
            Command::Committed(events) => hub.committed(&events, io),
            Command::Connect(id, actor, mailbox) => {
                let reader = Reader {
                    agent: actor.agent,
                    customer: actor.customer,
                    overseen: io.overseen(actor),
                };
                io.connect(id, actor, mailbox);
                hub.connect(id, reader);
            }
            Command::Disconnect(id) => {
                hub.disconnect(id);
                io.disconnect(id);
            }
            Command::Mark { id, realms, reply } => {
                hub.follow(id, &realms);
                let _ = reply.send(hub.mark());
            }
            Command::Subscribe {
                id,
                mark,
                starts,
                reply,
            } => {
                let _ = reply.send(self.subscribe(id, mark, &starts));
            }
            Command::Unsubscribe(id, scope) => hub.unsubscribe(id, &scope),
            Command::Acknowledge(id, bytes) => hub.acknowledge(id, bytes, io),
            Command::Presence(change, streams) => {
                hub.send_presence(change.agent, &streams, change.presence, io);
            }
            Command::Report(agents, frame) => hub.send_report(&agents, &frame, io),
            Command::Ephemeral(sender, stream, frame) => {
                let is_first = match sender {
                    Some(id) => hub.keep_ephemeral(id, stream, frame),
                    None => hub.keep_from_outside(stream, frame),
                };
                if is_first {
                    io.flush_later();
                }
            }
            Command::FlushEphemeral => hub.flush_ephemeral(io),
            Command::Page {
                id,
                stream,
                since,
                read,
            } => {
                let page = Page {
                    stream,
                    since,
                    events: &read.log.events,
                    is_end: read.log.is_end,
                    gap: read.gap,
                };
                hub.page(id, &page, io);
            }
        }
    }

    fn subscribe(&mut self, id: SubscriberId, mark: CommitMark, starts: &Starts) -> bool {
        let streams: Vec<_> = starts
            .streams
            .iter()
            .map(|(stream, start)| (*stream, *start))
            .collect();
        if !self.hub.subscribe(id, mark, &streams, &mut self.io) {
            return false;
        }
        for (stream, ended, seq) in &starts.ended {
            let notice = Notice::Unsubscribed(*stream, *ended, *seq);
            self.io.send(id, notice);
        }
        true
    }
}
