//! Steps: a chat as one of its participants has read it.

use crate::kernel::context::Actor;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::participant::Participant;
use crate::talk::model::read::{ReadQueries, ReadState};
use crate::talk::unit::{TalkSnapshot, TalkUnit};

/// Returns a chat with the actor's read state, inside a unit of work.
///
/// # Errors
/// Only when storage fails.
pub fn read_in_unit(
    uow: &mut dyn TalkUnit,
    actor: Actor,
    chat: &Chat,
) -> Result<ReadState, StoreError> {
    match uow.participants().find(chat.id, actor.agent)? {
        Some(member) => state(uow.reads(), &member),
        None => Ok(ReadState::default()),
    }
}

/// Returns chats with the actor's read state.
///
/// # Errors
/// Only when storage fails.
pub fn read_in_snapshot<'a>(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chats: impl IntoIterator<Item = &'a Chat>,
) -> Result<Vec<ReadState>, StoreError> {
    let mut states = Vec::new();
    for chat in chats {
        states.push(match snapshot.participants().find(chat.id, actor.agent)? {
            Some(member) => state(snapshot.reads(), &member)?,
            None => ReadState::default(),
        });
    }
    Ok(states)
}

/// Computes a participant's read state. Messages from before it joined are not unread.
fn state(reads: &mut dyn ReadQueries, member: &Participant) -> Result<ReadState, StoreError> {
    let (chat, agent) = (member.chat, member.agent);
    let place = reads.mark(chat, agent)?.map(|mark| mark.place);
    let after = place.map_or(member.joined, |place| place.at.max(member.joined));
    let unread = reads.unread(chat, agent, after)?;
    let mentions = match unread {
        0 => 0,
        _ => reads.mentions(chat, agent, after)?,
    };
    Ok(ReadState {
        seq: place.map_or(0, |place| place.seq),
        unread,
        mentions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream::Tick;
    use crate::talk::model::read::MockReadQueries;
    use crate::talk::model::read::ReadMark;
    use crate::testing::{Scene, a_chat, a_participant, actor, agent_id, at, seen};

    fn mark(seq: u64, micros: i64) -> ReadMark {
        let member = a_participant(agent_id(1));
        ReadMark {
            customer: member.customer,
            chat: member.chat,
            agent: member.agent,
            place: Tick {
                seq,
                at: at(micros),
            },
            updated: at(micros),
        }
    }

    /// MSG-17.
    #[test]
    fn what_came_after_the_mark_or_after_joining_is_unread() {
        for (mark, joined, after, seq) in [
            (None, 5, 5, 0),
            (Some(mark(7, 9)), 5, 9, 7),
            (Some(mark(7, 9)), 12, 12, 7),
        ] {
            let mut reads = MockReadQueries::default();
            reads.expect_mark().returning(move |_, _| Ok(mark));
            reads
                .expect_unread()
                .withf(move |_, _, since| *since == at(after))
                .returning(|_, _, _| Ok(3));
            reads
                .expect_mentions()
                .withf(move |_, _, since| *since == at(after))
                .returning(|_, _, _| Ok(1));
            let member = Participant {
                joined: at(joined),
                ..a_participant(agent_id(1))
            };
            let expected = ReadState {
                seq,
                unread: 3,
                mentions: 1,
            };
            assert_eq!(state(&mut reads, &member).unwrap(), expected);
        }
    }

    fn unread(reads: &mut MockReadQueries, unread: u32) {
        reads.expect_mark().returning(|_, _| Ok(None));
        reads.expect_unread().returning(move |_, _, _| Ok(unread));
        reads.expect_mentions().returning(|_, _, _| Ok(2));
    }

    /// An agent that does not participate has nothing unread.
    #[test]
    fn only_a_participant_has_something_unread() {
        let expected = ReadState {
            seq: 0,
            unread: 3,
            mentions: 2,
        };
        for (agent, state) in [(1, expected), (2, ReadState::default())] {
            let mut uow = Scene::new(a_chat()).members(&[agent_id(1)]).unit();
            unread(&mut uow.reads, 3);
            let in_unit = read_in_unit(&mut uow, actor(agent_id(agent)), &a_chat());
            assert_eq!(in_unit.unwrap(), state);
            let mut snapshot = seen(&a_chat(), &[agent_id(1)]);
            unread(&mut snapshot.reads, 3);
            let chats = [a_chat(), a_chat()];
            let in_snapshot = read_in_snapshot(&mut snapshot, actor(agent_id(agent)), &chats);
            assert_eq!(in_snapshot.unwrap(), [state, state]);
        }
    }

    /// Without unread messages mentions are not counted.
    #[test]
    fn nothing_unread_mentions_nobody() {
        let mut reads = MockReadQueries::default();
        unread(&mut reads, 0);
        let member = a_participant(agent_id(1));
        assert_eq!(state(&mut reads, &member).unwrap(), ReadState::default());
    }
}
