//! Repeated requests: the answer of a POST is kept with its effect, and given again.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse};
use talk_domain::context::Context;
use talk_domain::error::{DomainError, ErrorKind, Invalid};
use talk_domain::idempotency::{Answer, Answered, IdempotencyKey, ReplayError, replay};
use talk_domain::message::Message;
use talk_domain::store::{StoreError, UnitOfWork};
use talk_wire::{frame, resource};

use crate::api_error::ApiError;
use crate::body::Sent;
use crate::caller::{Caller, json};
use crate::digest::digest;

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

/// What a use case answered: the body, and how to find it again.
pub(crate) struct Done {
    pub(crate) body: String,
    pub(crate) answer: Answer,
}

impl Done {
    /// An answer that is kept as it is.
    pub(crate) fn body(body: String) -> Self {
        Self {
            answer: Answer::Body(body.clone()),
            body,
        }
    }

    /// A message as the event `seq` carries it; without one it had not changed.
    pub(crate) fn message(message: &Message, seq: Option<u64>) -> Self {
        Self {
            body: json(&resource::Message::from(message)),
            answer: match seq {
                Some(seq) => Answer::Event(message.chat, seq),
                None => Answer::Message(message.id),
            },
        }
    }
}

/// An answer, given for the first time or again.
pub(crate) struct Posted {
    pub(crate) body: String,
    is_replayed: bool,
}

impl Posted {
    pub(crate) fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if self.is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response.content_type("application/json").body(self.body)
    }
}

/// Why a request with a key is not carried out.
#[derive(Debug, thiserror::Error)]
enum Keyed<E> {
    #[error(transparent)]
    Replay(ReplayError),
    #[error(transparent)]
    Work(E),
}

impl<E: From<StoreError>> From<StoreError> for Keyed<E> {
    fn from(error: StoreError) -> Self {
        Self::Work(error.into())
    }
}

impl<E: DomainError> DomainError for Keyed<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Replay(error) => error.kind(),
            Self::Work(error) => error.kind(),
        }
    }
    fn reason(&self) -> &'static str {
        match self {
            Self::Replay(error) => error.reason(),
            Self::Work(error) => error.reason(),
        }
    }
    fn detail(&self) -> Option<&Invalid> {
        match self {
            Self::Replay(error) => error.detail(),
            Self::Work(error) => error.detail(),
        }
    }
    fn wants_retry(&self) -> bool {
        match self {
            Self::Replay(error) => error.wants_retry(),
            Self::Work(error) => error.wants_retry(),
        }
    }
}

enum Outcome {
    Fresh(String),
    Kept(Answer),
}

impl Caller {
    /// Carries out a POST once: with an `Idempotency-Key` its answer is kept in the same
    /// transaction, and a repetition gets that answer and has no effect.
    pub(crate) async fn post<E>(
        &self,
        name: &'static str,
        sent: &Sent,
        mut work: impl FnMut(&mut dyn UnitOfWork, &Context) -> Result<Done, E> + Send + 'static,
    ) -> Result<Posted, ApiError>
    where
        E: From<StoreError> + DomainError,
    {
        let key = self.key(sent)?;
        let cx = self.cx.clone();
        let unit = move |uow: &mut dyn UnitOfWork| {
            if let Some(answer) = kept(uow, &cx, key.as_ref()).map_err(Keyed::Replay)? {
                return Ok(Outcome::Kept(answer));
            }
            let done = work(uow, &cx).map_err(Keyed::Work)?;
            keep(uow, &cx, key.as_ref(), done.answer)?;
            Ok::<_, Keyed<E>>(Outcome::Fresh(done.body))
        };
        match self.store().write(self.unit(name), unit).await? {
            Outcome::Fresh(body) => Ok(Posted {
                body,
                is_replayed: false,
            }),
            Outcome::Kept(answer) => Ok(Posted {
                body: self.look_up(answer).await?,
                is_replayed: true,
            }),
        }
    }

    fn key(&self, sent: &Sent) -> Result<Option<IdempotencyKey>, ApiError> {
        let Some(key) = key_of(self.request.headers())? else {
            return Ok(None);
        };
        let fingerprint = digest(&[
            self.shared.fingerprint_secret.as_bytes(),
            self.request.method().as_str().as_bytes(),
            self.request.path().as_bytes(),
            sent.bytes(),
        ]);
        Ok(Some(IdempotencyKey { key, fingerprint }))
    }

    /// The body an answer stands for. Messages live in the log, so that a deleted one is gone
    /// from the answers too.
    async fn look_up(&self, answer: Answer) -> Result<String, ApiError> {
        let unit = self.unit("replay_answer");
        match answer {
            Answer::Body(body) => Ok(body),
            Answer::Event(chat, seq) => {
                let read = self
                    .store()
                    .read(unit, move |snapshot| snapshot.events().get(chat, seq));
                let event = read.await?;
                let data = event.as_ref().and_then(|event| frame::data(&event.frame));
                let gone = || ApiError::internal(format!("no event {seq} of {chat}"));
                data.map(str::to_owned).ok_or_else(gone)
            }
            Answer::Message(id) => {
                let read = self
                    .store()
                    .read(unit, move |snapshot| snapshot.messages().get(id));
                let message = read.await?;
                let message = message.ok_or_else(|| ApiError::internal(format!("no {id}")))?;
                Ok(json(&resource::Message::from(&message)))
            }
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

/// Refuses a malformed key also where nothing is changed yet, for example before hashing.
pub(crate) fn check_key(request: &HttpRequest) -> Result<(), ApiError> {
    key_of(request.headers()).map(|_| ())
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(HEADER);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default();
    let is_visible = key.bytes().all(|b| b.is_ascii_graphic());
    if keys.next().is_none() && is_visible && (8..=255).contains(&key.len()) {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::invalid(
        "Idempotency-Key",
        "IDEMPOTENCY_KEY_INVALID",
        "must be 8 to 255 visible ASCII characters, given once",
    ))
}

#[cfg(test)]
mod tests;
