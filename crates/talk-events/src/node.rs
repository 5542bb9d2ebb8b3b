//! The node: the hub with its I/O.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use talk_domain::context::Actor;
use talk_domain::event::{Bell, LoggedEvent};
use talk_domain::id::{ChatId, CustomerId};
use talk_domain::live::subscribe::{Start, Starts};
use talk_domain::live::{Begun, Connection, Live, Notice, Scope};
use talk_domain::store::{Store, StoreError, Unit};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use crate::connection::NodeConnection;
use crate::hub::{Hub, Mark, Outbox, Page, ReaderId};

/// Events read from the log at a time.
const PAGE: u32 = 128;

/// Reads of the log under way at a time; a page may hold some megabytes.
const READS: usize = 16;

/// How long a failed read of the log waits before it is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// What the node is asked to do, in one queue with the commits so that their order is known.
pub(crate) enum Command {
    Committed(Vec<LoggedEvent>),
    Connect(ReaderId, Actor, UnboundedSender<Notice>),
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
        reply: oneshot::Sender<Option<Vec<Begun>>>,
    },
    Keep(ReaderId, Scope),
    Took(ReaderId, usize),
    Pass(ReaderId, ChatId, Arc<str>),
    Page {
        id: ReaderId,
        chat: ChatId,
        since: u64,
        events: Vec<LoggedEvent>,
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
    store: Arc<dyn Store>,
    sender: UnboundedSender<Command>,
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
    pub fn run(self, store: Arc<dyn Store>) -> (NodeHandle, impl Future<Output = ()> + Send) {
        let handle = NodeHandle {
            store: Arc::clone(&store),
            sender: self.sender.clone(),
            ids: Arc::default(),
        };
        let running = Running {
            hub: self.hub,
            around: Around {
                store,
                sender: self.sender,
                peers: HashMap::new(),
                reads: Arc::new(Semaphore::new(READS)),
            },
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
        let (mailbox, notices) = mpsc::unbounded_channel();
        // An error means that delivery has ended; the mailbox is closed then.
        let _ = self.sender.send(Command::Connect(id, actor, mailbox));
        Box::new(NodeConnection::new(
            id,
            actor,
            Arc::clone(&self.store),
            self.sender.clone(),
            notices,
        ))
    }
}

struct Running {
    hub: Hub,
    around: Around,
}

/// Everything the hub acts on.
struct Around {
    store: Arc<dyn Store>,
    sender: UnboundedSender<Command>,
    peers: HashMap<ReaderId, Peer>,
    reads: Arc<Semaphore>,
}

struct Peer {
    customer: CustomerId,
    mailbox: UnboundedSender<Notice>,
}

impl Outbox for Around {
    fn send(&mut self, reader: ReaderId, notice: Notice) {
        if let Some(peer) = self.peers.get(&reader) {
            // An error means that the connection is ending; its disconnection is on its way.
            let _ = peer.mailbox.send(notice);
        }
    }

    fn read(&mut self, id: ReaderId, chat: ChatId, since: u64) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        let (store, sender, reads, mailbox) = (
            Arc::clone(&self.store),
            self.sender.clone(),
            Arc::clone(&self.reads),
            peer.mailbox.clone(),
        );
        let unit = Unit::of(peer.customer, "catch_up");
        tokio::spawn(async move {
            let Ok(_permit) = reads.acquire_owned().await else {
                return;
            };
            while !mailbox.is_closed() {
                let read: Result<_, StoreError> = store
                    .read(unit, move |snapshot| {
                        snapshot.events().after(chat, since, PAGE)
                    })
                    .await;
                match read {
                    Ok(events) => {
                        let _ = sender.send(Command::Page {
                            id,
                            chat,
                            since,
                            events,
                        });
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a read of the event log failed; it is repeated");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        });
    }
}

impl Running {
    async fn serve(mut self, mut inbox: UnboundedReceiver<Command>) {
        while let Some(command) = inbox.recv().await {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        let (hub, around) = (&mut self.hub, &mut self.around);
        match command {
            Command::Committed(events) => hub.committed(&events, around),
            Command::Connect(id, actor, mailbox) => {
                let customer = actor.customer;
                around.peers.insert(id, Peer { customer, mailbox });
                hub.connect(id, actor.agent);
            }
            Command::Disconnect(id) => {
                hub.disconnect(id);
                around.peers.remove(&id);
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
            Command::Pass(id, chat, frame) => hub.pass(id, chat, &frame, around),
            Command::Page {
                id,
                chat,
                since,
                events,
            } => {
                let page = Page {
                    chat,
                    since,
                    events: &events,
                    is_end: events.len() < PAGE as usize,
                };
                hub.page(id, &page, around);
            }
        }
    }

    fn attach(&mut self, id: ReaderId, mark: Mark, starts: &Starts) -> Option<Vec<Begun>> {
        let chats: Vec<_> = starts
            .chats
            .iter()
            .map(|(chat, start)| (*chat, *start))
            .collect();
        let begun = self.hub.attach(id, mark, &chats, &mut self.around)?;
        for (chat, ended, seq) in &starts.ended {
            let notice = Notice::Unsubscribed(*chat, *ended, *seq);
            self.around.send(id, notice);
        }
        let heads = begun.into_iter().map(|(chat, after)| Begun {
            chat,
            after,
            head: starts.chats.get(&chat).map_or(after, Start::head),
        });
        Some(heads.collect())
    }
}
