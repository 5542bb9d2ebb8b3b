//! `/v1.0/service_agents/talk_chats`.

pub(super) mod docs;

use talk_domain::access::AccessError;
use talk_domain::chat::close::close_chat;
use talk_domain::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::chat::delete::delete_chat;
use talk_domain::chat::list::list_chats;
use talk_domain::chat::reopen::reopen_chat;
use talk_domain::chat::show::show_chat;
use talk_domain::chat::update::{UpdateChatError, update_chat};
use talk_domain::chat::{Chat, ChatFilter, ChatKind, ChatStatus};
use talk_domain::context::{Actor, Context};
use talk_domain::page::Page;
use talk_domain::read::mark::{MarkReadError, mark_read};
use talk_domain::read::{ReadState, read_in_snapshot, read_in_unit};
use talk_domain::store::{Snapshot, StoreError, UnitOfWork};
use talk_wire::json;
use talk_wire::request;
use talk_wire::resource::OwnChat;

use crate::api_error::ApiError;
use crate::body::{Body, Sent};
use crate::caller::{Caller, Reply, ok};
use crate::idempotency::{Done, Posted};
use crate::rate;

pub(crate) async fn create(caller: Caller, body: Body) -> Reply {
    let sent = body.other().await?;
    let request: request::CreateChat = sent.json()?;
    let command = request.command(caller.cx.limits.participants)?;
    Ok(created(&caller, &sent, command).await?.respond())
}

/// Creates a chat.
pub(crate) async fn created(
    caller: &Caller,
    sent: &Sent,
    command: CreateChat,
) -> Result<Posted, ApiError> {
    caller
        .charge(rate::participants(command.others.len()))
        .await?;
    let posted = caller.post("create_chat", sent, move |uow, cx| {
        let chat = create_chat(uow, cx, &command)?;
        let own = own(uow, cx, &chat)?;
        Ok::<_, CreateChatError>(Done::Body(json(&own)))
    });
    posted.await
}

pub(crate) async fn list(caller: Caller) -> Reply {
    let query = caller.query()?;
    let page = query.page()?;
    let filter = ChatFilter {
        kind: query.get("type").map(ChatKind::parse).transpose()?,
        status: query.get("status").map(ChatStatus::parse).transpose()?,
    };
    let read = caller.read("list_chats", move |snapshot, actor| {
        let chats = list_chats(snapshot, actor, filter, page)?;
        own_page(snapshot, actor, chats)
    });
    Ok(caller.page(&read.await?, own_row))
}

pub(crate) async fn show(caller: Caller) -> Reply {
    let id = caller.id("chat_id")?;
    let read = caller.read("show_chat", move |snapshot, actor| {
        let placed = show_chat(snapshot, actor, id)?;
        let read = read_in_snapshot(snapshot, actor, [&placed.value])?;
        Ok::<_, AccessError>((placed, read.into_iter().next().unwrap_or_default()))
    });
    let (placed, read) = read.await?;
    Ok(caller.placed(&placed, &OwnChat::new(&placed.value, read)))
}

pub(crate) async fn update(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let request: request::UpdateChat = body.other().await?.json()?;
    let command = request.command(id);
    let write = caller.write("update_chat", move |uow, cx| {
        let chat = update_chat(uow, cx, &command)?;
        Ok::<_, UpdateChatError>(own(uow, cx, &chat)?)
    });
    Ok(ok(&write.await?))
}

pub(crate) async fn delete(caller: Caller) -> Reply {
    let id = caller.id("chat_id")?;
    let write = caller.write("delete_chat", move |uow, cx| delete_chat(uow, cx, id));
    Ok(ok(&OwnChat::new(&write.await?, ReadState::default())))
}

pub(crate) async fn close(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let sent = body.other().await?;
    sent.check_unneeded()?;
    let posted = caller.post("close_chat", &sent, move |uow, cx| {
        let chat = close_chat(uow, cx, id)?;
        Ok::<_, AccessError>(Done::Body(json(&own(uow, cx, &chat)?)))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn reopen(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let sent = body.other().await?;
    sent.check_unneeded()?;
    let posted = caller.post("reopen_chat", &sent, move |uow, cx| {
        let chat = reopen_chat(uow, cx, id)?;
        Ok::<_, AccessError>(Done::Body(json(&own(uow, cx, &chat)?)))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn read(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let request: request::MarkRead = body.other().await?.json()?;
    let command = request.command(id)?;
    let write = caller.write("mark_read", move |uow, cx| {
        let chat = mark_read(uow, cx, &command)?;
        Ok::<_, MarkReadError>(own(uow, cx, &chat)?)
    });
    Ok(ok(&write.await?))
}

fn own(uow: &mut dyn UnitOfWork, cx: &Context, chat: &Chat) -> Result<OwnChat, StoreError> {
    Ok(OwnChat::new(chat, read_in_unit(uow, cx.actor, chat)?))
}

/// A page of chats, each with how far the actor has read it.
pub(crate) fn own_page(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    chats: Page<Chat>,
) -> Result<Page<(Chat, ReadState)>, StoreError> {
    let read = read_in_snapshot(snapshot, actor, &chats.rows)?;
    Ok(Page {
        rows: chats.rows.into_iter().zip(read).collect(),
        next: chats.next,
    })
}

/// A row of [`own_page`] as it is shown.
pub(crate) fn own_row((chat, read): &(Chat, ReadState)) -> OwnChat {
    OwnChat::new(chat, *read)
}
