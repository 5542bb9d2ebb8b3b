//! The visitor's side of a web chat: the widget, and the endpoints that only the widget uses. They are
//! not in the document.
//!
//! A visitor is known by a token of 256 random bits, which its page keeps. The address of the visitor
//! is a digest of the token, so that the database holds nothing to pose as a visitor with.

mod files;
mod pages;
mod stream;
pub(crate) mod streams;
pub(super) mod visitor;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use conversation_domain::message::receive::{Arrival, Incoming, receive_message};
use conversation_domain::message::visit::{find_visited, mark_visited, visit};
use conversation_domain::model::conversation::stream as stream_of;
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store::Unit;
use talk_wire::id;
use talk_wire::request::{VisitorPost, VisitorRead};
use talk_wire::resource::{VisitorMessage, VisitorMessages, VisitorSession};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::body::{Body, NoBody, OutsideSize};
use crate::caller::Reply;
use crate::endpoint::{Endpoint, Form, FromQuery, Id, Parameter, Queried, QueryReader};
use crate::files::path_to;
use crate::service::conversations::typing_frame;
use crate::shared::Shared;
use pages::{hosted, script};
use stream::follow;
use visitor::{Client, KnownVisitor, new_token};

/// The paths that pages of any origin may use; the account decides which it admits.
pub(crate) const OPEN: &str = "/v1.0/webchat/";
const SESSIONS: &str = "/v1.0/webchat/{account_id}/sessions";
const MESSAGES: &str = "/v1.0/webchat/{account_id}/messages";
const FILES: &str = "/v1.0/webchat/{account_id}/files";
const READ: &str = "/v1.0/webchat/{account_id}/read";
const TYPING: &str = "/v1.0/webchat/{account_id}/typing";
const STREAM: &str = "/v1.0/webchat/{account_id}/stream";

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::hidden(Method::GET, MESSAGES, list),
        Endpoint::hidden(Method::POST, MESSAGES, post),
        Endpoint::hidden(Method::POST, FILES, files::send),
        Endpoint::hidden(Method::POST, SESSIONS, begin),
        Endpoint::hidden(Method::PUT, READ, read),
        Endpoint::hidden(Method::GET, STREAM, follow),
        Endpoint::hidden(Method::PUT, TYPING, typing),
        Endpoint::hidden(Method::GET, "/webchat.js", script).also_head(script),
        Endpoint::hidden(Method::GET, "/webchat/{account_id}", hosted).also_head(hosted),
    ]
}

/// Begins a session. Nothing is stored before the first message.
async fn begin(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(id): Id<AccountId>,
    _: NoBody,
) -> Reply {
    let client = Client::admit(&shared, &request, id).await?;
    Ok(answer(&VisitorSession {
        token: new_token(&shared),
        name: client.account.name,
    }))
}

async fn post(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    body: Body<VisitorPost, OutsideSize>,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    let event: Uuid = id::parse("id", &body.value.id)?;
    known.charge_first(&shared, &request).await?;
    let incoming = Incoming {
        account,
        event: event.to_string(),
        own: None,
        peer: known.visitor.peer,
        text: body.value.text,
        consent: None,
        medias: Vec::new(),
    };
    let arrival = arrival(&shared);
    let customer = known.customer;
    let unit = Unit::of(customer, "receive_message");
    let store = &shared.api.conversations;
    let written = store.write(unit, move |uow| receive_message(uow, &arrival, &incoming));
    let received = written.await.map_err(ApiError::from)?;
    // Another page of the visitor shows the message, too.
    shared.visitors.wake(known.charged);
    let link = |id| path_to(&shared, StoredFile { customer, id });
    let message = VisitorMessage::new(&received.into_message(), link);
    Ok(answer(&message))
}

fn arrival(shared: &Shared) -> Arrival {
    let now = (shared.api.clock)();
    let ids = IdSource::new(now, (shared.api.random)());
    Arrival { now, ids }
}

/// The position of a visitor in its conversation.
struct Since(u64);

impl FromQuery for Since {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "Messages after this number.";
        let since = Parameter::new("since", Form::Number(0, u64::MAX), about);
        let parse = |text: &str| {
            let message = "must be a whole number";
            let invalid = || ApiError::invalid("since", "SINCE_INVALID", message);
            text.parse().map_err(|_| invalid())
        };
        Ok(Self(query.parsed(since, parse)?.unwrap_or(0)))
    }
}

async fn list(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    Queried(Since(since)): Queried<Since>,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    let customer = known.customer;
    let (unit, visitor) = (Unit::of(customer, "visit"), known.visitor);
    let store = &shared.api.conversations;
    let visited = store.read(unit, move |snapshot| visit(snapshot, &visitor, since));
    let Some(visited) = visited.await.map_err(ApiError::from)? else {
        return Ok(answer(&VisitorMessages::default()));
    };
    let link = |id| path_to(&shared, StoredFile { customer, id });
    let show = |message| VisitorMessage::new(message, link);
    Ok(answer(&VisitorMessages {
        result: visited.messages.iter().map(show).collect(),
        deleted: visited.deleted.iter().map(ToString::to_string).collect(),
    }))
}

async fn read(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    body: Body<VisitorRead>,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    let (visitor, seq, now) = (known.visitor, body.value.seq, (shared.api.clock)());
    let store = &shared.api.conversations;
    let mut may_be_more = true;
    while may_be_more {
        let (unit, visitor) = (Unit::of(known.customer, "mark_visited"), visitor.clone());
        let marked = store.write(unit, move |uow| mark_visited(uow, &visitor, seq, now));
        may_be_more = marked.await.map_err(ApiError::from)?;
    }
    Ok(answer(&serde_json::json!({})))
}

/// Shows those who take part that the visitor types. Before its first message nobody is shown it.
async fn typing(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    _: NoBody,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    let (unit, visitor) = (Unit::of(known.customer, "typing"), known.visitor);
    let store = &shared.api.conversations;
    let found = store.read(unit, move |snapshot| find_visited(snapshot, &visitor));
    if let Some(conversation) = found.await.map_err(ApiError::from)? {
        let frame = typing_frame(conversation, None);
        let stream = stream_of(conversation);
        shared.api.live.send_from_outside(stream, frame);
    }
    Ok(answer(&serde_json::json!({})))
}

fn answer(body: &impl serde::Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .content_type("application/json")
        .body(talk_wire::json(body))
}
