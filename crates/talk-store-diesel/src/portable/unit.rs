//! The repositories of an open unit of work.

use std::sync::Arc;

use conversation_domain::departure::{erase_some_messages, leave_some_conversations};
use conversation_domain::model::account::AccountRepository;
use conversation_domain::model::conversation::ConversationRepository;
use conversation_domain::model::event::MessageLog;
use conversation_domain::model::fetch::FetchRepository;
use conversation_domain::model::inbox::InboxRepository;
use conversation_domain::model::job::JobRepository;
use conversation_domain::model::message as conversation;
use conversation_domain::model::part::PartRepository;
use conversation_domain::model::receipt::ReceiptRepository;
use conversation_domain::model::room::{Room, RoomRepository};
use conversation_domain::model::{participant, read};
use conversation_domain::unit::ConversationUnit;
use talk_domain::files::model::FileRepository;
use talk_domain::files::unit::FileUnit;
use talk_domain::hooks::decision::DecisionRepository;
use talk_domain::hooks::delivery::DeliveryRepository;
use talk_domain::hooks::intercept::InterceptRepository;
use talk_domain::hooks::unit::HooksUnit;
use talk_domain::hooks::webhook::WebhookRepository;
use talk_domain::identity::access_key::AccessKeyRepository;
use talk_domain::identity::agent::AgentRepository;
use talk_domain::identity::customer::{CustomerRemoval, CustomerRepository};
use talk_domain::identity::departure::Departure;
use talk_domain::identity::session::{Directory, SessionRepository};
use talk_domain::identity::unit::IdentityUnit;
use talk_domain::kernel::cleanup::{Bound, CleanupRepository, Deleted};
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::{AgentId, ChatId, ConversationId};
use talk_domain::kernel::idempotency::IdempotencyRepository;
use talk_domain::kernel::log::{Entry, EventLog, Logged};
use talk_domain::kernel::positions::{ConsumerRepository, LogQueries};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{StreamId, Tick};
use talk_domain::kernel::unit::UnitOfWork;
use talk_domain::talk::departure::{erase_author, leave_some_chats, remove_any_rows};
use talk_domain::talk::model::chat::ChatRepository;
use talk_domain::talk::model::event::{ChatLog, FrameEncoder};
use talk_domain::talk::model::held::HeldRepository;
use talk_domain::talk::model::mention::MentionRepository;
use talk_domain::talk::model::message::{Message, MessageRepository};
use talk_domain::talk::model::participant::ParticipantRepository;
use talk_domain::talk::model::reaction::ReactionRepository;
use talk_domain::talk::model::read::{ReadQueries, ReadRepository};
use talk_domain::talk::model::removal::ChatRemoval;
use talk_domain::talk::model::retention::RetentionRepository;
use talk_domain::talk::unit::TalkUnit;

use crate::connection::AnyConnection;
use crate::encoders::Encoders;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::kernel::events::redact;
use crate::portable::scope::Scope;

/// Maximum number of rows of webhooks or conversations that one unit removes of a deleted customer.
const REMOVED: u32 = 64;

/// The result of a unit.
pub(crate) struct Done {
    /// The cache of its transaction.
    pub(crate) cache: BatchCache,
    /// Whether there is anything to roll back.
    pub(crate) has_changed: bool,
    /// The events it appended, in order.
    pub(crate) events: Vec<Arc<Logged>>,
}

/// An open unit of work.
pub struct DieselUnit<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) encoder: &'a dyn Encoders,
    appended: Vec<Arc<Logged>>,
}

