//! Steps that add the read state of the actor to a conversation.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::access::{takes_part, takes_part_in};
use crate::model::conversation::Conversation;
use crate::model::read::{ReadQueries, ReadState};
use crate::unit::{ConversationSnapshot, ConversationUnit};

/// A conversation with the read state of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// The read state.
    pub read: ReadState,
}

/// Adds the actor's read state, inside a unit of work.
///
/// # Errors
/// Only when storage fails.
pub fn own_in_unit(
    uow: &mut dyn ConversationUnit,
    actor: Actor,
    conversation: Conversation,
) -> Result<OwnConversation, StoreError> {
    let read = if takes_part(uow, actor, &conversation)? {
        state(uow.conversation_reads(), actor, conversation.id)?
    } else {
        ReadState::default()
    };
    Ok(OwnConversation { conversation, read })
}

/// Adds the actor's read state, on a snapshot.
///
/// # Errors
/// Only when storage fails.
pub fn own_in_snapshot(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    conversation: Conversation,
) -> Result<OwnConversation, StoreError> {
    let read = if takes_part_in(snapshot, actor, &conversation)? {
        state(snapshot.conversation_reads(), actor, conversation.id)?
    } else {
        ReadState::default()
    };
    Ok(OwnConversation { conversation, read })
}

fn state(
    reads: &mut dyn ReadQueries,
    actor: Actor,
    id: ConversationId,
) -> Result<ReadState, StoreError> {
    let seq = reads.mark(id, actor.agent)?.unwrap_or(0);
    let unread = reads.unread(id, actor.agent, seq)?;
    Ok(ReadState { seq, unread })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, MockUnit, a_conversation};
    use talk_domain::testing::{actor, agent_id};

    /// CONV-16: an agent that may not read the messages does not get their number.
    #[test]
    fn unread_messages_are_counted_after_the_mark_and_for_readers_only() {
        let owned = Conversation {
            owner: Some(agent_id(1)),
            ..a_conversation()
        };
        let counted = ReadState { seq: 3, unread: 2 };
        for (agent, expected) in [(1, counted), (2, ReadState::default())] {
            let (mut uow, mut snapshot) = (MockUnit::default(), MockSnapshot::default());
            for reads in [
                &mut uow.conversation_reads,
                &mut snapshot.conversation_reads,
            ] {
                reads.expect_mark().returning(|_, _| Ok(Some(3)));
                let unread = reads.expect_unread();
                unread
                    .withf(|_, agent, seq| (*agent, *seq) == (agent_id(1), 3))
                    .returning(|_, _, _| Ok(2));
            }
            let caller = actor(agent_id(agent));
            let own = own_in_unit(&mut uow, caller, owned.clone()).unwrap();
            assert_eq!(own.read, expected);
            let own = own_in_snapshot(&mut snapshot, caller, owned.clone()).unwrap();
            assert_eq!(own.read, expected);
        }
    }
}
