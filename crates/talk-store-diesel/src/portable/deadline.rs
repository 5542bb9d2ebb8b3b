//! The deadline of the read that the current thread runs.
//!
//! Diesel cannot interrupt a statement without `unsafe`. Therefore a statement that may scan many
//! rows calls the SQL function [`talk_in_time`] for each of them, which fails the statement once
//! the deadline has passed, and a loop of several statements calls [`check`] between them. Writes
//! have no deadline.

use std::cell::Cell;
use std::time::Instant;

use talk_domain::kernel::store_error::StoreError;

/// The error message of a statement after its deadline.
pub(crate) const PAST_DEADLINE: &str = "the read met its deadline";

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns true, or fails the statement once the deadline of the read has passed. It must be
    /// the first condition of a statement: it is skipped for rows that an earlier condition leaves
    /// out.
    fn talk_in_time() -> diesel::sql_types::Bool;
}

/// Runs `read` with a deadline, after which its statements and checks fail.
pub(crate) fn run_until<T>(deadline: Instant, read: impl FnOnce() -> T) -> T {
    /// Removes the deadline also when the read panics.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            DEADLINE.set(None);
        }
    }
    DEADLINE.set(Some(deadline));
    let _reset = Reset;
    read()
}

/// Returns whether the deadline of the read has passed.
pub(crate) fn is_past() -> bool {
    DEADLINE
        .get()
        .is_some_and(|deadline| Instant::now() >= deadline)
}

/// Fails once the deadline of the read has passed.
pub(crate) fn check() -> Result<(), StoreError> {
    if is_past() {
        return Err(StoreError::Timeout);
    }
    Ok(())
}
