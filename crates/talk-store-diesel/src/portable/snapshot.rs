//! The read-only repositories on one snapshot.

use conversation_domain::model::account::AccountQueries;
use conversation_domain::model::conversation::ConversationQueries;
use conversation_domain::model::fetch::FetchQueries;
use conversation_domain::model::job::JobQueries;
use conversation_domain::model::message as conversation;
use conversation_domain::model::receipt::ReceiptQueries;
use conversation_domain::model::room::RoomQueries;
use conversation_domain::model::{participant, read};
use conversation_domain::unit::ConversationSnapshot;
use std::sync::Arc;
use talk_domain::files::model::FileQueries;
use talk_domain::files::unit::FileSnapshot;
use talk_domain::hooks::decision::DecisionQueries;
use talk_domain::hooks::delivery::DeliveryQueries;
use talk_domain::hooks::intercept::InterceptQueries;
use talk_domain::hooks::unit::HooksSnapshot;
use talk_domain::hooks::webhook::WebhookQueries;
use talk_domain::identity::access_key::AccessKeyQueries;
use talk_domain::identity::agent::AgentQueries;
use talk_domain::identity::session::Directory;
use talk_domain::identity::unit::IdentitySnapshot;
use talk_domain::kernel::cleanup::CleanupQueries;
use talk_domain::kernel::log::{EventQueries, LogPage, Logged, Portion};
use talk_domain::kernel::positions::LogQueries;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::kernel::unit::Snapshot;
use talk_domain::talk::model::chat::ChatQueries;
use talk_domain::talk::model::event::FrameEncoder;
use talk_domain::talk::model::held::HeldQueries;
use talk_domain::talk::model::mention::MentionQueries;
use talk_domain::talk::model::message::MessageQueries;
use talk_domain::talk::model::participant::ParticipantQueries;
use talk_domain::talk::model::read::ReadQueries;
use talk_domain::talk::model::retention::RetentionQueries;
use talk_domain::talk::unit::TalkSnapshot;

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::scope::Scope;

/// A snapshot of one customer.
pub struct DieselSnapshot<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) encoder: &'a dyn FrameEncoder,
}

impl<'a> DieselSnapshot<'a> {
    /// Creates a snapshot on `conn`, which is in a transaction.
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        unit: Unit,
        encoder: &'a dyn FrameEncoder,
    ) -> Self {
        Self {
            scope: Scope::new(conn, unit.customer, BatchCache::default()),
            encoder,
        }
    }
}

/// Reads the log, with tombstones in place of deleted messages whose events a cleanup has not
/// rewritten yet.
impl EventQueries for DieselSnapshot<'_> {
    fn after(&mut self, stream: StreamId, portion: Portion) -> Result<LogPage, StoreError> {
        let mut page = EventQueries::after(&mut self.scope, stream, portion)?;
        self.scope
            .hide_deleted(stream, &mut page.events, self.encoder)?;
        Ok(page)
    }

    fn get(&mut self, stream: StreamId, seq: u64) -> Result<Option<Arc<Logged>>, StoreError> {
        let mut event = EventQueries::get(&mut self.scope, stream, seq)?;
        self.scope
            .hide_deleted(stream, event.as_mut_slice(), self.encoder)?;
        Ok(event)
    }
}

impl Snapshot for DieselSnapshot<'_> {
    fn events(&mut self) -> &mut dyn EventQueries {
        self
    }
    fn cleanups(&mut self) -> &mut dyn CleanupQueries {
        &mut self.scope
    }
    fn log(&mut self) -> &mut dyn LogQueries {
        self
    }
}

impl IdentitySnapshot for DieselSnapshot<'_> {
    fn agents(&mut self) -> &mut dyn AgentQueries {
        &mut self.scope
    }
    fn keys(&mut self) -> &mut dyn AccessKeyQueries {
        &mut self.scope
    }
    fn directory(&mut self) -> &mut dyn Directory {
        &mut self.scope
    }
}

impl FileSnapshot for DieselSnapshot<'_> {
    fn files(&mut self) -> &mut dyn FileQueries {
        &mut self.scope
    }
}

impl HooksSnapshot for DieselSnapshot<'_> {
    fn webhooks(&mut self) -> &mut dyn WebhookQueries {
        &mut self.scope
    }
    fn deliveries(&mut self) -> &mut dyn DeliveryQueries {
        &mut self.scope
    }
    fn intercepts(&mut self) -> &mut dyn InterceptQueries {
        &mut self.scope
    }
    fn decisions(&mut self) -> &mut dyn DecisionQueries {
        &mut self.scope
    }
}

impl ConversationSnapshot for DieselSnapshot<'_> {
    fn accounts(&mut self) -> &mut dyn AccountQueries {
        &mut self.scope
    }
    fn rooms(&mut self) -> &mut dyn RoomQueries {
        &mut self.scope
    }
    fn conversations(&mut self) -> &mut dyn ConversationQueries {
        &mut self.scope
    }
    fn conversation_messages(&mut self) -> &mut dyn conversation::MessageQueries {
        &mut self.scope
    }
    fn conversation_participants(&mut self) -> &mut dyn participant::ParticipantQueries {
        &mut self.scope
    }
    fn conversation_reads(&mut self) -> &mut dyn read::ReadQueries {
        &mut self.scope
    }
    fn jobs(&mut self) -> &mut dyn JobQueries {
        &mut self.scope
    }
    fn receipts(&mut self) -> &mut dyn ReceiptQueries {
        &mut self.scope
    }
    fn fetches(&mut self) -> &mut dyn FetchQueries {
        &mut self.scope
    }
}

impl TalkSnapshot for DieselSnapshot<'_> {
    fn chats(&mut self) -> &mut dyn ChatQueries {
        &mut self.scope
    }
    fn participants(&mut self) -> &mut dyn ParticipantQueries {
        &mut self.scope
    }
    fn messages(&mut self) -> &mut dyn MessageQueries {
        &mut self.scope
    }
    fn mentions(&mut self) -> &mut dyn MentionQueries {
        &mut self.scope
    }
    fn reads(&mut self) -> &mut dyn ReadQueries {
        &mut self.scope
    }
    fn held(&mut self) -> &mut dyn HeldQueries {
        &mut self.scope
    }
    fn retention(&mut self) -> &mut dyn RetentionQueries {
        &mut self.scope
    }
}
