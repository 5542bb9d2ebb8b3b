//! Use case: delete a message.

use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::MessageId;
use crate::kernel::store_error::StoreError;
use crate::talk::access::{AccessError, lock_message};
use crate::talk::model::message::{Author, Message};
use crate::talk::steps::tombstone::make_tombstone;
use crate::talk::unit::TalkUnit;

refusals! {
    /// Refusals of [`delete_message`].
    pub enum DeleteMessageError {
        IsSystem = PermissionDenied "SYSTEM_MESSAGE_READ_ONLY" "system messages cannot be deleted",
        NotTheAuthor = PermissionDenied "PERMISSION_DENIED" "only the author may delete a message",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Turns the author's message into a tombstone. The content is removed from the message, its
/// earlier versions, reactions and logged events; replies keep their place. Rows of an often
/// changed message are removed later by a cleanup, and no read shows them meanwhile. If it is
/// deleted already, there is no event.
///
/// # Errors
/// See [`DeleteMessageError`].
pub fn delete_message(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: MessageId,
) -> Result<Message, DeleteMessageError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, id)?;
    match message.author {
        Author::System(_) => return Err(DeleteMessageError::IsSystem),
        Author::Agent(author) if author != cx.actor.agent => {
            return Err(DeleteMessageError::NotTheAuthor);
        }
        Author::Agent(_) if message.deleted.is_some() => return Ok(message),
        Author::Agent(_) => {}
    }
    make_tombstone(uow, cx, &mut chat, &mut message)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::cleanup::Deleted;
    use crate::talk::model::emoji::Emoji;
    use crate::talk::model::event::EventKind::MessageDeleted;
    use crate::talk::model::note::{SystemKind, SystemNote};
    use crate::talk::model::reaction::Reaction;
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, context, message_id,
    };

    fn scene(messages: &[Message]) -> Scene {
        Scene::new(a_chat())
            .members(&[agent_id(1), agent_id(2)])
            .messages(messages)
    }

    fn delete(uow: &mut MockUnitOfWork, by: u128) -> Result<Message, DeleteMessageError> {
        delete_message(uow, &context(agent_id(by)), message_id(1))
    }

    /// MSG-08 and MSG-09.
    #[test]
    fn a_deleted_message_is_a_tombstone_and_its_content_gone_everywhere() {
        let emoji = Emoji::parse("👍", 64).unwrap();
        let message = Message {
            parent: Some(message_id(2)),
            reactions: vec![Reaction {
                emoji,
                agent: agent_id(2),
                created: at(6),
            }],
            ..a_message(1)
        };
        let scene = scene(&[
            message,
            Message {
                reply_count: 4,
                ..a_message(2)
            },
        ]);
        let mut uow = scene.unit();
        uow.messages
            .expect_update()
            .withf(|tombstone| tombstone.text.is_empty() && tombstone.deleted.is_some())
            .times(1)
            .returning(|_| Ok(()));
        uow.messages
            .expect_drop_revisions()
            .times(1)
            .returning(|_, _| Ok(false));
        uow.reactions.expect_clear().times(1).returning(|_| Ok(()));
        uow.chat_log
            .expect_redact()
            .withf(|tombstone, _| tombstone.text.is_empty() && tombstone.reactions.is_empty())
            .times(1)
            .returning(|_, _| Ok(false));
        uow.messages
            .expect_set_reply_count()
            .withf(|id, count| (*id, *count) == (message_id(2), 3))
            .times(1)
            .returning(|_, _| Ok(()));
        let tombstone = delete(&mut uow, 1).unwrap();
        assert_eq!((&*tombstone.text, tombstone.reactions.len()), ("", 0));
        assert_eq!(
            tombstone.parent,
            Some(message_id(2)),
            "a reply keeps its place"
        );
        assert_eq!(scene.events(), [MessageDeleted]);
    }

    /// Case 42.
    #[test]
    fn a_much_changed_message_is_deleted_at_once_and_the_rest_removed_behind() {
        for (events, versions) in [(true, false), (false, true)] {
            let scene = scene(&[a_message(1)]);
            let mut uow = scene.unit();
            uow.messages.expect_update().times(1).returning(|_| Ok(()));
            uow.reactions.expect_clear().times(1).returning(|_| Ok(()));
            uow.chat_log
                .expect_redact()
                .returning(move |_, _| Ok(events));
            let drop_versions = uow.messages.expect_drop_revisions();
            drop_versions.returning(move |_, _| Ok(versions));
            let (id, chat) = (message_id(1), a_chat().id);
            uow.cleanups
                .expect_add()
                .withf(move |deleted| *deleted == Deleted::Message { id, chat })
                .times(1)
                .returning(|_| Ok(()));
            let tombstone = delete(&mut uow, 1).unwrap();
            assert!(tombstone.deleted.is_some() && tombstone.text.is_empty());
            assert_eq!(scene.events(), [MessageDeleted]);
        }
    }

    /// Case 41.
    #[test]
    fn a_deleted_message_mentions_nobody() {
        let scene = scene(&[Message {
            text: "@agent-2".into(),
            ..a_message(1)
        }]);
        let mut uow = scene.unit();
        uow.messages.expect_update().returning(|_| Ok(()));
        uow.reactions.expect_clear().returning(|_| Ok(()));
        uow.chat_log.expect_redact().returning(|_, _| Ok(false));
        let drop_versions = uow.messages.expect_drop_revisions();
        drop_versions.returning(|_, _| Ok(false));
        uow.mentions
            .expect_replace()
            .withf(|message, agents| message.id == message_id(1) && agents.is_empty())
            .times(1)
            .returning(|_, _| Ok(()));
        delete(&mut uow, 1).unwrap();
    }

    /// MSG-08: again, same answer, no event.
    #[test]
    fn deleting_again_answers_the_same() {
        let tombstone = Message {
            text: String::new(),
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let scene = scene(std::slice::from_ref(&tombstone));
        assert_eq!(delete(&mut scene.unit(), 1).unwrap(), tombstone);
        assert!(scene.events().is_empty());
    }

    /// MSG-08 and MSG-14.
    #[test]
    fn only_the_author_deletes_and_nobody_deletes_what_the_system_said() {
        let refused = delete(&mut scene(&[a_message(1)]).unit(), 2);
        assert!(matches!(refused, Err(DeleteMessageError::NotTheAuthor)));
        let note = SystemNote {
            kind: SystemKind::ChatClosed,
            actor: agent_id(1),
        };
        let system = Message {
            author: Author::System(note),
            ..a_message(1)
        };
        let refused = delete(&mut scene(&[system]).unit(), 1);
        assert!(matches!(refused, Err(DeleteMessageError::IsSystem)));
    }
}
