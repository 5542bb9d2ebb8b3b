//! Posts and edits on which an intercept decides. The intercept is called between two units of work:
//! the first reserves the decision under the idempotency key, the second does what was decided.

mod asking;
mod turns;

use std::sync::Arc;

use actix_web::HttpResponse;
use talk_domain::hooks::decision::{Decision, Verdict};
use talk_domain::hooks::gateway::Intercepts;
use talk_domain::hooks::intercept::{Intercept, Point};
use talk_domain::identity::session::act::Requester;
use talk_domain::intercepts::edit::{SettleEdit, settle_edit};
use talk_domain::intercepts::post::{SettlePost, settle_post};
use talk_domain::intercepts::reserve::{Reserved, reserve};
use talk_domain::intercepts::{HeldLimits, Settled};
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::ErrorKind;
use talk_domain::kernel::id::{ChatId, DecisionId};
use talk_domain::kernel::idempotency::{Answer, IdempotencyKey};
use talk_domain::kernel::store::Store;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::access::check_place;
use talk_domain::talk::message::edit::{EditMessage, EditMessageError, check_edit};
use talk_domain::talk::message::post::{PostMessage, Posted, check_post};
use talk_domain::talk::model::message::Message;
use talk_domain::talk::unit::Talk;
use talk_wire::resource::Held;

use crate::api_error::ApiError;
use crate::status::Status;
use asking::Proposal;
use turns::Turns;

/// Runs requests on which intercepts decide.
pub(crate) struct Interception {
    store: Arc<dyn Store<Talk>>,
    intercepts: Arc<dyn Intercepts>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    limits: HeldLimits,
    turns: Turns,
}

/// The result of a request on which an intercept decided.
pub(crate) enum Outcome<T> {
    /// It took effect.
    Done(T),
    /// An earlier request with the same key has this answer.
    Repeated(Answer),
    /// It is held.
    Held {
        /// The held message.
        id: DecisionId,
        /// Whether an earlier request with the same key was held.
        is_repeated: bool,
    },
}

/// An edit of a message. If `chat` is given, the message must be in it.
#[derive(Clone)]
pub(crate) struct Edit {
    pub(crate) command: EditMessage,
    pub(crate) chat: Option<ChatId>,
}

impl Interception {
    pub(crate) fn new(
        store: Arc<dyn Store<Talk>>,
        intercepts: Arc<dyn Intercepts>,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        limits: HeldLimits,
    ) -> Self {
        Self {
            store,
            intercepts,
            clock,
            limits,
            turns: Turns::default(),
        }
    }

    /// Returns the intercept of the messages of `actor`, if there is one.
    pub(crate) fn of(&self, actor: Actor) -> Option<Arc<Intercept>> {
        self.intercepts.active(actor.customer, Point::TalkMessage)
    }

    /// Posts a message as the intercept decides. Runs to the end even if the client disconnects, so
    /// that a repetition need not call the intercept again.
    pub(crate) async fn post(
        self: &Arc<Self>,
        intercept: Arc<Intercept>,
        (requester, key): (Requester, Option<IdempotencyKey>),
        command: PostMessage,
    ) -> Result<Outcome<Posted>, ApiError> {
        let this = Arc::clone(self);
        let run = async move { this.run_post(&intercept, (requester, key), command).await };
        ended(tokio::spawn(run).await)
    }

    /// Edits a message as the intercept decides. Runs to its end like [`Self::post`].
    pub(crate) async fn edit(
        self: &Arc<Self>,
        intercept: Arc<Intercept>,
        requester: Requester,
        edit: Edit,
    ) -> Result<Outcome<Message>, ApiError> {
        let this = Arc::clone(self);
        let run = async move { this.run_edit(&intercept, requester, edit).await };
        ended(tokio::spawn(run).await)
    }

