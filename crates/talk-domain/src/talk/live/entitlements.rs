//! Answers delivery who may read which chats.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kernel::context::Actor;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{AgentId, ChatId, CustomerId};
use crate::kernel::live::{CatchUp, Entitlements, Gap, Resume, Scope, Starts};
use crate::kernel::log::Portion;
use crate::kernel::store::{Store, Unit};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Realm, StreamId};
use crate::talk::live::catch_up::catch_up;
use crate::talk::live::subscribe::find_starts;
use crate::talk::unit::Talk;

/// The [`Entitlements`] of chats, each answered on one snapshot.
pub struct TalkEntitlements(Arc<dyn Store<Talk>>);

impl TalkEntitlements {
    /// The entitlements that this store has.
    #[must_use]
    pub const fn new(store: Arc<dyn Store<Talk>>) -> Self {
        Self(store)
    }
}

impl Entitlements for TalkEntitlements {
    fn starts(
        &self,
        actor: Actor,
        scope: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'_, Result<Starts, StoreError>> {
        let (scope, resume) = (scope.clone(), resume.clone());
        let is_same_epoch = resume.epoch == self.0.epoch();
        let read = self.0.read(Unit::by(actor, "subscribe"), move |snapshot| {
            find_starts(snapshot, actor, &scope, &resume, is_same_epoch)
        });
        Box::pin(read)
    }

    fn catch_up(
        &self,
        actor: Actor,
        stream: StreamId,
        portion: Portion,
    ) -> BoxFuture<'_, Result<CatchUp, StoreError>> {
        let unit = Unit::of(actor.customer, "catch_up");
        let read = self.0.read(unit, move |snapshot| match ChatId::of(stream) {
            Some(chat) => catch_up(snapshot, actor.agent, chat, portion),
            None => Ok(CatchUp {
                gap: Some(Gap::Gone),
                ..CatchUp::default()
            }),
        });
        Box::pin(read)
    }

    /// Only participants read a chat, admins too.
    fn overseen(&self, _: Actor) -> BTreeSet<Realm> {
        BTreeSet::new()
    }

    fn streams_of(
        &self,
        customer: CustomerId,
        agent: AgentId,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        let read = self
            .0
            .read(Unit::of(customer, "presence"), move |snapshot| {
                let logs = snapshot.participants().logs(agent)?;
                Ok(logs.into_iter().map(|log| log.chat.into()).collect())
            });
        Box::pin(read)
    }
}
