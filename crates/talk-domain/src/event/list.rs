//! Use case: read a chat's event log.

use crate::access::{AccessError, Placed, view};
use crate::context::Actor;
use crate::event::{EventKind, LoggedEvent};
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
    /// Only these kinds.
    pub kinds: &'static [EventKind],
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
    let (limit, mut since) = (query.limit as usize, query.since);
    let mut events = Vec::new();
    while events.len() < limit {
        let page = snapshot.events().after(chat.id, since, query.limit)?;
        let is_end = page.len() < limit;
        since = page.last().map_or(since, |event| event.seq);
        let wanted = page
            .into_iter()
            .filter(|event| query.kinds.contains(&event.kind));
        events.extend(wanted.take(limit - events.len()));
        if is_end {
            break;
        }
    }
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
        kinds: &EventKind::ALL,
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

    /// Pages without a wanted event are read over: an empty answer would look like the end.
    #[test]
    fn unwanted_kinds_do_not_count() {
        let mut snapshot = snapshot(true);
        snapshot.events.expect_after().returning(|_, since, limit| {
            let page = since + 1..=(since + u64::from(limit)).min(9);
            Ok(page.map(logged).collect())
        });
        let query = ListEvents {
            since: 0,
            limit: 2,
            kinds: &[EventKind::MessagePosted],
            ..QUERY()
        };
        let events = list_events(&mut snapshot, actor(agent_id(1)), query).unwrap();
        let seqs: Vec<_> = events.value.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [7, 8]);
    }

    /// Messages from event 7 on.
    fn logged(seq: u64) -> LoggedEvent {
        let kind = if seq < 7 {
            EventKind::ChatRead
        } else {
            EventKind::MessagePosted
        };
        LoggedEvent {
            chat: chat_id(1),
            seq,
            kind,
            subject: chat_id(1).0,
            frame: "{}".into(),
        }
    }

    /// SPEC 1: visibility.
    #[test]
    fn an_outsider_reads_no_events() {
        let refused = list_events(&mut snapshot(false), actor(agent_id(1)), QUERY());
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
    }
}
