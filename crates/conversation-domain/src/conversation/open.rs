//! Use case: find the conversation with a person outside, or begin it.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::{AccountId, FileId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::text::check_text;
use talk_domain::kernel::time::Timestamp;

use crate::access::{AccessError, takes_part};
use crate::message::send::{SendError, SendMessage, send_message};
use crate::model::account::Account;
use crate::model::address::Address;
use crate::model::conversation::{Conversation, State};
use crate::model::event::Event;
use crate::model::room::Room;
use crate::steps::record::append;
use crate::unit::ConversationUnit;

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenConversation {
    /// The account to write from.
    pub account: AccountId,
    /// The person outside.
    pub peer: Address,
    /// The name of a new conversation; `None` for the automatic one.
    pub name: Option<String>,
    /// A message to send in the conversation; may be empty.
    pub text: String,
    /// Files to send with it.
    pub files: Vec<FileId>,
}

/// The conversation with the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The conversation.
    pub conversation: Conversation,
    /// Whether it is new.
    pub is_new: bool,
}

refusals! {
    /// Refusals of [`open_conversation`].
    pub enum OpenError {
        NoSuchAccount = NotFound "ACCOUNT_NOT_FOUND" "there is no such account",
        ..Send(SendError),
        ..Access(AccessError),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Finds the conversation of the room between account and peer, or begins it with the actor as its owner,
/// and sends the text in it. A conversation in which the actor does not take part is refused, unless it
/// has no owner and there is no text.
///
/// # Errors
/// See [`OpenError`].
pub fn open_conversation(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    command: &OpenConversation,
) -> Result<Opened, OpenError> {
    if let Some(name) = &command.name {
        check_text("name", name, cx.limits.name)?;
    }
    check_text("text", &command.text, cx.limits.text)?;
    let has_message = !command.text.is_empty() || !command.files.is_empty();
    let found = uow.accounts().get(command.account)?;
    let account = found.ok_or(OpenError::NoSuchAccount)?;
    if command.peer.kind != account.method.peer_kind() {
        let message = "must be an address of the account's method";
        return Err(Invalid::new("peer.type", "ADDRESS_INVALID", message).into());
    }
    let room = new_room(&account, cx, command.peer.clone());
    let known = uow.rooms().by_key(room.key(account.customer))?;
    let mut opened = match known {
        Some(id) => {
            let found = uow.conversations().lock(id)?.ok_or(StoreError::Conflict)?;
            let is_free = found.owner.is_none() && !has_message;
            if !is_free && !takes_part(uow, cx.actor, &found)? {
                return Err(AccessError::NotTakingPart.into());
            }
            Opened {
                conversation: found,
                is_new: false,
            }
        }
        None => Opened {
            conversation: begin(uow, cx, (room, command.name.clone()))?,
            is_new: true,
        },
    };
    if has_message {
        let id = opened.conversation.id;
        let message = SendMessage {
            conversation: id,
            text: command.text.clone(),
            files: command.files.clone(),
        };
        send_message(uow, cx, &message)?;
        let written = uow.conversations().lock(id)?;
        opened.conversation = written.ok_or(StoreError::Conflict)?;
    }
    Ok(opened)
}

fn new_room(account: &Account, cx: &Context, peer: Address) -> Room {
    Room {
        id: cx.fresh(),
        account: account.id,
        method: account.method,
        own: account.own_address(),
        peer,
        opted_out: None,
        created: cx.now,
    }
}

/// Stores and logs a new conversation of the actor, with its room.
fn begin(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    (room, name): (Room, Option<String>),
) -> Result<Conversation, StoreError> {
    let (customer, agent) = (cx.actor.customer, cx.actor.agent);
    let key = room.key(customer);
    let mut conversation = Conversation {
        id: cx.fresh(),
        customer,
        name: name.unwrap_or_else(|| Conversation::automatic_name(&room)),
        room,
        owner: Some(agent),
        detail: String::new(),
        state: State::Active,
        participants: 0,
        last: Tick {
            seq: 0,
            at: Timestamp::EARLIEST,
        },
        created: cx.now,
        updated: cx.now,
        deleted: None,
    };
    conversation.tick(cx.now);
    uow.conversations().insert(&conversation)?;
    let rooms = uow.rooms();
    if !rooms.insert(conversation.id, &conversation.room, key)? {
        // Another transaction has just created the room.
        return Err(StoreError::Conflict);
    }
    let event = Event::ConversationCreated(&conversation);
    append(uow, Some(agent), &conversation, event)?;
    Ok(conversation)
}

#[cfg(test)]
mod tests;
