//! Idempotency: the answer to a POST is stored with its effect, and returned to repetitions.

use std::marker::PhantomData;

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::{CheckedError, DomainError, Invalid};
use talk_domain::kernel::idempotency::{Answer, Answered, IdempotencyKey, ReplayError, replay};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::message::show::show_message;
use talk_domain::talk::model::message;
use talk_domain::talk::unit::{Talk, TalkUnit};
use talk_wire::resource::Message;

use talk_wire::socket::ServerFrame;
use talk_wire::{frame, json};

use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::digest::digest;
use crate::endpoint::{JsonResponse, Kept, Refused};
use crate::requester::Requester;
use crate::shared::Shared;

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

/// The result of a use case, answered as JSON of a `T`.
pub(crate) struct Done<T>(Found, PhantomData<T>);

/// The source of the answer.
enum Found {
    /// A body, stored as is.
    Body(String),
    /// The `data` of an event's frame.
    Event(Arc<Logged>),
    /// A message that did not change.
    Message(Box<message::Message>),
}

impl<T: Serialize> Done<T> {
    /// Answers `value`, which is stored as is.
    pub(crate) fn value(value: &T) -> Self {
        Self(Found::Body(json(value)), PhantomData)
    }
}

impl<T> Done<T> {
    /// Returns the stored form of the answer.
    fn answer(&self) -> Answer {
        match &self.0 {
            Found::Body(body) => Answer::Body(body.clone()),
            Found::Event(event) => Answer::Event(event.stream, event.seq),
            Found::Message(message) => Answer::Message(message.id),
        }
    }

    fn into_body(self) -> Result<String, ApiError> {
        match self.0 {
            Found::Body(body) => Ok(body),
            Found::Event(event) => event_data(&event),
            Found::Message(message) => Ok(json(&Message::from(&*message))),
        }
    }
}

impl Done<Message> {
    /// Answers the message in the frame of `event`.
    pub(crate) fn event(event: Arc<Logged>) -> Self {
        Self(Found::Event(event), PhantomData)
    }

    /// Answers a message that did not change.
    pub(crate) fn unchanged(message: message::Message) -> Self {
        Self(Found::Message(Box::new(message)), PhantomData)
    }
}

/// Returns the `data` of an event's frame.
fn event_data(event: &Logged) -> Result<String, ApiError> {
    let (stream, seq) = (event.stream, event.seq);
    let nothing = || ApiError::internal(format!("event {seq} of {stream} has no data"));
    frame::data(&event.payload)
        .map(str::to_owned)
        .ok_or_else(nothing)
}

/// The JSON of a `T`, as a new or a repeated answer.
pub(crate) struct Posted<T> {
    pub(crate) body: String,
    is_replayed: bool,
    shown: PhantomData<T>,
}

impl<T: DeserializeOwned> Posted<T> {
    /// Converts the answer with `show`.
    ///
    /// # Errors If the stored answer is not JSON of a `T`.
    pub(crate) fn shown<U: Serialize>(
        self,
        show: impl FnOnce(T) -> U,
    ) -> Result<Posted<U>, ApiError> {
        let answer = serde_json::from_str(&self.body)
            .map_err(|error| ApiError::internal(format!("an answer cannot be read: {error}")))?;
        Ok(Posted {
            body: json(&show(answer)),
            is_replayed: self.is_replayed,
            shown: PhantomData,
        })
    }
}

impl<T> Posted<T> {
    /// Formats the answer to the frame `id` of a socket.
    pub(crate) fn as_frame(&self, id: &str) -> Result<String, ApiError> {
        let data = serde_json::from_str(&self.body)
            .map_err(|_| ApiError::internal("an answer is not JSON"))?;
        Ok(ServerFrame::Posted { id, data }.json())
    }

    /// The answer to a request.
    pub(crate) fn respond(self) -> JsonResponse<Kept<T>> {
        let mut response = HttpResponse::Ok();
        if self.is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        JsonResponse::from(response.content_type("application/json").body(self.body))
    }
}

enum Outcome<T> {
    Fresh(Done<T>),
    Kept(Answer),
}

