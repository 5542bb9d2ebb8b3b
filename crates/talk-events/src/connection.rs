//! The handle of one connection in the node.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::live::{
    Connection, Entitlements, Notice, Refused, Resume, Scope, SubscribeError,
};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::hub::SubscriberId;
use crate::mailbox::Notices;
use crate::node::{Command, NodeHandle, lock};
use crate::roster::Roster;

/// Number of times that a subscription is tried. A try fails if more is committed during it than
/// the hub remembers.
const ATTEMPTS: usize = 10;

/// The [`Connection`] of a node. The hub bounds its queue: it sends an event only if the queue has
/// space for it.
pub(crate) struct NodeConnection {
    id: SubscriberId,
    actor: Actor,
    entitlements: Arc<dyn Entitlements>,
    node: UnboundedSender<Command>,
    notices: Notices,
    roster: Arc<Mutex<Roster>>,
    /// Number of received bytes that are acknowledged together.
    portion: usize,
    /// Number of received bytes that are not acknowledged yet.
    received: usize,
}

impl NodeConnection {
    pub(crate) fn new(id: SubscriberId, actor: Actor, node: &NodeHandle, notices: Notices) -> Self {
        let roster = Arc::clone(&node.roster);
        lock(&roster).connect(id, actor, Instant::now().into_std());
        Self {
            id,
            actor,
            entitlements: Arc::clone(&node.entitlements),
            node: node.sender.clone(),
            notices,
            roster,
            portion: node.portion,
            received: 0,
        }
    }

    /// Sends a command to the node and waits for its reply.
    async fn request<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, SubscribeError> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply));
        answer.await.map_err(|_| SubscribeError::Stopping)
    }

    /// Sends a command. An error means that delivery has ended; the queue of notices ends then too.
    fn send(&self, command: Command) {
        let _ = self.node.send(command);
    }

    async fn begin(&self, added: &Scope, resume: &Resume) -> Result<Refused, SubscribeError> {
        let id = self.id;
        for _ in 0..ATTEMPTS {
            let realms = added.realms.clone();
            let mark = self.request(|reply| Command::Mark { id, realms, reply });
            let mark = mark.await?;
            let starts = self.entitlements.starts(self.actor, added, resume);
            let mut starts = starts.await?;
            let refused = std::mem::take(&mut starts.refused);
            let subscribed = self.request(|reply| Command::Subscribe {
                id,
                mark,
                starts,
                reply,
            });
            if subscribed.await? {
                return Ok(refused);
            }
        }
        Err(StoreError::Busy.into())
    }
}

impl Connection for NodeConnection {
    fn subscribe<'a>(
        &'a mut self,
        current: &Scope,
        added: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'a, Result<Refused, SubscribeError>> {
        let (current, added, resume) = (current.clone(), added.clone(), resume.clone());
        Box::pin(async move {
            let begun = self.begin(&added, &resume).await;
            if begun.is_err() {
                self.unsubscribe(&current);
            }
            begun
        })
    }

    fn unsubscribe(&mut self, remaining: &Scope) {
        self.send(Command::Unsubscribe(self.id, remaining.clone()));
    }

    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.notices.poll_recv(cx)
    }

    fn mark_active(&mut self) {
        let now = Instant::now().into_std();
        lock(&self.roster).mark_active(self.id, self.actor.agent, now);
    }

    fn acknowledge(&mut self, bytes: usize) {
        self.received += bytes;
        if self.received >= self.portion {
            let received = std::mem::take(&mut self.received);
            self.send(Command::Acknowledge(self.id, received));
        }
    }

    fn send_ephemeral(&mut self, stream: StreamId, frame: Arc<str>) {
        self.send(Command::Ephemeral(Some(self.id), stream, frame));
    }
}

impl Drop for NodeConnection {
    fn drop(&mut self) {
        let now = Instant::now().into_std();
        lock(&self.roster).disconnect(self.id, self.actor.agent, now);
        self.send(Command::Disconnect(self.id));
    }
}
