//! Use cases: compute where delivery of each conversation to a connection starts, and read the events
//! that it has missed.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::DomainError as _;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::live::{CatchUp, Ended, Gap, ResetReason, Resume, Scope, Start, Starts};
use talk_domain::kernel::log::{Kind, Portion};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Change, StreamId};

use crate::access::{AccessError, read_taking_part};
use crate::model::conversation::{REALM, stream};
use crate::unit::ConversationSnapshot;

/// Maximum number of conversations with which a subscription begins, the newest activity first. The
/// delivery of each other one begins with its next event.
pub const MAX_FOLLOWED: u32 = 1_000;

/// Maximum number of changes of a conversation that are searched for the event by which an agent
/// that resumes ceased to be an owner or participant.
const MAX_CHANGES: u32 = 1_000;

/// The kinds of events by which an agent may cease to read a conversation.
const READER_CHANGES: &[Kind] = &[
    Kind::new("conversation_updated"),
    Kind::new("conversation_participant_removed"),
];

/// Computes where delivery of `scope` starts for a connection of `actor` that resumes. A former
/// owner or participant gets only the event by which it ceased to be one.
///
/// # Errors
/// Only when storage fails.
pub fn find_starts(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    (scope, resume): (&Scope, &Resume),
    is_same_epoch: bool,
) -> Result<Starts, StoreError> {
    let mut starts = Starts::default();
    let since = |stream| resume.since.get(&stream).copied();
    let mut wanted = scope.streams.clone();
    if scope.realms.contains(&REALM) {
        let is_overseer = actor.permission.administers();
        let reader = (!is_overseer).then_some(actor.agent);
        for (id, head) in snapshot.conversations().heads(reader, MAX_FOLLOWED)? {
            let start = start_of(since(stream(id)), head, is_same_epoch);
            starts.streams.insert(stream(id), start);
        }
        wanted.extend(resume.since.keys());
    }
    for stream in wanted {
        if starts.streams.contains_key(&stream) {
            continue;
        }
        match read_taking_part(snapshot, actor, ConversationId(stream.id)) {
            Ok(found) => {
                let start = start_of(since(stream), found.last.seq, is_same_epoch);
                starts.streams.insert(stream, start);
            }
            Err(AccessError::Store(error)) => return Err(error),
            Err(refusal) => {
                let seq = since(stream);
                let is_lost = matches!(refusal, AccessError::NotTakingPart);
                let resumed = seq.filter(|_| is_lost && is_same_epoch);
                if let Some(start) = start_of_former(snapshot, actor, (stream, resumed))? {
                    starts.streams.insert(stream, start);
                } else if scope.streams.contains(&stream) {
                    starts.refused.push((stream, refusal.reason()));
                } else {
                    let ended = if is_lost {
                        Ended::Removed
                    } else {
                        Ended::NotAParticipant
                    };
                    starts.ended.push((stream, ended, seq.unwrap_or_default()));
                }
            }
        }
    }
    Ok(starts)
}

/// Returns the start of a conversation that `actor` could read at its position and cannot read now:
/// the event that ended this. `None` without a position, or if none of the next [`MAX_CHANGES`]
/// changes of the conversation is such an event.
fn start_of_former(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    (stream, since): (StreamId, Option<u64>),
) -> Result<Option<Start>, StoreError> {
    let Some(since) = since else {
        return Ok(None);
    };
    let portion = Portion {
        kinds: Some(READER_CHANGES),
        ..Portion::new(since, MAX_CHANGES)
    };
    let log = snapshot.events().after(stream, portion)?;
    let leaves = Change::Leaves(actor.agent);
    let until = log.events.iter().find(|it| it.changes.contains(&leaves));
    let Some(until) = until.map(|event| event.seq) else {
        return Ok(None);
    };
    let found = snapshot.conversations().get(ConversationId(stream.id))?;
    Ok(found.map(|conversation| Start::Former {
        until,
        head: conversation.last.seq,
    }))
}

