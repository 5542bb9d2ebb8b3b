//! The node: the hub with its I/O.

mod around;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::live::{Connection, Live, Notice, Presence, Scope};
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::kernel::store::Store;
use talk_domain::talk::live::catch_up::CatchUp;
use talk_domain::talk::live::subscribe::Starts;
use talk_domain::talk::model::event::Bell;
use talk_domain::talk::unit::Talk;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connection::NodeConnection;
use crate::hub::{Hub, Mark, Outbox as _, Page, ReaderId};
use crate::mailbox::{Mailbox, mailbox};
use crate::roster::{Change, Roster};
use around::Around;

/// Events read from the log at a time.
const PAGE: u32 = 128;

/// How often changes of presence are looked for.
const PRESENCE: Duration = Duration::from_secs(1);

/// The roster; a panic while it was held left it as it was.
pub(crate) fn lock(roster: &Mutex<Roster>) -> MutexGuard<'_, Roster> {
    roster.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the node is asked to do, in one queue with the commits so that their order is known.
pub(crate) enum Command {
    Committed(Vec<LoggedEvent>),
    Connect(ReaderId, Actor, Mailbox),
    Disconnect(ReaderId),
    Mark {
        id: ReaderId,
        follows_joined: bool,
        reply: oneshot::Sender<Mark>,
    },
    Attach {
        id: ReaderId,
        mark: Mark,
        starts: Starts,
        reply: oneshot::Sender<bool>,
    },
    Keep(ReaderId, Scope),
    Took(ReaderId, usize),
    Pass(ReaderId, ChatId, Arc<str>),
    Announce(Change, Vec<ChatId>),
    Page {
        id: ReaderId,
        chat: ChatId,
        since: u64,
        read: CatchUp,
    },
}

/// The delivery of one process, not running yet.
pub struct Node {
    hub: Hub,
    inbox: UnboundedReceiver<Command>,
    sender: UnboundedSender<Command>,
}

/// Tells a [`Node`] about commits. Ringing never waits: what it leaves in the queue is as large as
/// the hub is behind, and the frames in it are shared.
#[derive(Clone)]
pub struct NodeBell(UnboundedSender<Command>);

/// A running [`Node`].
#[derive(Clone)]
pub struct NodeHandle {
    pub(crate) store: Arc<dyn Store<Talk>>,
    pub(crate) sender: UnboundedSender<Command>,
    pub(crate) roster: Arc<Mutex<Roster>>,
    ids: Arc<AtomicU64>,
}

impl Node {
    /// A node that queues at most `queue_limit` bytes of events per connection.
    #[must_use]
    pub fn new(queue_limit: usize) -> Self {
        let (sender, inbox) = mpsc::unbounded_channel();
        Self {
            hub: Hub::new(queue_limit),
            inbox,
            sender,
        }
    }

    /// What the store rings.
    #[must_use]
    pub fn bell(&self) -> NodeBell {
        NodeBell(self.sender.clone())
    }

    /// What connections are opened with, and the delivery itself: it works while it is polled, and
    /// its connections end when it is dropped.
    pub fn run(self, store: Arc<dyn Store<Talk>>) -> (NodeHandle, impl Future<Output = ()> + Send) {
        let handle = NodeHandle {
            store: Arc::clone(&store),
            sender: self.sender.clone(),
            roster: Arc::default(),
            ids: Arc::default(),
        };
        let running = Running {
            hub: self.hub,
            roster: Arc::clone(&handle.roster),
            around: Around::new(store, self.sender),
        };
        (handle, running.serve(self.inbox))
    }
}

impl Bell for NodeBell {
    fn ring(&self, committed: &[LoggedEvent]) {
        // An error means that delivery has ended, which is no fault: the log has the events.
        let _ = self.0.send(Command::Committed(committed.to_vec()));
    }
}

impl Live for NodeHandle {
    fn connect(&self, actor: Actor) -> Box<dyn Connection> {
        let id = ReaderId(self.ids.fetch_add(1, Ordering::Relaxed));
        let (mailbox, notices) = mailbox();
        // An error means that delivery has ended; the mailbox is closed then.
        let _ = self.sender.send(Command::Connect(id, actor, mailbox));
        Box::new(NodeConnection::new(id, actor, self, notices))
    }

    fn presence(&self, agents: &[AgentId]) -> Vec<(AgentId, Presence)> {
        let (roster, now) = (lock(&self.roster), Instant::now().into_std());
        let told = agents
            .iter()
            .map(|agent| (*agent, roster.presence(*agent, now)));
        told.collect()
    }
}

struct Running {
    hub: Hub,
    roster: Arc<Mutex<Roster>>,
    around: Around,
}

impl Running {
    async fn serve(mut self, mut inbox: UnboundedReceiver<Command>) {
        let mut presence = tokio::time::interval(PRESENCE);
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                _ = presence.tick() => {
                    for change in lock(&self.roster).changes(Instant::now().into_std()) {
                        self.around.announce(change);
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let (hub, around) = (&mut self.hub, &mut self.around);
        match command {
            Command::Committed(events) => hub.committed(&events, around),
            Command::Connect(id, actor, mailbox) => {
                around.connect(id, actor, mailbox);
                hub.connect(id, actor.agent);
            }
            Command::Disconnect(id) => {
                hub.disconnect(id);
                around.disconnect(id);
            }
            Command::Mark {
                id,
                follows_joined,
                reply,
            } => {
                if follows_joined {
                    hub.follow_joined(id, true);
                }
                let _ = reply.send(hub.mark());
            }
            Command::Attach {
                id,
                mark,
                starts,
                reply,
            } => {
                let _ = reply.send(self.attach(id, mark, &starts));
            }
            Command::Keep(id, scope) => hub.keep(id, &scope),
            Command::Took(id, bytes) => hub.drained(id, bytes, around),
            Command::Announce(change, chats) => {
                hub.announce(change.agent, &chats, change.presence, around);
            }
            Command::Pass(id, chat, frame) => hub.pass(id, chat, &frame, around),
            Command::Page {
                id,
                chat,
                since,
                read,
            } => {
                let page = Page {
                    chat,
                    since,
                    events: &read.log.events,
                    is_end: read.log.is_end,
                    gap: read.gap,
                };
                hub.page(id, &page, around);
            }
        }
    }

    fn attach(&mut self, id: ReaderId, mark: Mark, starts: &Starts) -> bool {
        let chats: Vec<_> = starts
            .chats
            .iter()
            .map(|(chat, start)| (*chat, *start))
            .collect();
        if !self.hub.attach(id, mark, &chats, &mut self.around) {
            return false;
        }
        for (chat, ended, seq) in &starts.ended {
            let notice = Notice::Unsubscribed(*chat, *ended, *seq);
            self.around.send(id, notice);
        }
        true
    }
}
