//! `/v1.0/service_agents/talk_chats`.

use actix_web::http::Method;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::access::AccessError;
use talk_domain::talk::chat::close::close_chat;
use talk_domain::talk::chat::create;
use talk_domain::talk::chat::create::{CreateChatError, create_chat};
use talk_domain::talk::chat::delete::{DeleteChatError, delete_chat};
use talk_domain::talk::chat::list::list_chats;
use talk_domain::talk::chat::reopen::reopen_chat;
use talk_domain::talk::chat::show::show_chat;
use talk_domain::talk::chat::update::{UpdateChatError, update_chat};
use talk_domain::talk::model::chat::{Chat, ChatFilter, ChatKind, ChatStatus};
use talk_domain::talk::model::read::ReadState;
use talk_domain::talk::read::mark::{MarkReadError, mark_read};
use talk_domain::talk::read::state::{read_in_snapshot, read_in_unit};
use talk_domain::talk::unit::{TalkSnapshot, TalkUnit};
use talk_wire::request::{CreateChat, MarkRead, Owner, UpdateChat};
use talk_wire::resource::{AGENT, List, OwnChat};

use crate::api_error::ApiError;
use crate::body::{Body, JsonBody, NoBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Placed, Queried, QueryReader, Refused,
};
use crate::openapi::example;
use crate::rate;
use crate::service::once::{PostAnswer, PostResult};

pub(super) const ALL: &str = "/v1.0/service_agents/talk_chats";
pub(super) const ONE: &str = "/v1.0/service_agents/talk_chats/{chat_id}";
pub(super) const CLOSE: &str = "/v1.0/service_agents/talk_chats/{chat_id}/close";
pub(super) const REOPEN: &str = "/v1.0/service_agents/talk_chats/{chat_id}/reopen";
const READ: &str = "/v1.0/service_agents/talk_chats/{chat_id}/read";

pub(super) fn rows() -> Vec<Endpoint> {
    let mut rows = vec![create_row(), list_row(ALL), show_row(ONE), update_row(ONE)];
    rows.extend([delete_row(ONE), close_row(CLOSE), reopen_row(REOPEN)]);
    rows.push(
        Endpoint::new(Method::PUT, READ, read)
            .named("markRead", "Marks a chat as read up to an event")
            .sends("the last event seen", &MarkRead { seq: Some(4) }),
    );
    rows
}

/// An example of a participant.
pub(super) fn owner() -> Owner {
    Owner {
        owner_type: Some(AGENT.to_owned()),
        owner_id: Some(example::BOB.to_owned()),
    }
}

fn create_row() -> Endpoint {
    let group = CreateChat {
        kind: Some("group".to_owned()),
        name: Some("Project Discussion".to_owned()),
        detail: Some("Everything about the project".to_owned()),
        participants: Some(vec![owner()]),
        participant_ids: None,
    };
    let direct = CreateChat {
        kind: Some("direct".to_owned()),
        name: None,
        detail: None,
        ..group.clone()
    };
    Endpoint::new(Method::POST, ALL, create)
        .named("createChat", "Creates a chat")
        .about(
            "The caller becomes a participant. `direct` is between exactly two agents, one per \
             pair: creating it again answers the same chat, reopened. `group` is by invitation. \
             `talk` is a channel every agent of the customer can find and join. `normal` counts \
             as `group`.",
        )
        .sends("a group", &group)
        .sends("a direct chat", &direct)
        .shows(&example::new_chat("Everything about the project"))
}

pub(super) fn list_row(path: &'static str) -> Endpoint {
    Endpoint::new(Method::GET, path, list).named("listChats", "Lists the caller's chats")
}

pub(super) fn show_row(path: &'static str) -> Endpoint {
    Endpoint::new(Method::GET, path, show)
        .named("showChat", "Shows a chat")
        .about("To participants; a channel to every agent of the customer.")
}

pub(super) fn update_row(path: &'static str) -> Endpoint {
    let request = UpdateChat {
        name: Some("Project Nova".to_owned()),
        detail: None,
    };
    Endpoint::new(Method::PUT, path, update)
        .named("updateChat", "Changes name and detail of a chat")
        .about("By participants. What is absent stays.")
        .sends("another name", &request)
}

pub(super) fn delete_row(path: &'static str) -> Endpoint {
    Endpoint::new(Method::DELETE, path, delete)
        .named("deleteChat", "Deletes a chat")
        .about(
            "By its creator, or by an admin or manager who participates. Its participants are \
             removed, and all its paths answer 404 from then on, but for this one, which answers \
             the same again.",
        )
        .answers("The deleted chat.")
}

pub(super) fn close_row(path: &'static str) -> Endpoint {
    Endpoint::new(Method::POST, path, close)
        .named("closeChat", "Closes a chat")
        .about("By participants. A closed chat stays readable and takes nothing new.")
}

pub(super) fn reopen_row(path: &'static str) -> Endpoint {
    Endpoint::new(Method::POST, path, reopen)
        .named("reopenChat", "Opens a closed chat again")
        .about("By participants; an empty chat by who was one, and becomes one again.")
}

