//! `/v1.0/service_agents/talk_chats`.

use talk_domain::access::AccessError;
use talk_domain::chat::close::close_chat;
use talk_domain::chat::create::{CreateChatError, create_chat};
use talk_domain::chat::delete::delete_chat;
use talk_domain::chat::list::list_chats;
use talk_domain::chat::reopen::reopen_chat;
use talk_domain::chat::show::show_chat;
use talk_domain::chat::update::update_chat;
use talk_domain::chat::{ChatFilter, ChatKind, ChatStatus};
use talk_wire::request;
use talk_wire::resource::{Chat, List};

use crate::body::Body;
use crate::caller::{Caller, Reply, json, ok};
use crate::idempotency::Done;

pub(crate) async fn create(caller: Caller, body: Body) -> Reply {
    let sent = body.other().await?;
    let request: request::CreateChat = sent.json()?;
    let command = request.command(caller.cx.limits.participants)?;
    let posted = caller.post("create_chat", &sent, move |uow, cx| {
        let chat = create_chat(uow, cx, &command)?;
        Ok::<_, CreateChatError>(Done::body(json(&Chat::from(&chat))))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn list(caller: Caller) -> Reply {
    let query = caller.query()?;
    let page = query.page()?;
    let filter = ChatFilter {
        kind: query.get("type").map(ChatKind::parse).transpose()?,
        status: query.get("status").map(ChatStatus::parse).transpose()?,
    };
    let read = caller.read("list_chats", move |snapshot, actor| {
        list_chats(snapshot, actor, filter, page)
    });
    Ok(ok(&List::<Chat>::from(&read.await?)))
}

pub(crate) async fn show(caller: Caller) -> Reply {
    let id = caller.id("chat_id")?;
    let read = caller.read("show_chat", move |snapshot, actor| {
        show_chat(snapshot, actor, id)
    });
    let placed = read.await?;
    Ok(caller.placed(&placed, &Chat::from(&placed.value)))
}

pub(crate) async fn update(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let request: request::UpdateChat = body.other().await?.json()?;
    let command = request.command(id);
    let write = caller.write("update_chat", move |uow, cx| update_chat(uow, cx, &command));
    Ok(ok(&Chat::from(&write.await?)))
}

pub(crate) async fn delete(caller: Caller) -> Reply {
    let id = caller.id("chat_id")?;
    let write = caller.write("delete_chat", move |uow, cx| delete_chat(uow, cx, id));
    Ok(ok(&Chat::from(&write.await?)))
}

pub(crate) async fn close(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let sent = body.other().await?;
    let posted = caller.post("close_chat", &sent, move |uow, cx| {
        let chat = close_chat(uow, cx, id)?;
        Ok::<_, AccessError>(Done::body(json(&Chat::from(&chat))))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn reopen(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let sent = body.other().await?;
    let posted = caller.post("reopen_chat", &sent, move |uow, cx| {
        let chat = reopen_chat(uow, cx, id)?;
        Ok::<_, AccessError>(Done::body(json(&Chat::from(&chat))))
    });
    Ok(posted.await?.respond())
}
