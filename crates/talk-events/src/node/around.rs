//! Everything around the hub: the connections' queues and the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::live::Notice;
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::live::catch_up::{CatchUp, catch_up};
use talk_domain::talk::unit::Talk;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::{Command, PAGE};
use crate::hub::{Outbox, ReaderId};
use crate::mailbox::Mailbox;
use crate::roster::Change;

/// Reads of the log under way at a time; a page may hold some megabytes.
const READS: usize = 16;

/// The same of reads for presence, which may wait: when thousands come at once, requests go first.
const PRESENCE_READS: usize = 1;

/// How long a failed read of the log waits before it is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// See the [module](self).
pub(super) struct Around {
    store: Arc<dyn Store<Talk>>,
    sender: UnboundedSender<Command>,
    peers: HashMap<ReaderId, Arc<Peer>>,
    reads: Arc<Semaphore>,
    presence_reads: Arc<Semaphore>,
}

/// A connection.
struct Peer {
    actor: Actor,
    mailbox: Mailbox,
}

impl Around {
    pub(super) fn new(store: Arc<dyn Store<Talk>>, sender: UnboundedSender<Command>) -> Self {
        Self {
            store,
            sender,
            peers: HashMap::new(),
            reads: Arc::new(Semaphore::new(READS)),
            presence_reads: Arc::new(Semaphore::new(PRESENCE_READS)),
        }
    }

    pub(super) fn connect(&mut self, id: ReaderId, actor: Actor, mailbox: Mailbox) {
        let peer = Peer { actor, mailbox };
        self.peers.insert(id, Arc::new(peer));
    }

    pub(super) fn disconnect(&mut self, id: ReaderId) {
        self.peers.remove(&id);
    }

    /// Finds out who shares a chat with an agent that comes or goes. What cannot be found out is
    /// not told: presence can be asked for.
    pub(super) fn announce(&self, change: Change) {
        let (store, sender) = (Arc::clone(&self.store), self.sender.clone());
        let reads = Arc::clone(&self.presence_reads);
        tokio::spawn(async move {
            let Ok(_permit) = reads.acquire_owned().await else {
                return;
            };
            let unit = Unit::of(change.customer, "presence");
            let chats: Result<_, StoreError> = store
                .read(unit, move |snapshot| {
                    snapshot.participants().logs(change.agent)
                })
                .await;
            match chats {
                Ok(chats) => {
                    let chats = chats.into_iter().map(|log| log.chat).collect();
                    let _ = sender.send(Command::Announce(change, chats));
                }
                Err(error) => tracing::warn!(%error, "a change of presence was not told"),
            }
        });
    }
}

impl Outbox for Around {
    fn send(&mut self, reader: ReaderId, notice: Notice) {
        if let Some(peer) = self.peers.get(&reader) {
            // An error means that the connection is ending; its disconnection is on its way.
            peer.mailbox.send(notice);
        }
    }

    fn read(&mut self, id: ReaderId, chat: ChatId, since: u64, bytes: usize) {
        let Some(peer) = self.peers.get(&id).cloned() else {
            return;
        };
        let (store, sender) = (Arc::clone(&self.store), self.sender.clone());
        let reads = Arc::clone(&self.reads);
        let portion = Portion {
            bytes,
            ..Portion::new(since, PAGE)
        };
        tokio::spawn(async move {
            if let Some(read) = page(&*store, &reads, &peer, (chat, portion)).await {
                let _ = sender.send(Command::Page {
                    id,
                    chat,
                    since,
                    read,
                });
            }
        });
    }
}

/// What follows in the log, however long storage is away; `None` once the connection has ended.
async fn page(
    store: &(dyn Store<Talk> + 'static),
    reads: &Semaphore,
    peer: &Peer,
    (chat, portion): (ChatId, Portion),
) -> Option<CatchUp> {
    let actor = peer.actor;
    let unit = Unit::of(actor.customer, "catch_up");
    while !peer.mailbox.is_closed() {
        let permit = reads.acquire().await.ok()?;
        let read: Result<_, StoreError> = store
            .read(unit, move |snapshot| {
                catch_up(snapshot, actor.agent, chat, portion)
            })
            .await;
        match read {
            Ok(read) => return Some(read),
            Err(error) => {
                tracing::warn!(%error, "a read of the event log failed; it is repeated");
                drop(permit);
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    None
}
