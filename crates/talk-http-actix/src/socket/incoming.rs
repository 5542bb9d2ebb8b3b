//! What comes in from a client.

use actix_ws::{AggregatedMessage, AggregatedMessageStream, MessageStream, ProtocolError};
use bytes::Bytes;
use bytestring::ByteString;

/// Bytes a frame, and a text of several frames, may have.
pub(super) const MAX_FRAME: usize = 64 * 1024;

/// Close codes of RFC 6455.
const PROTOCOL: u16 = 1002;
const UNSUPPORTED: u16 = 1003;
const NOT_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// One thing a client did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(ByteString),
    Ping(Bytes),
    Pong,
    /// It closes, and gets this code back.
    Close(Option<u16>),
    /// It broke the protocol: what it is told, and why.
    Fault(u16, &'static str),
    /// It is no longer there.
    Gone,
}

/// The client's frames, put together.
pub(super) struct Incoming(AggregatedMessageStream);

impl Incoming {
    pub(super) fn new(messages: MessageStream) -> Self {
        let messages = messages.max_frame_size(MAX_FRAME);
        Self(
            messages
                .aggregate_continuations()
                .max_continuation_size(MAX_FRAME),
        )
    }

    /// The next thing the client did. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> Received {
        match self.0.recv().await {
            Some(Ok(message)) => received(message),
            Some(Err(error)) => fault(&error),
            None => Received::Gone,
        }
    }
}

fn received(message: AggregatedMessage) -> Received {
    match message {
        AggregatedMessage::Text(text) => Received::Text(text),
        AggregatedMessage::Binary(_) => Received::Fault(UNSUPPORTED, "frames are JSON text"),
        AggregatedMessage::Ping(payload) => Received::Ping(payload),
        AggregatedMessage::Pong(_) => Received::Pong,
        AggregatedMessage::Close(reason) => {
            Received::Close(reason.map(|reason| reason.code.into()))
        }
    }
}

fn fault(error: &ProtocolError) -> Received {
    let cause = match error {
        ProtocolError::Overflow => return Received::Fault(TOO_BIG, "the frame is too big"),
        ProtocolError::Io(error) => error,
        _ => return Received::Fault(PROTOCOL, "the frame is malformed"),
    };
    // The framework tells these apart only by what the error wraps.
    if let Some(inner) = cause.get_ref() {
        if inner.is::<std::str::Utf8Error>() {
            return Received::Fault(NOT_TEXT, "the text is not UTF-8");
        }
        if inner.is::<actix_web::error::PayloadError>() || inner.is::<actix_web::Error>() {
            return Received::Gone;
        }
    }
    match cause.kind() {
        std::io::ErrorKind::InvalidData => Received::Fault(PROTOCOL, "the frame is malformed"),
        std::io::ErrorKind::Other => Received::Fault(TOO_BIG, "the text is too big"),
        _ => Received::Gone,
    }
}
