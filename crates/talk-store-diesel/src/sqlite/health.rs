//! The state of the store: running, full, failed or closed.

use std::sync::atomic::{AtomicU8, Ordering};

use talk_domain::kernel::store_error::StoreError;

use crate::portable::outcome::Answer;

const WELL: u8 = 0;
const FULL: u8 = 1;
const CLOSED: u8 = 2;
const FAILED: u8 = 3;

/// The state of the store: running, full, failed or closed.
#[derive(Default)]
pub(crate) struct Health(AtomicU8);

impl Health {
    /// Marks the store as failed: the stored state is unknown, and every call is refused.
    pub(crate) fn fail(&self) {
        self.0.store(FAILED, Ordering::Release);
    }

    /// Marks the store as closed: every call is refused.
    pub(crate) fn close(&self) {
        self.0.fetch_max(CLOSED, Ordering::AcqRel);
    }

    /// Records whether the last change found the disk full.
    pub(crate) fn set_full(&self, is_full: bool) -> bool {
        let (from, to) = if is_full { (WELL, FULL) } else { (FULL, WELL) };
        let changed = self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if changed {
            metrics::gauge!("talk_store_disk_full").set(f64::from(to));
            if is_full {
                tracing::error!("the disk is full: changes are refused, reads continue");
            } else {
                tracing::info!("there is space on the disk again: changes are accepted");
            }
        }
        changed
    }

    /// Returns whether the last change found the disk full.
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Acquire) == FULL
    }

    /// Fails if the store has failed or is closed.
    pub(crate) fn check(&self) -> Answer {
        let reason = match self.0.load(Ordering::Acquire) {
            FAILED => "the store has failed",
            CLOSED => "the store is closed",
            _ => return Ok(()),
        };
        Err(StoreError::Unavailable(reason.into()))
    }
}
