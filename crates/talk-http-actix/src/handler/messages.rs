//! `/v1.0/service_agents/talk_messages`.

pub(super) mod docs;

use serde::Serialize;
use talk_domain::access::check_place;
use talk_domain::context::Context;
use talk_domain::id::ChatId;
use talk_domain::message;
use talk_domain::message::delete::delete_message;
use talk_domain::message::edit::edit_message;
use talk_domain::message::list::{ListMessages, list_messages};
use talk_domain::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::message::show::{list_revisions, show_message};
use talk_domain::read::readers::list_readers;
use talk_domain::store::UnitOfWork;
use talk_wire::request;
use talk_wire::resource::{Message, ReadMark, Revision};

use crate::api_error::ApiError;
use crate::body::{Body, Sent};
use crate::caller::{Caller, Reply, ok};
use crate::idempotency::{Done, Posted, check_text, once};
use crate::requester::Requester;
use crate::shared::Shared;

pub(crate) const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

/// The use case's name.
const POST: &str = "post_message";

pub(crate) async fn post(caller: Caller, body: Body) -> Reply {
    let sent = body.message().await?;
    let request = sent.json()?;
    Ok(posted(&caller, &sent, request).await?.respond())
}

/// Posts a message.
pub(crate) async fn posted(
    caller: &Caller,
    sent: &Sent,
    request: request::PostMessage,
) -> Result<Posted, ApiError> {
    let command = request.command(caller.cx.limits.medias)?;
    let posted = caller.post(POST, sent, move |uow, cx| done(uow, cx, &command));
    posted.await
}

/// Posts over a socket: the same request as [`post`] with the idempotency key `id`.
pub(crate) async fn post_once(
    shared: &Shared,
    requester: Requester,
    id: &str,
    sent: &Sent,
) -> Result<Posted, ApiError> {
    check_text(id)?;
    let key = shared.key(id.to_owned(), ("POST", MESSAGES), sent.bytes());
    let request: request::PostMessage = sent.json()?;
    let command = request.command(requester.cx.limits.medias)?;
    let work = move |uow: &mut dyn UnitOfWork, cx: &Context| done(uow, cx, &command);
    once(shared, requester, (POST, Some(key)), work).await
}

fn done(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &PostMessage,
) -> Result<Done, PostMessageError> {
    Ok(Done::Event(post_message(uow, cx, command)?.event))
}

pub(crate) async fn list(caller: Caller) -> Reply {
    let chat = caller.query()?.id("chat_id")?;
    listed::<Message>(&caller, chat).await
}

/// Lists the messages the query asks for, as `T` shows them.
pub(crate) async fn listed<T>(caller: &Caller, chat: Option<ChatId>) -> Reply
where
    T: for<'a> From<&'a message::Message> + Serialize,
{
    let query = caller.query()?;
    let page = query.page()?;
    let wanted = ListMessages {
        chat,
        parent: query.id("parent_id")?,
        root: query.id("root_id")?,
        since_seq: query.number("since_seq", 0..=i64::MAX as u64, "SINCE_SEQ_INVALID")?,
    };
    let read = caller.read("list_messages", move |snapshot, actor| {
        list_messages(snapshot, actor, wanted, page)
    });
    let (messages, place) = read.await?;
    Ok(caller.listed(place, &messages, |message| T::from(message)))
}

pub(crate) async fn show(caller: Caller) -> Reply {
    let id = caller.id("message_id")?;
    let read = caller.read("show_message", move |snapshot, actor| {
        show_message(snapshot, actor, id)
    });
    let placed = read.await?;
    Ok(caller.placed(&placed, &Message::from(&placed.value)))
}

pub(crate) async fn edit(caller: Caller, body: Body) -> Reply {
    Ok(ok(&Message::from(&edited(&caller, body, None).await?)))
}

/// Edits the message in the path; it must be one of `chat`, if that is given.
pub(crate) async fn edited(
    caller: &Caller,
    body: Body,
    chat: Option<ChatId>,
) -> Result<message::Message, ApiError> {
    let id = caller.id("message_id")?;
    let request: request::EditMessage = body.message().await?.json()?;
    let command = request.command(id, caller.cx.limits.medias)?;
    let write = caller.write("edit_message", move |uow, cx| {
        if let Some(chat) = chat {
            check_place(uow, id, chat)?;
        }
        edit_message(uow, cx, &command)
    });
    write.await
}

pub(crate) async fn delete(caller: Caller) -> Reply {
    Ok(ok(&Message::from(&deleted(&caller, None).await?)))
}

/// Deletes the message in the path; it must be one of `chat`, if that is given.
pub(crate) async fn deleted(
    caller: &Caller,
    chat: Option<ChatId>,
) -> Result<message::Message, ApiError> {
    let id = caller.id("message_id")?;
    let write = caller.write("delete_message", move |uow, cx| {
        if let Some(chat) = chat {
            check_place(uow, id, chat)?;
        }
        delete_message(uow, cx, id)
    });
    write.await
}

pub(crate) async fn revisions(caller: Caller) -> Reply {
    let id = caller.id("message_id")?;
    let page = caller.query()?.page()?;
    let read = caller.read("list_revisions", move |snapshot, actor| {
        list_revisions(snapshot, actor, id, page)
    });
    let placed = read.await?;
    Ok(caller.placed_page(&placed, |revision| Revision::from(revision)))
}

pub(crate) async fn readers(caller: Caller) -> Reply {
    let id = caller.id("message_id")?;
    let page = caller.query()?.page()?;
    let read = caller.read("list_readers", move |snapshot, actor| {
        list_readers(snapshot, actor, id, page)
    });
    let placed = read.await?;
    Ok(caller.placed_page(&placed, |mark| ReadMark::from(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, get, post};
    use talk_domain::page::Page;
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
            .call(get(1, &format!("{MESSAGES}/{}", message_id(1))))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.refusal().1),
            (404, "MESSAGE_NOT_FOUND".into())
        );
    }

    #[actix_web::test]
    async fn a_read_of_one_chat_tells_its_position() {
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
            .call(get(1, &format!("{MESSAGES}/{}", message_id(1))))
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
        let answer = scene.call(get(1, MESSAGES)).await;
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
        let refused = Scene::new().call(post(1, MESSAGES, &body)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.refusal().1),
            (403, "SYSTEM_TYPE_RESERVED".into())
        );
    }
}
