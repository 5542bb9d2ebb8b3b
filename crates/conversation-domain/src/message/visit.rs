//! Use cases of a visitor of a web chat: read the conversation, and mark its messages as read.

use talk_domain::kernel::error::refusals;
use talk_domain::kernel::id::{AccountId, ConversationId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Account;
use crate::model::address::Address;
use crate::model::conversation::Conversation;
use crate::model::event::Event;
use crate::model::message::{Delivery, Message};
use crate::model::room::RoomKey;
use crate::steps::record::append;
use crate::unit::{ConversationSnapshot, ConversationUnit};

/// The most messages that a visitor reads, or marks as read, at a time.
pub const MAX_VISITED: u32 = 100;

refusals! {
    /// Refusals of [`visit`] and [`mark_visited`].
    pub enum VisitError {
        NoSuchAccount = NotFound "ACCOUNT_NOT_FOUND" "there is no such account",
        ..Store(StoreError),
    }
}

/// A visitor of a web chat, identified by the account and the visitor's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The account.
    pub account: AccountId,
    /// The visitor.
    pub peer: Address,
}

impl Visitor {
    fn key(&self, account: &Account) -> RoomKey {
        let addresses = (&account.own_address(), &self.peer);
        RoomKey::of(account.customer, (account.method, account.id), addresses)
    }
}

/// The part of a conversation that a visitor reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visited {
    /// The conversation.
    pub conversation: Conversation,
    /// Messages in the order of the stream, at most [`MAX_VISITED`].
    pub messages: Vec<Message>,
    /// The deleted ones among the [`MAX_VISITED`] messages before these, which the visitor may still show.
    pub deleted: Vec<ConversationMessageId>,
}

/// Returns the conversation of a visitor; `None` before its first message.
///
/// # Errors
/// See [`VisitError`].
pub fn find_visited(
    snapshot: &mut dyn ConversationSnapshot,
    visitor: &Visitor,
) -> Result<Option<ConversationId>, VisitError> {
    let found = snapshot.accounts().get(visitor.account)?;
    let account = found.ok_or(VisitError::NoSuchAccount)?;
    Ok(snapshot.rooms().by_key(visitor.key(&account))?)
}

/// Returns the messages of a visitor's conversation after `seq`, and the ones up to `seq` that were deleted;
/// `None` before its first message.
///
/// # Errors
/// See [`VisitError`].
pub fn visit(
    snapshot: &mut dyn ConversationSnapshot,
    visitor: &Visitor,
    seq: u64,
) -> Result<Option<Visited>, VisitError> {
    let Some(id) = find_visited(snapshot, visitor)? else {
        return Ok(None);
    };
    let Some(conversation) = snapshot.conversations().get(id)? else {
        return Ok(None);
    };
    let stored = snapshot.conversation_messages();
    let messages = stored.after(id, seq, MAX_VISITED)?;
    let deleted = stored.deleted_before(id, seq, MAX_VISITED)?;
    Ok(Some(Visited {
        conversation,
        messages,
        deleted,
    }))
}