impl<'a> DieselUnit<'a> {
    /// Creates a unit on `conn`, which is in a transaction; `cache` is its cache.
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        unit: Unit,
        encoder: &'a dyn Encoders,
        cache: BatchCache,
    ) -> Self {
        Self {
            scope: Scope::new(conn, unit.customer, cache),
            encoder,
            appended: Vec::new(),
        }
    }

    /// Returns the connection, for the tables of a domain outside this crate. The unit counts as one
    /// that has changed something.
    pub fn connection(&mut self) -> &mut AnyConnection {
        self.scope.changing()
    }

    /// Returns the result.
    pub(crate) fn into_done(self) -> Done {
        let (cache, has_changed) = self.scope.into_cache();
        Done {
            cache,
            has_changed,
            events: self.appended,
        }
    }
}

impl EventLog for DieselUnit<'_> {
    fn append(
        &mut self,
        stream: StreamId,
        tick: Tick,
        actor: Option<AgentId>,
        entry: Entry,
    ) -> Result<Arc<Logged>, StoreError> {
        let logged = self.scope.append(stream, tick, actor, entry)?;
        self.appended.push(Arc::clone(&logged));
        Ok(logged)
    }
}

impl ChatLog for DieselUnit<'_> {
    fn redact(&mut self, tombstone: &Message, bound: Bound) -> Result<bool, StoreError> {
        for event in &mut self.appended {
            redact(event, tombstone, self.encoder);
        }
        self.scope.redact(tombstone, self.encoder, bound)
    }

    fn first_held(&mut self, stream: StreamId, upto: u64) -> Result<Option<u64>, StoreError> {
        self.scope.first_held(stream, upto)
    }

    fn trim(&mut self, chat: ChatId, upto: Tick, bound: Bound) -> Result<Option<u64>, StoreError> {
        self.scope.trim(chat, upto, bound)
    }
}

impl MessageLog for DieselUnit<'_> {
    fn redact(
        &mut self,
        now: &conversation::Message,
        room: &Room,
        bound: Bound,
    ) -> Result<bool, StoreError> {
        self.scope.redact_message((now, room), self.encoder, bound)
    }
}

impl UnitOfWork for DieselUnit<'_> {
    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository {
        &mut self.scope
    }
    fn cleanups(&mut self) -> &mut dyn CleanupRepository {
        &mut self.scope
    }
    fn events(&mut self) -> &mut dyn EventLog {
        self
    }
    fn log(&mut self) -> &mut dyn LogQueries {
        self
    }
    fn consumers(&mut self) -> &mut dyn ConsumerRepository {
        &mut self.scope
    }
}

impl IdentityUnit for DieselUnit<'_> {
    fn agents(&mut self) -> &mut dyn AgentRepository {
        &mut self.scope
    }
    fn keys(&mut self) -> &mut dyn AccessKeyRepository {
        &mut self.scope
    }
    fn sessions(&mut self) -> &mut dyn SessionRepository {
        &mut self.scope
    }
    fn customers(&mut self) -> &mut dyn CustomerRepository {
        &mut self.scope
    }
    fn customer_removal(&mut self) -> &mut dyn CustomerRemoval {
        &mut self.scope
    }
    fn directory(&mut self) -> &mut dyn Directory {
        &mut self.scope
    }
    fn products(&mut self) -> &mut dyn Departure {
        self
    }
}

/// Talk, webhooks and conversations change their data in the transaction of identity.
impl Departure for DieselUnit<'_> {
    fn agent_deleted(&mut self, cx: &Context, agent: AgentId) -> Result<(), StoreError> {
        self.held().remove_of(agent)?;
        if self.leave_some(cx, agent)? {
            let (id, by) = (agent, cx.actor.agent);
            self.cleanups().add(Deleted::Agent { id, by })?;
        }
        Ok(())
    }

    fn leave_some(&mut self, cx: &Context, agent: AgentId) -> Result<bool, StoreError> {
        Ok(leave_some_chats(self, cx, agent)? || leave_some_conversations(self, cx, agent)?)
    }

    fn erase_some(&mut self, cx: &Context, agent: AgentId) -> Result<bool, StoreError> {
        erase_some_messages(self, cx, agent)
    }

    fn agent_erased(&mut self, agent: AgentId) -> Result<(), StoreError> {
        erase_author(self, agent)
    }

    fn remove_customer_rows(&mut self, cx: &Context) -> Result<bool, StoreError> {
        Ok(remove_any_rows(self, cx)?
            || self.held().remove_all(REMOVED)?
            || self.decisions().remove_all(REMOVED)?
            || self.deliveries().remove_all(REMOVED)?
            || self.scope.remove_conversation_rows(REMOVED)?)
    }

    fn remove_conversation(&mut self, id: ConversationId) -> Result<bool, StoreError> {
        self.scope.remove_conversation(id, REMOVED)
    }
}

