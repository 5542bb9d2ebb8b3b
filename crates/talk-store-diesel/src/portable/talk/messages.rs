//! Messages of the customer.

mod across;
mod pages;

use std::collections::HashMap;

use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ChatId, MessageId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::message::{
    Authored, Message, MessageFilter, MessageQueries, MessageRepository, Revision,
};
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::talk::model::reaction::Reaction;

use crate::error::fault;
use crate::portable::backend::Backend;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::message::{self, MessageRow, RevisionRow};
use crate::portable::rows::reaction::ReactionRow;
use crate::portable::rows::{bytes, id, media, number};
use crate::portable::schema::{messages, reactions, revisions};
use crate::portable::scope::{Scope, changed, octet_length};

impl Scope<'_> {
    fn message_row(&mut self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        messages::table
            .filter(messages::id.eq(bytes(id.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .select(MessageRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)
    }

    fn message(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let rows = self.message_row(id)?.into_iter().collect();
        Ok(self.with_reactions(rows)?.pop())
    }

    /// Finds the chat of a message of the customer.
    pub(crate) fn chat_of_message(
        &mut self,
        message: MessageId,
    ) -> Result<Option<ChatId>, StoreError> {
        let chat: Option<Vec<u8>> = messages::table
            .filter(messages::id.eq(bytes(message.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .select(messages::chat_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        chat.as_deref().map(id).transpose()
    }

    /// Converts rows into messages with their reactions, in the same order.
    pub(crate) fn with_reactions(
        &mut self,
        rows: Vec<MessageRow>,
    ) -> Result<Vec<Message>, StoreError> {
        let reacted: Vec<Vec<u8>> = rows
            .iter()
            .filter(|row| row.reaction_count > 0)
            .map(|row| row.id.clone())
            .collect();
        let mut reactions = self.reactions_of(reacted)?;
        rows.into_iter()
            .map(|row| {
                let of_row = reactions.remove(&row.id).unwrap_or_default();
                let mut message = Message::try_from(row)?;
                message.reactions = of_row;
                Ok(message)
            })
            .collect()
    }

    fn reactions_of(
        &mut self,
        reacted: Vec<Vec<u8>>,
    ) -> Result<HashMap<Vec<u8>, Vec<Reaction>>, StoreError> {
        let mut found: HashMap<Vec<u8>, Vec<Reaction>> = HashMap::new();
        if reacted.is_empty() {
            return Ok(found);
        }
        let rows: Vec<ReactionRow> = reactions::table
            .filter(reactions::message_id.eq_any(reacted))
            .order((reactions::created_at.asc(), reactions::agent_id.asc()))
            .select(ReactionRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        for mut row in rows {
            let message = std::mem::take(&mut row.message_id);
            found.entry(message).or_default().push(row.try_into()?);
        }
        Ok(found)
    }
}

impl MessageRepository for Scope<'_> {
    fn get(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.message(id)
    }

    fn chat_of(&mut self, id: MessageId) -> Result<Option<ChatId>, StoreError> {
        self.chat_of_message(id)
    }

    fn of_author(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Authored, StoreError> {
        Backend::messages_of_author(self, agent, after, limit)
    }

    fn insert(&mut self, message: &Message) -> Result<(), StoreError> {
        self.assert_same_customer(message.customer)?;
        message::insert(self.changing(), message)
    }

    fn update(&mut self, message: &Message) -> Result<(), StoreError> {
        self.text_changes(message.id, &message.text)?;
        changed(
            prepared!(
                "UPDATE talk_messages SET text = ?, medias = ?, updated_at = ?, edited_at = ?, \
                  deleted_at = ? WHERE id = ? AND customer_id = ?",
                [
                    Value::Text(&message.text),
                    Value::Text(&media::to_text(&message.medias)?),
                    Value::Number(message.updated.as_micros()),
                    Value::Optional(message.edited.map(Timestamp::as_micros)),
                    Value::Optional(message.deleted.map(Timestamp::as_micros)),
                    Value::Bytes(message.id.0.as_bytes()),
                    Value::Bytes(&self.customer()),
                ]
            )
            .run(self.changing())
            .map_err(fault)?,
        )
    }

    fn set_reply_count(&mut self, id: MessageId, count: u32) -> Result<(), StoreError> {
        changed(
            prepared!(
                "UPDATE talk_messages SET reply_count = ? WHERE id = ? AND customer_id = ?",
                [
                    Value::Number(i64::from(count)),
                    Value::Bytes(id.0.as_bytes()),
                    Value::Bytes(&self.customer()),
                ]
            )
            .run(self.changing())
            .map_err(fault)?,
        )
    }

    fn add_revision(&mut self, revision: &Revision) -> Result<(), StoreError> {
        changed(usize::from(
            self.chat_of_message(revision.message)?.is_some(),
        ))?;
        diesel::insert_into(revisions::table)
            .values(RevisionRow::try_from(revision)?)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn drop_revisions(&mut self, id: MessageId, bound: Bound) -> Result<bool, StoreError> {
        if self.chat_of_message(id)?.is_none() {
            return Ok(false);
        }
        let (_, is_more) = self.drop_versions(id, bound)?;
        Ok(is_more)
    }
}

impl Scope<'_> {
    /// Deletes earlier versions of a message of the customer, up to `bound`. Returns the number of
    /// rows and bytes, and whether there may be more.
    pub(crate) fn drop_versions(
        &mut self,
        id: MessageId,
        bound: Bound,
    ) -> Result<(Bound, bool), StoreError> {
        let earlier = revisions::table.filter(revisions::message_id.eq(bytes(id.0)));
        let next: Vec<(i64, i64)> = earlier
            .clone()
            .order(revisions::written_at.asc())
            .limit(i64::from(bound.rows))
            .select((revisions::written_at, octet_length(revisions::text)))
            .load(self.conn)
            .map_err(fault)?;
        let (mut dropped, mut last) = (Bound { rows: 0, bytes: 0 }, None);
        for (written, length) in &next {
            last = Some(*written);
            dropped.rows += 1;
            dropped.bytes += number::<u64>(*length)?;
            if dropped.bytes >= bound.bytes {
                break;
            }
        }
        if let Some(last) = last {
            self.cache.mark_erased();
            diesel::delete(earlier.filter(revisions::written_at.le(last)))
                .execute(self.changing())
                .map_err(fault)?;
        }
        let done = dropped.rows as usize;
        let is_more = done < next.len() || next.len() >= bound.rows as usize;
        Ok((dropped, is_more))
    }
}

impl MessageQueries for Scope<'_> {
    fn get(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.message(id)
    }

    fn in_chat(
        &mut self,
        chat: ChatId,
        filter: MessageFilter,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.messages_in_chat(chat, filter, request)
    }

    fn of_agent(
        &mut self,
        agent: AgentId,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.messages_of_agent(agent, request)
    }

    fn search(
        &mut self,
        agent: AgentId,
        search: &MessageSearch,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.search_messages(agent, search, request)
    }

    fn revisions(
        &mut self,
        id: MessageId,
        request: PageRequest,
    ) -> Result<Page<Revision>, StoreError> {
        self.revisions_of(id, request)
    }
}
