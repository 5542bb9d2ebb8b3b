//! Messages of Talk on which an [intercept](crate::hooks::intercept) decides.
//!
//! A request runs in two units of work, with the call of the intercept between them:
//! 1. [`reserve`] checks that the message would be stored, and stores a pending decision under the
//!    idempotency key. A repetition finds the decision there.
//! 2. [`post`] and [`edit`] apply the decision: they store the message, hold it or refuse it, and
//!    record the decision in the same transaction.
//!
//! An admin later [releases or drops](held) a held message.

pub mod edit;
pub mod held;
pub mod post;
pub mod reserve;
mod settle;

pub use settle::{HeldLimits, Settled};
