//! `/v1.0/service_agents/talk_messages`.

use actix_web::http::Method;
use serde::Serialize;
use talk_domain::intercepts::edit::SettleEditError;
use talk_domain::intercepts::post::SettlePostError;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::page::PageRequest;
use talk_domain::talk::access::{AccessError, check_place};
use talk_domain::talk::message::delete::{DeleteMessageError, delete_message};
use talk_domain::talk::message::edit::{EditMessageError, edit_message};
use talk_domain::talk::message::list::{ListMessages, ListMessagesError, list_messages};
use talk_domain::talk::message::show::{list_revisions, show_message};
use talk_domain::talk::model::message;
use talk_domain::talk::read::readers::list_readers;
use talk_wire::request::{EditMessage, PostMessage};
use talk_wire::resource::{List, Message, ReadMark, Revision};

use crate::api_error::ApiError;
use crate::body::{Body, JsonBody, MessageSize};
use crate::caller::{Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, FromQuery, Id, JsonResponse, Kept, Number, Placed, Queried, QueryReader,
    Refused,
};
use crate::openapi::example;
use crate::service;
use crate::service::intercepted::{Edit, Outcome, held_response};
use crate::service::once::PostAnswer;

pub(crate) const ALL: &str = "/v1.0/service_agents/talk_messages";
pub(super) const ONE: &str = "/v1.0/service_agents/talk_messages/{message_id}";
const REVISIONS: &str = "/v1.0/service_agents/talk_messages/{message_id}/revisions";
const READERS: &str = "/v1.0/service_agents/talk_messages/{message_id}/read_by";

/// The description of posting.
pub(super) const POSTING: &str = "Participants only. Text or at least one media. `parent_id` \
    answers a message of the same chat, also a deleted one, at any depth. The answer means that the \
    message is stored durably.";

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        post_row(),
        Endpoint::new(Method::GET, ALL, list)
            .named("listMessages", "Lists messages")
            .about(
                "Of one chat, of one thread, or of all chats of the caller. Deleted messages \
                 appear as tombstones. `Talk-Position` comes where the list concerns one chat. \
                 `parent_id` may be of any chat of the caller.",
            ),
        Endpoint::new(Method::GET, ONE, show).named("showMessage", "Shows a message"),
        edit_row(Endpoint::new(Method::PUT, ONE, edit)).named("editMessage", "Edits a message"),
        Endpoint::new(Method::DELETE, ONE, delete)
            .named("deleteMessage", "Deletes a message")
            .about(
                "The author's. It becomes a tombstone: text, medias, reactions, earlier versions \
                 and logged events lose their content, replies keep their place. Deleting it \
                 again answers the same.",
            )
            .answers("The tombstone."),
        Endpoint::new(Method::GET, REVISIONS, revisions)
            .named("listRevisions", "Lists earlier versions of a message"),
        Endpoint::new(Method::GET, READERS, readers)
            .named("listReaders", "Lists who has read a message"),
    ]
}

fn post_row() -> Endpoint {
    let words = PostMessage {
        chat_id: Some(example::CHAT.to_owned()),
        kind: Some("normal".to_owned()),
        text: Some("Hello team!".to_owned()),
        ..PostMessage::default()
    };
    let answer = PostMessage {
        parent_id: Some(example::MESSAGE.to_owned()),
        medias: Some(example::medias()),
        ..words.clone()
    };
    Endpoint::new(Method::POST, ALL, post)
        .named("postMessage", "Posts a message")
        .about(POSTING)
        .may_be_held()
        .sends("words", &words)
        .sends("an answer with attachments", &answer)
}

/// Describes the endpoints that edit a message.
pub(super) fn edit_row(row: Endpoint) -> Endpoint {
    let request = EditMessage {
        text: Some("Hello everybody!".to_owned()),
        ..EditMessage::default()
    };
    row.about("The author's. What is absent stays; the version before is kept.")
        .may_be_held()
        .sends("another text", &request)
}

