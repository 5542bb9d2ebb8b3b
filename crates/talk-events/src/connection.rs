//! One connection's end of the node.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::live::{Connection, FollowError, Notice, Refused, Resume, Scope};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::live::subscribe::starts;
use talk_domain::talk::unit::Talk;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::hub::ReaderId;
use crate::mailbox::Notices;
use crate::node::{Command, NodeHandle, lock};
use crate::roster::Roster;

/// How often a subscription looks again because too much was committed while it looked.
const ATTEMPTS: usize = 10;

/// See [`Connection`]. Its queue is bounded by the hub, which sends no more events than it may
/// have under way.
pub(crate) struct NodeConnection {
    id: ReaderId,
    actor: Actor,
    store: Arc<dyn Store<Talk>>,
    node: UnboundedSender<Command>,
    notices: Notices,
    roster: Arc<Mutex<Roster>>,
}

impl NodeConnection {
    pub(crate) fn new(id: ReaderId, actor: Actor, node: &NodeHandle, notices: Notices) -> Self {
        let roster = Arc::clone(&node.roster);
        lock(&roster).connect(id, actor, Instant::now().into_std());
        Self {
            id,
            actor,
            store: Arc::clone(&node.store),
            node: node.sender.clone(),
            notices,
            roster,
        }
    }

    /// Asks the node and waits for its answer.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, FollowError> {
        let (reply, answer) = oneshot::channel();
        self.tell(command(reply));
        answer.await.map_err(|_| FollowError::Stopping)
    }

    /// An error means that delivery has ended, of which the closed mailbox tells.
    fn tell(&self, command: Command) {
        let _ = self.node.send(command);
    }

    async fn begin(&self, more: &Scope, resume: &Resume) -> Result<Refused, FollowError> {
        let (id, actor, store) = (self.id, self.actor, &*self.store);
        let is_this_log = resume.epoch == store.epoch();
        let unit = Unit::by(actor, "follow");
        for _ in 0..ATTEMPTS {
            let follows_joined = more.is_all;
            let mark = self.ask(|reply| Command::Mark {
                id,
                follows_joined,
                reply,
            });
            let mark = mark.await?;
            let (scope, since) = (more.clone(), resume.clone());
            let read = store.read(unit, move |snapshot| {
                starts(snapshot, actor, &scope, &since, is_this_log)
            });
            let mut starts = read.await?;
            let refused = std::mem::take(&mut starts.refused);
            let attached = self.ask(|reply| Command::Attach {
                id,
                mark,
                starts,
                reply,
            });
            if attached.await? {
                return Ok(refused);
            }
        }
        Err(StoreError::Busy.into())
    }
}

impl Connection for NodeConnection {
    fn follow<'a>(
        &'a mut self,
        scope: &Scope,
        more: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'a, Result<Refused, FollowError>> {
        let (scope, more, resume) = (scope.clone(), more.clone(), resume.clone());
        Box::pin(async move {
            let begun = self.begin(&more, &resume).await;
            if begun.is_err() {
                self.keep(&scope);
            }
            begun
        })
    }

    fn keep(&mut self, scope: &Scope) {
        self.tell(Command::Keep(self.id, scope.clone()));
    }

    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.notices.poll_recv(cx)
    }

    fn is_active(&mut self) {
        let now = Instant::now().into_std();
        lock(&self.roster).is_active(self.id, self.actor.agent, now);
    }

    fn took(&mut self, bytes: usize) {
        self.tell(Command::Took(self.id, bytes));
    }

    fn pass(&mut self, chat: ChatId, frame: Arc<str>) {
        self.tell(Command::Pass(self.id, chat, frame));
    }
}

impl Drop for NodeConnection {
    fn drop(&mut self) {
        let now = Instant::now().into_std();
        lock(&self.roster).disconnect(self.id, self.actor.agent, now);
        self.tell(Command::Disconnect(self.id));
    }
}
