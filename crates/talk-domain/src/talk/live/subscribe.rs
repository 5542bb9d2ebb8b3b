//! Use case: compute where delivery of each chat to a connection starts.

use crate::talk::unit::TalkSnapshot;

use crate::kernel::context::Actor;
use crate::kernel::error::DomainError as _;
use crate::kernel::id::ChatId;
use crate::kernel::live::{Ended, ResetReason, Resume, Scope, Start, Starts};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::StreamId;

use crate::talk::access::{AccessError, view};
use crate::talk::model::chat::{CHAT, Chat};
use crate::talk::model::participant::ChatLog;

/// Computes where delivery of `scope` starts for a connection of `actor` that resumes from `resume`.
/// A former participant gets the event that ended its membership and nothing else.
///
/// # Errors
/// Only when storage fails.
pub fn find_starts(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    scope: &Scope,
    resume: &Resume,
    is_same_epoch: bool,
) -> Result<Starts, StoreError> {
    let mut starts = Starts::default();
    let since = |stream| resume.since.get(&stream).copied();
    if scope.realms.contains(&CHAT) {
        for log in snapshot.participants().logs(actor.agent)? {
            let stream = log.chat.into();
            let start = start_of(since(stream), log, is_same_epoch);
            starts.streams.insert(stream, start);
        }
    }
    let mut wanted = scope.streams.clone();
    if scope.realms.contains(&CHAT) {
        wanted.extend(resume.since.keys());
    }
    for stream in wanted {
        if starts.streams.contains_key(&stream) {
            continue;
        }
        let since = since(stream);
        if let Some(seq) = since.filter(|_| is_same_epoch)
            && insert_former(snapshot, actor, (stream, seq), &mut starts)?
        {
            continue;
        }
        match chat_of(snapshot, actor, stream) {
            Ok(found) => {
                let start = start_of(since, (&found).into(), is_same_epoch);
                starts.streams.insert(stream, start);
            }
            Err(AccessError::Store(error)) => return Err(error),
            Err(refusal) if scope.streams.contains(&stream) => {
                starts.refused.push((stream, refusal.reason()));
            }
            Err(_) => {
                let seq = since.unwrap_or_default();
                starts.ended.push((stream, Ended::NotAParticipant, seq));
            }
        }
    }
    Ok(starts)
}

/// The chat of a stream, if `actor` participates in it. No other realm has streams to subscribe to.
fn chat_of(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    stream: StreamId,
) -> Result<Chat, AccessError> {
    let chat = ChatId::of(stream).ok_or(AccessError::NoSuchChat)?;
    view(snapshot, actor, chat)
}

fn start_of(since: Option<u64>, log: ChatLog, is_same_epoch: bool) -> Start {
    let head = log.head;
    match since {
        None => Start::Head(head),
        Some(_) if !is_same_epoch => Start::Reset(ResetReason::Epoch, head),
        Some(seq) if seq > head => Start::Reset(ResetReason::AheadOfHead, head),
        Some(seq) if seq < log.start => Start::Reset(ResetReason::Retention, head),
        Some(seq) => Start::Since { seq, head },
    }
}

