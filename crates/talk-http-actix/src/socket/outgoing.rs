//! What waits for a client to take it: frames, encoded once, in one bounded buffer.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::{BufMut, Bytes, BytesMut};

/// Bytes that may wait before nothing more is put in from the hub.
const CAPACITY: usize = 64 * 1024;

/// Bytes handed out at a time: how much a client must take of what waits to be seen to take any.
const CHUNK: usize = 8 * 1024;

/// Bytes of room that are kept while nothing waits; more is allocated again in no time.
const KEPT: usize = 256;

/// First byte of a whole frame of text, of a close, a ping and a pong.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Bytes a control frame may carry.
const CONTROL: usize = 125;

/// The way out, shared by the connection's task and the response body on the same thread.
#[derive(Clone, Default)]
pub(super) struct Outgoing(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    buffer: BytesMut,
    waiting_since: Option<Instant>,
    is_finished: bool,
    is_gone: bool,
    body: Option<Waker>,
    session: Option<Waker>,
}

impl Outgoing {
    /// The response's body. It keeps `framework`, the body it stands for, whose end tells the
    /// framework's reader that the connection has ended.
    pub(super) fn body(&self, framework: BoxBody) -> BoxBody {
        BoxBody::new(SocketBody {
            outgoing: self.clone(),
            _framework: framework,
        })
    }

    /// Queues a text.
    pub(super) fn text(&self, text: &str) {
        self.frame(TEXT, text.as_bytes());
    }

    /// Queues bytes; events are text.
    #[cfg(feature = "conformance")]
    pub(super) fn binary(&self, bytes: &[u8]) {
        self.frame(0x82, bytes);
    }

    pub(super) fn ping(&self) {
        self.frame(PING, b"");
    }

    /// Answers a ping; a client that sends pings and reads nothing gets no more answers.
    pub(super) fn pong(&self, payload: &[u8]) {
        if self.has_space() {
            self.frame(PONG, payload);
        }
    }

    /// Queues the last frame.
    pub(super) fn close(&self, code: Option<u16>, reason: &str) {
        let mut payload = Vec::with_capacity(CONTROL);
        if let Some(code) = code {
            payload.put_u16(code);
            payload.extend_from_slice(reason.as_bytes());
        }
        payload.truncate(CONTROL);
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

    /// Ends the body once everything is taken.
    pub(super) fn finish(&self) {
        let mut state = self.0.borrow_mut();
        state.is_finished = true;
        if let Some(waker) = state.body.take() {
            waker.wake();
        }
    }

    /// Whether more may be put in from the hub.
    pub(super) fn has_space(&self) -> bool {
        self.0.borrow().buffer.len() < CAPACITY
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.0.borrow().is_gone
    }

    /// Since when something waits without the client taking anything.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.0.borrow().waiting_since
    }

    /// Ready when there is space, or nobody to take anything any more.
    pub(super) fn poll_space(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.borrow_mut();
        if state.is_gone || state.buffer.len() < CAPACITY {
            return Poll::Ready(());
        }
        state.session = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when everything was taken, or nobody is there to take it.
    pub(super) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.borrow_mut();
        if state.is_gone || state.buffer.is_empty() {
            return Poll::Ready(());
        }
        state.session = Some(cx.waker().clone());
        Poll::Pending
    }
}

struct SocketBody {
    outgoing: Outgoing,
    _framework: BoxBody,
}

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let mut state = self.outgoing.0.borrow_mut();
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
        let mut state = self.outgoing.0.borrow_mut();
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
            let mut body = outgoing.body(BoxBody::new(()));
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
    fn everything_that_waits_is_taken_at_once_and_then_the_body_ends() {
        let outgoing = Outgoing::default();
        let mut body = outgoing.body(BoxBody::new(()));
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
    fn little_is_kept_while_nothing_waits() {
        let outgoing = Outgoing::default();
        let mut body = outgoing.body(BoxBody::new(()));
        outgoing.text(&"x".repeat(CAPACITY));
        while taken(&mut body).is_ready() {}
        assert!(outgoing.0.borrow().buffer.capacity() <= KEPT);
    }

    #[test]
    fn a_client_that_takes_nothing_is_given_nothing_more() {
        let outgoing = Outgoing::default();
        let body = outgoing.body(BoxBody::new(()));
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
