//! Messages of the customer's conversations.

use conversation_domain::model::event::{Event, FrameEncoder};
use conversation_domain::model::message::{
    Delivery, Direction, Message, MessageQueries, MessageRepository,
};
use conversation_domain::model::room::Room;
use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ConversationId, ConversationMessageId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::conversations::medias;
use crate::portable::conversations::rows::MessageRow;
use crate::portable::conversations::schema::conversation_messages::{self, dsl};
use crate::portable::deadline::talk_in_time;
use crate::portable::kernel::events::Content;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{bytes, id, seq as stored_seq};
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    fn conversation_message(
        &mut self,
        id: ConversationMessageId,
    ) -> Result<Option<Message>, StoreError> {
        let row = conversation_messages::table
            .filter(dsl::id.eq(bytes(id.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(MessageRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Message::try_from).transpose()
    }

    fn drop_text(&mut self, message: &Message, deleted: Timestamp) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let known = conversation_messages::table
            .filter(dsl::id.eq(bytes(message.id.0)))
            .filter(dsl::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                dsl::body.eq(&message.text),
                dsl::deleted_at.eq(deleted.as_micros()),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    /// Replaces the text of a message in its next logged events; see
    /// [`MessageLog::redact`](conversation_domain::model::event::MessageLog::redact).
    pub(crate) fn redact_message(
        &mut self,
        (now, room): (&Message, &Room),
        encoder: &dyn FrameEncoder,
        bound: Bound,
    ) -> Result<bool, StoreError> {
        self.assert_same_customer(now.customer)?;
        let content = Content {
            item: now.id.0,
            stream: now.conversation.0,
            first: now.seq,
        };
        let created = Event::MessageCreated(now, room);
        self.rewrite_content(content, bound, &|name, place| {
            let event = match name {
                name if name == created.kind().as_str() => created,
                _ => Event::MessageUpdated(now, room),
            };
            Ok(encoder.encode_conversation(now.conversation, place, event))
        })
    }
}

impl MessageRepository for Scope<'_> {
    fn get(&mut self, id: ConversationMessageId) -> Result<Option<Message>, StoreError> {
        self.conversation_message(id)
    }

    fn insert(&mut self, message: &Message) -> Result<(), StoreError> {
        self.assert_same_customer(message.customer)?;
        diesel::insert_into(conversation_messages::table)
            .values(MessageRow::from(message))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, message: &Message) -> Result<(), StoreError> {
        self.assert_same_customer(message.customer)?;
        let failure = message.failure.as_ref();
        let known = conversation_messages::table
            .filter(dsl::id.eq(bytes(message.id.0)))
            .filter(dsl::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                dsl::delivery.eq(message.delivery.as_str()),
                dsl::failure_code.eq(failure.map(|failure| &failure.code)),
                dsl::failure_reason.eq(failure.map(|failure| &failure.reason)),
                dsl::is_permanent.eq(i64::from(failure.is_some_and(|one| one.is_permanent))),
                dsl::reference.eq(&message.reference),
                dsl::medias.eq(medias::to_text(&message.medias)),
                dsl::updated_at.eq(message.updated.as_micros()),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)?;
        match message.deleted {
            None => Ok(()),
            Some(deleted) => self.drop_text(message, deleted),
        }
    }

    fn unread_outgoing(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let unread = [Delivery::Accepted, Delivery::Delivered].map(Delivery::as_str);
        let rows = conversation_messages::table
            .filter(dsl::conversation_id.eq(bytes(conversation.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::direction.eq(Direction::Outgoing.as_str()))
            .filter(dsl::delivery.eq_any(unread))
            .filter(dsl::deleted_at.is_null())
            .filter(dsl::seq.le(stored_seq(seq)))
            .order(dsl::seq.asc())
            .limit(i64::from(limit))
            .select(MessageRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn of_author(&mut self, agent: AgentId, limit: u32) -> Result<Vec<Message>, StoreError> {
        let rows = conversation_messages::table
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::author_id.eq(bytes(agent.0)))
            .filter(dsl::deleted_at.is_null())
            .limit(i64::from(limit))
            .select(MessageRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }
}

impl MessageQueries for Scope<'_> {
    fn get(&mut self, id: ConversationMessageId) -> Result<Option<Message>, StoreError> {
        self.conversation_message(id)
    }

    fn page(
        &mut self,
        conversation: ConversationId,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        let query = conversation_messages::table
            .filter(talk_in_time())
            .filter(dsl::conversation_id.eq(bytes(conversation.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(MessageRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, dsl::created_at, dsl::id);
        let rows = one_page!(query, request, dsl::created_at, dsl::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |message: &Message| {
            Cursor {
                at: message.created,
                id: Some(message.id.0),
            }
        }))
    }

    fn after(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows = conversation_messages::table
            .filter(dsl::conversation_id.eq(bytes(conversation.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::seq.gt(stored_seq(seq)))
            .order(dsl::seq.asc())
            .limit(i64::from(limit))
            .select(MessageRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn deleted_before(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<ConversationMessageId>, StoreError> {
        let last: Vec<(Vec<u8>, Option<i64>)> = conversation_messages::table
            .filter(dsl::conversation_id.eq(bytes(conversation.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::seq.le(stored_seq(seq)))
            .order(dsl::seq.desc())
            .limit(i64::from(limit))
            .select((dsl::id, dsl::deleted_at))
            .load(self.conn)
            .map_err(fault)?;
        let deleted = last.iter().rev().filter(|(_, deleted)| deleted.is_some());
        deleted
            .map(|(row, _)| id(row).map(ConversationMessageId))
            .collect()
    }
}
