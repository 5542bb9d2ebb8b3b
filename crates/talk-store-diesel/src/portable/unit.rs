//! The repositories of an open unit of work.

use std::sync::Arc;

use talk_domain::access_key::AccessKeyRepository;
use talk_domain::agent::AgentRepository;
use talk_domain::chat::remove::ChatRemoval;
use talk_domain::chat::{ChatRepository, Tick};
use talk_domain::cleanup::{Bound, CleanupRepository};
use talk_domain::customer::delete::CustomerRemoval;
use talk_domain::event::{EventLog, FrameEncoder, LogEntry, LoggedEvent};
use talk_domain::id::ChatId;
use talk_domain::idempotency::IdempotencyRepository;
use talk_domain::media::FileRepository;
use talk_domain::mention::MentionRepository;
use talk_domain::message::{Message, MessageRepository};
use talk_domain::participant::ParticipantRepository;
use talk_domain::reaction::ReactionRepository;
use talk_domain::read::{ReadQueries, ReadRepository};
use talk_domain::retention::RetentionRepository;
use talk_domain::session::{Directory, SessionRepository};
use talk_domain::store::{CustomerRepository, StoreError, Unit, UnitOfWork};

use crate::portable::connection::AnyConnection;
use crate::portable::fast::memory::Memory;
use crate::portable::scope::Scope;

/// The result of a unit.
pub(crate) struct Done {
    /// What its transaction did so far.
    pub(crate) memory: Memory,
    /// Whether there is anything to roll back.
    pub(crate) has_changed: bool,
    /// The events it appended, in order.
    pub(crate) events: Vec<LoggedEvent>,
}

/// One open unit of work.
pub(crate) struct DieselUnit<'a> {
    scope: Scope<'a>,
    encoder: &'a dyn FrameEncoder,
    appended: Vec<LoggedEvent>,
}

impl<'a> DieselUnit<'a> {
    /// Creates a unit on `conn`, which is in a transaction; `memory` is its cache.
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        unit: Unit,
        encoder: &'a dyn FrameEncoder,
        memory: Memory,
    ) -> Self {
        Self {
            scope: Scope::new(conn, unit.customer, memory),
            encoder,
            appended: Vec::new(),
        }
    }

    /// Returns the result.
    pub(crate) fn into_done(self) -> Done {
        let (memory, has_changed) = self.scope.into_memory();
        Done {
            memory,
            has_changed,
            events: self.appended,
        }
    }
}

impl EventLog for DieselUnit<'_> {
    fn append(&mut self, entry: &LogEntry<'_>) -> Result<LoggedEvent, StoreError> {
        let frame: Arc<str> = self.encoder.encode(entry).into();
        self.scope.log(entry, &frame)?;
        let logged = entry.logged(frame);
        self.appended.push(logged.clone());
        Ok(logged)
    }

    fn redact(&mut self, tombstone: &Message, bound: Bound) -> Result<bool, StoreError> {
        let appended = self.appended.iter_mut();
        for event in appended.filter(|event| event.has_content_of(tombstone.id)) {
            event.redact(tombstone, self.encoder);
        }
        self.scope.redact(tombstone, self.encoder, bound)
    }

    fn trim(&mut self, chat: ChatId, upto: Tick, bound: Bound) -> Result<Option<u64>, StoreError> {
        self.scope.trim(chat, upto, bound)
    }
}

impl UnitOfWork for DieselUnit<'_> {
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
    fn files(&mut self) -> &mut dyn FileRepository {
        &mut self.scope
    }
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
    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository {
        &mut self.scope
    }
    fn events(&mut self) -> &mut dyn EventLog {
        self
    }
    fn cleanups(&mut self) -> &mut dyn CleanupRepository {
        &mut self.scope
    }
    fn removal(&mut self) -> &mut dyn ChatRemoval {
        &mut self.scope
    }
    fn retention(&mut self) -> &mut dyn RetentionRepository {
        &mut self.scope
    }
    fn directory(&mut self) -> &mut dyn Directory {
        &mut self.scope
    }
}
