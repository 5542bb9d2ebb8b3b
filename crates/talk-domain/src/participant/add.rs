//! Use case: add a participant to a chat.

use crate::access::{AccessError, lock};
use crate::agent::Agent;
use crate::chat::{Chat, ChatKind};
use crate::context::Context;
use crate::error::refusals;
use crate::event::{Event, LogEntry};
use crate::id::{AgentId, ChatId};
use crate::message::SystemKind;
use crate::message::system::announce;
use crate::participant::Participant;
use crate::store::{StoreError, UnitOfWork};

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddParticipant {
    /// The chat.
    pub chat: ChatId,
    /// Whom to add.
    pub agent: AgentId,
}

refusals! {
    /// Why a participant is not added.
    pub enum AddParticipantError {
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        AgentNotFound = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        AlreadyThere = AlreadyExists "PARTICIPANT_ALREADY_EXISTS"
            "the agent is a participant already",
        DirectChatFull = FailedPrecondition "DIRECT_CHAT_FULL"
            "a direct chat has exactly two participants",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Adds an agent of the customer to a chat of the caller; to a channel one may add oneself.
///
/// # Errors
/// See [`AddParticipantError`].
pub fn add_participant(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &AddParticipant,
) -> Result<Participant, AddParticipantError> {
    let mut chat = lock(uow, command.chat)?;
    let adds_oneself = chat.kind == ChatKind::Talk && command.agent == cx.actor.agent;
    if !adds_oneself && uow.participants().find(chat.id, cx.actor.agent)?.is_none() {
        return Err(AccessError::NotAParticipant.into());
    }
    if !chat.is_open() {
        return Err(AddParticipantError::Closed);
    }
    if !uow
        .agents()
        .get(command.agent)?
        .as_ref()
        .is_some_and(Agent::is_active)
    {
        return Err(AddParticipantError::AgentNotFound);
    }
    if uow.participants().find(chat.id, command.agent)?.is_some() {
        return Err(AddParticipantError::AlreadyThere);
    }
    if chat
        .pair
        .is_some_and(|pair| !pair.agents().contains(&command.agent))
    {
        return Err(AddParticipantError::DirectChatFull);
    }
    let participant = admit_and_announce(uow, cx, &mut chat, command.agent)?;
    uow.chats().update(&chat)?;
    Ok(participant)
}

/// Makes `agent`, who is none, a participant of the locked chat.
pub(crate) fn admit(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
    agent: AgentId,
) -> Result<Participant, StoreError> {
    let tick = chat.tick(cx.now);
    let participant = Participant {
        id: cx.fresh(),
        customer: chat.customer,
        chat: chat.id,
        agent,
        joined: tick.at,
    };
    if !uow.participants().insert(chat, &participant)? {
        return Err(StoreError::Conflict);
    }
    chat.member_count += 1;
    let event = Event::ParticipantJoined(&participant);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    Ok(participant)
}

/// Admits `agent` and says so in the chat (S-090).
pub(crate) fn admit_and_announce(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
    agent: AgentId,
) -> Result<Participant, StoreError> {
    let participant = admit(uow, cx, chat, agent)?;
    announce(uow, cx, chat, SystemKind::ParticipantJoined(agent))?;
    Ok(participant)
}
