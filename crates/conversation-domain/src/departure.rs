//! The changes to conversations when identity deletes or erases an agent. A store implements
//! [`Departure`](talk_domain::identity::departure::Departure) with this function.

use talk_domain::kernel::cleanup::MEMBERSHIPS;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store_error::StoreError;

use crate::steps::participation::dismiss;
use crate::steps::record::{Cause, record_update};
use crate::unit::ConversationUnit;

/// Leaves conversations of a deleted agent without an owner, and ends participations of it, each
/// with an event; both up to [`MEMBERSHIPS`]. Returns whether there may be more.
///
/// # Errors
/// Only when storage fails.
pub fn leave_some_conversations(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    agent: AgentId,
) -> Result<bool, StoreError> {
    let owned = uow.conversations().owned_by(agent, MEMBERSHIPS)?;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    for id in &owned {
        let Some(mut conversation) = uow.conversations().lock(*id)? else {
            continue;
        };
        if conversation.owner == Some(agent) {
            conversation.owner = None;
            record_update(uow, cause, &mut conversation, Some(agent))?;
        }
    }
    if owned.len() >= MEMBERSHIPS as usize {
        return Ok(true);
    }
    let joined = uow
        .conversation_participants()
        .of_agent(agent, MEMBERSHIPS)?;
    for id in &joined {
        let Some(mut conversation) = uow.conversations().lock(*id)? else {
            continue;
        };
        if let Some(participant) = uow.conversation_participants().find(*id, agent)? {
            dismiss(uow, cause, &mut conversation, &participant)?;
        }
    }
    Ok(joined.len() >= MEMBERSHIPS as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockUnit, a_conversation, a_participant, logs};
    use talk_domain::testing::{admin_context, agent_id};

    /// CONV-09: a step changes a bounded number of conversations, and none that has another owner
    /// meanwhile.
    #[test]
    fn a_deleted_agent_leaves_its_conversations_step_by_step() {
        for (count, owner, changed, is_more) in [
            (0, 2, 0, false),
            (3, 2, 3, false),
            (3, 1, 0, false),
            (MEMBERSHIPS as usize, 2, MEMBERSHIPS as usize, true),
        ] {
            let mut uow = MockUnit::default();
            let find = uow.conversations.expect_owned_by();
            find.withf(|agent, limit| (*agent, *limit) == (agent_id(2), MEMBERSHIPS))
                .returning(move |_, _| Ok(vec![a_conversation().id; count]));
            uow.conversations.expect_lock().returning(move |_| {
                let owner = Some(agent_id(owner));
                Ok(Some(Conversation {
                    owner,
                    ..a_conversation()
                }))
            });
            let update = uow.conversations.expect_update().times(changed);
            update
                .withf(|conversation| conversation.owner.is_none())
                .returning(|_| Ok(()));
            logs(&mut uow, "conversation_updated", changed);
            let joined = uow.conversation_participants.expect_of_agent();
            joined.returning(|_, _| Ok(vec![]));
            let cx = admin_context(agent_id(1));
            let left = leave_some_conversations(&mut uow, &cx, agent_id(2));
            assert_eq!(left.unwrap(), is_more);
        }
    }

    /// CONV-09 and CONV-15.
    #[test]
    fn a_deleted_agent_participates_in_nothing() {
        let mut uow = MockUnit::default();
        uow.conversations
            .expect_owned_by()
            .returning(|_, _| Ok(vec![]));
        let joined = uow.conversation_participants.expect_of_agent();
        joined.returning(|_, _| Ok(vec![a_conversation().id]));
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                participants: 1,
                ..a_conversation()
            }))
        });
        let find = uow.conversation_participants.expect_find();
        find.returning(|_, _| Ok(Some(a_participant(2))));
        let delete = uow.conversation_participants.expect_delete().times(1);
        delete.returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(1);
        update
            .withf(|conversation| conversation.participants == 0)
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_participant_removed", 1);
        let cx = admin_context(agent_id(1));
        let left = leave_some_conversations(&mut uow, &cx, agent_id(2));
        assert!(!left.unwrap());
    }
}