impl Caller {
    /// Runs a POST once: see [`once`].
    pub(crate) async fn post<T, E>(
        &self,
        name: &'static str,
        sent: &JsonBody,
        work: impl FnMut(&mut dyn TalkUnit, &Context) -> Result<Done<T>, E> + Send + 'static,
    ) -> Result<Posted<T>, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let key = self.key(sent)?;
        once(&self.shared, self.requester(), (name, key), work).await
    }

    /// Returns the key of the request, if it has one.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_INVALID`.
    pub(crate) fn key(&self, sent: &JsonBody) -> Result<Option<IdempotencyKey>, ApiError> {
        let (method, path) = (self.request.method(), self.request.path());
        let key = key_of(self.request.headers())?;
        Ok(key.map(|key| self.shared.key(key, (method.as_str(), path), sent.bytes())))
    }
}

impl Shared {
    /// Returns the idempotency key of a request with the request's fingerprint.
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

/// Runs a request once: with a key, its answer is stored in the same transaction, and a repetition
/// gets that answer and has no effect.
pub(crate) async fn once<T, E>(
    shared: &Shared,
    requester: Requester,
    (name, key): (&'static str, Option<IdempotencyKey>),
    mut work: impl FnMut(&mut dyn TalkUnit, &Context) -> Result<Done<T>, E> + Send + 'static,
) -> Result<Posted<T>, Refused<E>>
where
    T: Send + 'static,
    E: From<StoreError> + DomainError,
{
    let (store, actor) = (&*shared.api.store, requester.cx.actor);
    let unit = move |uow: &mut dyn TalkUnit, cx: &Context| {
        if let Some(answer) = kept(uow, cx, key.as_ref()).map_err(CheckedError::Check)? {
            return Ok(Outcome::Kept(answer));
        }
        let done = work(uow, cx).map_err(CheckedError::Work)?;
        keep(uow, cx, key.as_ref(), done.answer())?;
        Ok::<_, CheckedError<ReplayError, E>>(Outcome::Fresh(done))
    };
    let outcome = requester.change(shared, name, unit).await;
    let (body, is_replayed) = match outcome.map_err(ApiError::from)? {
        Outcome::Fresh(done) => (done.into_body()?, false),
        Outcome::Kept(answer) => (look_up(store, actor, answer).await?, true),
    };
    Ok(Posted {
        body,
        is_replayed,
        shown: PhantomData,
    })
}

/// Loads the body of a stored answer. Answers about messages are read from the log, so that deleted
/// content is not shown. A message that was not changed is read now, with the current access
/// checks.
async fn look_up(
    store: &(dyn Store<Talk> + 'static),
    actor: Actor,
    answer: Answer,
) -> Result<String, ApiError> {
    let unit = Unit::by(actor, "replay_answer");
    match answer {
        Answer::Body(body) => Ok(body),
        Answer::Event(stream, seq) => {
            let read = store.read(unit, move |snapshot| snapshot.events().get(stream, seq));
            let gone = || ApiError::internal(format!("no event {seq} of {stream}"));
            let event = read.await?.ok_or_else(gone)?;
            event_data(&event)
        }
        Answer::Message(id) => {
            let read = store.read(unit, move |snapshot| show_message(snapshot, actor, id));
            Ok(json(&Message::from(&read.await?.value)))
        }
    }
}

fn kept(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Answer>, ReplayError> {
    match key {
        Some(key) => replay(uow.idempotency(), cx.actor.agent, cx.now, key),
        None => Ok(None),
    }
}

fn keep(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    key: Option<&IdempotencyKey>,
    answer: Answer,
) -> Result<(), StoreError> {
    let Some(key) = key else { return Ok(()) };
    uow.idempotency().put(&Answered {
        agent: cx.actor.agent,
        key: key.key.clone(),
        fingerprint: key.fingerprint,
        answer,
        at: cx.now,
    })
}

/// Checks the key early, for example before hashing.
pub(crate) fn check_key(request: &HttpRequest) -> Result<(), ApiError> {
    key_of(request.headers()).map(|_| ())
}

/// Returns whether a request has a key.
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

/// Refuses a malformed key.
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
