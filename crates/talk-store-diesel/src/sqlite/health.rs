//! Whether the store still answers, and what.

use std::sync::atomic::{AtomicU8, Ordering};

use talk_domain::store::StoreError;

use crate::portable::outcome::Answer;

const WELL: u8 = 0;
const FULL: u8 = 1;
const CLOSED: u8 = 2;
const FAILED: u8 = 3;

/// Whether the store still answers, and what.
#[derive(Default)]
pub(crate) struct Health(AtomicU8);

impl Health {
    /// From now on the store answers nothing: it is unknown what is stored.
    pub(crate) fn fail(&self) {
        self.0.store(FAILED, Ordering::Release);
    }

    /// From now on the store answers nothing: it was asked to end.
    pub(crate) fn close(&self) {
        self.0.fetch_max(CLOSED, Ordering::AcqRel);
    }

    /// The last change found space on the disk, or none.
    pub(crate) fn set_full(&self, is_full: bool) -> bool {
        let (from, to) = if is_full { (WELL, FULL) } else { (FULL, WELL) };
        let changed = self
            .0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if changed {
            metrics::gauge!("talk_store_disk_full").set(f64::from(to));
            if is_full {
                tracing::error!("the disk is full: changes are refused, reading goes on");
            } else {
                tracing::info!("there is space on the disk again: changes are accepted");
            }
        }
        changed
    }

    /// Whether the last change found the disk full.
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Acquire) == FULL
    }

    /// Refuses when the store answers nothing.
    pub(crate) fn check(&self) -> Answer {
        let reason = match self.0.load(Ordering::Acquire) {
            FAILED => "the store has failed",
            CLOSED => "the store is closed",
            _ => return Ok(()),
        };
        Err(StoreError::Unavailable(reason.into()))
    }
}
