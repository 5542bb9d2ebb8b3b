//! Memory for large frames of clients that have not arrived completely. A `subscribe` that resumes
//! thousands of chats may have 1 MiB; what all sockets together hold of such frames is bounded, so
//! that many connections which begin one and never end it cost no more than [`BUDGET`].

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use actix_http::BoxedPayloadStream;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web;
use bytes::Bytes;
use futures_util::Stream;

use super::MAX_FRAME;

/// Bytes of incomplete large frames in the whole process.
const BUDGET: usize = 64 * 1024 * 1024;

/// What is left of the budget.
#[derive(Debug)]
pub(crate) struct LargeFrames(AtomicUsize);

impl Default for LargeFrames {
    fn default() -> Self {
        Self(AtomicUsize::new(BUDGET))
    }
}

impl LargeFrames {
    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts the bytes of one connection that have arrived since its last complete frame. Those beyond
/// [`MAX_FRAME`] are taken from the budget.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Arc<LargeFrames>,
    arrived: Cell<usize>,
    taken: Cell<usize>,
    is_refused: Cell<bool>,
}

impl Meter {
    pub(super) fn new(budget: Arc<LargeFrames>) -> Rc<Self> {
        Rc::new(Self {
            budget,
            arrived: Cell::new(0),
            taken: Cell::new(0),
            is_refused: Cell::new(false),
        })
    }

    /// Whether the budget had no room for what arrived.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.get()
    }

    /// Gives back what the frame that is now complete took.
    pub(super) fn complete(&self) {
        self.arrived.set(0);
        self.budget.give_back(self.taken.take());
    }

    fn arrive(&self, bytes: usize) -> bool {
        self.arrived.set(self.arrived.get() + bytes);
        let beyond = self.arrived.get().saturating_sub(MAX_FRAME);
        let more = beyond.saturating_sub(self.taken.get());
        if more > 0 && !self.budget.take(more) {
            self.is_refused.set(true);
            return false;
        }
        self.taken.set(self.taken.get() + more);
        true
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.complete();
    }
}

/// The bytes of a connection, counted; they end with an error when the budget is used up.
pub(super) fn metered(payload: web::Payload, meter: Rc<Meter>) -> Payload {
    let inner = payload.into_inner();
    let payload: BoxedPayloadStream = Box::pin(Metered { inner, meter });
    Payload::Stream { payload }
}

struct Metered {
    inner: Payload,
    meter: Rc<Meter>,
}

impl Stream for Metered {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.inner).poll_next(cx));
        if let Some(Ok(bytes)) = &next
            && !self.meter.arrive(bytes.len())
        {
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 70, and what a hostile client could make of it.
    #[test]
    fn frames_that_never_end_take_no_more_than_the_budget() {
        let budget = Arc::new(LargeFrames::default());
        let meters: Vec<_> = (0..100).map(|_| Meter::new(Arc::clone(&budget))).collect();
        let large = MAX_FRAME + 1024 * 1024;
        let admitted = meters.iter().filter(|meter| meter.arrive(large)).count();
        assert_eq!(admitted, BUDGET / (1024 * 1024));
        assert!(meters.last().unwrap().is_refused());
        let one_more = Meter::new(Arc::clone(&budget));
        assert!(one_more.arrive(MAX_FRAME), "small frames take nothing");
        assert!(!one_more.arrive(1));
        meters.first().unwrap().complete();
        assert!(Meter::new(Arc::clone(&budget)).arrive(large));
        drop((meters, one_more));
        assert_eq!(budget.0.load(Ordering::Relaxed), BUDGET);
    }
}
