//! Use case: list messages.

use crate::access::{AccessError, Placed, view, view_message};
use crate::context::Actor;
use crate::error::refusals;
use crate::id::{ChatId, MessageId};
use crate::message::{Message, MessageFilter};
use crate::page::{Page, PageRequest};
use crate::store::{Snapshot, StoreError};

/// Which messages are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListMessages {
    /// Of this chat.
    pub chat: Option<ChatId>,
    /// Direct replies to this message.
    pub parent: Option<MessageId>,
    /// The whole thread this message belongs to.
    pub root: Option<MessageId>,
    /// Created by an event after this one; needs a chat, parent or root.
    pub since_seq: Option<u64>,
}

refusals! {
    /// Why messages are not listed.
    pub enum ListMessagesError {
        SinceNeedsChat = InvalidArgument "SINCE_SEQ_NEEDS_CHAT" "since_seq counts inside one chat",
        ParentNotFound = NotFound "PARENT_NOT_FOUND" "the chat has no such message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// A page of messages and, where it concerns one chat, its place in the log.
pub type Listed = (Page<Message>, Option<Placed<()>>);

/// Lists messages of one chat or thread, or of all chats of the caller.
///
/// # Errors
/// See [`ListMessagesError`].
pub fn list_messages(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    query: ListMessages,
    request: PageRequest,
) -> Result<Listed, ListMessagesError> {
    let mut chat = query.chat.map(|id| view(snapshot, actor, id)).transpose()?;
    let mut filter = MessageFilter {
        since_seq: query.since_seq,
        ..MessageFilter::default()
    };
    for (wanted, is_root) in [(query.parent, false), (query.root, true)] {
        let Some(id) = wanted else { continue };
        let (of, message) = view_message(snapshot, actor, id)?;
        if chat.as_ref().is_some_and(|chat| chat.id != of.id) {
            return Err(ListMessagesError::ParentNotFound);
        }
        chat = Some(of);
        if is_root {
            filter.root = Some(message.root);
        } else {
            filter.parent = Some(message.id);
        }
    }
    match chat {
        Some(chat) => {
            let page = snapshot.messages().in_chat(chat.id, filter, request)?;
            Ok((page, Some(Placed::new((), &chat))))
        }
        None if query.since_seq.is_some() => Err(ListMessagesError::SinceNeedsChat),
        None => Ok((snapshot.messages().of_agent(actor.agent, request)?, None)),
    }
}
