//! Participants of the customer's conversations.

use conversation_domain::model::participant::{
    Participant, ParticipantQueries, ParticipantRepository,
};
use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::conversations::schema::conversation_marks as marks;
use crate::portable::conversations::schema::conversation_participants as participants;
use crate::portable::rows::{at, bytes, id};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = participants)]
struct ParticipantRow {
    conversation_id: Vec<u8>,
    agent_id: Vec<u8>,
    customer_id: Vec<u8>,
    added_at: i64,
}

impl From<&Participant> for ParticipantRow {
    fn from(participant: &Participant) -> Self {
        Self {
            conversation_id: bytes(participant.conversation.0),
            agent_id: bytes(participant.agent.0),
            customer_id: bytes(participant.customer.0),
            added_at: participant.added.as_micros(),
        }
    }
}

impl TryFrom<ParticipantRow> for Participant {
    type Error = StoreError;

    fn try_from(row: ParticipantRow) -> Result<Self, StoreError> {
        Ok(Self {
            customer: id(&row.customer_id)?,
            conversation: id(&row.conversation_id)?,
            agent: id(&row.agent_id)?,
            added: at(row.added_at)?,
        })
    }
}

impl Scope<'_> {
    fn participation(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError> {
        let row = participants::table
            .filter(participants::conversation_id.eq(bytes(conversation.0)))
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .select(ParticipantRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Participant::try_from).transpose()
    }

    fn participations(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Vec<Participant>, StoreError> {
        let rows = participants::table
            .filter(participants::conversation_id.eq(bytes(conversation.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .order((participants::added_at.asc(), participants::agent_id.asc()))
            .select(ParticipantRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }
}

impl ParticipantRepository for Scope<'_> {
    fn find(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError> {
        self.participation(conversation, agent)
    }

    fn of(&mut self, conversation: ConversationId) -> Result<Vec<Participant>, StoreError> {
        self.participations(conversation)
    }

    fn of_agent(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        let rows: Vec<Vec<u8>> = participants::table
            .filter(participants::customer_id.eq(self.customer()))
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .order(participants::conversation_id.asc())
            .limit(i64::from(limit))
            .select(participants::conversation_id)
            .load(self.conn)
            .map_err(fault)?;
        rows.iter().map(|row| id(row)).collect()
    }

    fn insert(&mut self, participant: &Participant) -> Result<(), StoreError> {
        self.assert_same_customer(participant.customer)?;
        diesel::insert_into(participants::table)
            .values(ParticipantRow::from(participant))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn delete(&mut self, participant: &Participant) -> Result<(), StoreError> {
        self.assert_same_customer(participant.customer)?;
        let (conversation, agent) = (
            bytes(participant.conversation.0),
            bytes(participant.agent.0),
        );
        let mark = marks::table
            .filter(marks::conversation_id.eq(&conversation))
            .filter(marks::agent_id.eq(&agent));
        diesel::delete(mark)
            .execute(self.changing())
            .map_err(fault)?;
        let row = participants::table
            .filter(participants::conversation_id.eq(&conversation))
            .filter(participants::agent_id.eq(&agent))
            .filter(participants::customer_id.eq(self.customer()));
        let rows = diesel::delete(row)
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl ParticipantQueries for Scope<'_> {
    fn find(
        &mut self,
        conversation: ConversationId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError> {
        self.participation(conversation, agent)
    }

    fn of(&mut self, conversation: ConversationId) -> Result<Vec<Participant>, StoreError> {
        self.participations(conversation)
    }
}
