//! The I/O of the hub: the queues of the connections, and reads of the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::live::{CatchUp, Entitlements, Notice};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::stream::{Realm, StreamId};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use super::{Command, GATHERING, PAGE};
use crate::hub::{Outbox, SubscriberId};
use crate::mailbox::Mailbox;
use crate::roster::PresenceChange;

/// Maximum number of reads of the log in progress. A page may have some megabytes.
const READS: usize = 16;

/// Maximum number of reads for presence in progress. It is 1 so that requests are not delayed when
/// thousands connect at once.
const PRESENCE_READS: usize = 1;

/// Pause before a failed read of the log is repeated.
const RETRY: Duration = Duration::from_millis(200);

/// See the [module](self).
pub(super) struct NodeIo {
    entitlements: Arc<dyn Entitlements>,
    sender: UnboundedSender<Command>,
    peers: HashMap<SubscriberId, Arc<Peer>>,
    reads: Arc<Semaphore>,
    presence_reads: Arc<Semaphore>,
}

/// A connection.
struct Peer {
    actor: Actor,
    mailbox: Mailbox,
}

impl NodeIo {
    pub(super) fn new(
        entitlements: Arc<dyn Entitlements>,
        sender: UnboundedSender<Command>,
    ) -> Self {
        Self {
            entitlements,
            sender,
            peers: HashMap::new(),
            reads: Arc::new(Semaphore::new(READS)),
            presence_reads: Arc::new(Semaphore::new(PRESENCE_READS)),
        }
    }

    pub(super) fn connect(&mut self, id: SubscriberId, actor: Actor, mailbox: Mailbox) {
        let peer = Peer { actor, mailbox };
        self.peers.insert(id, Arc::new(peer));
    }

    /// Returns the realms of which `actor` may read every stream of its customer.
    pub(super) fn overseen(&self, actor: Actor) -> BTreeSet<Realm> {
        self.entitlements.overseen(actor)
    }

    pub(super) fn disconnect(&mut self, id: SubscriberId) {
        self.peers.remove(&id);
    }

    /// Flushes ephemeral frames after [`GATHERING`].
    pub(super) fn flush_later(&self) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            tokio::time::sleep(GATHERING).await;
            let _ = sender.send(Command::FlushEphemeral);
        });
    }

    /// Finds the streams whose participants get a change of presence. After a failure the change is
    /// not sent; clients can request the presence of an agent.
    pub(super) fn find_streams(&self, change: PresenceChange) {
        let (entitlements, sender) = (Arc::clone(&self.entitlements), self.sender.clone());
        let reads = Arc::clone(&self.presence_reads);
        tokio::spawn(async move {
            let Ok(_permit) = reads.acquire_owned().await else {
                return;
            };
            match entitlements.streams_of(change.customer, change.agent).await {
                Ok(streams) => {
                    let _ = sender.send(Command::Presence(change, streams));
                }
                Err(error) => tracing::warn!(%error, "a change of presence was not sent"),
            }
        });
    }
}

impl Outbox for NodeIo {
    fn send(&mut self, subscriber: SubscriberId, notice: Notice) {
        if let Some(peer) = self.peers.get(&subscriber) {
            peer.mailbox.send(notice);
        }
    }

    fn read(&mut self, id: SubscriberId, stream: StreamId, since: u64, bytes: usize) {
        let Some(peer) = self.peers.get(&id).cloned() else {
            return;
        };
        let (entitlements, sender) = (Arc::clone(&self.entitlements), self.sender.clone());
        let reads = Arc::clone(&self.reads);
        let portion = Portion {
            bytes,
            ..Portion::new(since, PAGE)
        };
        tokio::spawn(async move {
            if let Some(read) = page(&*entitlements, &reads, &peer, (stream, portion)).await {
                let _ = sender.send(Command::Page {
                    id,
                    stream,
                    since,
                    read,
                });
            }
        });
    }
}

/// Reads a page of the log, and repeats the read while storage fails. Returns `None` if the
/// connection has ended.
async fn page(
    entitlements: &dyn Entitlements,
    reads: &Semaphore,
    peer: &Peer,
    (stream, portion): (StreamId, Portion),
) -> Option<CatchUp> {
    while !peer.mailbox.is_closed() {
        let permit = reads.acquire().await.ok()?;
        match entitlements.catch_up(peer.actor, stream, portion).await {
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
