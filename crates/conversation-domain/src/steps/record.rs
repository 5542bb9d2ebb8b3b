//! Records an event of a conversation: number, log and head in one place.

use std::sync::Arc;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::conversation::Conversation;
use crate::model::event::{Entry, Event};
use crate::model::message::Message;
use crate::unit::ConversationUnit;

/// The cause of a change: an agent, or `None` for the person outside, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) actor: Option<AgentId>,
    pub(crate) now: Timestamp,
}

/// Logs a change of the conversation itself, and stores it.
pub(crate) fn record_update(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
) -> Result<Arc<Logged>, StoreError> {
    let tick = conversation.tick(cause.now);
    conversation.updated = tick.at;
    let logged = uow.conversation_log().append(&Entry {
        conversation: conversation.id,
        tick,
        actor: cause.actor,
        event: Event::ConversationUpdated(conversation),
    })?;
    uow.conversations().update(conversation)?;
    Ok(logged)
}

/// Stores a new message at the next place of its conversation, and logs it.
pub(crate) fn record_message(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    mut message: Message,
) -> Result<(Message, Arc<Logged>), StoreError> {
    let tick = conversation.tick(cause.now);
    (message.seq, message.created, message.updated) = (tick.seq, tick.at, tick.at);
    uow.conversation_messages().insert(&message)?;
    let logged = uow.conversation_log().append(&Entry {
        conversation: conversation.id,
        tick,
        actor: cause.actor,
        event: Event::MessageCreated(&message, &conversation.room),
    })?;
    uow.conversations().update(conversation)?;
    Ok((message, logged))
}
