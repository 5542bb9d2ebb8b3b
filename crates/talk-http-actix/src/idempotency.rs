//! Repeated requests: the answer of a POST is kept with its effect, and given again.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use talk_domain::context::{Actor, Context};
use talk_domain::error::{CheckedError, DomainError, Invalid};
use talk_domain::event::LoggedEvent;
use talk_domain::idempotency::{Answer, Answered, IdempotencyKey, ReplayError, replay};
use talk_domain::message::Message;
use talk_domain::message::show::show_message;
use talk_domain::store::{Store, StoreError, Unit, UnitOfWork};
use talk_wire::socket::ServerFrame;
use talk_wire::{frame, json, resource};

use crate::api_error::ApiError;
use crate::body::Sent;
use crate::caller::Caller;
use crate::digest::digest;
use crate::requester::Requester;
use crate::shared::Shared;

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

/// What a use case answered.
pub(crate) enum Done {
    /// This body, which is kept as it is.
    Body(String),
    /// What this event tells: the answer is a part of its frame.
    Event(LoggedEvent),
    /// A message that had not changed.
    Message(Box<Message>),
}

impl Done {
    /// How to find it again.
    fn answer(&self) -> Answer {
        match self {
            Self::Body(body) => Answer::Body(body.clone()),
            Self::Event(event) => Answer::Event(event.chat, event.seq),
            Self::Message(message) => Answer::Message(message.id),
        }
    }

    fn into_body(self) -> Result<String, ApiError> {
        match self {
            Self::Body(body) => Ok(body),
            Self::Event(event) => told(&event),
            Self::Message(message) => Ok(json(&resource::Message::from(&*message))),
        }
    }
}

/// What an event tells.
fn told(event: &LoggedEvent) -> Result<String, ApiError> {
    let (chat, seq) = (event.chat, event.seq);
    let nothing = || ApiError::internal(format!("event {seq} of {chat} tells nothing"));
    frame::data(&event.frame)
        .map(str::to_owned)
        .ok_or_else(nothing)
}

/// An answer, given for the first time or again.
pub(crate) struct Posted {
    pub(crate) body: String,
    is_replayed: bool,
}

impl Posted {
    /// The answer to the frame `id` of a socket.
    pub(crate) fn as_frame(&self, id: &str) -> Result<String, ApiError> {
        let data = serde_json::from_str(&self.body)
            .map_err(|_| ApiError::internal("an answer is not JSON"))?;
        Ok(ServerFrame::Posted { id, data }.json())
    }

    /// The same answer as `show` tells it.
    pub(crate) fn shown<T: DeserializeOwned, U: Serialize>(
        self,
        show: impl FnOnce(T) -> U,
    ) -> Result<Self, ApiError> {
        let answer = serde_json::from_str(&self.body)
            .map_err(|error| ApiError::internal(format!("an answer cannot be read: {error}")))?;
        Ok(Self {
            body: json(&show(answer)),
            ..self
        })
    }

    pub(crate) fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if self.is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response.content_type("application/json").body(self.body)
    }
}

enum Outcome {
    Fresh(Done),
    Kept(Answer),
}

impl Caller {
    /// Carries out a POST once: see [`once`].
    pub(crate) async fn post<E>(
        &self,
        name: &'static str,
        sent: &Sent,
        work: impl FnMut(&mut dyn UnitOfWork, &Context) -> Result<Done, E> + Send + 'static,
    ) -> Result<Posted, ApiError>
    where
        E: From<StoreError> + DomainError,
    {
        let (method, path) = (self.request.method(), self.request.path());
        let key = key_of(self.request.headers())?
            .map(|key| self.shared.key(key, (method.as_str(), path), sent.bytes()));
        once(&self.shared, self.requester(), (name, key), work).await
    }
}

impl Shared {
    /// The key of a request, which stands for this very request only.
    pub(crate) fn key(
        &self,
        key: String,
        (method, path): (&str, &str),
        body: &[u8],
    ) -> IdempotencyKey {
        let secret = self.fingerprint_secret.as_bytes();
        let fingerprint = digest(&[secret, method.as_bytes(), path.as_bytes(), body]);
        IdempotencyKey { key, fingerprint }
    }
}

