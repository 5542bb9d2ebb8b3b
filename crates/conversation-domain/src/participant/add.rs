//! Use case: add an agent to a conversation.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, lock_taking_part};
use crate::model::address::Address;
use crate::model::event::Event;
use crate::model::participant::Participant;
use crate::steps::record::{Cause, record_beside};
use crate::unit::ConversationUnit;

/// A participant to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newcomer {
    /// An agent of the customer.
    Agent(AgentId),
    /// A further person outside.
    Peer(Address),
}

refusals! {
    /// Refusals of [`add_participant`].
    pub enum AddParticipantError {
        NoGroups = FailedPrecondition "GROUPS_NOT_SUPPORTED" "the method of the conversation has no groups",
        TooMany = FailedPrecondition "PARTICIPANT_LIMIT" "the conversation has as many participants as it may have",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Adds a participant, up to `limit` of them. The actor must take part in the conversation. Adding
/// a present participant changes nothing. No method supports groups, so that a further person
/// outside is refused.
///
/// # Errors
/// See [`AddParticipantError`].
pub fn add_participant(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (id, newcomer): (ConversationId, &Newcomer),
    limit: u32,
) -> Result<Participant, AddParticipantError> {
    let mut conversation = lock_taking_part(uow, cx.actor, id)?;
    let Newcomer::Agent(agent) = *newcomer else {
        return Err(AddParticipantError::NoGroups);
    };
    let known = uow.agents().get(agent)?;
    if known.is_none_or(|agent| agent.deleted.is_some()) {
        let message = "must be an agent of the customer";
        return Err(Invalid::new("owner_id", "OWNER_INVALID", message).into());
    }
    if let Some(participant) = uow.conversation_participants().find(id, agent)? {
        return Ok(participant);
    }
    if conversation.participants >= limit {
        return Err(AddParticipantError::TooMany);
    }
    let participant = Participant {
        customer: conversation.customer,
        conversation: id,
        agent,
        added: cx.now,
    };
    uow.conversation_participants().insert(&participant)?;
    conversation.participants += 1;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    let event = Event::ParticipantAdded(&participant);
    record_beside(uow, cause, &mut conversation, event)?;
    Ok(participant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockUnit, a_conversation, a_participant, logs, visitor};
    use talk_domain::testing::{a_deleted_agent, agent_id, an_agent, context};

    /// A conversation of agent 1 with `participants` others, of which agent 2 is one.
    fn add(
        by: u128,
        newcomer: &Newcomer,
        (participants, added): (u32, usize),
    ) -> Result<Participant, AddParticipantError> {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(move |_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                participants,
                ..a_conversation()
            }))
        });
        uow.agents.expect_get().returning(|id| {
            let known = [an_agent(1), an_agent(2), an_agent(3), a_deleted_agent(9)];
            Ok(known.into_iter().find(|agent| agent.id == id))
        });
        let find = uow.conversation_participants.expect_find();
        find.returning(|_, agent| Ok((agent == agent_id(2)).then(|| a_participant(2))));
        let insert = uow.conversation_participants.expect_insert().times(added);
        insert.returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(added);
        update
            .withf(move |conversation| conversation.participants == participants + 1)
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_participant_added", added);
        let id = a_conversation().id;
        add_participant(&mut uow, &context(agent_id(by)), (id, newcomer), 3)
    }

    fn agent(n: u128) -> Newcomer {
        Newcomer::Agent(agent_id(n))
    }

    /// CONV-15.
    #[test]
    fn who_takes_part_adds_an_agent_once() {
        for by in [1, 2] {
            let added = add(by, &agent(3), (1, 1)).unwrap();
            assert_eq!(added.agent, agent_id(3));
        }
        assert_eq!(add(1, &agent(2), (3, 0)).unwrap(), a_participant(2));
    }

    /// CONV-15.
    #[test]
    fn outsiders_add_no_agent_and_a_conversation_has_a_limit() {
        let refused = add(3, &agent(3), (1, 0));
        assert!(matches!(refused, Err(AddParticipantError::Access(_))));
        for unknown in [8, 9] {
            let refused = add(1, &agent(unknown), (1, 0));
            assert!(matches!(refused, Err(AddParticipantError::Invalid(_))));
        }
        let refused = add(1, &agent(3), (3, 0));
        assert!(matches!(refused, Err(AddParticipantError::TooMany)));
        let refused = add(1, &Newcomer::Peer(visitor(2)), (1, 0));
        assert!(matches!(refused, Err(AddParticipantError::NoGroups)));
    }
}
