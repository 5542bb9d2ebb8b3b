//! The ports through which intercepts are called and admins get reports.

use std::sync::Arc;

use crate::hooks::intercept::{Intercept, Point};
use crate::hooks::webhook::Webhook;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{CustomerId, DecisionId};
use crate::kernel::store_error::StoreError;

/// A call of an intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The decision that is wanted.
    pub decision: DecisionId,
    /// The body of the request, as JSON.
    pub body: String,
}

/// A valid answer of an intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Store it as it was sent.
    Allow,
    /// Store it with these changes.
    Modify(Change),
    /// Refuse it, for this reason.
    Block(String),
    /// Hold it, for this reason.
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
    /// Seconds until the next call, if none is made for a while.
    pub paused: Option<u32>,
}

/// Driven port: the enabled intercepts of all customers, and calls of them.
pub trait Intercepts: Send + Sync {
    /// Returns the enabled intercept of a customer at a point. It MUST NOT read the database, since it
    /// is asked before every post. A change by another process may be seen about a second late.
    fn active(&self, customer: CustomerId, point: Point) -> Option<Arc<Intercept>>;

    /// Reads the intercepts again, after a change.
    fn refresh(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Calls an intercept. It ends within the intercept's time.
    fn call<'a>(&'a self, intercept: &'a Intercept, call: Call) -> BoxFuture<'a, Called>;
}

/// Driven port: reports to the admins of a customer.
pub trait Reports: Send + Sync {
    /// Reports to the connected admins that an endpoint was disabled. A report may be lost, for example
    /// when the server ends: the endpoint itself says why it is disabled.
    fn webhook_disabled(&self, webhook: Webhook) -> BoxFuture<'_, ()>;
}