async fn post(
    caller: Caller,
    body: Body<PostMessage, MessageSize>,
) -> Answer<Kept<Message>, SettlePostError> {
    Ok(posted(&caller, &body.sent, body.value).await?.respond())
}

/// Posts a message.
pub(super) async fn posted(
    caller: &Caller,
    sent: &JsonBody,
    request: PostMessage,
) -> Result<PostAnswer<Message>, Refused<SettlePostError>> {
    let command = request.command(caller.cx.limits.medias);
    let command = command.map_err(ApiError::from)?;
    let key = caller.key(sent)?;
    service::messages::post_message(&caller.shared, caller.requester(), key, command).await
}

/// The query of the list.
struct Wanted {
    chat: Option<ChatId>,
    of_chat: WantedOfChat,
}

/// The query of the list of one chat.
pub(super) struct WantedOfChat {
    page: PageRequest,
    parent: Option<MessageId>,
    root: Option<MessageId>,
    since_seq: Option<u64>,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        Ok(Self {
            chat: query.id("chat_id", "Messages of this chat.")?,
            of_chat: WantedOfChat::read(query)?,
        })
    }
}

impl FromQuery for WantedOfChat {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            parent: query.id("parent_id", "Direct replies to this message.")?,
            root: query.id("root_id", "The thread of this message, and itself.")?,
            since_seq: query.number(&Number {
                name: "since_seq",
                about: "Messages after this event of the chat.",
                least: 0,
                most: i64::MAX as u64,
                default: None,
                reason: "SINCE_SEQ_INVALID",
            })?,
        })
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<Placed<List<Message>>, ListMessagesError> {
    listed(&caller, wanted.chat, wanted.of_chat).await
}

/// Lists messages as resources `T`.
pub(super) async fn listed<T>(
    caller: &Caller,
    chat: Option<ChatId>,
    wanted: WantedOfChat,
) -> Answer<Placed<List<T>>, ListMessagesError>
where
    T: for<'a> From<&'a message::Message> + Serialize,
{
    let page = wanted.page;
    let wanted = ListMessages {
        chat,
        parent: wanted.parent,
        root: wanted.root,
        since_seq: wanted.since_seq,
    };
    let read = caller.read("list_messages", move |snapshot, actor| {
        list_messages(snapshot, actor, wanted, page)
    });
    let (messages, place) = read.await?;
    Ok(caller.listed(place, &messages, |message| T::from(message)))
}

async fn show(caller: Caller, Id(id): Id<MessageId>) -> Answer<Placed<Message>, AccessError> {
    let read = caller.read("show_message", move |snapshot, actor| {
        show_message(snapshot, actor, id)
    });
    let placed = read.await?;
    Ok(caller.placed(&placed, &Message::from(&placed.value)))
}

async fn edit(
    caller: Caller,
    Id(id): Id<MessageId>,
    body: Body<EditMessage, MessageSize>,
) -> Answer<Message, SettleEditError> {
    edited(&caller, (id, None), body.value).await
}

/// Edits a message, which must be in the chat if that is given.
pub(super) async fn edited<T>(
    caller: &Caller,
    (id, chat): (MessageId, Option<ChatId>),
    request: EditMessage,
) -> Answer<T, SettleEditError>
where
    T: for<'a> From<&'a message::Message> + Serialize,
{
    let command = request.command(id, caller.cx.limits.medias)?;
    let interception = &caller.shared.interception;
    if let Some(intercept) = interception.of(caller.cx.actor) {
        let edit = Edit { command, chat };
        let edited = interception.edit(intercept, caller.requester(), edit);
        return match edited.await? {
            Outcome::Done(message) => Ok(ok(&T::from(&message))),
            Outcome::Held { id, .. } => Ok(JsonResponse::from(held_response(id))),
            // Edits have no idempotency key.
            Outcome::Repeated(_) => Err(ApiError::internal("an edit was repeated").into()),
        };
    }
    let write = caller.write("edit_message", move |uow, cx| {
        if let Some(chat) = chat {
            check_place(uow, id, chat).map_err(EditMessageError::from)?;
        }
        Ok::<_, SettleEditError>(edit_message(uow, cx, &command)?)
    });
    Ok(ok(&T::from(&write.await?)))
}

