//! `/v1.0/conversations/{id}/messages`.

use actix_web::http::Method;
use conversation_domain::message::list::{ShowMessageError, list_messages, show_message};
use conversation_domain::message::send::{SendError, send_message};
use talk_domain::kernel::id::{ConversationId, ConversationMessageId};
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::{FileReference, SendMessage};
use talk_wire::resource::{ConversationMessage, List};

use super::Paths;
use crate::body::{Body, MessageSize};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Queried};
use crate::openapi::example::FILE;
use crate::service::once::PostResult;

pub(super) fn rows(paths: &Paths) -> Vec<Endpoint> {
    let [.., listed, sent, shown] = paths.names;
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
