//! Use case: list messages.

use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::id::{ChatId, MessageId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, Placed, view, view_message};
use crate::talk::model::message::{Message, MessageFilter};
use crate::talk::unit::TalkSnapshot;

/// Filters of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListMessages {
    /// Only this chat.
    pub chat: Option<ChatId>,
    /// Direct replies to this message.
    pub parent: Option<MessageId>,
    /// The whole thread that this message belongs to.
    pub root: Option<MessageId>,
    /// Created by an event after this one; needs a chat, parent or root.
    pub since_seq: Option<u64>,
}

refusals! {
    /// Refusals of [`list_messages`].
    pub enum ListMessagesError {
        SinceNeedsChat = InvalidArgument "SINCE_SEQ_NEEDS_CHAT" "since_seq counts inside one chat",
        ParentNotFound = NotFound "PARENT_NOT_FOUND" "the chat has no such message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// A page of messages and, if they are of one chat, the head of its log.
pub type Listed = (Page<Message>, Option<Placed<()>>);

/// Lists messages of one chat or thread, or of all chats of the caller.
///
/// # Errors
/// See [`ListMessagesError`].
pub fn list_messages(
    snapshot: &mut dyn TalkSnapshot,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::Order;
    use crate::testing::{
        MockSnapshot, a_chat, a_message, a_participant, actor, agent_id, chat_id, message_id,
    };

    const FIRST: PageRequest = PageRequest {
        size: 50,
        after: None,
        order: Order::Descending,
    };

    fn snapshot() -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|id| Ok((id == chat_id(1)).then(a_chat)));
        snapshot
            .participants
            .expect_find()
            .returning(|_, agent| Ok(Some(a_participant(agent))));
        snapshot.messages.expect_get().returning(|id| {
            let reply = Message {
                root: message_id(1),
                ..a_message(2)
            };
            Ok([a_message(1), reply]
                .into_iter()
                .find(|message| message.id == id))
        });
        snapshot
    }

    fn list(snapshot: &mut MockSnapshot, query: ListMessages) -> Result<Listed, ListMessagesError> {
        list_messages(snapshot, actor(agent_id(1)), query, FIRST)
    }

    ///
    #[test]
    fn without_a_chat_all_chats_of_the_caller_are_listed() {
        let mut snapshot = snapshot();
        snapshot
            .messages
            .expect_of_agent()
            .withf(|agent, _| *agent == agent_id(1))
            .times(1)
            .returning(|_, _| {
                Ok(Page {
                    rows: vec![a_message(1)],
                    next: None,
                })
            });
        let (page, place) = list(&mut snapshot, ListMessages::default()).unwrap();
        assert_eq!((page.rows.len(), place), (1, None));
    }

    /// MSG-05: any message of a thread names the thread.
    #[test]
    fn a_thread_is_found_by_any_of_its_messages() {
        for id in [1, 2] {
            let mut snapshot = snapshot();
            snapshot
                .messages
                .expect_in_chat()
                .withf(|_, filter, _| filter.root == Some(message_id(1)))
                .times(1)
                .returning(|_, _, _| {
                    Ok(Page {
                        rows: vec![],
                        next: None,
                    })
                });
            let query = ListMessages {
                root: Some(message_id(id)),
                ..ListMessages::default()
            };
            let (_, place) = list(&mut snapshot, query).unwrap();
            assert_eq!(place.unwrap().seq, a_chat().last.seq);
        }
    }

    /// MSG-05.
    #[test]
    fn an_unknown_parent_is_not_an_empty_thread() {
        let query = ListMessages {
            parent: Some(message_id(9)),
            ..ListMessages::default()
        };
        let refused = list(&mut snapshot(), query);
        assert!(matches!(
            refused,
            Err(ListMessagesError::Access(AccessError::NoSuchMessage))
        ));
    }

    /// MSG-05.
    #[test]
    fn since_seq_counts_inside_one_chat() {
        let query = ListMessages {
            since_seq: Some(1),
            ..ListMessages::default()
        };
        let refused = list(&mut snapshot(), query);
        assert!(matches!(refused, Err(ListMessagesError::SinceNeedsChat)));
    }

    /// MSG-05: each filter narrows the list.
    #[test]
    fn a_list_has_the_requested_messages() {
        let mut snapshot = snapshot();
        let in_chat = snapshot.messages.expect_in_chat().times(1);
        in_chat
            .withf(|chat, filter, request| {
                let wanted = MessageFilter {
                    parent: Some(message_id(2)),
                    root: None,
                    since_seq: Some(3),
                };
                (*chat, *filter, *request) == (chat_id(1), wanted, FIRST)
            })
            .returning(|_, _, _| {
                Ok(Page {
                    rows: vec![],
                    next: None,
                })
            });
        let query = ListMessages {
            chat: Some(chat_id(1)),
            parent: Some(message_id(2)),
            root: None,
            since_seq: Some(3),
        };
        assert!(list(&mut snapshot, query).is_ok());
    }

    /// MSG-04: also for another chat's message.
    #[test]
    fn a_parent_of_another_chat_is_not_found() {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|id| Ok(Some(crate::talk::model::chat::Chat { id, ..a_chat() })));
        let find = snapshot.participants.expect_find();
        find.returning(|_, agent| Ok(Some(a_participant(agent))));
        let get = snapshot.messages.expect_get();
        get.returning(|_| Ok(Some(a_message(1))));
        let query = ListMessages {
            chat: Some(chat_id(2)),
            parent: Some(message_id(1)),
            ..ListMessages::default()
        };
        let refused = list(&mut snapshot, query);
        assert!(matches!(refused, Err(ListMessagesError::ParentNotFound)));
    }
}
