//! The ports by which intercepts are called and reports are sent to admins.

use std::sync::Arc;

use crate::hooks::intercept::{Intercept, Point};
use crate::hooks::webhook::Webhook;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{CustomerId, DecisionId};
use crate::kernel::store_error::StoreError;

/// A call of an intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The id under which the decision is stored.
    pub decision: DecisionId,
    /// The body of the request, as JSON.
    pub body: String,
}

/// A valid answer of an intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The message is stored as it was sent.
    Allow,
    /// The message is stored with these changes.
    Modify(Change),
    /// The message is refused, for this reason.
    Block(String),
    /// The message is held, for this reason.
    Hold(String),
}

/// The changes of an intercept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The new text; `None` if it stays.
    pub text: Option<String>,
    /// The new attachments as a JSON array; `None` if they stay.
    pub medias: Option<String>,
    /// The reason.
    pub reason: String,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The answer, or why there is no valid one.
    pub answer: Result<Answer, String>,
    /// Milliseconds until the answer or the failure.
    pub latency_ms: u32,
    /// Seconds until the next call, if the circuit breaker allows none now.
    pub paused: Option<u32>,
}

/// Driven port: the enabled intercepts of all customers, and calls of them.
pub trait Intercepts: Send + Sync {
    /// Returns the enabled intercept of a customer at a point. MUST NOT read the database, because
    /// it is called for every message. A change by another process may take about a second to take
    /// effect.
    fn active(&self, customer: CustomerId, point: Point) -> Option<Arc<Intercept>>;

    /// Reads the intercepts again, after a change.
    fn refresh(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Calls an intercept. MUST return within [`Intercept::timeout_ms`].
    fn call<'a>(&'a self, intercept: &'a Intercept, call: Call) -> BoxFuture<'a, Called>;
}

/// Driven port: reports to the admins of a customer.
pub trait Reports: Send + Sync {
    /// Reports to the connected admins that an endpoint was disabled. A report may be lost, for
    /// example when the server ends; the reason is also stored with the endpoint.
    fn webhook_disabled(&self, webhook: Webhook) -> BoxFuture<'_, ()>;
}