const fn start_of(since: Option<u64>, head: u64, is_same_epoch: bool) -> Start {
    match since {
        None => Start::Head(head),
        Some(_) if !is_same_epoch => Start::Reset(ResetReason::Epoch, head),
        Some(seq) if seq > head => Start::Reset(ResetReason::AheadOfHead, head),
        Some(seq) => Start::Since { seq, head },
    }
}

/// Reads the events after a position from which a connection may read the conversation. The log of a
/// conversation is whole, so that events are missing only with the conversation.
///
/// # Errors
/// Only when storage fails.
pub fn catch_up(
    snapshot: &mut dyn ConversationSnapshot,
    id: ConversationId,
    portion: Portion,
) -> Result<CatchUp, StoreError> {
    let log = snapshot.events().after(stream(id), portion)?;
    let follows = log
        .events
        .first()
        .is_some_and(|next| next.seq == portion.since + 1);
    let gap = if follows || snapshot.conversations().get(id)?.is_some() {
        None
    } else {
        Some(Gap::Gone)
    };
    Ok(CatchUp { log, gap })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockSnapshot, a_conversation};
    use talk_domain::kernel::log::LogPage;
    use talk_domain::testing::{actor, admin_context, agent_id, logged};
    use uuid::Uuid;

    /// The `n`th conversation. Agent 1 owns the first one.
    fn nth(n: u128) -> ConversationId {
        Uuid::from_u128(0xC0 + n).into()
    }

    const HEAD: u64 = 5;

    fn snapshot() -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let heads = snapshot.conversations.expect_heads();
        heads.returning(|owner, limit| {
            assert_eq!(limit, MAX_FOLLOWED);
            Ok(match owner {
                Some(owner) if owner == agent_id(1) => vec![(nth(1), HEAD)],
                Some(_) => vec![],
                None => vec![(nth(1), HEAD), (nth(2), HEAD)],
            })
        });
        // Agent 3 owned the second conversation until events 2 and 4.
        let after = snapshot.events.expect_after();
        after
            .withf(|_, portion| portion.kinds == Some(READER_CHANGES))
            .returning(|stream, portion| {
                let left = |seq| {
                    let changes = [Change::Leaves(agent_id(3)), Change::Joins(agent_id(4))];
                    logged(stream, seq, &changes, "{}")
                };
                let events = [2, 4].into_iter().filter(|seq| *seq > portion.since);
                Ok(LogPage {
                    events: events.map(left).collect(),
                    is_end: true,
                })
            });
        let get = snapshot.conversations.expect_get();
        get.returning(|id| {
            let owner = (id == nth(1)).then(|| agent_id(1));
            let found = Conversation {
                id,
                owner,
                ..a_conversation()
            };
            Ok((id != nth(9)).then_some(found))
        });
        snapshot
    }

    fn found(actor: Actor, scope: &Scope, since: &[(u128, u64)]) -> Starts {
        let since = since.iter().map(|(n, seq)| (stream(nth(*n)), *seq));
        let resume = Resume {
            epoch: "e".into(),
            since: since.collect(),
        };
        find_starts(&mut snapshot(), actor, (scope, &resume), true).unwrap()
    }

    fn all() -> Scope {
        Scope {
            realms: [REALM].into(),
            ..Scope::default()
        }
    }

    fn only(n: u128) -> Scope {
        Scope {
            streams: [stream(nth(n))].into(),
            ..Scope::default()
        }
    }

    fn begun(starts: &Starts) -> Vec<(StreamId, Start)> {
        let streams = starts.streams.iter();
        streams.map(|(stream, start)| (*stream, *start)).collect()
    }

    /// CONV-13.
    #[test]
    fn agents_follow_their_own_conversations_and_admins_all() {
        let head = |n| (stream(nth(n)), Start::Head(HEAD));
        let (owner, admin) = (actor(agent_id(1)), admin_context(agent_id(2)).actor);
        assert_eq!(begun(&found(owner, &all(), &[])), [head(1)]);
        assert_eq!(begun(&found(admin, &all(), &[])), [head(1), head(2)]);
        assert!(begun(&found(actor(agent_id(2)), &all(), &[])).is_empty());
        assert_eq!(begun(&found(admin, &only(2), &[])), [head(2)]);
        let refused = found(owner, &only(2), &[]).refused;
        assert_eq!(refused, [(stream(nth(2)), "PERMISSION_DENIED")]);
        let refused = found(admin, &only(9), &[]).refused;
        assert_eq!(refused, [(stream(nth(9)), "CONVERSATION_NOT_FOUND")]);
    }

    /// CONV-13: a connection resumes where it was.
    #[test]
    fn a_position_is_resumed_from_while_the_agent_may_read() {
        let owner = actor(agent_id(1));
        let since = |seq| Start::Since { seq, head: HEAD };
        for scope in [all(), only(1)] {
            let starts = found(owner, &scope, &[(1, 3)]);
            assert_eq!(begun(&starts), [(stream(nth(1)), since(3))]);
            let ahead = Start::Reset(ResetReason::AheadOfHead, HEAD);
            let starts = found(owner, &scope, &[(1, HEAD + 1)]);
            assert_eq!(begun(&starts), [(stream(nth(1)), ahead)]);
        }
        for (n, reason) in [(2, Ended::Removed), (9, Ended::NotAParticipant)] {
            let ended = found(owner, &all(), &[(n, 3)]).ended;
            assert_eq!(ended, [(stream(nth(n)), reason, 3)]);
        }
        let resume = Resume {
            epoch: "older".into(),
            since: [(stream(nth(1)), 3)].into(),
        };
        let asked = (&all(), &resume);
        let starts = find_starts(&mut snapshot(), owner, asked, false).unwrap();
        let reset = Start::Reset(ResetReason::Epoch, HEAD);
        assert_eq!(begun(&starts), [(stream(nth(1)), reset)]);
    }

    /// CONV-13: it is the first event after the position by which the agent ceased to be the owner.
    #[test]
    fn a_former_owner_gets_the_event_that_made_another_the_owner() {
        let (former, stream) = (actor(agent_id(3)), stream(nth(2)));
        for scope in [all(), only(2)] {
            for (since, until) in [(0, 2), (1, 2), (2, 4), (3, 4)] {
                let starts = found(former, &scope, &[(2, since)]);
                let start = Start::Former { until, head: HEAD };
                assert_eq!(begun(&starts), [(stream, start)]);
                assert!(starts.ended.is_empty() && starts.refused.is_empty());
            }
        }
        let after = found(former, &all(), &[(2, 4)]);
        assert_eq!(after.ended, [(stream, Ended::Removed, 4)]);
        let after = found(former, &only(2), &[(2, 4)]);
        assert_eq!(after.refused, [(stream, "PERMISSION_DENIED")]);
        let resume = Resume {
            epoch: "older".into(),
            since: [(stream, 1)].into(),
        };
        let older = find_starts(&mut snapshot(), former, (&all(), &resume), false).unwrap();
        assert_eq!(older.ended, [(stream, Ended::Removed, 1)]);
    }

    /// CONV-13.
    #[test]
    fn events_are_missing_only_with_their_conversation() {
        for (id, events, gap) in [
            (nth(1), vec![4, 5], None),
            (nth(1), vec![], None),
            (nth(9), vec![], Some(Gap::Gone)),
        ] {
            let mut snapshot = snapshot();
            let page = LogPage {
                events: events
                    .into_iter()
                    .map(|seq| logged(stream(id), seq, &[], "{}"))
                    .collect(),
                is_end: true,
            };
            let expected = page.clone();
            let after = snapshot.events.expect_after();
            after.returning(move |_, _| Ok(page.clone()));
            let read = catch_up(&mut snapshot, id, Portion::new(3, 9)).unwrap();
            assert_eq!((read.log, read.gap), (expected, gap));
        }
    }
}
