//! A bounded queue of encoded frames that wait for a client.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use bytes::{BufMut, Bytes, BytesMut};

/// Bytes in the queue beyond which it has no space. A frame is queued as a whole nevertheless.
const CAPACITY: usize = 64 * 1024;

/// Bytes handed to the connection at a time: the least that a client must take to count as one that
/// still reads.
const CHUNK: usize = 8 * 1024;

/// Bytes of buffer that are kept while the queue is empty.
const KEPT: usize = 256;

/// First byte of an unfragmented frame of each kind.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Bytes a control frame may carry.
const CONTROL: usize = 125;

/// The queue of one connection. Clones share it: the task of the connection fills it, and the body
/// of the 101 response, on the same thread, empties it.
#[derive(Clone, Debug, Default)]
pub struct Outgoing(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    buffer: BytesMut,
    waiting_since: Option<Instant>,
    is_finished: bool,
    is_gone: bool,
    body: Option<Waker>,
    session: Option<Waker>,
}

impl Outgoing {
    /// The body of the 101 response.
    pub(crate) fn body(&self) -> BoxBody {
        BoxBody::new(SocketBody(self.clone()))
    }

    /// Queues a text.
    pub fn text(&self, text: &str) {
        self.frame(TEXT, text.as_bytes());
    }

    /// Queues a binary message.
    pub fn binary(&self, bytes: &[u8]) {
        self.frame(BINARY, bytes);
    }

    /// Queues a ping without a payload.
    pub fn ping(&self) {
        self.frame(PING, b"");
    }

    /// Queues the answer to a ping, if the queue has space: a client that sends pings and reads
    /// nothing gets no more answers.
    pub fn pong(&self, payload: &[u8]) {
        if self.has_space() {
            self.frame(PONG, payload);
        }
    }

    /// Queues a close frame. The reason is cut to what a control frame may carry.
    pub fn close(&self, code: Option<u16>, reason: &str) {
        let mut payload = Vec::with_capacity(CONTROL);
        if let Some(code) = code {
            let mut end = reason.len().min(CONTROL - size_of::<u16>());
            while !reason.is_char_boundary(end) {
                end -= 1;
            }
            payload.put_u16(code);
            payload.extend_from_slice(reason.as_bytes().get(..end).unwrap_or_default());
        }
        self.frame(CLOSE, &payload);
    }