/// Carries out a request once: with a key its answer is kept in the same transaction, and a
/// repetition gets that answer and has no effect.
pub(crate) async fn once<E>(
    shared: &Shared,
    requester: Requester,
    (name, key): (&'static str, Option<IdempotencyKey>),
    mut work: impl FnMut(&mut dyn UnitOfWork, &Context) -> Result<Done, E> + Send + 'static,
) -> Result<Posted, ApiError>
where
    E: From<StoreError> + DomainError,
{
    let (store, actor) = (&*shared.api.store, requester.cx.actor);
    let unit = move |uow: &mut dyn UnitOfWork, cx: &Context| {
        if let Some(answer) = kept(uow, cx, key.as_ref()).map_err(CheckedError::Check)? {
            return Ok(Outcome::Kept(answer));
        }
        let done = work(uow, cx).map_err(CheckedError::Work)?;
        keep(uow, cx, key.as_ref(), &done)?;
        Ok::<_, CheckedError<ReplayError, E>>(Outcome::Fresh(done))
    };
    match requester.change(shared, name, unit).await? {
        Outcome::Fresh(done) => Ok(Posted {
            body: done.into_body()?,
            is_replayed: false,
        }),
        Outcome::Kept(answer) => Ok(Posted {
            body: look_up(store, actor, answer).await?,
            is_replayed: true,
        }),
    }
}

/// The body an answer stands for. Messages live in the log, so that a deleted one is gone from
/// the answers too. One that had not changed is shown as it is now, to those who may see it now.
async fn look_up(
    store: &(dyn Store + 'static),
    actor: Actor,
    answer: Answer,
) -> Result<String, ApiError> {
    let unit = Unit::by(actor, "replay_answer");
    match answer {
        Answer::Body(body) => Ok(body),
        Answer::Event(chat, seq) => {
            let read = store.read(unit, move |snapshot| snapshot.events().get(chat, seq));
            let gone = || ApiError::internal(format!("no event {seq} of {chat}"));
            told(&read.await?.ok_or_else(gone)?)
        }
        Answer::Message(id) => {
            let read = store.read(unit, move |snapshot| show_message(snapshot, actor, id));
            Ok(json(&resource::Message::from(&read.await?.value)))
        }
    }
}

fn kept(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Answer>, ReplayError> {
    match key {
        Some(key) => replay(uow, cx.actor.agent, cx.now, key),
        None => Ok(None),
    }
}

fn keep(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    key: Option<&IdempotencyKey>,
    done: &Done,
) -> Result<(), StoreError> {
    let Some(key) = key else { return Ok(()) };
    uow.idempotency().put(&Answered {
        agent: cx.actor.agent,
        key: key.key.clone(),
        fingerprint: key.fingerprint,
        answer: done.answer(),
        at: cx.now,
    })
}

/// Refuses a malformed key also where nothing is changed yet, for example before hashing.
pub(crate) fn check_key(request: &HttpRequest) -> Result<(), ApiError> {
    key_of(request.headers()).map(|_| ())
}

/// Whether a request has a key.
pub(crate) fn is_keyed(request: &HttpRequest) -> bool {
    request.headers().contains_key(HEADER)
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(HEADER);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default();
    if keys.next().is_none() {
        check_text(key)?;
        return Ok(Some(key.to_owned()));
    }
    Err(malformed())
}

/// Refuses what is no key.
pub(crate) fn check_text(key: &str) -> Result<(), ApiError> {
    let is_visible = key.bytes().all(|b| b.is_ascii_graphic());
    if is_visible && (8..=255).contains(&key.len()) {
        return Ok(());
    }
    Err(malformed())
}

fn malformed() -> ApiError {
    let message = "must be 8 to 255 visible ASCII characters, given once";
    let malformed = Invalid::new("Idempotency-Key", "IDEMPOTENCY_KEY_INVALID", message);
    Invalid {
        limit: Some(255),
        ..malformed
    }
    .into()
}

#[cfg(test)]
mod tests;