async fn delete(caller: Caller, Id(id): Id<MessageId>) -> Answer<Message, DeleteMessageError> {
    deleted(&caller, id, None).await
}

/// Deletes a message, which must be in `chat` if that is given.
pub(super) async fn deleted<T>(
    caller: &Caller,
    id: MessageId,
    chat: Option<ChatId>,
) -> Answer<T, DeleteMessageError>
where
    T: for<'a> From<&'a message::Message> + Serialize,
{
    let write = caller.write("delete_message", move |uow, cx| {
        if let Some(chat) = chat {
            check_place(uow, id, chat)?;
        }
        delete_message(uow, cx, id)
    });
    Ok(ok(&T::from(&write.await?)))
}

async fn revisions(
    caller: Caller,
    Id(id): Id<MessageId>,
    Queried(page): Queried<PageRequest>,
) -> Answer<Placed<List<Revision>>, AccessError> {
    let read = caller.read("list_revisions", move |snapshot, actor| {
        list_revisions(snapshot, actor, id, page)
    });
    Ok(caller.placed_page(&read.await?, |revision| Revision::from(revision)))
}

async fn readers(
    caller: Caller,
    Id(id): Id<MessageId>,
    Queried(page): Queried<PageRequest>,
) -> Answer<Placed<List<ReadMark>>, AccessError> {
    let read = caller.read("list_readers", move |snapshot, actor| {
        list_readers(snapshot, actor, id, page)
    });
    Ok(caller.placed_page(&read.await?, |mark| ReadMark::from(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, get, post};
    use talk_domain::kernel::page::Page;
    use talk_domain::testing::{a_chat, a_message, a_participant, chat_id, message_id};
    use talk_wire::json;

    #[actix_web::test]
    async fn who_may_not_read_a_message_learns_nothing_of_it() {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            let of_another_customer = Ok(None);
            snapshot
                .messages
                .expect_get()
                .return_once(|_| of_another_customer);
        });
        let refused = scene
            .call(get(1, &format!("{ALL}/{}", message_id(1))))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.refusal().1),
            (404, "MESSAGE_NOT_FOUND".into())
        );
    }

    #[actix_web::test]
    async fn a_read_of_one_chat_answers_its_position() {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            snapshot
                .messages
                .expect_get()
                .returning(|_| Ok(Some(a_message(1))));
            snapshot
                .chats
                .expect_get()
                .returning(|_| Ok(Some(a_chat())));
            let find = snapshot.participants.expect_find();
            find.returning(|_, agent| Ok(Some(a_participant(agent))));
        });
        let answer = scene
            .call(get(1, &format!("{ALL}/{}", message_id(1))))
            .await;
        assert_eq!(answer.body, json(&Message::from(&a_message(1))));
        assert_eq!(
            answer.header("talk-position"),
            format!("e-1;{}=10", chat_id(1))
        );
    }

    #[actix_web::test]
    async fn a_list_over_all_chats_has_no_position() {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            let page = Page {
                rows: vec![a_message(1)],
                next: None,
            };
            snapshot
                .messages
                .expect_of_agent()
                .return_once(|_, _| Ok(page));
        });
        let answer = scene.call(get(1, ALL)).await;
        let message = json(&Message::from(&a_message(1)));
        assert_eq!(
            answer.body,
            format!(r#"{{"result":[{message}],"next_page_token":""}}"#)
        );
        assert_eq!(answer.header("talk-position"), "");
    }

    #[actix_web::test]
    async fn clients_write_no_system_messages() {
        let body = format!(
            r#"{{"chat_id":"{}","type":"system","text":"x"}}"#,
            chat_id(1)
        );
        let refused = Scene::new().call(post(1, ALL, &body)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.refusal().1),
            (403, "SYSTEM_TYPE_RESERVED".into())
        );
    }
}
