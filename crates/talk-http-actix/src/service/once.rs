//! Idempotency: the answer to a POST is stored with its effect, and returned to repetitions.

use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use talk_domain::identity::session::act::Requester;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::{DomainError, Invalid};
use talk_domain::kernel::id::DecisionId;
use talk_domain::kernel::idempotency::{Answer, IdempotencyKey, Once, Repeatable};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::message::post::Posted;
use talk_domain::talk::model::message;
use talk_domain::talk::reply::{Reply, load_reply};
use talk_domain::talk::unit::TalkUnit;
use talk_wire::resource::{ConversationMessage, Held, Message};
use talk_wire::socket::ServerFrame;
use talk_wire::{frame, json};

use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::digest::digest;
use crate::endpoint::{JsonResponse, Kept, Refused};
use crate::service::intercepted::{Outcome, blocked};
use crate::shared::Shared;

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

/// The result of a POST's use case, answered as JSON of a `T`.
pub(crate) struct PostResult<T>(Reply, PhantomData<T>);

impl<T: Serialize> PostResult<T> {
    /// The answer is `value` as JSON, which is stored.
    pub(crate) fn value(value: &T) -> Self {
        Self(Reply::Body(json(value)), PhantomData)
    }
}

impl PostResult<ConversationMessage> {
    /// The answer is the message in the frame of `event`.
    pub(crate) fn logged(event: Arc<Logged>) -> Self {
        Self(Reply::Event(event), PhantomData)
    }
}

impl PostResult<Message> {
    /// The answer is the message in the frame of `event`.
    pub(crate) fn event(event: Arc<Logged>) -> Self {
        Self(Reply::Event(event), PhantomData)
    }

    /// The answer is a message that did not change.
    pub(crate) fn unchanged(message: message::Message) -> Self {
        Self(Reply::Message(Box::new(message)), PhantomData)
    }

    /// The answer is a message that the released edit `id` did not change.
    pub(crate) fn released(id: DecisionId, message: message::Message) -> Self {
        Self(Reply::Released(id, Box::new(message)), PhantomData)
    }
}

impl<T> Repeatable for PostResult<T> {
    fn answer(&self) -> Answer {
        self.0.answer()
    }
}

/// Encodes an answer as JSON, or returns the refusal that is repeated.
fn encode(reply: Reply) -> Result<String, ApiError> {
    match reply {
        Reply::Body(body) => Ok(body),
        Reply::Message(message) | Reply::Released(_, message) => {
            Ok(json(&Message::from(&*message)))
        }
        Reply::Held(id) => Ok(json(&Held::new(id.to_string()))),
        Reply::Blocked(_, reason) => Err(blocked(&reason)),
        Reply::Event(event) => {
            let (stream, seq) = (event.stream, event.seq);
            let nothing = || ApiError::internal(format!("event {seq} of {stream} has no data"));
            let data = frame::data(&event.payload).map(str::to_owned);
            data.ok_or_else(nothing)
        }
    }
}

/// The answer to a POST, as JSON of a `T`, new or repeated.
pub(crate) struct PostAnswer<T> {
    pub(crate) body: String,
    is_replayed: bool,
    /// The held message, if the request is held.
    held: Option<String>,
    shown: PhantomData<T>,
}

impl PostAnswer<Message> {
    /// Answers a post on which an intercept decided.
    pub(crate) async fn of(
        shared: &Shared,
        actor: Actor,
        outcome: Outcome<Posted>,
    ) -> Result<Self, ApiError> {
        let (reply, is_replayed) = match outcome {
            Outcome::Done(posted) => (Reply::Event(posted.event), false),
            Outcome::Repeated(answer) => (repeated(shared, actor, answer).await?, true),
            Outcome::Held { id, is_repeated } => (Reply::Held(id), is_repeated),
        };
        Self::new(reply, is_replayed)
    }
}

impl<T> PostAnswer<T> {
    fn new(reply: Reply, is_replayed: bool) -> Result<Self, ApiError> {
        let held = match &reply {
            Reply::Held(id) => Some(id.to_string()),
            _ => None,
        };
        Ok(Self {
            body: encode(reply)?,
            is_replayed,
            held,
            shown: PhantomData,
        })
    }
}

