//! Use cases: list the participants of a chat, and those who have left it.

use crate::kernel::context::Actor;
use crate::kernel::id::ChatId;
use crate::kernel::page::{Page, PageRequest};
use crate::talk::access::{AccessError, Placed, view_card};
use crate::talk::model::participant::Participant;
use crate::talk::unit::TalkSnapshot;

/// Lists the participants for agents who may see the chat's card.
///
/// # Errors
/// See [`AccessError`].
pub fn list_participants(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chat: ChatId,
    request: PageRequest,
) -> Result<Placed<Page<Participant>>, AccessError> {
    let chat = view_card(snapshot, actor, chat)?;
    Ok(Placed::new(
        snapshot.participants().page(chat.id, request)?,
        &chat,
    ))
}

/// Lists the last memberships of agents who left and did not come back, for agents who may see the
/// chat's card.
///
/// # Errors
/// See [`AccessError`].
pub fn list_former_participants(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chat: ChatId,
    request: PageRequest,
) -> Result<Placed<Page<Participant>>, AccessError> {
    let chat = view_card(snapshot, actor, chat)?;
    Ok(Placed::new(
        snapshot.participants().former(chat.id, request)?,
        &chat,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::{Chat, ChatKind};
    use crate::testing::{FIRST, a_chat, a_participant, actor, agent_id, chat_id, seen};

    fn channel() -> Chat {
        Chat {
            kind: ChatKind::Talk,
            ..a_chat()
        }
    }

    fn one() -> Page<Participant> {
        Page {
            rows: vec![a_participant(agent_id(1))],
            next: None,
        }
    }

    /// CHAT-13 and X-17: the same visibility as the chat.
    #[test]
    fn participants_are_listed_to_agents_that_may_see_the_card() {
        let outside = actor(agent_id(2));
        for (chat, me) in [(channel(), outside), (a_chat(), actor(agent_id(1)))] {
            let mut snapshot = seen(&chat, &[agent_id(1)]);
            let page = snapshot.participants.expect_page();
            page.withf(|chat, request| (*chat, *request) == (chat_id(1), FIRST))
                .returning(|_, _| Ok(one()));
            let former = snapshot.participants.expect_former();
            former
                .withf(|chat, request| (*chat, *request) == (chat_id(1), FIRST))
                .returning(|_, _| Ok(one()));
            let listed = list_participants(&mut snapshot, me, chat.id, FIRST).unwrap();
            assert_eq!((listed.value, listed.seq), (one(), a_chat().last.seq));
            let left = list_former_participants(&mut snapshot, me, chat.id, FIRST).unwrap();
            assert_eq!((left.value, left.seq), (one(), a_chat().last.seq));
        }
    }

    /// API-16: visibility.
    #[test]
    fn an_outsider_learns_nothing_of_who_is_or_was_in_a_private_chat() {
        let (mut snapshot, me) = (seen(&a_chat(), &[agent_id(1)]), actor(agent_id(2)));
        let listed = list_participants(&mut snapshot, me, chat_id(1), FIRST);
        assert!(matches!(listed, Err(AccessError::NotAParticipant)));
        let left = list_former_participants(&mut snapshot, me, chat_id(1), FIRST);
        assert!(matches!(left, Err(AccessError::NotAParticipant)));
    }
}
