//! Use cases: read messages as an agent.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{ConversationId, ConversationMessageId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::access::{AccessError, read_taking_part};
use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::unit::ConversationSnapshot;

refusals! {
    /// Refusals of [`show_message`] and [`list_messages`].
    pub enum ShowMessageError {
        NoSuchMessage = NotFound "MESSAGE_NOT_FOUND" "there is no such message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Returns a message, with its conversation.
///
/// # Errors
/// See [`ShowMessageError`].
pub fn show_message(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    conversation: ConversationId,
    id: ConversationMessageId,
) -> Result<(Conversation, Message), ShowMessageError> {
    let conversation = read_taking_part(snapshot, actor, conversation)?;
    let found = snapshot.conversation_messages().get(id)?;
    let found = found.filter(|message| message.conversation == conversation.id);
    Ok((conversation, found.ok_or(ShowMessageError::NoSuchMessage)?))
}

/// Returns a page of the messages of a conversation, with the conversation.
///
/// # Errors
/// See [`ShowMessageError`].
pub fn list_messages(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    id: ConversationId,
    page: PageRequest,
) -> Result<(Conversation, Page<Message>), ShowMessageError> {
    let conversation = read_taking_part(snapshot, actor, id)?;
    let messages = snapshot.conversation_messages().page(id, page)?;
    Ok((conversation, messages))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, a_conversation, a_message};
    use talk_domain::kernel::page::Order;
    use talk_domain::testing::{actor, admin_context, agent_id};

    const PAGE: PageRequest = PageRequest {
        size: 1,
        after: None,
        order: Order::Descending,
    };

    fn snapshot(message: Message) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.conversations.expect_get();
        get.returning(|_| Ok(Some(a_conversation())));
        let get = snapshot.conversation_messages.expect_get();
        get.returning(move |_| Ok(Some(message.clone())));
        snapshot
    }

    /// CONV-10.
    #[test]
    fn an_outsider_reads_no_messages() {
        let (id, outsider) = (a_conversation().id, actor(agent_id(2)));
        let mut snapshot = snapshot(a_message(1));
        let refused = list_messages(&mut snapshot, outsider, id, PAGE);
        assert!(matches!(refused, Err(ShowMessageError::Access(_))));
        let refused = show_message(&mut snapshot, outsider, id, a_message(1).id);
        assert!(matches!(refused, Err(ShowMessageError::Access(_))));
    }

    /// CONV-10: a message is found in its own conversation only.
    #[test]
    fn a_message_of_another_conversation_is_not_found() {
        let admin = admin_context(agent_id(1)).actor;
        let id = a_conversation().id;
        let shown = show_message(&mut snapshot(a_message(1)), admin, id, a_message(1).id);
        assert_eq!(shown.unwrap().1, a_message(1));
        let other = Message {
            conversation: uuid::Uuid::from_u128(9).into(),
            ..a_message(1)
        };
        let refused = show_message(&mut snapshot(other), admin, id, a_message(1).id);
        assert!(matches!(refused, Err(ShowMessageError::NoSuchMessage)));
    }
}
