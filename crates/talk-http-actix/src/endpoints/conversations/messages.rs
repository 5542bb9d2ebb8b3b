//! `/v1.0/conversations/{id}/messages`.

use actix_web::http::Method;
use conversation_domain::delivery::retry::{RetryError, retry_message};
use conversation_domain::message::delete::{DeleteMessageError, delete_message};
use conversation_domain::message::list::{ShowMessageError, list_messages, show_message};
use conversation_domain::message::send::{SendError, send_message};
use talk_domain::kernel::id::{ConversationId, ConversationMessageId};
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::{FileReference, SendMessage};
use talk_wire::resource::{ConversationMessage, List};

use super::Paths;
use crate::body::{Body, MessageSize, NoBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Queried};
use crate::openapi::example::FILE;
use crate::service::once::PostResult;

pub(super) fn rows(paths: &Paths) -> Vec<Endpoint> {
    let [.., listed, sent, shown] = paths.names;
    let [retried, deleted] = paths.undone;
    let hello = SendMessage {
        text: "Hello, how can I help?".to_owned(),
        medias: None,
    };
    let file = FileReference {
        kind: Some("file".to_owned()),
        file_id: Some(FILE.to_owned()),
    };
    let price_list = SendMessage {
        text: String::new(),
        medias: Some(vec![file]),
    };
    vec![
        Endpoint::new(Method::POST, paths.messages, send)
            .named(sent, "Sends a message to the person outside")
            .about("By the owner, participants, admins and managers.")
            .sends("an answer", &hello)
            .sends("a file", &price_list),
        Endpoint::new(Method::GET, paths.messages, list)
            .named(listed, "Lists the messages of a conversation"),
        Endpoint::new(Method::GET, paths.message, show)
            .named(shown, "Shows a message of a conversation"),
        Endpoint::new(Method::DELETE, paths.message, delete)
            .named(deleted, "Deletes a message of a conversation")
            .about(
                "Of either side, by the owner, participants, admins and managers. It keeps its place, \
                 without text and medias. What waits is not sent; what was sent stays with the person \
                 outside.",
            ),
        Endpoint::new(Method::POST, paths.retry, retry)
            .named(retried, "Sends a message again that was not delivered")
            .about(
                "By the owner, participants, admins and managers, if the message has failed or its \
                 delivery is unknown. A message that was received after all arrives twice.",
            ),
    ]
}

async fn send(
    caller: Caller,
    Id(id): Id<ConversationId>,
    body: Body<SendMessage, MessageSize>,
) -> Answer<Kept<ConversationMessage>, SendError> {
    let command = body.value.command(id)?;
    let posted = caller.change_once("send_message", &body.sent, move |uow, cx| {
        let sent = send_message(uow, cx, &command)?;
        Ok(PostResult::logged(sent.event))
    });
    let posted = posted.await?;
    caller.shared.api.channels.wake_senders();
    caller.shared.visitors.wake(id.0);
    Ok(posted.respond())
}

async fn list(
    caller: Caller,
    Id(id): Id<ConversationId>,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<ConversationMessage>, ShowMessageError> {
    let read = caller.look("list_conversation_messages", move |snapshot, actor| {
        list_messages(snapshot, actor, id, page)
    });
    let (conversation, page) = read.await?;
    let show = |message: &_| ConversationMessage::new(message, &conversation.room);
    Ok(caller.page(&page, show))
}

async fn show(
    caller: Caller,
    Id(conversation): Id<ConversationId>,
    Id(id): Id<ConversationMessageId>,
) -> Answer<ConversationMessage, ShowMessageError> {
    let read = caller.look("show_conversation_message", move |snapshot, actor| {
        show_message(snapshot, actor, conversation, id)
    });
    let (conversation, message) = read.await?;
    Ok(ok(&ConversationMessage::new(&message, &conversation.room)))
}

async fn delete(
    caller: Caller,
    Id(conversation): Id<ConversationId>,
    Id(id): Id<ConversationMessageId>,
) -> Answer<ConversationMessage, DeleteMessageError> {
    let write = caller.change("delete_conversation_message", move |uow, cx| {
        delete_message(uow, cx, (conversation, id))
    });
    let (message, room) = write.await?;
    caller.shared.visitors.wake(conversation.0);
    // The next message of the room may be sent.
    caller.shared.api.channels.wake_senders();
    Ok(ok(&ConversationMessage::new(&message, &room)))
}

async fn retry(
    caller: Caller,
    Id(conversation): Id<ConversationId>,
    Id(id): Id<ConversationMessageId>,
    body: NoBody,
) -> Answer<Kept<ConversationMessage>, RetryError> {
    let posted = caller.change_once("retry_message", &body.sent, move |uow, cx| {
        let logged = retry_message(uow, cx, (conversation, id))?;
        Ok(PostResult::logged(logged))
    });
    let posted = posted.await?;
    caller.shared.api.channels.wake_senders();
    Ok(posted.respond())
}
