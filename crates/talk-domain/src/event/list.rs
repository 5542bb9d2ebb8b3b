//! Use case: read a chat's event log.

use crate::access::{AccessError, Placed, view};
use crate::context::Actor;
use crate::event::LoggedEvent;
use crate::id::ChatId;
use crate::store::Snapshot;

/// Which part of the log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListEvents {
    /// The chat.
    pub chat: ChatId,
    /// After this one, from 0.
    pub since: u64,
    /// At most so many.
    pub limit: u32,
}

/// Logged events of a chat of the caller, ascending; the place is the log's head.
///
/// # Errors
/// See [`AccessError`].
pub fn list_events(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    query: ListEvents,
) -> Result<Placed<Vec<LoggedEvent>>, AccessError> {
    let chat = view(snapshot, actor, query.chat)?;
    let events = snapshot.events().after(chat.id, query.since, query.limit)?;
    Ok(Placed::new(events, &chat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, a_chat, a_participant, actor, agent_id, chat_id};

    const QUERY: fn() -> ListEvents = || ListEvents {
        chat: chat_id(1),
        since: 3,
        limit: 100,
    };

    fn snapshot(member: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|_| Ok(Some(a_chat())));
        snapshot
            .participants
            .expect_find()
            .returning(move |_, agent| Ok(member.then(|| a_participant(agent))));
        snapshot
    }

    /// SPEC 7: the same log over HTTP.
    #[test]
    fn a_participant_reads_the_log_up_to_its_head() {
        let mut snapshot = snapshot(true);
        snapshot
            .events
            .expect_after()
            .withf(|_, since, limit| (*since, *limit) == (3, 100))
            .times(1)
            .returning(|_, _, _| Ok(vec![]));
        let events = list_events(&mut snapshot, actor(agent_id(1)), QUERY()).unwrap();
        assert_eq!(events.seq, a_chat().last.seq);
    }

    /// SPEC 1: visibility.
    #[test]
    fn an_outsider_reads_no_events() {
        let refused = list_events(&mut snapshot(false), actor(agent_id(1)), QUERY());
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
    }
}
