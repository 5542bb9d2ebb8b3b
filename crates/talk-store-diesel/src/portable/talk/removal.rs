//! Deletes the rows of a chat for good.

use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::removal::ChatRemoval;

use crate::error::fault;
use crate::portable::backend::Backend;
use crate::portable::kernel::cleanups::{CHAT, MESSAGE};
use crate::portable::rows::{bytes, id, number};
use crate::portable::schema::{
    chats, cleanups, former_participants, mentions, message_events, messages, participants,
    reactions, read_marks,
};
use crate::portable::scope::{Scope, octet_length};

impl Scope<'_> {
    /// Deletes up to `limit` memberships with their read marks. Returns whether there may be more.
    fn drop_current(&mut self, chat: ChatId, limit: u32) -> Result<bool, StoreError> {
        let agents: Vec<Vec<u8>> = participants::table
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .order(participants::agent_id.asc())
            .limit(i64::from(limit))
            .select(participants::agent_id)
            .load(self.conn)
            .map_err(fault)?;
        let Some(last) = agents.last() else {
            return Ok(false);
        };
        let gone = participants::table
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::agent_id.le(last));
        diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        let marks = read_marks::table
            .filter(read_marks::chat_id.eq(bytes(chat.0)))
            .filter(read_marks::agent_id.le(last));
        diesel::delete(marks)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(agents.len() >= limit as usize)
    }

    /// Deletes up to `limit` former memberships. Returns whether there may be more.
    fn drop_former(&mut self, chat: ChatId, limit: u32) -> Result<bool, StoreError> {
        let agents: Vec<Vec<u8>> = former_participants::table
            .filter(former_participants::chat_id.eq(bytes(chat.0)))
            .filter(former_participants::customer_id.eq(self.customer()))
            .order(former_participants::agent_id.asc())
            .limit(i64::from(limit))
            .select(former_participants::agent_id)
            .load(self.conn)
            .map_err(fault)?;
        let Some(last) = agents.last() else {
            return Ok(false);
        };
        let gone = former_participants::table
            .filter(former_participants::chat_id.eq(bytes(chat.0)))
            .filter(former_participants::agent_id.le(last));
        diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(agents.len() >= limit as usize)
    }

    /// Deletes a message and the rows that belong to it. Returns `false` if only some of its
    /// earlier versions or events were deleted, because it has more than the bound.
    fn drop_message(
        &mut self,
        chat: ChatId,
        next: &Next,
        left: &mut Left,
    ) -> Result<bool, StoreError> {
        let message = id(&next.id)?;
        let (versions, is_more) = self.drop_versions(message, left.0)?;
        left.spend(versions);
        if is_more || self.drop_message_events(message, left)? {
            return Ok(false);
        }
        let own = bytes(message.0);
        let reacted = reactions::table.filter(reactions::message_id.eq(&own));
        let reacted = diesel::delete(reacted).execute(self.changing());
        left.spend_rows(reacted.map_err(fault)?);
        let mentioned = mentions::table
            .filter(mentions::chat_id.eq(bytes(chat.0)))
            .filter(mentions::created_at.eq(next.created_at));
        let mentioned = diesel::delete(mentioned).execute(self.changing());
        left.spend_rows(mentioned.map_err(fault)?);
        let cleanup = cleanups::table
            .filter(cleanups::kind.eq(MESSAGE))
            .filter(cleanups::subject.eq(&own));
        diesel::delete(cleanup)
            .execute(self.changing())
            .map_err(fault)?;
        left.spend_rows(self.drop_files_of(message)?);
        self.text_changes(message, "")?;
        let row = messages::table.filter(messages::id.eq(&own));
        diesel::delete(row)
            .execute(self.changing())
            .map_err(fault)?;
        left.spend(Bound {
            rows: 1,
            bytes: number(next.length)?,
        });
        Ok(true)
    }

    /// Deletes rows of `talk_message_events` of a message. Returns whether there may be more.
    fn drop_message_events(
        &mut self,
        message: MessageId,
        left: &mut Left,
    ) -> Result<bool, StoreError> {
        let limit = left.0.rows.max(1);
        let of_message =
            message_events::table.filter(message_events::message_id.eq(bytes(message.0)));
        let places: Vec<i64> = of_message
            .clone()
            .order(message_events::seq.asc())
            .limit(i64::from(limit))
            .select(message_events::seq)
            .load(self.conn)
            .map_err(fault)?;
        if let Some(last) = places.last() {
            diesel::delete(of_message.filter(message_events::seq.le(last)))
                .execute(self.changing())
                .map_err(fault)?;
        }
        left.spend_rows(places.len());
        Ok(places.len() >= limit as usize)
    }
}

/// A message that is removed next.
#[derive(Queryable)]
struct Next {
    id: Vec<u8>,
    created_at: i64,
    /// Number of bytes of its text.
    length: i64,
}

/// The rows and bytes that this unit of work may still delete.
struct Left(Bound);

impl Left {
    const fn is_spent(&self) -> bool {
        self.0.rows == 0 || self.0.bytes == 0
    }

    fn spend(&mut self, spent: Bound) {
        self.0.rows = self.0.rows.saturating_sub(spent.rows);
        self.0.bytes = self.0.bytes.saturating_sub(spent.bytes);
    }

    fn spend_rows(&mut self, rows: usize) {
        self.spend(Bound {
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            bytes: 0,
        });
    }
}

impl ChatRemoval for Scope<'_> {
    fn any_chat(&mut self) -> Result<Option<ChatId>, StoreError> {
        let chat: Option<Vec<u8>> = self
            .chats()?
            .filter(chats::customer_id.eq(self.customer()))
            .order(chats::id.asc())
            .select(chats::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        chat.as_deref().map(id).transpose()
    }

    fn drop_memberships(&mut self, chat: ChatId, limit: u32) -> Result<bool, StoreError> {
        self.cache.invalidate_members(chat);
        let is_more = self.drop_current(chat, limit)?;
        Ok(self.drop_former(chat, limit)? || is_more)
    }

    fn erase_messages(&mut self, chat: ChatId, bound: Bound) -> Result<bool, StoreError> {
        let next: Vec<Next> = messages::table
            .filter(messages::chat_id.eq(bytes(chat.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .order(messages::created_at.asc())
            .limit(i64::from(bound.rows))
            .select((
                messages::id,
                messages::created_at,
                octet_length(messages::text),
            ))
            .load(self.conn)
            .map_err(fault)?;
        if next.is_empty() {
            return Ok(false);
        }
        self.cache.mark_erased();
        let (mut done, mut left) = (0, Left(bound));
        for message in &next {
            if left.is_spent() || !self.drop_message(chat, message, &mut left)? {
                break;
            }
            done += 1;
        }
        self.messages_removed()?;
        Ok(done < next.len() || next.len() >= bound.rows as usize)
    }

    fn finish(&mut self, chat: ChatId) -> Result<(), StoreError> {
        self.cache.invalidate_chat(chat);
        self.cache.mark_erased();
        let own = cleanups::table
            .filter(cleanups::kind.eq(CHAT))
            .filter(cleanups::subject.eq(bytes(chat.0)))
            .filter(cleanups::customer_id.eq(self.customer()));
        diesel::delete(own)
            .execute(self.changing())
            .map_err(fault)?;
        let row = self
            .chats()?
            .filter(chats::id.eq(bytes(chat.0)))
            .filter(chats::customer_id.eq(self.customer()));
        diesel::delete(row)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
