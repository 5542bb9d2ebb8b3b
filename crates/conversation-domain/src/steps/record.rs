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

impl Cause {
    /// A change that comes from outside, or of the server itself.
    pub(crate) const fn outside(now: Timestamp) -> Self {
        Self { actor: None, now }
    }
}

/// Appends an event to the log of a locked conversation, with the `seq` and time in
/// `conversation.last`, which the caller has taken with [`Conversation::tick`]. The event names owner
/// and participants as readers, so that it also reaches those of their connections whose subscription
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
        let readers = readers(uow, conversation)?;
        entry.changes = readers.into_iter().map(Change::Joins).collect();
    }
    uow.events().append(stream(id), tick, actor, entry)
}

/// The owner and the participants.
fn readers(
    uow: &mut dyn ConversationUnit,
    conversation: &Conversation,
) -> Result<Vec<AgentId>, StoreError> {
    let mut readers = Vec::from_iter(conversation.owner);
    if conversation.participants > 0 {
        let participants = uow.conversation_participants().of(conversation.id)?;
        readers.extend(participants.iter().map(|one| one.agent));
    }
    Ok(readers)
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
    let is_changed = before != conversation.owner;
    let goes_on = match before.filter(|_| is_changed && conversation.participants > 0) {
        Some(agent) => {
            let participants = uow.conversation_participants();
            participants.find(conversation.id, agent)?.is_some()
        }
        None => false,
    };
    let event = Event::ConversationUpdated(conversation, before.filter(|_| !goes_on));
    let logged = append(uow, cause.actor, conversation, event)?;
    uow.conversations().update(conversation)?;
    Ok(logged)
}

/// Logs a change of participants or of a read mark, and stores the conversation with its new head.
pub(crate) fn record_beside(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    event: Event<'_>,
) -> Result<Arc<Logged>, StoreError> {
    conversation.tick(cause.now);
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

/// Stores how far a message has got, and logs it.
pub(crate) fn record_progress(
    uow: &mut dyn ConversationUnit,
    cause: Cause,
    conversation: &mut Conversation,
    message: &mut Message,
) -> Result<(), StoreError> {
    message.updated = conversation.tick(cause.now).at;
    uow.conversation_messages().update(message)?;
    let event = Event::MessageUpdated(message, &conversation.room);
    append(uow, cause.actor, conversation, event)?;
    uow.conversations().update(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, a_message, a_participant, a_room};
    use talk_domain::testing::{agent_id, customer_id};

    fn unit() -> MockUnit {
        let mut uow = MockUnit::default();
        let frames = uow.frames.expect_encode_conversation();
        frames.returning(|_, _, _| "{}".to_owned());
        let append = uow.events.expect_append();
        append.returning(|stream, tick, _, entry| {
            Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
        });
        let of = uow.conversation_participants.expect_of();
        of.returning(|_| Ok(vec![a_participant(2)]));
        let find = uow.conversation_participants.expect_find();
        find.returning(|_, agent| Ok((agent == agent_id(2)).then(|| a_participant(2))));
        uow.conversations.expect_update().returning(|_| Ok(()));
        uow
    }

    fn conversation(owner: Option<AgentId>, participants: u32) -> Conversation {
        Conversation {
            owner,
            participants,
            ..a_conversation()
        }
    }

    /// CONV-13: also a subscription that did not begin with this conversation gets the event.
    #[test]
    fn an_event_reaches_owner_and_participants_whatever_they_follow() {
        let (one, two) = (Change::Joins(agent_id(1)), Change::Joins(agent_id(2)));
        for (owner, participants, readers) in [
            (None, 0, vec![]),
            (Some(agent_id(1)), 0, vec![one]),
            (Some(agent_id(1)), 1, vec![one, two]),
            (None, 1, vec![two]),
        ] {
            let conversation = conversation(owner, participants);
            let (message, room) = (a_message(1), a_room());
            let event = Event::MessageCreated(&message, &room);
            let logged = append(&mut unit(), None, &conversation, event).unwrap();
            assert_eq!(logged.changes, readers);
        }
    }

    /// CONV-15: an owner that is a participant goes on reading when another agent gets the conversation.
    #[test]
    fn an_owner_before_goes_on_reading_as_a_participant() {
        let joins = Change::Joins(agent_id(3));
        let cause = Cause {
            actor: None,
            now: a_message(1).created,
        };
        for (before, participants, changes) in [
            (agent_id(1), 1, vec![Change::Leaves(agent_id(1)), joins]),
            (agent_id(2), 1, vec![joins]),
            (agent_id(2), 0, vec![Change::Leaves(agent_id(2)), joins]),
        ] {
            let mut conversation = conversation(Some(agent_id(3)), participants);
            let logged = record_update(&mut unit(), cause, &mut conversation, Some(before));
            assert_eq!(logged.unwrap().changes, changes);
        }
    }
}
