//! Use case: send a message to the person outside.

use std::sync::Arc;

use talk_domain::files::show::readable_file;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::{ConversationId, FileId};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::text::check_text;

use crate::access::{AccessError, lock_taking_part};
use crate::model::media::Media;
use crate::model::message::{Delivery, Direction, Message};
use crate::steps::jobs::add_job;
use crate::steps::record::{Cause, record_message};
use crate::unit::ConversationUnit;

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// The conversation.
    pub conversation: ConversationId,
    /// Text.
    pub text: String,
    /// Files to send with it.
    pub files: Vec<FileId>,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// Its event.
    pub event: Arc<Logged>,
}

refusals! {
    /// Refusals of [`send_message`].
    pub enum SendError {
        Empty = InvalidArgument "MESSAGE_EMPTY" "a message needs a text or a media",
        NoAccount = FailedPrecondition "ACCOUNT_DISABLED" "the account of the conversation was deleted",
        OptedOut = FailedPrecondition "PEER_OPTED_OUT" "the person outside wants no messages",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Sends a message. A visitor of a web chat reads it from the conversation, so that it is accepted as
/// soon as it is stored. For another service, message and job are stored, and a worker sends it.
///
/// # Errors
/// See [`SendError`].
pub fn send_message(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    command: &SendMessage,
) -> Result<Sent, SendError> {
    check_text("text", &command.text, cx.limits.text)?;
    if command.files.len() > cx.limits.medias {
        return Err(Invalid::too_long("medias", cx.limits.medias, "medias").into());
    }
    if command.text.is_empty() && command.files.is_empty() {
        return Err(SendError::Empty);
    }
    let mut conversation = lock_taking_part(uow, cx.actor, command.conversation)?;
    let account = uow.accounts().get(conversation.room.account)?;
    let account = account.ok_or(SendError::NoAccount)?;
    if conversation.room.opted_out.is_some() {
        return Err(SendError::OptedOut);
    }
    let delivery = if account.provider.is_remote() {
        Delivery::Queued
    } else {
        Delivery::Accepted
    };
    let agent = cx.actor.agent;
    let medias = medias(uow, cx.actor, &command.files)?;
    let message = Message {
        id: cx.fresh(),
        customer: conversation.customer,
        conversation: conversation.id,
        room: conversation.room.id,
        direction: Direction::Outgoing,
        author: Some(agent),
        reference: String::new(),
        text: command.text.clone(),
        medias,
        delivery,
        failure: None,
        seq: 0,
        created: cx.now,
        updated: cx.now,
        deleted: None,
    };
    let cause = Cause {
        actor: Some(agent),
        now: cx.now,
    };
    let (message, event) = record_message(uow, cause, &mut conversation, message)?;
    for file in &command.files {
        uow.files()
            .attach_outside(*file, message.id, conversation.id)?;
    }
    if delivery == Delivery::Queued {
        add_job(uow, (&conversation, &message), cx.now)?;
    }
    Ok(Sent { message, event })
}

/// Returns the medias of files that the actor may read.
fn medias(
    uow: &mut dyn ConversationUnit,
    actor: Actor,
    files: &[FileId],
) -> Result<Vec<Media>, SendError> {
    let mut medias = Vec::new();
    for (i, id) in files.iter().enumerate() {
        let Some(file) = readable_file(uow, actor, *id)? else {
            let (reason, message) = ("MEDIA_FILE_NOT_FOUND", "there is no such file");
            let field = format!("medias[{i}].file_id");
            return Err(Invalid::new(field, reason, message).into());
        };
        medias.push(Media::from(&file));
    }
    Ok(medias)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Conversation;
    use crate::testing::{MockUnit, a_conversation, an_account, an_sms_account, logs};
    use talk_domain::testing::{agent_id, context};

    fn send(agent: u128, text: &str, has_account: bool) -> Result<Message, SendError> {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                ..a_conversation()
            }))
        });
        uow.accounts
            .expect_get()
            .returning(move |_| Ok(has_account.then(an_account)));
        let is_sent = agent == 1 && has_account && !text.is_empty() && text.len() <= 16_000;
        let insert = uow.conversation_messages.expect_insert();
        insert.times(usize::from(is_sent)).returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        logs(
            &mut uow,
            "conversation_message_created",
            usize::from(is_sent),
        );
        let command = SendMessage {
            conversation: a_conversation().id,
            text: text.into(),
            files: Vec::new(),
        };
        let sent = send_message(&mut uow, &context(agent_id(agent)), &command)?;
        assert_eq!(sent.event.seq, sent.message.seq);
        Ok(sent.message)
    }

    /// CONV-08.
    #[test]
    fn the_owner_answers_the_person_outside() {
        let sent = send(1, "Hi", true).unwrap();
        assert_eq!((&*sent.text, sent.delivery), ("Hi", Delivery::Accepted));
        assert_eq!(sent.author, Some(agent_id(1)));
        assert_eq!(sent.seq, a_conversation().last.seq + 1);
        assert_eq!(sent.direction, Direction::Outgoing);
    }

    /// CONV-31: the message and its job are stored in one transaction.
    #[test]
    fn a_message_for_another_service_waits_to_be_sent() {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            Ok(Some(Conversation {
                owner: Some(agent_id(1)),
                ..a_conversation()
            }))
        });
        let get = uow.accounts.expect_get();
        get.returning(|_| Ok(Some(an_sms_account())));
        let insert = uow.conversation_messages.expect_insert();
        insert.returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        logs(&mut uow, "conversation_message_created", 1);
        uow.jobs.expect_first().returning(|_| Ok(None));
        uow.jobs.expect_insert().times(1).returning(|_| Ok(()));
        let command = SendMessage {
            conversation: a_conversation().id,
            text: "Hi".into(),
            files: Vec::new(),
        };
        let sent = send_message(&mut uow, &context(agent_id(1)), &command).unwrap();
        assert_eq!(sent.message.delivery, Delivery::Queued);
    }

    /// CONV-38.
    #[test]
    fn nothing_is_sent_to_a_person_who_opted_out() {
        let mut uow = MockUnit::default();
        uow.conversations.expect_lock().returning(|_| {
            let mut conversation = a_conversation();
            conversation.owner = Some(agent_id(1));
            conversation.room.opted_out = Some(conversation.created);
            Ok(Some(conversation))
        });
        let get = uow.accounts.expect_get();
        get.returning(|_| Ok(Some(an_sms_account())));
        let command = SendMessage {
            conversation: a_conversation().id,
            text: "Hi".into(),
            files: Vec::new(),
        };
        let refused = send_message(&mut uow, &context(agent_id(1)), &command);
        assert!(matches!(refused, Err(SendError::OptedOut)));
    }

    /// CONV-08 and CONV-10.
    #[test]
    fn a_message_that_cannot_be_sent_is_not_stored() {
        let refused = send(2, "Hi", true);
        assert!(matches!(refused, Err(SendError::Access(_))));
        let refused = send(1, "Hi", false);
        assert!(matches!(refused, Err(SendError::NoAccount)));
        assert!(matches!(send(1, "", true), Err(SendError::Empty)));
        let refused = send(1, &"x".repeat(16_001), true);
        assert!(matches!(refused, Err(SendError::Invalid(_))));
    }
}
