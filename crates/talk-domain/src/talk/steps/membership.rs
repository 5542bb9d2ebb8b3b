//! Steps: agents join and leave a chat.

use crate::identity::agent::Agent;
use crate::kernel::cleanup::MEMBERSHIPS;
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::{Chat, ChatKind, ChatStatus};
use crate::talk::model::event::Event;
use crate::talk::model::note::SystemKind;
use crate::talk::model::participant::Participant;
use crate::talk::steps::announce::announce;
use crate::talk::steps::record::record;
use crate::talk::steps::status::set_status;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Why an agent cannot join a chat.
    pub enum JoinError {
        AgentNotFound = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Store(StoreError),
    }
}

/// Checks that these agents are active agents of the customer.
pub(crate) fn check_agents(uow: &mut dyn TalkUnit, agents: &[AgentId]) -> Result<(), JoinError> {
    for id in agents {
        let agent = uow.agents().get(*id)?;
        if !agent.as_ref().is_some_and(Agent::is_active) {
            return Err(JoinError::AgentNotFound);
        }
    }
    Ok(())
}

/// Makes `agent` a participant of the locked chat. It must not be one already.
pub(crate) fn admit(
    uow: &mut dyn TalkUnit,
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
    record(uow, cx, chat, Event::ParticipantJoined(&participant))?;
    Ok(participant)
}

/// Admits `agent` and announces it in the chat (S-090).
pub(crate) fn admit_and_announce(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    agent: AgentId,
) -> Result<Participant, StoreError> {
    let participant = admit(uow, cx, chat, agent)?;
    announce(uow, cx, chat, SystemKind::ParticipantJoined(agent))?;
    Ok(participant)
}

/// Ends a membership of the locked chat and announces it. Returns `false` if it had ended already.
pub(crate) fn dismiss(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    leaver: &Participant,
) -> Result<bool, StoreError> {
    let tick = chat.tick(cx.now);
    if !uow.participants().remove(leaver, tick)? {
        return Ok(false);
    }
    chat.member_count -= 1;
    record(uow, cx, chat, Event::ParticipantLeft(leaver))?;
    announce(uow, cx, chat, SystemKind::ParticipantLeft(leaver.agent))?;
    if chat.member_count == 0 && chat.kind != ChatKind::Talk && chat.is_open() {
        set_status(uow, cx, chat, ChatStatus::Closed)?;
    }
    Ok(true)
}

/// Ends the next memberships of a deleted agent. Returns whether there may be more.
pub(crate) fn end_memberships_of(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: AgentId,
) -> Result<bool, StoreError> {
    let chats = uow.participants().some_chats_of(id, MEMBERSHIPS)?;
    for chat in &chats {
        let Some(mut chat) = uow.chats().lock(*chat)? else {
            continue;
        };
        if let Some(membership) = uow.participants().find(chat.id, id)? {
            dismiss(uow, cx, &mut chat, &membership)?;
        }
    }
    Ok(chats.len() >= MEMBERSHIPS as usize)
}
