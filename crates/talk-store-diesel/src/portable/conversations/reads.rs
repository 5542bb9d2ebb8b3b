//! Read marks of conversations, and unread messages.

use conversation_domain::model::read::{COUNTED, ReadMark, ReadQueries, ReadRepository};
use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::conversations::schema::conversation_marks as marks;
use crate::portable::conversations::schema::conversation_messages as messages;
use crate::portable::rows::{bytes, number, seq as stored_seq};
use crate::portable::scope::Scope;

impl ReadRepository for Scope<'_> {
    fn put(&mut self, mark: &ReadMark) -> Result<(), StoreError> {
        self.assert_same_customer(mark.customer)?;
        let (conversation, agent) = (bytes(mark.conversation.0), bytes(mark.agent.0));
        let earlier = marks::table
            .filter(marks::conversation_id.eq(&conversation))
            .filter(marks::agent_id.eq(&agent));
        diesel::delete(earlier)
            .execute(self.changing())
            .map_err(fault)?;
        diesel::insert_into(marks::table)
            .values((
                marks::conversation_id.eq(&conversation),
                marks::agent_id.eq(&agent),
                marks::customer_id.eq(self.customer()),
                marks::seq.eq(stored_seq(mark.seq)),
                marks::updated_at.eq(mark.updated.as_micros()),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn last_message(
        &mut self,
        conversation: ConversationId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError> {
        let last: Option<i64> = messages::table
            .filter(messages::conversation_id.eq(bytes(conversation.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .filter(messages::seq.le(stored_seq(seq)))
            .order(messages::seq.desc())
            .select(messages::seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        last.map(number).transpose()
    }
}

impl ReadQueries for Scope<'_> {
    fn mark(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<u64>, StoreError> {
        let seq: Option<i64> = marks::table
            .filter(marks::conversation_id.eq(bytes(conversation.0)))
            .filter(marks::agent_id.eq(bytes(agent.0)))
            .filter(marks::customer_id.eq(self.customer()))
            .select(marks::seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        seq.map(number).transpose()
    }

    fn unread(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
        seq: u64,
    ) -> Result<u32, StoreError> {
        let after = messages::table
            .filter(messages::conversation_id.eq(bytes(conversation.0)))
            .filter(messages::customer_id.eq(self.customer()))
            .filter(messages::seq.gt(stored_seq(seq)));
        let last: Vec<(Option<Vec<u8>>, Option<i64>)> = after
            .order(messages::seq.desc())
            .limit(i64::from(COUNTED))
            .select((messages::author_id, messages::deleted_at))
            .load(self.conn)
            .map_err(fault)?;
        let agent = bytes(agent.0);
        let others = last
            .iter()
            .filter(|(author, deleted)| deleted.is_none() && author.as_ref() != Some(&agent));
        Ok(u32::try_from(others.count()).unwrap_or(COUNTED))
    }
}
