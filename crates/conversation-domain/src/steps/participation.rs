//! Ends the participation of an agent.

use talk_domain::kernel::store_error::StoreError;

use crate::model::conversation::Conversation;
use crate::model::event::Event;
use crate::model::participant::Participant;
use crate::steps::record::{Cause, record_beside};
use crate::unit::ConversationUnit;

/// Removes a participant of the locked conversation, with an event.
pub(crate) fn dismiss(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    participant: &Participant,
) -> Result<(), StoreError> {
    uow.conversation_participants().delete(participant)?;
    conversation.participants = conversation.participants.saturating_sub(1);
    let goes_on = conversation.owner == Some(participant.agent);
    let event = Event::ParticipantRemoved(participant, goes_on);
    record_beside(uow, cause, conversation, event)?;
    Ok(())
}
