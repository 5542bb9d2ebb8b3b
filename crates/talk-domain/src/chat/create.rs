//! Use case: create a chat.

use crate::agent::Agent;
use crate::chat::{Chat, ChatKind, ChatStatus, DirectPair, Tick};
use crate::context::Context;
use crate::error::{Invalid, refusals};
use crate::event::{Event, LogEntry};
use crate::id::AgentId;
use crate::limits::check_text;
use crate::participant::add::admit;
use crate::store::{StoreError, UnitOfWork};

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateChat {
    /// The type.
    pub kind: ChatKind,
    /// For people; may be empty.
    pub name: String,
    /// For people; may be empty.
    pub detail: String,
    /// Whom to bring along; the caller and doubles are harmless.
    pub others: Vec<AgentId>,
}

refusals! {
    /// Why a chat is not created.
    pub enum CreateChatError {
        NeedsOneOther = InvalidArgument "DIRECT_CHAT_NEEDS_ONE_OTHER"
            "a direct chat needs exactly one other agent",
        AgentNotFound = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates a chat with the caller as a participant (S-070), all or nothing. The direct chat of a
/// pair that has one is that one: opened, and both in it, again.
///
/// # Errors
/// See [`CreateChatError`].
pub fn create_chat(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &CreateChat,
) -> Result<Chat, CreateChatError> {
    check(cx, command)?;
    let others = others(cx, command);
    for other in &others {
        let agent = uow.agents().get(*other)?;
        if !agent.as_ref().is_some_and(Agent::is_active) {
            return Err(CreateChatError::AgentNotFound);
        }
    }
    let pair = match (command.kind, others.as_slice()) {
        (ChatKind::Direct, [other]) => Some(DirectPair::new(cx.actor.agent, *other)),
        (ChatKind::Direct, _) => return Err(CreateChatError::NeedsOneOther),
        (ChatKind::Group | ChatKind::Talk, _) => None,
    };
    if let Some(pair) = pair
        && let Some(chat) = uow.chats().lock_direct(pair)?
    {
        return Ok(super::direct::resume(uow, cx, chat, pair)?);
    }
    let mut chat = new_chat(cx, command, pair);
    if !uow.chats().insert(&chat)? {
        return Err(StoreError::Conflict.into());
    }
    let tick = chat.last;
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event: Event::ChatCreated(&chat),
    })?;
    admit(uow, cx, &mut chat, cx.actor.agent)?;
    for other in others {
        admit(uow, cx, &mut chat, other)?;
    }
    uow.chats().update(&chat)?;
    Ok(chat)
}

fn check(cx: &Context, command: &CreateChat) -> Result<(), Invalid> {
    check_text("name", &command.name, cx.limits.name)?;
    check_text("detail", &command.detail, cx.limits.detail)?;
    if command.others.len() > cx.limits.participants {
        return Err(Invalid::too_long(
            "participants",
            cx.limits.participants,
            "participants",
        ));
    }
    Ok(())
}

fn others(cx: &Context, command: &CreateChat) -> Vec<AgentId> {
    let mut others = Vec::with_capacity(command.others.len());
    for &agent in &command.others {
        if agent != cx.actor.agent && !others.contains(&agent) {
            others.push(agent);
        }
    }
    others
}

fn new_chat(cx: &Context, command: &CreateChat, pair: Option<DirectPair>) -> Chat {
    Chat {
        id: cx.fresh(),
        customer: cx.actor.customer,
        kind: command.kind,
        name: command.name.clone(),
        detail: command.detail.clone(),
        status: ChatStatus::Active,
        creator: cx.actor.agent,
        pair,
        member_count: 0,
        last: Tick { seq: 1, at: cx.now },
        created: cx.now,
        updated: cx.now,
        deleted: None,
    }
}
