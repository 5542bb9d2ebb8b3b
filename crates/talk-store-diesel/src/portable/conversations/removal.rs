//! Removal of the conversations of a deleted customer, in bounded steps.

use diesel::prelude::*;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::conversations::schema::{
    accounts, conversation_files, conversation_marks, conversation_messages,
    conversation_participants, conversations, inbox, media_fetches, message_parts, receipts, rooms,
    send_jobs,
};
use crate::portable::rows::bytes;
use crate::portable::schema::{events, message_events};
use crate::portable::scope::Scope;

/// Deletes rows.
macro_rules! remove {
    ($scope:expr, $rows:expr) => {
        diesel::delete($rows)
            .execute($scope.changing())
            .map_err(fault)?
    };
}

/// Deletes up to `$limit` rows of the scope's customer from a table, and returns their values of
/// the column `$id`.
macro_rules! remove_some {
    ($scope:expr, $table:ident, $id:ident, $limit:expr) => {{
        let ids: Vec<Vec<u8>> = $table::table
            .filter($table::customer_id.eq($scope.customer()))
            .limit(i64::from($limit))
            .select($table::$id)
            .load($scope.conn)
            .map_err(fault)?;
        if !ids.is_empty() {
            $scope.cache.mark_erased();
            let rows = $table::table
                .filter($table::customer_id.eq($scope.customer()))
                .filter($table::$id.eq_any(&ids));
            remove!($scope, rows);
        }
        ids
    }};
}

impl Scope<'_> {
    /// Removes up to `limit` rows of one table of conversations of the scope's customer. Returns
    /// whether it removed any; then there may be more.
    pub(crate) fn remove_conversation_rows(&mut self, limit: u32) -> Result<bool, StoreError> {
        if self.remove_some_messages(limit)?
            || !remove_some!(self, send_jobs, message_id, limit).is_empty()
            || !remove_some!(self, media_fetches, file_id, limit).is_empty()
            || !remove_some!(self, conversation_files, message_id, limit).is_empty()
            || !remove_some!(self, receipts, id, limit).is_empty()
            || self.remove_parts(limit)?
            || !remove_some!(self, inbox, message_id, limit).is_empty()
            || !remove_some!(self, conversation_participants, conversation_id, limit).is_empty()
            || !remove_some!(self, conversation_marks, conversation_id, limit).is_empty()
            || !remove_some!(self, rooms, id, limit).is_empty()
            || !remove_some!(self, accounts, id, limit).is_empty()
            || self.remove_conversation_events(limit)?
        {
            return Ok(true);
        }
        Ok(!remove_some!(self, conversations, id, limit).is_empty())
    }

    /// Removes up to `limit` rows of one table of a deleted conversation. Returns whether there may be
    /// more. Its own row and the event of its deletion stay, for consumers that have not read it yet.
    pub(crate) fn remove_conversation(
        &mut self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let own = bytes(conversation.0);
        self.cache.mark_erased();
        if self.remove_earlier_events(&own, limit)? {
            return Ok(true);
        }
        let messages: Vec<Vec<u8>> = conversation_messages::table
            .filter(conversation_messages::conversation_id.eq(&own))
            .filter(conversation_messages::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(conversation_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        if messages.is_empty() {
            self.remove_from_conversation(&own)?;
            return Ok(false);
        }
        self.remove_messages(&messages)?;
        Ok(true)
    }

    /// Removes up to `limit` events of a conversation, but not its last one. Returns whether it removed
    /// any.
    fn remove_earlier_events(&mut self, own: &[u8], limit: u32) -> Result<bool, StoreError> {
        let places: Vec<i64> = events::table
            .filter(events::stream_id.eq(own))
            .order(events::seq.asc())
            .limit(i64::from(limit) + 1)
            .select(events::seq)
            .load(self.conn)
            .map_err(fault)?;
        let Some((_, earlier)) = places.split_last().filter(|(_, rest)| !rest.is_empty()) else {
            return Ok(false);
        };
        let rows = events::table
            .filter(events::stream_id.eq(own))
            .filter(events::seq.eq_any(earlier));
        remove!(self, rows);
        Ok(true)
    }

    /// Removes messages of the customer, with the rows that belong to them.
    fn remove_messages(&mut self, messages: &[Vec<u8>]) -> Result<(), StoreError> {
        self.drop_medias_of(messages)?;
        let listed = message_events::table.filter(message_events::message_id.eq_any(messages));
        remove!(self, listed);
        let jobs = send_jobs::table
            .filter(send_jobs::message_id.eq_any(messages))
            .filter(send_jobs::customer_id.eq(self.customer()));
        remove!(self, jobs);
        let parts = message_parts::table
            .filter(message_parts::message_id.eq_any(messages))
            .filter(message_parts::customer_id.eq(self.customer()));
        remove!(self, parts);
        let rows = conversation_messages::table
            .filter(conversation_messages::id.eq_any(messages))
            .filter(conversation_messages::customer_id.eq(self.customer()));
        remove!(self, rows);
        Ok(())
    }

    /// Removes room, participants and marks of a conversation.
    fn remove_from_conversation(&mut self, own: &[u8]) -> Result<(), StoreError> {
        let joined = conversation_participants::table
            .filter(conversation_participants::conversation_id.eq(own));
        remove!(self, joined);
        let marks = conversation_marks::table.filter(conversation_marks::conversation_id.eq(own));
        remove!(self, marks);
        let room = rooms::table
            .filter(rooms::conversation_id.eq(own))
            .filter(rooms::customer_id.eq(self.customer()));
        remove!(self, room);
        Ok(())
    }

    /// Removes up to `limit` messages with the rows that belong to them.
    fn remove_some_messages(&mut self, limit: u32) -> Result<bool, StoreError> {
        let messages: Vec<Vec<u8>> = conversation_messages::table
            .filter(conversation_messages::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(conversation_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        if messages.is_empty() {
            return Ok(false);
        }
        self.cache.mark_erased();
        self.remove_messages(&messages)?;
        Ok(true)
    }

    /// Removes up to `limit` parts of messages.
    fn remove_parts(&mut self, limit: u32) -> Result<bool, StoreError> {
        let ids: Vec<String> = message_parts::table
            .filter(message_parts::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(message_parts::provider_id)
            .load(self.conn)
            .map_err(fault)?;
        let rows = message_parts::table
            .filter(message_parts::customer_id.eq(self.customer()))
            .filter(message_parts::provider_id.eq_any(&ids));
        if ids.is_empty() {
            return Ok(false);
        }
        remove!(self, rows);
        Ok(true)
    }

    /// Removes up to `limit` events of one conversation that has events left, which a `last_seq`
    /// above 0 means. Returns `false` if there is none.
    fn remove_conversation_events(&mut self, limit: u32) -> Result<bool, StoreError> {
        let with_events = conversations::table
            .filter(conversations::customer_id.eq(self.customer()))
            .filter(conversations::last_seq.gt(0));
        let first: Option<Vec<u8>> = with_events
            .select(conversations::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(stream) = first else {
            return Ok(false);
        };
        self.cache.mark_erased();
        let places: Vec<i64> = events::table
            .filter(events::stream_id.eq(&stream))
            .order(events::seq.asc())
            .limit(i64::from(limit))
            .select(events::seq)
            .load(self.conn)
            .map_err(fault)?;
        let rows = events::table
            .filter(events::stream_id.eq(&stream))
            .filter(events::seq.eq_any(&places));
        remove!(self, rows);
        if places.len() < limit as usize {
            diesel::update(conversations::table.filter(conversations::id.eq(&stream)))
                .set(conversations::last_seq.eq(0))
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(true)
    }
}
