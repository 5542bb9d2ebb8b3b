//! Use case: search messages.

use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::page::PageRequest;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, Placed, view};
use crate::talk::message::list::Listed;
use crate::talk::model::needle::MessageSearch;
use crate::talk::unit::TalkSnapshot;

refusals! {
    /// Refusals of [`search_messages`].
    pub enum SearchMessagesError {
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Searches messages of agents in one chat or in all chats of the caller. System messages and
/// deleted ones are not found.
///
/// # Errors
/// See [`SearchMessagesError`].
pub fn search_messages(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    search: &MessageSearch,
    request: PageRequest,
) -> Result<Listed, SearchMessagesError> {
    let chat = search
        .chat
        .map(|id| view(snapshot, actor, id))
        .transpose()?;
    let page = snapshot.messages().search(actor.agent, search, request)?;
    Ok((page, chat.map(|chat| Placed::new((), &chat))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::ChatId;
    use crate::kernel::needle::Needle;
    use crate::kernel::page::{Order, Page};
    use crate::testing::{
        MockSnapshot, a_chat, a_message, a_participant, actor, agent_id, chat_id,
    };

    const FIRST: PageRequest = PageRequest {
        size: 50,
        after: None,
        order: Order::Descending,
    };

    fn hello(chat: Option<ChatId>) -> MessageSearch {
        MessageSearch {
            needle: Needle::parse("q", "HELLO").unwrap(),
            chat,
            author: None,
            after: None,
            before: None,
        }
    }

    fn snapshot(members: &'static [u128]) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|id| Ok((id == chat_id(1)).then(a_chat)));
        snapshot.participants.expect_find().returning(|_, agent| {
            let is_in = members.iter().any(|n| agent_id(*n) == agent);
            Ok(is_in.then(|| a_participant(agent)))
        });
        snapshot
    }

    fn search(
        snapshot: &mut MockSnapshot,
        chat: Option<ChatId>,
    ) -> Result<Listed, SearchMessagesError> {
        search_messages(snapshot, actor(agent_id(1)), &hello(chat), FIRST)
    }

    #[test]
    fn one_searches_as_oneself_and_one_chat_tells_its_place() {
        for chat in [None, Some(chat_id(1))] {
            let mut snapshot = snapshot(&[1]);
            snapshot
                .messages
                .expect_search()
                .withf(move |agent, search, request| {
                    (*agent, search, *request) == (agent_id(1), &hello(chat), FIRST)
                })
                .times(1)
                .returning(|_, _, _| {
                    Ok(Page {
                        rows: vec![a_message(1)],
                        next: None,
                    })
                });
            let (page, place) = search(&mut snapshot, chat).unwrap();
            assert_eq!(page.rows, [a_message(1)]);
            let seq = place.map(|place| place.seq);
            assert_eq!(seq, chat.map(|_| a_chat().last.seq));
        }
    }

    #[test]
    fn a_chat_out_of_reach_is_not_searched() {
        let unknown = search(&mut snapshot(&[1]), Some(chat_id(2)));
        assert!(matches!(
            unknown,
            Err(SearchMessagesError::Access(AccessError::NoSuchChat))
        ));
        let foreign = search(&mut snapshot(&[2]), Some(chat_id(1)));
        assert!(matches!(
            foreign,
            Err(SearchMessagesError::Access(AccessError::NotAParticipant))
        ));
    }

    #[test]
    fn nothing_to_search_for_is_refused() {
        for nothing in ["", "\u{301}", "\u{fe0f}", "\u{200b}", "\n", " \u{a0} "] {
            let refused = Needle::parse("q", nothing).unwrap_err();
            assert_eq!((&*refused.field, refused.reason), ("q", "QUERY_REQUIRED"));
        }
        assert_eq!(Needle::parse("q", " a\nb ").unwrap().as_str(), "a b");
    }

    #[test]
    fn the_limit_counts_what_is_compared() {
        let reason = |query: &str| Needle::parse("q", query).map_err(|e| (e.reason, e.limit));
        assert!(reason(&"é".repeat(255)).is_ok());
        assert!(reason(&"e\u{301}".repeat(255)).is_ok());
        let refused = Err(("LIMIT_EXCEEDED", Some(255)));
        assert_eq!(reason(&"é".repeat(256)), refused);
        assert_eq!(reason(&"ﬃ".repeat(86)), refused);
        assert_eq!(reason("a\0b"), Err(("NUL_CHARACTER", None)));
    }

    #[test]
    fn a_needle_is_found_anywhere_without_case_and_accents() {
        let needle = Needle::parse("q", "É\u{300}c").unwrap();
        assert!(needle.is_in("une ÉCOLE"));
        assert!(!needle.is_in("un e cole"));
    }
}
