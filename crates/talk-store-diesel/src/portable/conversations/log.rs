//! The log of conversations.

use std::sync::Arc;

use conversation_domain::model::conversation::stream;
use conversation_domain::model::event::Entry;
use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;
use uuid::Uuid;

use crate::error::{corrupt, fault};
use crate::portable::backend::Backend as _;
use crate::portable::rows::{bytes, seq};
use crate::portable::schema::events;
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// Stores an entry with its frame.
    pub(crate) fn log_conversation(
        &mut self,
        entry: &Entry<'_>,
        frame: String,
    ) -> Result<Arc<Logged>, StoreError> {
        self.check_follows(entry)?;
        let customer = self.customer;
        let logged = Arc::new(Logged {
            customer: customer.ok_or_else(|| corrupt("a log of no customer"))?,
            stream: stream(entry.conversation),
            seq: entry.tick.seq,
            kind: entry.event.kind(),
            subject: entry.event.subject(),
            // Sockets follow chats only.
            changes: Vec::new(),
            payload: frame.into(),
        });
        // People outside are no agents; the column is for those that are.
        let actor = entry.actor.unwrap_or(AgentId(Uuid::nil()));
        self.store_event(&logged, (actor, entry.tick.at))?;
        Ok(logged)
    }

    /// Refuses an event that does not follow the last one of its stream. The primary key refuses one
    /// that is there already.
    fn check_follows(&mut self, entry: &Entry<'_>) -> Result<(), StoreError> {
        let Some(before) = entry.tick.seq.checked_sub(1) else {
            return Err(corrupt("an event at no place"));
        };
        if before == 0 {
            return Ok(());
        }
        let found: Option<i64> = events::table
            .filter(events::stream_id.eq(bytes(entry.conversation.0)))
            .filter(events::seq.eq(seq(before)))
            .select(events::seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        match found {
            Some(_) => Ok(()),
            None => Err(corrupt(
                "the event does not follow the last one of its conversation",
            )),
        }
    }
}
