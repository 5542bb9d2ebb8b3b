//! The row of a stored answer.

use diesel::prelude::*;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::idempotency::{Answer, StoredAnswer};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::AnyConnection;
use crate::error::{corrupt, fault};
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::{at, hash, id, number, seq};
use crate::portable::schema::idempotency;

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency)]
pub(crate) struct AnsweredRow {
    agent_id: Vec<u8>,
    key: String,
    fingerprint: Vec<u8>,
    body: Option<String>,
    chat_id: Option<Vec<u8>>,
    seq: Option<i64>,
    message_id: Option<Vec<u8>>,
    answered_at: i64,
    decision_id: Option<Vec<u8>>,
}

/// Stores the answer to an agent of `customer`.
pub(crate) fn put(
    conn: &mut AnyConnection,
    customer: CustomerId,
    answered: &StoredAnswer,
) -> Result<(), StoreError> {
    let (body, event, message, decision) = match &answered.answer {
        Answer::Body(body) => (Some(&**body), None, None, None),
        Answer::Event(stream, seq) => (None, Some((&stream.id, *seq)), None, None),
        Answer::Message(message) => (None, None, Some(message), None),
        Answer::Held(decision) => (None, None, None, Some(decision)),
        Answer::Released(decision, message) => (None, None, Some(message), Some(decision)),
        Answer::Blocked(decision, reason) => (Some(&**reason), None, None, Some(decision)),
    };
    prepared!(
        "INSERT INTO talk_idempotency (agent_id, key, customer_id, fingerprint, body, chat_id, \
         seq, message_id, answered_at, decision_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            Value::Bytes(answered.agent.0.as_bytes()),
            Value::Text(&answered.key),
            Value::Bytes(customer.0.as_bytes()),
            Value::Bytes(&answered.fingerprint),
            Value::OptionalText(body),
            Value::OptionalBytes(event.map(|(chat, _)| chat.as_bytes().as_slice())),
            Value::Optional(event.map(|(_, place)| seq(place))),
            Value::OptionalBytes(message.map(|message| message.0.as_bytes().as_slice())),
            Value::Number(answered.at.as_micros()),
            Value::OptionalBytes(decision.map(|decision| decision.0.as_bytes().as_slice())),
        ]
    )
    .run(conn)
    .map(drop)
    .map_err(fault)
}

impl TryFrom<AnsweredRow> for StoredAnswer {
    type Error = StoreError;

    fn try_from(row: AnsweredRow) -> Result<Self, StoreError> {
        let decision = row.decision_id;
        let answer = match (row.body, row.chat_id, row.seq, row.message_id, decision) {
            (Some(body), None, None, None, None) => Answer::Body(body),
            (None, Some(chat), Some(seq), None, None) => {
                Answer::Event(id::<ChatId>(&chat)?.into(), number(seq)?)
            }
            (None, None, None, Some(message), None) => Answer::Message(id(&message)?),
            (None, None, None, None, Some(decision)) => Answer::Held(id(&decision)?),
            (None, None, None, Some(message), Some(decision)) => {
                Answer::Released(id(&decision)?, id(&message)?)
            }
            (Some(reason), None, None, None, Some(decision)) => {
                Answer::Blocked(id(&decision)?, reason)
            }
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