    fn frame(&self, first: u8, payload: &[u8]) {
        let mut state = self.0.borrow_mut();
        if state.is_finished {
            return;
        }
        let buffer = &mut state.buffer;
        buffer.reserve(payload.len() + 10);
        buffer.put_u8(first);
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(short @ 0..=125), _) => buffer.put_u8(short),
            (_, Ok(medium)) => {
                buffer.put_u8(126);
                buffer.put_u16(medium);
            }
            _ => {
                buffer.put_u8(127);
                buffer.put_u64(payload.len() as u64);
            }
        }
        buffer.put_slice(payload);
        state.waiting_since.get_or_insert_with(Instant::now);
        if let Some(waker) = state.body.take() {
            waker.wake();
        }
    }

    /// Ends the connection once the queue is empty. Nothing more is queued.
    pub fn finish(&self) {
        let mut state = self.0.borrow_mut();
        state.is_finished = true;
        if let Some(waker) = state.body.take() {
            waker.wake();
        }
    }

    /// Whether the queue has space. Only answers and control frames are queued when it has none.
    #[must_use]
    pub fn has_space(&self) -> bool {
        self.0.borrow().buffer.len() < CAPACITY
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.0.borrow().is_gone
    }

    /// Since when the queue is not empty and the client has taken nothing.
    #[must_use]
    pub fn waiting_since(&self) -> Option<Instant> {
        self.0.borrow().waiting_since
    }

    /// Ready when the queue has space, or the connection has ended.
    pub fn poll_space(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_below(CAPACITY, cx)
    }

    /// Ready when the queue is empty, or the connection has ended.
    pub fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_below(1, cx)
    }

    fn poll_below(&self, bytes: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.borrow_mut();
        if state.is_gone || state.buffer.len() < bytes {
            return Poll::Ready(());
        }
        state.session = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A response body that gives the queued bytes.
struct SocketBody(Outgoing);

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let mut state = self.0.0.borrow_mut();
        if state.buffer.is_empty() {
            if state.is_finished {
                return Poll::Ready(None);
            }
            if state.buffer.capacity() > KEPT {
                state.buffer = BytesMut::new();
            }
            state.body = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let now = Instant::now();
        let length = state.buffer.len().min(CHUNK);
        let chunk = state.buffer.split_to(length).freeze();
        state.waiting_since = (!state.buffer.is_empty()).then_some(now);
        if let Some(waker) = state.session.take() {
            waker.wake();
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

impl Drop for SocketBody {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.is_gone = true;
        state.buffer = BytesMut::new();
        if let Some(waker) = state.session.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn taken(body: &mut BoxBody) -> Poll<Option<Bytes>> {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(body)
            .poll_next(&mut cx)
            .map(|taken| taken.map(Result::unwrap))
    }

    #[test]
    fn frames_have_the_shortest_header_that_holds_their_length() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let outgoing = Outgoing::default();
            outgoing.text(&"x".repeat(length));
            let mut body = outgoing.body();
            let mut bytes = Vec::new();
            while let Poll::Ready(Some(chunk)) = taken(&mut body) {
                assert!(chunk.len() <= CHUNK);
                bytes.extend_from_slice(&chunk);
            }
            assert_eq!(bytes.len(), header.len() + length);
            assert_eq!(bytes.get(..header.len()), Some(&*header));
        }
    }

    #[test]
    fn everything_in_the_queue_is_taken_together_and_then_the_body_ends() {
        let outgoing = Outgoing::default();
        let mut body = outgoing.body();
        assert_eq!(taken(&mut body), Poll::Pending);
        outgoing.text("a");
        outgoing.close(Some(1008), "no");
        assert!(outgoing.waiting_since().is_some());
        outgoing.finish();
        outgoing.text("too late");
        let frames = b"\x81\x01a\x88\x04\x03\xf0no";
        assert_eq!(
            taken(&mut body),
            Poll::Ready(Some(Bytes::from_static(frames)))
        );
        assert!(outgoing.waiting_since().is_none());
        assert_eq!(taken(&mut body), Poll::Ready(None));
    }

    #[test]
    fn a_reason_is_cut_between_two_characters() {
        let outgoing = Outgoing::default();
        let mut body = outgoing.body();
        outgoing.close(Some(1000), &"\u{fc}".repeat(62));
        let Poll::Ready(Some(frame)) = taken(&mut body) else {
            panic!("nothing is queued");
        };
        assert_eq!(frame.get(1), Some(&124));
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }

    #[test]
    fn an_empty_queue_keeps_little_memory() {
        let outgoing = Outgoing::default();
        let mut body = outgoing.body();
        outgoing.text(&"x".repeat(CAPACITY));
        while taken(&mut body).is_ready() {}
        assert!(outgoing.0.borrow().buffer.capacity() <= KEPT);
    }

    #[test]
    fn a_client_that_takes_nothing_gets_no_pongs_and_its_queue_goes_with_it() {
        let outgoing = Outgoing::default();
        let body = outgoing.body();
        outgoing.text(&"x".repeat(CAPACITY));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(!outgoing.has_space() && outgoing.poll_space(&mut cx).is_pending());
        let before = outgoing.0.borrow().buffer.len();
        outgoing.pong(b"x");
        assert_eq!(outgoing.0.borrow().buffer.len(), before);
        drop(body);
        assert!(outgoing.is_gone() && outgoing.poll_space(&mut cx).is_ready());
        assert_eq!(outgoing.0.borrow().buffer.capacity(), 0);
    }
}
