//! The row of a reaction.

use diesel::prelude::*;
use talk_domain::kernel::id::MessageId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::reaction::Reaction;

use crate::portable::rows::{at, bytes, id};
use crate::portable::schema::reactions;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reactions)]
pub(crate) struct ReactionRow {
    pub(crate) message_id: Vec<u8>,
    agent_id: Vec<u8>,
    emoji_key: String,
    emoji: String,
    created_at: i64,
}

impl ReactionRow {
    /// Returns the row of a reaction to `message`.
    pub(crate) fn new(message: MessageId, reaction: &Reaction) -> Self {
        Self {
            message_id: bytes(message.0),
            agent_id: bytes(reaction.agent.0),
            emoji_key: reaction.emoji.key().to_owned(),
            emoji: reaction.emoji.as_str().to_owned(),
            created_at: reaction.created.as_micros(),
        }
    }
}

impl TryFrom<ReactionRow> for Reaction {
    type Error = StoreError;

    fn try_from(row: ReactionRow) -> Result<Self, StoreError> {
        Ok(Self {
            emoji: Emoji::stored(row.emoji, row.emoji_key),
            agent: id(&row.agent_id)?,
            created: at(row.created_at)?,
        })
    }
}