impl FileUnit for DieselUnit<'_> {
    fn files(&mut self) -> &mut dyn FileRepository {
        &mut self.scope
    }
}

impl HooksUnit for DieselUnit<'_> {
    fn webhooks(&mut self) -> &mut dyn WebhookRepository {
        &mut self.scope
    }
    fn deliveries(&mut self) -> &mut dyn DeliveryRepository {
        &mut self.scope
    }
    fn intercepts(&mut self) -> &mut dyn InterceptRepository {
        &mut self.scope
    }
    fn decisions(&mut self) -> &mut dyn DecisionRepository {
        &mut self.scope
    }
}

impl ConversationUnit for DieselUnit<'_> {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        &mut self.scope
    }
    fn rooms(&mut self) -> &mut dyn RoomRepository {
        &mut self.scope
    }
    fn conversations(&mut self) -> &mut dyn ConversationRepository {
        &mut self.scope
    }
    fn conversation_messages(&mut self) -> &mut dyn conversation::MessageRepository {
        &mut self.scope
    }
    fn message_log(&mut self) -> &mut dyn MessageLog {
        self
    }
    fn conversation_participants(&mut self) -> &mut dyn participant::ParticipantRepository {
        &mut self.scope
    }
    fn conversation_marks(&mut self) -> &mut dyn read::ReadRepository {
        &mut self.scope
    }
    fn conversation_reads(&mut self) -> &mut dyn read::ReadQueries {
        &mut self.scope
    }
    fn inbox(&mut self) -> &mut dyn InboxRepository {
        &mut self.scope
    }
    fn jobs(&mut self) -> &mut dyn JobRepository {
        &mut self.scope
    }
    fn parts(&mut self) -> &mut dyn PartRepository {
        &mut self.scope
    }
    fn receipts(&mut self) -> &mut dyn ReceiptRepository {
        &mut self.scope
    }
    fn fetches(&mut self) -> &mut dyn FetchRepository {
        &mut self.scope
    }
    fn frames(&self) -> &dyn conversation_domain::model::event::FrameEncoder {
        self.encoder
    }
}

impl TalkUnit for DieselUnit<'_> {
    fn frames(&self) -> &dyn FrameEncoder {
        self.encoder
    }
    fn chat_log(&mut self) -> &mut dyn ChatLog {
        self
    }
    fn chats(&mut self) -> &mut dyn ChatRepository {
        &mut self.scope
    }
    fn participants(&mut self) -> &mut dyn ParticipantRepository {
        &mut self.scope
    }
    fn messages(&mut self) -> &mut dyn MessageRepository {
        &mut self.scope
    }
    fn mentions(&mut self) -> &mut dyn MentionRepository {
        &mut self.scope
    }
    fn reactions(&mut self) -> &mut dyn ReactionRepository {
        &mut self.scope
    }
    fn read_marks(&mut self) -> &mut dyn ReadRepository {
        &mut self.scope
    }
    fn reads(&mut self) -> &mut dyn ReadQueries {
        &mut self.scope
    }
    fn held(&mut self) -> &mut dyn HeldRepository {
        &mut self.scope
    }
    fn removal(&mut self) -> &mut dyn ChatRemoval {
        &mut self.scope
    }
    fn retention(&mut self) -> &mut dyn RetentionRepository {
        &mut self.scope
    }
}
