//! Finds expired messages and events in the customer's chats.

use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::retention::{Aged, RetentionQueries, RetentionRepository};

use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::rows::chat::ChatRow;
use crate::portable::rows::{at, bytes, id, number};
use crate::portable::schema::{chats, events, messages};
use crate::portable::scope::{Scope, changed, octet_length};

impl RetentionRepository for Scope<'_> {
    fn expiring(
        &mut self,
        chat: ChatId,
        upto: Timestamp,
        bound: Bound,
    ) -> Result<Vec<(MessageId, Timestamp)>, StoreError> {
        let expired: Option<i64> = self
            .chats()?
            .filter(chats::id.eq(bytes(chat.0)))
            .filter(chats::customer_id.eq(self.customer()))
            .select(chats::expired_upto)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(expired) = expired else {
            return Ok(Vec::new());
        };
        let rows: Vec<(Vec<u8>, i64, i64)> = messages::table
            .filter(messages::chat_id.eq(bytes(chat.0)))
            .filter(messages::created_at.gt(expired))
            .filter(messages::created_at.le(upto.as_micros()))
            .order(messages::created_at.asc())
            .limit(i64::from(bound.rows))
            .select((
                messages::id,
                messages::created_at,
                octet_length(messages::text),
            ))
            .load(self.conn)
            .map_err(fault)?;
        let (mut next, mut left) = (Vec::new(), bound.bytes);
        for (message, created, length) in rows {
            next.push((id(&message)?, at(created)?));
            left = left.saturating_sub(number(length)?);
            if left == 0 {
                break;
            }
        }
        Ok(next)
    }

    fn set_expired(&mut self, chat: ChatId, upto: Timestamp) -> Result<(), StoreError> {
        let known = self
            .chats()?
            .filter(chats::id.eq(bytes(chat.0)))
            .filter(chats::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(chats::expired_upto.eq(upto.as_micros()))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl RetentionQueries for Scope<'_> {
    fn chats(&mut self, after: Option<ChatId>, limit: u32) -> Result<Vec<Aged>, StoreError> {
        let after = after.map_or_else(Vec::new, |chat| bytes(chat.0));
        let rows: Vec<(ChatRow, i64)> = self
            .chats()?
            .filter(talk_in_time())
            .filter(chats::customer_id.eq(self.customer()))
            .filter(chats::id.gt(after))
            .order(chats::id.asc())
            .limit(i64::from(limit))
            .select((ChatRow::as_select(), chats::expired_upto))
            .load(self.conn)
            .map_err(fault)?;
        let aged = rows.into_iter().map(|(row, expired)| {
            Ok(Aged {
                chat: Chat::try_from(row)?,
                expired: at(expired)?,
            })
        });
        aged.collect()
    }

    fn next_message(
        &mut self,
        chat: ChatId,
        after: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> = messages::table
            .filter(messages::chat_id.eq(bytes(chat.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .filter(messages::created_at.gt(after.as_micros()))
            .order(messages::created_at.asc())
            .select(messages::created_at)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        next.map(at).transpose()
    }

    fn first_event(&mut self, chat: ChatId) -> Result<Option<Timestamp>, StoreError> {
        let first: Option<i64> = events::table
            .filter(events::stream_id.eq(bytes(chat.0)))
            .filter(events::customer_id.eq(self.customer()))
            .order(events::seq.asc())
            .select(events::tm)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        first.map(at).transpose()
    }
}
