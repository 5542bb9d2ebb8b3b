//! The queue of notices for a connection. An empty queue keeps little memory, because nearly all
//! queues of many thousand connections are empty.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use talk_domain::kernel::live::Notice;

/// Number of notices for which an empty queue keeps memory.
const KEPT: usize = 4;

/// The sending half. When it is dropped, the queue ends after the notices that are in it.
pub(crate) struct Mailbox(Arc<Mutex<Queue>>);

/// The receiving half.
pub(crate) struct Notices(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Notice>,
    subscriber: Option<Waker>,
    is_ended: bool,
    is_left: bool,
}

/// Creates both halves of a queue.
pub(crate) fn mailbox() -> (Mailbox, Notices) {
    let queue = Arc::default();
    (Mailbox(Arc::clone(&queue)), Notices(queue))
}

impl Mailbox {
    /// Adds a notice.
    pub(crate) fn send(&self, notice: Notice) {
        let mut queue = lock(&self.0);
        if !queue.is_left {
            queue.waiting.push_back(notice);
        }
        wake(queue);
    }

    /// Returns whether the receiving half was dropped.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.0).is_left
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.is_ended = true;
        wake(queue);
    }
}

impl Notices {
    /// Returns the next notice; `None` at the end.
    pub(crate) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        let mut queue = lock(&self.0);
        match queue.waiting.pop_front() {
            Some(notice) => Poll::Ready(Some(notice)),
            None if queue.is_ended => Poll::Ready(None),
            None => {
                if queue.waiting.capacity() > KEPT {
                    queue.waiting = VecDeque::new();
                }
                queue.subscriber = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.is_left = true;
        queue.waiting = VecDeque::new();
    }
}

/// Wakes the receiver after unlocking the queue.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let subscriber = queue.subscriber.take();
    drop(queue);
    if let Some(subscriber) = subscriber {
        subscriber.wake();
    }
}

/// Locks the queue. A panic while it was locked left it consistent.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use talk_domain::testing::stream_id;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn notices_come_in_order_and_then_the_end() {
        let (woken, (mailbox, notices)) = (Arc::new(Woken::default()), mailbox());
        let waker = Arc::clone(&woken).into();
        let mut cx = Context::from_waker(&waker);
        assert!(notices.poll_recv(&mut cx).is_pending());
        for seq in 0..100 {
            mailbox.send(Notice::CaughtUp(stream_id(1), seq));
        }
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        drop(mailbox);
        for seq in 0..100 {
            let Poll::Ready(Some(Notice::CaughtUp(_, next))) = notices.poll_recv(&mut cx) else {
                panic!("no notice {seq}");
            };
            assert_eq!(next, seq);
        }
        assert!(matches!(notices.poll_recv(&mut cx), Poll::Ready(None)));
    }

    #[test]
    fn an_empty_queue_gives_its_memory_back() {
        let (mailbox, notices) = mailbox();
        let mut cx = Context::from_waker(Waker::noop());
        for seq in 0..100 {
            mailbox.send(Notice::CaughtUp(stream_id(1), seq));
        }
        for _ in 0..100 {
            assert!(notices.poll_recv(&mut cx).is_ready());
        }
        assert!(notices.poll_recv(&mut cx).is_pending());
        assert!(lock(&notices.0).waiting.capacity() <= KEPT);
    }

    /// Nearly all queues hold one notice at a time, and reuse the memory of the one before.
    #[test]
    fn a_queue_keeps_room_for_a_few_notices() {
        let (mailbox, notices) = mailbox();
        let mut cx = Context::from_waker(Waker::noop());
        for seq in 0..KEPT as u64 {
            mailbox.send(Notice::CaughtUp(stream_id(1), seq));
        }
        for _ in 0..KEPT {
            assert!(notices.poll_recv(&mut cx).is_ready());
        }
        assert!(notices.poll_recv(&mut cx).is_pending());
        assert_eq!(lock(&notices.0).waiting.capacity(), KEPT);
    }

    #[test]
    fn a_queue_without_a_receiver_keeps_no_notices() {
        let (mailbox, notices) = mailbox();
        mailbox.send(Notice::CaughtUp(stream_id(1), 1));
        assert!(!mailbox.is_closed());
        drop(notices);
        mailbox.send(Notice::CaughtUp(stream_id(1), 2));
        assert!(mailbox.is_closed() && lock(&mailbox.0).waiting.is_empty());
    }

    #[test]
    fn the_end_wakes_a_waiting_receiver() {
        let (woken, (mailbox, notices)) = (Arc::new(Woken::default()), mailbox());
        let waker = Arc::clone(&woken).into();
        let mut cx = Context::from_waker(&waker);
        assert!(notices.poll_recv(&mut cx).is_pending());
        drop(mailbox);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }
}
