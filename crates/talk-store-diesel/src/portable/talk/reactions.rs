//! Reactions. The row of a message has their number, so that messages without any are read without
//! a further query.

use diesel::prelude::*;
use talk_domain::kernel::id::MessageId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::reaction::{Reaction, ReactionRepository};

use crate::error::fault;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::bytes;
use crate::portable::rows::reaction::ReactionRow;
use crate::portable::schema::{messages, reactions};
use crate::portable::scope::{Scope, changed};

impl Scope<'_> {
    /// Adds `by` to a message's number of reactions; refuses a message of another customer.
    fn count_reactions(&mut self, message: MessageId, by: i64) -> Result<(), StoreError> {
        changed(
            prepared!(
                "UPDATE talk_messages SET reaction_count = reaction_count + ? \
                  WHERE id = ? AND customer_id = ?",
                [
                    Value::Number(by),
                    Value::Bytes(message.0.as_bytes()),
                    Value::Bytes(&self.customer()),
                ]
            )
            .run(self.changing())
            .map_err(fault)?,
        )
    }
}

impl ReactionRepository for Scope<'_> {
    fn insert(&mut self, message: MessageId, reaction: &Reaction) -> Result<(), StoreError> {
        self.count_reactions(message, 1)?;
        diesel::insert_into(reactions::table)
            .values(ReactionRow::new(message, reaction))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn remove(&mut self, message: MessageId, reaction: &Reaction) -> Result<(), StoreError> {
        let Some(_) = self.chat_of_message(message)? else {
            return Ok(());
        };
        let gone = reactions::table
            .filter(reactions::message_id.eq(bytes(message.0)))
            .filter(reactions::agent_id.eq(bytes(reaction.agent.0)))
            .filter(reactions::emoji_key.eq(reaction.emoji.key()));
        let rows = diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        match i64::try_from(rows) {
            Ok(rows @ 1..) => self.count_reactions(message, -rows),
            _ => Ok(()),
        }
    }

    fn clear(&mut self, message: MessageId) -> Result<(), StoreError> {
        let own = messages::table
            .filter(messages::id.eq(bytes(message.0)))
            .filter(messages::customer_id.eq(self.customer()));
        let rows = diesel::update(own)
            .set(messages::reaction_count.eq(0))
            .execute(self.changing())
            .map_err(fault)?;
        if rows == 0 {
            return Ok(());
        }
        let gone = reactions::table.filter(reactions::message_id.eq(bytes(message.0)));
        diesel::delete(gone)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
