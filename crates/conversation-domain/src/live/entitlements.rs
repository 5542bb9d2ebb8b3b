//! The conversations' part of delivery's port [`Entitlements`]: which agents may read which
//! streams.

use std::collections::BTreeSet;
use std::sync::Arc;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::{AgentId, ConversationId, CustomerId};
use talk_domain::kernel::live::{CatchUp, Entitlements, Resume, Scope, Starts};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Realm, StreamId};

use crate::live::subscribe::{catch_up, find_starts};
use crate::model::conversation::REALM;
use crate::unit::Conversations;

/// The [`Entitlements`] of conversations. Each call reads one snapshot.
pub struct ConversationEntitlements(Arc<dyn Store<Conversations>>);

impl ConversationEntitlements {
    /// Returns the entitlements that are read from `store`.
    #[must_use]
    pub const fn new(store: Arc<dyn Store<Conversations>>) -> Self {
        Self(store)
    }
}

impl Entitlements for ConversationEntitlements {
    fn starts(
        &self,
        actor: Actor,
        scope: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'_, Result<Starts, StoreError>> {
        let (scope, resume) = (scope.clone(), resume.clone());
        let is_same_epoch = resume.epoch == self.0.epoch();
        let unit = Unit::by(actor, "subscribe_conversations");
        let read = self.0.read(unit, move |snapshot| {
            find_starts(snapshot, actor, (&scope, &resume), is_same_epoch)
        });
        Box::pin(read)
    }

    fn catch_up(
        &self,
        actor: Actor,
        stream: StreamId,
        portion: Portion,
    ) -> BoxFuture<'_, Result<CatchUp, StoreError>> {
        let unit = Unit::of(actor.customer, "catch_up_conversation");
        let read = self.0.read(unit, move |snapshot| {
            catch_up(snapshot, ConversationId(stream.id), portion)
        });
        Box::pin(read)
    }

    /// The realm of conversations for admins and managers, who read all of them; nothing for
    /// agents.
    fn overseen(&self, actor: Actor) -> BTreeSet<Realm> {
        let is_overseer = actor.permission.administers();
        is_overseer.then_some(REALM).into_iter().collect()
    }

    /// No streams: presence is sent to the participants of chats only.
    fn streams_of(
        &self,
        _: CustomerId,
        _: AgentId,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
