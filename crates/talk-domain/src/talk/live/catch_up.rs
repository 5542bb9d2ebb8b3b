//! Use case: read the events after a position in a chat's log, for a connection that catches up.

use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::live::{CatchUp, Gap};
use crate::kernel::log::Portion;
use crate::kernel::store_error::StoreError;
use crate::talk::unit::TalkSnapshot;

/// Reads the events after a position at which `agent` participated.
///
/// # Errors
/// Only when storage fails.
pub fn catch_up(
    snapshot: &mut dyn TalkSnapshot,
    agent: AgentId,
    chat: ChatId,
    portion: Portion,
) -> Result<CatchUp, StoreError> {
    let log = snapshot.events().after(chat.into(), portion)?;
    let gap = match log.events.first() {
        Some(next) if next.seq == portion.since + 1 => None,
        Some(_) | None => gap(snapshot, agent, (chat, portion.since))?,
    };
    Ok(CatchUp { log, gap })
}

fn gap(
    snapshot: &mut dyn TalkSnapshot,
    agent: AgentId,
    (id, since): (ChatId, u64),
) -> Result<Option<Gap>, StoreError> {
    let Some(chat) = snapshot.chats().get(id)? else {
        return Ok(Some(Gap::Gone));
    };
    if since >= chat.log_start {
        return Ok(None);
    }
    if chat.log_start >= chat.last.seq {
        // The chat is being removed.
        return Ok(Some(Gap::Gone));
    }
    if snapshot.participants().find(id, agent)?.is_some() {
        return Ok(Some(Gap::Trimmed));
    }
    let head = chat.last.seq;
    let left = snapshot.participants().left(id, agent)?.unwrap_or(since);
    if left > chat.log_start {
        return Ok(Some(Gap::Leaving { left, head }));
    }
    Ok(Some(Gap::Left { left, head }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::log::LogPage;
    use crate::talk::model::chat::Chat;
    use crate::testing::{
        MockSnapshot, a_chat, a_participant, agent_id, at, chat_id, logged, stream_id,
    };

    /// The gap after event 3, in a log that starts after `start` and has events `from` to `from +
    /// 1`, for an agent that participates or has left with `left`.
    fn gap_of(chat: Option<Chat>, from: Option<u64>, left: Option<u64>) -> Option<Gap> {
        let mut snapshot = MockSnapshot::default();
        let events: Vec<_> = from
            .into_iter()
            .flat_map(|seq| [seq, seq + 1])
            .map(|seq| logged(stream_id(1), seq, &[], "{}"))
            .collect();
        let log = LogPage {
            events,
            is_end: true,
        };
        let expected = log.clone();
        let after = snapshot.events.expect_after();
        after.returning(move |_, _| Ok(log.clone()));
        let get = snapshot.chats.expect_get();
        get.returning(move |_| Ok(chat.clone()));
        let find = snapshot.participants.expect_find();
        find.returning(move |_, agent| Ok(left.is_none().then(|| a_participant(agent))));
        let ended = snapshot.participants.expect_left();
        ended.returning(move |_, _| Ok(left));
        let portion = Portion::new(3, 9);
        let found = catch_up(&mut snapshot, agent_id(1), chat_id(1), portion).unwrap();
        assert_eq!(found.log, expected);
        found.gap
    }

    /// A chat of 10 events, of which those up to `log_start` are no longer in the log.
    fn trimmed(log_start: u64) -> Chat {
        Chat {
            log_start,
            ..a_chat()
        }
    }

    /// WS-07: no silent gap.
    #[test]
    fn events_that_follow_have_no_gap_before_them() {
        assert_eq!(gap_of(None, Some(4), None), None, "the chat is not read");
        assert_eq!(gap_of(Some(trimmed(3)), Some(4), Some(9)), None);
        assert_eq!(gap_of(Some(trimmed(0)), None, None), None, "nothing is new");
        assert_eq!(gap_of(Some(trimmed(3)), None, None), None);
        assert_eq!(gap_of(Some(trimmed(4)), Some(5), None), Some(Gap::Trimmed));
    }

    /// WS-08: what REST refuses now, a resume does not show.
    #[test]
    fn who_has_left_gets_nothing_after_a_gap() {
        let head = a_chat().last.seq;
        let left = Some(Gap::Left { left: 4, head });
        let leaving = |left| Some(Gap::Leaving { left, head });
        let deleted = Some(Chat {
            deleted: Some(at(9)),
            log_start: 6,
            ..a_chat()
        });
        for chat in [Some(trimmed(6)), deleted.clone()] {
            assert_eq!(gap_of(chat.clone(), Some(7), Some(4)), left);
            assert_eq!(gap_of(chat, Some(7), Some(7)), leaving(7));
        }
        assert_eq!(gap_of(deleted, Some(7), Some(head)), leaving(head));
    }

    /// RUN-18: a chat that was removed for good is not read again and again.
    #[test]
    fn a_removed_chat_is_gone() {
        assert_eq!(gap_of(None, None, None), Some(Gap::Gone));
        assert_eq!(gap_of(Some(trimmed(10)), None, None), Some(Gap::Gone));
    }
}
