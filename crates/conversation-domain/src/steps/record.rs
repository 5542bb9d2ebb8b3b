//! Steps that record a change: they take the next `seq`, append the event to the log, and store the
//! conversation with its new head.

use std::sync::Arc;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Change;
use talk_domain::kernel::time::Timestamp;

use crate::model::conversation::{Conversation, stream};
use crate::model::event::Event;
use crate::model::message::Message;
use crate::unit::ConversationUnit;

/// The cause of a change: an agent, or `None` for the person outside, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) actor: Option<AgentId>,
    pub(crate) now: Timestamp,
}

/// Appends an event to the log of a locked conversation, with the `seq` and time in
/// `conversation.last`, which the caller has taken with [`Conversation::tick`]. The event names the
/// owner as one who may read it, so that it also reaches a connection of the owner whose subscription
/// did not begin with this conversation.
pub(crate) fn append(
    uow: &mut dyn ConversationUnit,
    actor: Option<AgentId>,
    conversation: &Conversation,
    event: Event<'_>,
) -> Result<Arc<Logged>, StoreError> {
    let (id, tick) = (conversation.id, conversation.last);
    let payload = uow.frames().encode_conversation(id, tick.seq, event);
    let mut entry = event.entry(payload.into());
    if entry.changes.is_empty() {
        entry.changes = conversation.owner.into_iter().map(Change::Joins).collect();
    }
    uow.events().append(stream(id), tick, actor, entry)
}

/// Appends the event of a change of the conversation itself, and stores the conversation. `before`
/// is the owner before the change.
pub(crate) fn record_update(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    before: Option<AgentId>,
) -> Result<Arc<Logged>, StoreError> {
    let tick = conversation.tick(cause.now);
    conversation.updated = tick.at;
    let event = Event::ConversationUpdated(conversation, before);
    let logged = append(uow, cause.actor, conversation, event)?;
    uow.conversations().update(conversation)?;
    Ok(logged)
}

/// Stores a new message with the next `seq` of its conversation, and appends its event.
pub(crate) fn record_message(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    mut message: Message,
) -> Result<(Message, Arc<Logged>), StoreError> {
    let tick = conversation.tick(cause.now);
    (message.seq, message.created, message.updated) = (tick.seq, tick.at, tick.at);
    uow.conversation_messages().insert(&message)?;
    let event = Event::MessageCreated(&message, &conversation.room);
    let logged = append(uow, cause.actor, conversation, event)?;
    uow.conversations().update(conversation)?;
    Ok((message, logged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, a_message, a_room};
    use talk_domain::testing::{agent_id, customer_id};

    /// CONV-13: also a subscription that did not begin with this conversation gets the event.
    #[test]
    fn an_event_reaches_the_owner_whatever_it_follows() {
        for owner in [None, Some(agent_id(1))] {
            let mut uow = MockUnit::default();
            let frames = uow.frames.expect_encode_conversation();
            frames.returning(|_, _, _| "{}".to_owned());
            let append = uow.events.expect_append();
            append.returning(|stream, tick, _, entry| {
                Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
            });
            let conversation = Conversation {
                owner,
                ..a_conversation()
            };
            let (message, room) = (a_message(1), a_room());
            let event = Event::MessageCreated(&message, &room);
            let logged = super::append(&mut uow, None, &conversation, event).unwrap();
            let joins: Vec<_> = owner.into_iter().map(Change::Joins).collect();
            assert_eq!(logged.changes, joins);
        }
    }
}