    async fn run_post(
        &self,
        intercept: &Intercept,
        (requester, key): (Requester, Option<IdempotencyKey>),
        mut command: PostMessage,
    ) -> Result<Outcome<Posted>, ApiError> {
        let actor = requester.cx.actor;
        let _turn = match &key {
            Some(key) => Some(self.turns.take(actor.agent, &key.key).await),
            None => None,
        };
        let proposal = Proposal::post(actor, &command);
        let pending = proposal.pending(&requester.cx, key);
        let (reserving, checked) = (pending.clone(), command.clone());
        let reserve = self
            .store
            .write_as("reserve_decision", requester.clone(), move |uow, cx| {
                reserve(uow, cx, &reserving, |uow| {
                    check_post(uow, cx, &checked).map(drop)
                })
            });
        let id = match reserve.await? {
            Reserved::Answered(answer) => return Ok(Outcome::Repeated(answer)),
            Reserved::Decided(decision) => return refused_or_held(&decision, None),
            Reserved::Open(id, ()) => id,
        };
        let limit = requester.cx.limits.medias;
        let asked = self.ask(intercept, (id, &proposal), limit).await;
        let retry_after = asked.retry_after();
        asked.change(&mut command.text, &mut command.medias);
        let settle = SettlePost {
            decision: asked.decision(pending),
            command,
        };
        let limits = self.limits;
        let settle = self
            .store
            .write_as("post_message", self.now(requester), move |uow, cx| {
                settle_post(uow, cx, &settle, limits)
            });
        outcome(settle.await?, retry_after)
    }

    async fn run_edit(
        &self,
        intercept: &Intercept,
        requester: Requester,
        Edit { mut command, chat }: Edit,
    ) -> Result<Outcome<Message>, ApiError> {
        let checked = command.clone();
        let check = self
            .store
            .write_as("check_edit", requester.clone(), move |uow, cx| {
                if let Some(chat) = chat {
                    check_place(uow, checked.message, chat)?;
                }
                let (_, message, edited) = check_edit(uow, cx, &checked)?;
                Ok::<_, EditMessageError>((message, edited))
            });
        let (message, edited) = check.await?;
        let Some(edited) = edited else {
            return Ok(Outcome::Done(message));
        };
        let proposal = Proposal::edit(&message, &edited);
        let pending = proposal.pending(&requester.cx, None);
        let limit = requester.cx.limits.medias;
        let asked = self.ask(intercept, (pending.id, &proposal), limit).await;
        let retry_after = asked.retry_after();
        asked.change_edit(&mut command);
        let settle = SettleEdit {
            decision: asked.decision(pending),
            command,
        };
        let limits = self.limits;
        let settle = self
            .store
            .write_as("edit_message", self.now(requester), move |uow, cx| {
                settle_edit(uow, cx, &settle, limits)
            });
        outcome(settle.await?, retry_after)
    }

    /// The requester at the current time: the call took some.
    fn now(&self, mut requester: Requester) -> Requester {
        let now = (self.clock)();
        (requester.now, requester.cx.now) = (now, now);
        requester
    }
}

fn ended<T>(
    joined: Result<Result<Outcome<T>, ApiError>, tokio::task::JoinError>,
) -> Result<Outcome<T>, ApiError> {
    joined.map_err(|error| ApiError::internal(format!("a request ended early: {error}")))?
}

/// Converts the result of a request on which the intercept has decided now. A rejected request may
/// be repeated after `retry_after` seconds.
fn outcome<T>(settled: Settled<T>, retry_after: u32) -> Result<Outcome<T>, ApiError> {
    match settled {
        Settled::Stored(stored) => Ok(Outcome::Done(stored)),
        Settled::Repeated(answer) => Ok(Outcome::Repeated(answer)),
        Settled::Ended(decision) => refused_or_held(&decision, Some(retry_after)),
    }
}

/// Answers a decision that stored no message, made just now (with the seconds after which a rejected
/// request may be repeated) or on an earlier request with the same key.
fn refused_or_held<T>(
    decision: &Decision,
    retry_after: Option<u32>,
) -> Result<Outcome<T>, ApiError> {
    match decision.verdict {
        verdict if verdict.was_held() => Ok(Outcome::Held {
            id: decision.id,
            is_repeated: retry_after.is_none(),
        }),
        Verdict::Reject => {
            let message = "the intercept gave no valid answer, try again soon";
            let status = Status::Domain(ErrorKind::Unavailable);
            let refused = ApiError::new(status, "INTERCEPT_UNAVAILABLE", message);
            Err(refused.retry_after(retry_after.unwrap_or_default()))
        }
        _ => Err(blocked(&decision.reason)),
    }
}

/// The refusal of a message that an intercept blocked for this reason.
pub(crate) fn blocked(reason: &str) -> ApiError {
    let message = match reason {
        "" => "the intercept refused the message",
        reason => reason,
    };
    let status = Status::Domain(ErrorKind::Unprocessable);
    ApiError::new(status, "INTERCEPT_BLOCKED", message)
}

/// The answer to a request that is held.
pub(crate) fn held_response(id: DecisionId) -> HttpResponse {
    HttpResponse::Accepted().json(Held::new(id.to_string()))
}
