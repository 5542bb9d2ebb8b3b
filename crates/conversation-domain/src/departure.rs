//! The changes to conversations when identity deletes or erases an agent. A store implements
//! [`Departure`](talk_domain::identity::departure::Departure) with these functions.

use talk_domain::kernel::cleanup::MEMBERSHIPS;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store_error::StoreError;

use crate::steps::participation::dismiss;
use crate::steps::record::{Cause, record_update};
use crate::steps::tombstone::make_tombstone;
use crate::unit::ConversationUnit;

/// Messages erased per unit of work, each with up to 64 of its logged events.
const ERASED: u32 = 16;

/// No further messages in a unit of work once those erased have this many bytes of text.
const ERASED_BYTES: usize = 64 * 1024;

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

/// Erases the texts of the next messages that an erased agent has written. Of a deleted conversation, it
/// removes the next rows. Returns whether there may be more.
///
/// # Errors
/// Only when storage fails.
pub fn erase_some_messages(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    agent: AgentId,
) -> Result<bool, StoreError> {
    let messages = uow.conversation_messages().of_author(agent, ERASED)?;
    let is_more = messages.len() >= ERASED as usize;
    let cause = Cause {
        actor: Some(cx.actor.agent),
        now: cx.now,
    };
    let mut bytes = 0;
    for message in messages {
        bytes += message.text.len();
        let id = message.conversation;
        let Some(mut conversation) = uow.conversations().lock(id)? else {
            uow.products().remove_conversation(id)?;
            return Ok(true);
        };
        let is_left = make_tombstone(uow, cause, &mut conversation, message)?;
        if is_left || bytes >= ERASED_BYTES {
            return Ok(true);
        }
    }
    Ok(is_more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::model::message::Message;
    use crate::testing::{MockUnit, a_conversation, a_message, a_participant, logs};
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

    fn unit_with(messages: Vec<Message>, is_left: bool) -> MockUnit {
        let mut uow = MockUnit::default();
        let find = uow.conversation_messages.expect_of_author();
        find.withf(|agent, limit| (*agent, *limit) == (agent_id(2), ERASED))
            .returning(move |_, _| Ok(messages.clone()));
        let redact = uow.message_log.expect_redact();
        redact.returning(move |_, _, _| Ok(is_left));
        uow.jobs.expect_get().returning(|_| Ok(None));
        uow.conversations.expect_update().returning(|_| Ok(()));
        uow
    }

    /// CONV-60: a unit of work is bounded in messages, in their bytes, and in the events of one message.
    #[test]
    fn the_texts_of_an_erased_agent_go_step_by_step() {
        let long = Message {
            text: "x".repeat(40_000),
            ..a_message(1)
        };
        let full = ERASED as usize;
        for (messages, is_left, erased, is_more) in [
            (vec![a_message(1); 3], false, 3, false),
            (vec![a_message(1); full], false, full, true),
            (vec![long; 5], false, 2, true),
            (vec![a_message(1); 3], true, 0, true),
            (vec![], false, 0, false),
        ] {
            let mut uow = unit_with(messages, is_left);
            let lock = uow.conversations.expect_lock();
            lock.returning(|_| Ok(Some(a_conversation())));
            let update = uow.conversation_messages.expect_update().times(erased);
            update
                .withf(|message| message.text.is_empty() && message.deleted.is_some())
                .returning(|_| Ok(()));
            logs(&mut uow, "conversation_message_deleted", erased);
            let cx = admin_context(agent_id(1));
            let left = erase_some_messages(&mut uow, &cx, agent_id(2));
            assert_eq!(left.unwrap(), is_more);
        }
    }

    /// CONV-60: the cleanup of a deleted conversation may not have removed its texts yet.
    #[test]
    fn texts_of_an_erased_agent_in_a_deleted_conversation_are_removed() {
        let mut uow = unit_with(vec![a_message(1)], false);
        uow.conversations.expect_lock().returning(|_| Ok(None));
        let remove = uow.products.expect_remove_conversation().times(1);
        remove.returning(|_| Ok(true));
        let cx = admin_context(agent_id(1));
        assert!(erase_some_messages(&mut uow, &cx, agent_id(2)).unwrap());
    }
}