/// Loads a stored answer.
async fn repeated(shared: &Shared, actor: Actor, answer: Answer) -> Result<Reply, ApiError> {
    let unit = Unit::by(actor, "replay_answer");
    let store = &*shared.api.store;
    let load = store.read(unit, move |snapshot| load_reply(snapshot, actor, &answer));
    load.await.map_err(ApiError::from)
}

impl<T: DeserializeOwned> PostAnswer<T> {
    /// Converts the answer with `show`.
    ///
    /// # Errors
    /// If the stored answer is not JSON of a `T`.
    pub(crate) fn shown<U: Serialize>(
        self,
        show: impl FnOnce(T) -> U,
    ) -> Result<PostAnswer<U>, ApiError> {
        let body = if self.held.is_some() {
            self.body
        } else {
            let answer = serde_json::from_str(&self.body);
            let unreadable =
                |error| ApiError::internal(format!("an answer cannot be read: {error}"));
            json(&show(answer.map_err(unreadable)?))
        };
        Ok(PostAnswer {
            body,
            is_replayed: self.is_replayed,
            held: self.held,
            shown: PhantomData,
        })
    }
}

impl<T> PostAnswer<T> {
    /// The answer to a request that ran now.
    pub(crate) fn ran(result: PostResult<T>) -> Result<Self, ApiError> {
        Self::new(result.0, false)
    }

    /// The stored answer to an earlier request with the same key.
    pub(crate) fn repeated(body: String) -> Result<Self, ApiError> {
        Self::new(Reply::Body(body), true)
    }

    /// Formats the answer to the frame `id` of a socket.
    pub(crate) fn as_frame(&self, id: &str) -> Result<String, ApiError> {
        if let Some(held_id) = &self.held {
            return Ok(ServerFrame::Held { id, held_id }.json());
        }
        let data = serde_json::from_str(&self.body)
            .map_err(|_| ApiError::internal("an answer is not JSON"))?;
        Ok(ServerFrame::Posted { id, data }.json())
    }

    /// Returns the HTTP response.
    pub(crate) fn respond(self) -> JsonResponse<Kept<T>> {
        let mut response = match self.held {
            Some(_) => HttpResponse::Accepted(),
            None => HttpResponse::Ok(),
        };
        if self.is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        JsonResponse::from(response.content_type("application/json").body(self.body))
    }
}

impl Caller {
    /// Runs a POST once: see [`once`].
    pub(crate) async fn post<T, E>(
        &self,
        name: &'static str,
        sent: &JsonBody,
        work: impl for<'a> FnMut(&mut (dyn TalkUnit + 'a), &Context) -> Result<PostResult<T>, E>
        + Send
        + 'static,
    ) -> Result<PostAnswer<T>, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let key = self.key(sent)?;
        once(&self.shared, name, (self.requester(), key), work).await
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

/// Runs a use case at most once for a key: its answer is stored in the same transaction, and a
/// repetition gets that answer and has no effect.
pub(crate) async fn once<T, E>(
    shared: &Shared,
    name: &'static str,
    (requester, key): (Requester, Option<IdempotencyKey>),
    work: impl for<'a> FnMut(&mut (dyn TalkUnit + 'a), &Context) -> Result<PostResult<T>, E>
    + Send
    + 'static,
) -> Result<PostAnswer<T>, Refused<E>>
where
    T: Send + 'static,
    E: From<StoreError> + DomainError,
{
    let (store, actor) = (&*shared.api.store, requester.cx.actor);
    let done = store.write_once(name, (requester, key), work).await;
    let (reply, is_replayed) = match done.map_err(ApiError::from)? {
        Once::New(PostResult(reply, _)) => (reply, false),
        Once::Repeated(answer) => (repeated(shared, actor, answer).await?, true),
    };
    Ok(PostAnswer::new(reply, is_replayed)?)
}

/// Checks the key of a request before any work is done for it, such as hashing a password.
pub(crate) fn check_key_header(request: &HttpRequest) -> Result<(), ApiError> {
    key_of(request.headers()).map(|_| ())
}

/// Returns whether a request has an idempotency key.
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
        check_key_text(key)?;
        return Ok(Some(key.to_owned()));
    }
    Err(malformed())
}

/// Refuses a malformed key.
pub(crate) fn check_key_text(key: &str) -> Result<(), ApiError> {
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
