//! Use case: run the next step of a cleanup.

use crate::identity::customer::delete::remove_customer;
use crate::kernel::cleanup::{Cleanup, Deleted, MEMBERSHIPS};
use crate::kernel::context::Context;
use crate::kernel::id::{ChatId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::talk::model::message::Author;
use crate::talk::steps::attachment::mark_deleted;
use crate::talk::steps::erasure::{delete_answers_step, erase_author_step};
use crate::talk::steps::tombstone::erase_content;
use crate::talk::unit::TalkUnit;

/// Runs the next step of a cleanup, and deletes the cleanup with its last step. A step may run
/// twice. The actor of `cx` is the agent that deleted.
///
/// # Errors
/// Only when storage fails.
pub fn run_step(uow: &mut dyn TalkUnit, cx: &Context, cleanup: &Cleanup) -> Result<(), StoreError> {
    let is_more = match cleanup.deleted {
        Deleted::Message { id, .. } => erase_message(uow, id)?,
        Deleted::Chat(id) => end_memberships_in(uow, id)?,
        Deleted::Agent { id, .. } => uow.products().leave_some(cx, id)?,
        Deleted::Author(id) => erase_author_step(uow, cx, (cleanup, id))?,
        Deleted::File { id, .. } => mark_deleted(uow, cx, id)?,
        Deleted::Conversation(id) => uow.products().remove_conversation(id)?,
        Deleted::Customer(_) => remove_customer(uow, cx, cleanup)?,
        Deleted::Answers(id) => delete_answers_step(uow, (cleanup, id))?,
    };
    if is_more {
        return Ok(());
    }
    uow.cleanups().finish(cleanup.deleted)
}

fn erase_message(uow: &mut dyn TalkUnit, id: MessageId) -> Result<bool, StoreError> {
    match uow.messages().get(id)? {
        Some(message) if message.deleted.is_some() => erase_content(uow, &message),
        // A system message that held the name of an erased agent.
        Some(message) if matches!(message.author, Author::System(_)) => {
            erase_content(uow, &message)
        }
        Some(_) | None => Ok(false),
    }
}

fn end_memberships_in(uow: &mut dyn TalkUnit, id: ChatId) -> Result<bool, StoreError> {
    match uow.chats().lock(id)? {
        // The chat's last event is the deletion.
        Some(chat) if chat.deleted.is_some() => {
            uow.participants().remove_some(id, chat.last, MEMBERSHIPS)
        }
        Some(_) | None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::ConversationId;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::message::Message;
    use crate::talk::model::note::{SystemKind, SystemNote};
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, chat_id, context,
    };

    fn step(uow: &mut MockUnitOfWork, deleted: Deleted) {
        let cleanup = Cleanup {
            customer: a_chat().customer,
            deleted,
            position: 0,
        };
        run_step(uow, &context(agent_id(1)), &cleanup).unwrap();
    }

    fn message() -> Deleted {
        let (id, chat) = (a_message(1).id, chat_id(1));
        Deleted::Message { id, chat }
    }

    fn finishes(uow: &mut MockUnitOfWork, deleted: Deleted, times: usize) {
        let finish = uow.cleanups.expect_finish();
        finish
            .withf(move |done| *done == deleted)
            .times(times)
            .returning(|_| Ok(()));
    }

    fn tombstone() -> Message {
        Message {
            deleted: Some(at(9)),
            ..a_message(1)
        }
    }

    /// Case 42.
    #[test]
    fn a_message_is_forgotten_once_neither_events_nor_versions_are_left() {
        for (events, versions, finished) in [(true, false, 0), (false, true, 0), (false, false, 1)]
        {
            let mut uow = Scene::new(a_chat()).messages(&[tombstone()]).unit();
            uow.chat_log
                .expect_redact()
                .returning(move |_, _| Ok(events));
            let drop_versions = uow.messages.expect_drop_revisions();
            drop_versions.returning(move |_, _| Ok(versions));
            finishes(&mut uow, message(), finished);
            step(&mut uow, message());
        }
    }

    /// Case 42.
    #[test]
    fn nothing_is_taken_from_what_is_not_deleted() {
        let mut uow = Scene::new(a_chat()).messages(&[a_message(1)]).unit();
        finishes(&mut uow, message(), 1);
        step(&mut uow, message());
        let mut uow = Scene::new(a_chat()).members(&[agent_id(1)]).unit();
        finishes(&mut uow, Deleted::Chat(chat_id(1)), 1);
        step(&mut uow, Deleted::Chat(chat_id(1)));
    }

    /// Case 42.
    #[test]
    fn memberships_of_a_deleted_chat_end_with_its_last_event() {
        for (is_more, finished) in [(true, 0), (false, 1)] {
            let deleted = Chat {
                deleted: Some(at(9)),
                ..a_chat()
            };
            let mut uow = Scene::new(deleted).unit();
            uow.participants
                .expect_remove_some()
                .withf(|chat, tick, limit| {
                    (*chat, *tick, *limit) == (chat_id(1), a_chat().last, MEMBERSHIPS)
                })
                .times(1)
                .returning(move |_, _, _| Ok(is_more));
            finishes(&mut uow, Deleted::Chat(chat_id(1)), finished);
            step(&mut uow, Deleted::Chat(chat_id(1)));
        }
    }

    /// Case 42.
    #[test]
    fn a_deleted_agent_leaves_the_products_step_by_step() {
        for (is_more, finished) in [(true, 0), (false, 1)] {
            let mut uow = MockUnitOfWork::default();
            let (id, by) = (agent_id(2), agent_id(1));
            let leave = uow.products.expect_leave_some().times(1);
            leave
                .withf(move |cx, agent| cx.actor.agent == by && *agent == id)
                .returning(move |_, _| Ok(is_more));
            finishes(&mut uow, Deleted::Agent { id, by }, finished);
            step(&mut uow, Deleted::Agent { id, by });
        }
    }

    /// Case 42.
    #[test]
    fn a_deleted_conversation_is_removed_step_by_step() {
        for (is_more, finished) in [(true, 0), (false, 1)] {
            let mut uow = MockUnitOfWork::default();
            let id = ConversationId(chat_id(7).0);
            let remove = uow.products.expect_remove_conversation().times(1);
            remove
                .withf(move |removed| *removed == id)
                .returning(move |_| Ok(is_more));
            finishes(&mut uow, Deleted::Conversation(id), finished);
            step(&mut uow, Deleted::Conversation(id));
        }
    }

    /// RUN-19: the earlier wording holds the name, too.
    #[test]
    fn a_system_message_that_was_reworded_is_forgotten_as_it_was() {
        let note = SystemNote {
            kind: SystemKind::ChatClosed,
            actor: agent_id(2),
        };
        let reworded = Message {
            author: Author::System(note),
            ..a_message(1)
        };
        for (is_more, finished) in [(true, 0), (false, 1)] {
            let mut uow = Scene::new(a_chat())
                .messages(std::slice::from_ref(&reworded))
                .unit();
            let redact = uow.chat_log.expect_redact().times(1);
            redact.returning(move |_, _| Ok(is_more));
            let drop_versions = uow.messages.expect_drop_revisions();
            drop_versions.returning(|_, _| Ok(false));
            finishes(&mut uow, message(), finished);
            step(&mut uow, message());
        }
    }
}
