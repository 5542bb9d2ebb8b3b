//! The row of an answered request.

use diesel::prelude::*;
use talk_domain::id::CustomerId;
use talk_domain::idempotency::{Answer, Answered};
use talk_domain::store::StoreError;

use crate::error::corrupt;
use crate::rows::{at, bytes, hash, id, number, seq};
use crate::schema::idempotency;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
pub(crate) struct AnsweredRow {
    agent_id: Vec<u8>,
    key: String,
    customer_id: Vec<u8>,
    fingerprint: Vec<u8>,
    body: Option<String>,
    chat_id: Option<Vec<u8>>,
    seq: Option<i64>,
    message_id: Option<Vec<u8>>,
    answered_at: i64,
}

impl AnsweredRow {
    /// The row of an answer to an agent of `customer`.
    pub(crate) fn new(customer: CustomerId, answered: &Answered) -> Self {
        let (body, event, message) = match &answered.answer {
            Answer::Body(body) => (Some(body.clone()), None, None),
            Answer::Event(chat, seq) => (None, Some((*chat, *seq)), None),
            Answer::Message(message) => (None, None, Some(*message)),
        };
        Self {
            agent_id: bytes(answered.agent.0),
            key: answered.key.clone(),
            customer_id: bytes(customer.0),
            fingerprint: answered.fingerprint.to_vec(),
            body,
            chat_id: event.map(|(chat, _)| bytes(chat.0)),
            seq: event.map(|(_, place)| seq(place)),
            message_id: message.map(|message| bytes(message.0)),
            answered_at: answered.at.as_micros(),
        }
    }
}

impl TryFrom<AnsweredRow> for Answered {
    type Error = StoreError;

    fn try_from(row: AnsweredRow) -> Result<Self, StoreError> {
        let answer = match (row.body, row.chat_id, row.seq, row.message_id) {
            (Some(body), None, None, None) => Answer::Body(body),
            (None, Some(chat), Some(seq), None) => Answer::Event(id(&chat)?, number(seq)?),
            (None, None, None, Some(message)) => Answer::Message(id(&message)?),
            _ => return Err(corrupt("an answer of no known form")),
        };
        Ok(Self {
            agent: id(&row.agent_id)?,
            key: row.key,
            fingerprint: hash(row.fingerprint)?,
            answer,
            at: at(row.answered_at)?,
        })
    }
}
