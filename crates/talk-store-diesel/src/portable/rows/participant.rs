//! The row of a membership, current or former.

use diesel::prelude::*;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::participant::Participant;

use crate::portable::rows::{at, bytes, id};
use crate::portable::schema::{former_participants, participants};

#[derive(Queryable, Selectable)]
#[diesel(table_name = participants)]
pub(crate) struct ParticipantRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    chat_id: Vec<u8>,
    agent_id: Vec<u8>,
    joined_at: i64,
}

/// The row of a membership that has ended.
#[derive(Queryable, Selectable)]
#[diesel(table_name = former_participants)]
pub(crate) struct FormerRow {
    participant_id: Vec<u8>,
    customer_id: Vec<u8>,
    chat_id: Vec<u8>,
    agent_id: Vec<u8>,
    joined_at: i64,
}

/// The row of a new membership.
#[derive(Insertable)]
#[diesel(table_name = participants)]
pub(crate) struct NewParticipantRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    chat_id: Vec<u8>,
    agent_id: Vec<u8>,
    chat_created_at: i64,
    joined_at: i64,
}

impl NewParticipantRow {
    /// Returns the row of `participant` of `chat`.
    pub(crate) fn new(chat: &Chat, participant: &Participant) -> Self {
        Self {
            id: bytes(participant.id.0),
            customer_id: bytes(participant.customer.0),
            chat_id: bytes(participant.chat.0),
            agent_id: bytes(participant.agent.0),
            chat_created_at: chat.created.as_micros(),
            joined_at: participant.joined.as_micros(),
        }
    }
}

impl TryFrom<ParticipantRow> for Participant {
    type Error = StoreError;

    fn try_from(row: ParticipantRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            chat: id(&row.chat_id)?,
            agent: id(&row.agent_id)?,
            joined: at(row.joined_at)?,
        })
    }
}

impl TryFrom<FormerRow> for Participant {
    type Error = StoreError;

    fn try_from(row: FormerRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.participant_id)?,
            customer: id(&row.customer_id)?,
            chat: id(&row.chat_id)?,
            agent: id(&row.agent_id)?,
            joined: at(row.joined_at)?,
        })
    }
}