/// Adds the start of a chat in which the agent's membership has ended. If the event that ended its
/// membership is no longer in the log, the start says only that the membership has ended. Returns
/// `false` if the agent participates in the chat or never did.
fn insert_former(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    (stream, seq): (StreamId, u64),
    starts: &mut Starts,
) -> Result<bool, StoreError> {
    let Some(id) = ChatId::of(stream) else {
        return Ok(false);
    };
    if snapshot.participants().find(id, actor.agent)?.is_some() {
        return Ok(false);
    }
    let left = snapshot.participants().left(id, actor.agent)?;
    let chat = snapshot.chats().get(id)?;
    let (Some(left), Some(chat)) = (left, chat) else {
        return Ok(false);
    };
    if seq < left && left > chat.log_start {
        let (until, head) = (left, chat.last.seq);
        starts.streams.insert(stream, Start::Former { until, head });
    } else if chat.deleted.is_some() && left == chat.last.seq {
        starts.ended.push((stream, Ended::Deleted, left));
    } else {
        starts.ended.push((stream, Ended::Removed, left));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream::Tick;
    use crate::talk::model::chat::{Chat, ChatKind};
    use crate::testing::{
        MockSnapshot, a_chat, a_participant, actor, agent_id, at, chat_id, stream_id,
    };

    const HEAD: u64 = 20;
    /// Events up to this one have expired.
    const START: u64 = 5;

    fn chat(id: ChatId) -> Chat {
        let last = Tick {
            seq: HEAD,
            at: at(9),
        };
        Chat {
            id,
            last,
            log_start: START,
            ..a_chat()
        }
    }

    /// Agent 1 is in chat 1, was in chats 2 and 3 (deleted) until event 15 and 20, was in chat 5
    /// until an event that is no longer in the log, and never in channel 4.
    fn snapshot() -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot.chats.expect_get().returning(|id| {
            let mut found = chat(id);
            if id == chat_id(3) {
                found.deleted = Some(at(9));
            }
            if id == chat_id(4) {
                found.kind = ChatKind::Talk;
            }
            Ok((1..=5).any(|n| id == chat_id(n)).then_some(found))
        });
        let members = &mut snapshot.participants;
        members
            .expect_find()
            .returning(|chat, agent| Ok((chat == chat_id(1)).then(|| a_participant(agent))));
        members
            .expect_logs()
            .returning(|_| Ok(vec![(&chat(chat_id(1))).into()]));
        members.expect_left().returning(|chat, _| {
            Ok([(chat_id(2), 15), (chat_id(3), HEAD), (chat_id(5), START)]
                .into_iter()
                .find(|(id, _)| *id == chat)
                .map(|(_, seq)| seq))
        });
        snapshot
    }

    fn all() -> Scope {
        Scope {
            realms: [CHAT].into(),
            ..Scope::default()
        }
    }

    fn only(chat: u128) -> Scope {
        Scope {
            streams: [stream_id(chat)].into(),
            ..Scope::default()
        }
    }

    fn resumed(scope: &Scope, chat: u128, seq: u64) -> Starts {
        let since = [(stream_id(chat), seq)].into();
        let resume = Resume {
            epoch: "e".into(),
            since,
        };
        find_starts(&mut snapshot(), actor(agent_id(1)), scope, &resume, true).unwrap()
    }

    fn fresh(scope: &Scope) -> Starts {
        let resume = Resume::default();
        find_starts(&mut snapshot(), actor(agent_id(1)), scope, &resume, true).unwrap()
    }

    /// WS-04.
    #[test]
    fn everything_begins_after_the_head_unless_it_is_resumed() {
        let head = [(stream_id(1), Start::Head(HEAD))].into();
        assert_eq!(fresh(&all()).streams, head);
        assert_eq!(fresh(&only(1)).streams, head);
        let start = Start::Since { seq: 7, head: HEAD };
        for scope in [all(), only(1)] {
            assert_eq!(
                resumed(&scope, 1, 7).streams,
                [(stream_id(1), start)].into()
            );
        }
    }

    /// WS-07: no silent gap.
    #[test]
    fn a_position_that_is_worth_nothing_is_said_to_be() {
        let ahead = Start::Reset(ResetReason::AheadOfHead, HEAD);
        assert_eq!(
            resumed(&all(), 1, HEAD + 1).streams,
            [(stream_id(1), ahead)].into()
        );
        let resume = Resume {
            epoch: "other".into(),
            since: [(stream_id(1), 7)].into(),
        };
        let foreign = find_starts(&mut snapshot(), actor(agent_id(1)), &all(), &resume, false);
        let reset = Start::Reset(ResetReason::Epoch, HEAD);
        assert_eq!(foreign.unwrap().streams, [(stream_id(1), reset)].into());
    }

    /// WS-07: beyond retention there is a reset, and no silent gap.
    #[test]
    fn a_position_from_before_the_log_is_reset() {
        for scope in [all(), only(1)] {
            for seq in [0, START - 1] {
                let reset = Start::Reset(ResetReason::Retention, HEAD);
                assert_eq!(
                    resumed(&scope, 1, seq).streams,
                    [(stream_id(1), reset)].into()
                );
            }
            let start = Start::Since {
                seq: START,
                head: HEAD,
            };
            assert_eq!(
                resumed(&scope, 1, START).streams,
                [(stream_id(1), start)].into(),
                "the next event is the first one in the log"
            );
        }
    }

    /// WS-08: what REST refuses now, a resume does not show.
    #[test]
    fn a_membership_that_ended_before_the_log_start_gives_only_its_end() {
        for scope in [all(), only(5)] {
            let starts = resumed(&scope, 5, 2);
            assert!(starts.streams.keys().all(|stream| *stream != stream_id(5)));
            assert_eq!(starts.ended, [(stream_id(5), Ended::Removed, START)]);
        }
    }

    /// Case 52.
    #[test]
    fn a_former_participant_gets_the_end_of_its_membership_alone() {
        let mut both = only(2);
        both.realms.insert(CHAT);
        for scope in [all(), only(2), both] {
            for since in [0, START, 14] {
                let starts = resumed(&scope, 2, since);
                let start = Start::Former {
                    until: 15,
                    head: HEAD,
                };
                assert_eq!(starts.streams.get(&stream_id(2)), Some(&start));
            }
            let starts = resumed(&scope, 2, 15);
            assert_eq!(starts.ended, [(stream_id(2), Ended::Removed, 15)]);
        }
        let deleted = resumed(&only(3), 3, HEAD);
        assert_eq!(deleted.ended, [(stream_id(3), Ended::Deleted, HEAD)]);
    }

    /// WS-02 and X-17: only members can subscribe to a channel.
    #[test]
    fn outsiders_are_refused() {
        for (chat, resume) in [(2, None), (4, None), (4, Some(3)), (9, Some(3))] {
            let starts = match resume {
                Some(seq) => resumed(&only(chat), chat, seq),
                None => fresh(&only(chat)),
            };
            assert!(starts.streams.is_empty() && starts.ended.is_empty());
            let refused: Vec<_> = starts.refused.iter().map(|(stream, _)| *stream).collect();
            assert_eq!(refused, [stream_id(chat)]);
        }
        let silent = resumed(&all(), 4, 3);
        assert_eq!(silent.ended, [(stream_id(4), Ended::NotAParticipant, 3)]);
    }

    /// WS-07: a position at the head is not ahead of it.
    #[test]
    fn a_position_at_the_head_is_resumed_from() {
        let start = Start::Since {
            seq: HEAD,
            head: HEAD,
        };
        assert_eq!(
            resumed(&all(), 1, HEAD).streams,
            [(stream_id(1), start)].into()
        );
    }

    /// Case 52: an agent that left before a chat was deleted does not learn of the deletion.
    #[test]
    fn only_a_membership_that_ended_with_its_chat_is_said_to_have_ended_so() {
        for (deleted, left, ended) in [
            (true, HEAD, Ended::Deleted),
            (true, HEAD - 1, Ended::Removed),
            (false, HEAD, Ended::Removed),
        ] {
            let mut snapshot = MockSnapshot::default();
            snapshot.chats.expect_get().returning(move |id| {
                Ok(Some(Chat {
                    deleted: deleted.then(|| at(9)),
                    ..chat(id)
                }))
            });
            let members = &mut snapshot.participants;
            members.expect_find().returning(|_, _| Ok(None));
            members.expect_left().returning(move |_, _| Ok(Some(left)));
            let resume = Resume {
                epoch: "e".into(),
                since: [(stream_id(3), HEAD)].into(),
            };
            let me = actor(agent_id(1));
            let starts = find_starts(&mut snapshot, me, &only(3), &resume, true).unwrap();
            assert_eq!(starts.ended, [(stream_id(3), ended, left)]);
        }
    }
}