async fn create(caller: Caller, body: Body<CreateChat>) -> Answer<Kept<OwnChat>, CreateChatError> {
    let command = body.value.command(caller.cx.limits.participants)?;
    Ok(created(&caller, &body.sent, command).await?.respond())
}

/// Creates a chat.
pub(super) async fn created(
    caller: &Caller,
    sent: &JsonBody,
    command: create::CreateChat,
) -> Result<PostAnswer<OwnChat>, Refused<CreateChatError>> {
    caller
        .charge(rate::participants(command.others.len()))
        .await?;
    let posted = caller.post("create_chat", sent, move |uow, cx| {
        let chat = create_chat(uow, cx, &command)?;
        Ok(PostResult::value(&own(uow, cx, &chat)?))
    });
    posted.await
}

/// The query of the list.
struct Wanted {
    page: PageRequest,
    filter: ChatFilter,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let kinds = Form::Words(&["direct", "group", "talk", "normal"]);
        let kind = Parameter::new("type", kinds, "Chats of this type.");
        let words = Form::Words(&["active", "closed"]);
        let status = Parameter::new("status", words, "Chats in this state.");
        Ok(Self {
            page: query.page()?,
            filter: ChatFilter {
                kind: query.parsed(kind.refused(&["CHAT_TYPE_INVALID"]), ChatKind::parse)?,
                status: query.parsed(status.refused(&["STATUS_INVALID"]), ChatStatus::parse)?,
            },
        })
    }
}

async fn list(caller: Caller, Queried(wanted): Queried<Wanted>) -> Answer<List<OwnChat>> {
    let Wanted { page, filter } = wanted;
    let read = caller.read("list_chats", move |snapshot, actor| {
        let chats = list_chats(snapshot, actor, filter, page)?;
        own_page(snapshot, actor, chats)
    });
    Ok(caller.page(&read.await?, own_row))
}

async fn show(caller: Caller, Id(id): Id<ChatId>) -> Answer<Placed<OwnChat>, AccessError> {
    let read = caller.read("show_chat", move |snapshot, actor| {
        let placed = show_chat(snapshot, actor, id)?;
        let read = read_in_snapshot(snapshot, actor, [&placed.value])?;
        Ok((placed, read.into_iter().next().unwrap_or_default()))
    });
    let (placed, read) = read.await?;
    Ok(caller.placed(&placed, &OwnChat::new(&placed.value, read)))
}

async fn update(
    caller: Caller,
    Id(id): Id<ChatId>,
    body: Body<UpdateChat>,
) -> Answer<OwnChat, UpdateChatError> {
    let command = body.value.command(id);
    let write = caller.write("update_chat", move |uow, cx| {
        let chat = update_chat(uow, cx, &command)?;
        Ok(own(uow, cx, &chat)?)
    });
    Ok(ok(&write.await?))
}

async fn delete(caller: Caller, Id(id): Id<ChatId>) -> Answer<OwnChat, DeleteChatError> {
    let write = caller.write("delete_chat", move |uow, cx| delete_chat(uow, cx, id));
    Ok(ok(&OwnChat::new(&write.await?, ReadState::default())))
}

async fn close(
    caller: Caller,
    Id(id): Id<ChatId>,
    body: NoBody,
) -> Answer<Kept<OwnChat>, AccessError> {
    let posted = caller.post("close_chat", &body.sent, move |uow, cx| {
        let chat = close_chat(uow, cx, id)?;
        Ok(PostResult::value(&own(uow, cx, &chat)?))
    });
    Ok(posted.await?.respond())
}

async fn reopen(
    caller: Caller,
    Id(id): Id<ChatId>,
    body: NoBody,
) -> Answer<Kept<OwnChat>, AccessError> {
    let posted = caller.post("reopen_chat", &body.sent, move |uow, cx| {
        let chat = reopen_chat(uow, cx, id)?;
        Ok(PostResult::value(&own(uow, cx, &chat)?))
    });
    Ok(posted.await?.respond())
}

async fn read(
    caller: Caller,
    Id(id): Id<ChatId>,
    body: Body<MarkRead>,
) -> Answer<OwnChat, MarkReadError> {
    let command = body.value.command(id)?;
    let write = caller.write("mark_read", move |uow, cx| {
        let chat = mark_read(uow, cx, &command)?;
        Ok(own(uow, cx, &chat)?)
    });
    Ok(ok(&write.await?))
}

fn own(uow: &mut dyn TalkUnit, cx: &Context, chat: &Chat) -> Result<OwnChat, StoreError> {
    Ok(OwnChat::new(chat, read_in_unit(uow, cx.actor, chat)?))
}

/// Builds a page of chats with the actor's read state.
pub(super) fn own_page(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chats: Page<Chat>,
) -> Result<Page<(Chat, ReadState)>, StoreError> {
    let read = read_in_snapshot(snapshot, actor, &chats.rows)?;
    Ok(Page {
        rows: chats.rows.into_iter().zip(read).collect(),
        next: chats.next,
    })
}

/// Converts a row of [`own_page`].
pub(super) fn own_row((chat, read): &(Chat, ReadState)) -> OwnChat {
    OwnChat::new(chat, *read)
}
