//! The row of a logged event.

use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::{Kind, Logged};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Change, Realm, StreamId};
use talk_domain::talk::model::event::EventKind;
use uuid::Uuid;

use crate::error::corrupt;
use crate::portable::rows::{id, number};
use crate::portable::schema::events;

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
pub(crate) struct EventRow {
    stream_id: Vec<u8>,
    seq: i64,
    customer_id: Vec<u8>,
    realm: String,
    kind: String,
    subject: Vec<u8>,
    changes: Option<String>,
    payload: String,
}

/// Parses a stored kind.
pub(crate) fn kind(name: &str) -> Result<EventKind, StoreError> {
    EventKind::parse(name).ok_or_else(|| corrupt("an unknown kind of event"))
}

/// Formats changes as they are stored: `joins:<id> leaves:<id>`, or `ends`. `None` if there are
/// none.
pub(crate) fn to_text(changes: &[Change]) -> Option<String> {
    let words = changes.iter().map(|change| match change {
        Change::Joins(agent) => format!("joins:{}", agent.0.simple()),
        Change::Leaves(agent) => format!("leaves:{}", agent.0.simple()),
        Change::Ends => "ends".to_owned(),
    });
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Parses stored changes.
fn from_text(stored: &str) -> Result<Vec<Change>, StoreError> {
    let change = |word: &str| {
        let agent = |id: &str| Uuid::try_parse(id).map(AgentId).map_err(corrupt);
        match word.split_once(':') {
            Some(("joins", id)) => agent(id).map(Change::Joins),
            Some(("leaves", id)) => agent(id).map(Change::Leaves),
            None if word == "ends" => Ok(Change::Ends),
            Some(_) | None => Err(corrupt("an unknown change of a membership")),
        }
    };
    stored.split(' ').map(change).collect()
}

impl TryFrom<EventRow> for Logged {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let realm = Realm::parse(&row.realm).ok_or_else(|| corrupt("an invalid realm"))?;
        Ok(Self {
            customer: id(&row.customer_id)?,
            stream: StreamId {
                realm,
                id: id(&row.stream_id)?,
            },
            seq: number(row.seq)?,
            kind: Kind::stored(row.kind),
            subject: id(&row.subject)?,
            changes: row.changes.as_deref().map_or(Ok(vec![]), from_text)?,
            payload: row.payload.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::agent_id;

    #[test]
    fn changes_are_stored_as_words() {
        let (joins, leaves) = (Change::Joins(agent_id(1)), Change::Leaves(agent_id(2)));
        let [one, two] = [1, 2].map(|n| agent_id(n).0.simple().to_string());
        for (changes, text) in [
            (vec![], None),
            (vec![Change::Ends], Some("ends".to_owned())),
            (
                vec![joins, leaves],
                Some(format!("joins:{one} leaves:{two}")),
            ),
        ] {
            assert_eq!(to_text(&changes), text);
            if let Some(text) = text {
                assert_eq!(from_text(&text).unwrap(), changes);
            }
        }
        for wrong in ["", "ends ", "ends:", "joins", "joins:1", "sees:1"] {
            assert!(from_text(wrong).is_err(), "{wrong:?}");
        }
    }
}