/// Marks the messages to a visitor up to `seq` as read, at most [`MAX_VISITED`] of them. Returns whether
/// there may be more.
///
/// # Errors
/// See [`VisitError`].
pub fn mark_visited(
    uow: &mut dyn ConversationUnit,
    visitor: &Visitor,
    seq: u64,
    now: Timestamp,
) -> Result<bool, VisitError> {
    let found = uow.accounts().get(visitor.account)?;
    let account = found.ok_or(VisitError::NoSuchAccount)?;
    let Some(id) = uow.rooms().by_key(visitor.key(&account))? else {
        return Ok(false);
    };
    let Some(mut conversation) = uow.conversations().lock(id)? else {
        return Ok(false);
    };
    let unread = uow
        .conversation_messages()
        .unread_outgoing(id, seq, MAX_VISITED)?;
    let count = unread.len();
    for mut message in unread {
        let tick = conversation.tick(now);
        if message.advance(Delivery::Read, tick.at) {
            uow.conversation_messages().update(&message)?;
        }
        let event = Event::MessageUpdated(&message, &conversation.room);
        append(uow, None, &conversation, event)?;
    }
    if count > 0 {
        uow.conversations().update(&conversation)?;
    }
    Ok(count >= MAX_VISITED as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        MockSnapshot, MockUnit, a_conversation, a_message, a_room, account_id, an_account, logs,
        visitor,
    };
    use talk_domain::testing::{at, customer_id};

    fn a_visitor() -> Visitor {
        Visitor {
            account: an_account().id,
            peer: visitor(1),
        }
    }

    fn snapshot(has_room: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .accounts
            .expect_get()
            .returning(|id| Ok((id == an_account().id).then(an_account)));
        let by_key = snapshot.rooms.expect_by_key();
        by_key.returning(move |key| {
            let is_own = key == a_room().key(customer_id());
            Ok((has_room && is_own).then(|| a_conversation().id))
        });
        let get = snapshot.conversations.expect_get();
        get.returning(|_| Ok(Some(a_conversation())));
        let after = snapshot.conversation_messages.expect_after();
        after
            .withf(|_, seq, limit| (*seq, *limit) == (7, 100))
            .returning(|_, _, _| Ok(vec![a_message(1)]));
        let deleted = snapshot.conversation_messages.expect_deleted_before();
        deleted
            .withf(|_, seq, limit| (*seq, *limit) == (7, 100))
            .returning(|_, _, _| Ok(vec![a_message(2).id]));
        snapshot
    }

    /// CONV-12 and CONV-72.
    #[test]
    fn a_visitor_reads_its_own_conversation_and_no_other() {
        let read = visit(&mut snapshot(true), &a_visitor(), 7)
            .unwrap()
            .unwrap();
        assert_eq!(read.messages, [a_message(1)]);
        assert_eq!(read.deleted, [a_message(2).id]);
        let other = Visitor {
            peer: visitor(2),
            ..a_visitor()
        };
        assert_eq!(visit(&mut snapshot(true), &other, 7).unwrap(), None);
        assert_eq!(visit(&mut snapshot(false), &a_visitor(), 7).unwrap(), None);
        let unknown = Visitor {
            account: account_id(9),
            ..a_visitor()
        };
        let refused = visit(&mut snapshot(true), &unknown, 7);
        assert!(matches!(refused, Err(VisitError::NoSuchAccount)));
    }

    /// CONV-14.
    #[test]
    fn a_visitor_is_known_from_its_first_message_on() {
        for has_room in [true, false] {
            let known = find_visited(&mut snapshot(has_room), &a_visitor()).unwrap();
            assert_eq!(known.is_some(), has_room);
        }
    }

    /// CONV-08 and CONV-12: a message that a visitor has read is read, and logged as such.
    #[test]
    fn a_visitor_reads_the_answers() {
        let mut uow = MockUnit::default();
        uow.accounts
            .expect_get()
            .returning(|_| Ok(Some(an_account())));
        uow.rooms
            .expect_by_key()
            .returning(|_| Ok(Some(a_conversation().id)));
        let lock = uow.conversations.expect_lock();
        lock.returning(|_| Ok(Some(a_conversation())));
        let unread = uow.conversation_messages.expect_unread_outgoing();
        unread.returning(|_, seq, _| {
            Ok(if seq < 7 {
                vec![]
            } else {
                vec![a_message(1), a_message(2)]
            })
        });
        let update = uow.conversation_messages.expect_update().times(2);
        update
            .withf(|message| message.delivery == Delivery::Read)
            .returning(|_| Ok(()));
        let update = uow.conversations.expect_update().times(1);
        update
            .withf(|after| after.last.seq == a_conversation().last.seq + 2)
            .returning(|_| Ok(()));
        logs(&mut uow, "conversation_message_updated", 2);
        assert!(!mark_visited(&mut uow, &a_visitor(), 7, at(9)).unwrap());
        assert!(!mark_visited(&mut uow, &a_visitor(), 6, at(9)).unwrap());
    }
}
