//! What comes in from a client.

use std::io::ErrorKind;
use std::rc::Rc;

use actix_ws::{AggregatedMessage, AggregatedMessageStream, MessageStream, ProtocolError};
use bytes::Bytes;
use bytestring::ByteString;

use super::large::Meter;

/// Close codes of RFC 6455.
const PROTOCOL: u16 = 1002;
const NOT_TEXT: u16 = 1007;
pub(super) const TOO_BIG: u16 = 1009;

/// One thing a client did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(ByteString),
    Binary(Bytes),
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
pub(super) struct Incoming {
    messages: AggregatedMessageStream,
    meter: Option<Rc<Meter>>,
}

impl Incoming {
    /// Frames, and texts of several frames, of up to `limit` bytes.
    pub(super) fn new(messages: MessageStream, limit: usize) -> Self {
        let messages = messages.max_frame_size(limit);
        let messages = messages.aggregate_continuations();
        Self {
            messages: messages.max_continuation_size(limit),
            meter: None,
        }
    }

    /// Counts large frames by `meter`, which counts the bytes of the same connection.
    pub(super) fn metered(self, meter: Rc<Meter>) -> Self {
        let meter = Some(meter);
        Self { meter, ..self }
    }

    /// The next thing the client did. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> Received {
        let next = self.messages.recv().await;
        if let Some(meter) = &self.meter {
            if meter.is_refused() {
                return Received::Fault(TOO_BIG, "too many large frames at a time");
            }
            meter.complete();
        }
        match next {
            Some(Ok(message)) => received(message),
            Some(Err(error)) => fault(&error),
            None => Received::Gone,
        }
    }
}

fn received(message: AggregatedMessage) -> Received {
    match message {
        AggregatedMessage::Text(text) => Received::Text(text),
        AggregatedMessage::Binary(bytes) => Received::Binary(bytes),
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
    // The framework tells these apart only by what the error wraps or says.
    let is_of_connection = cause.get_ref().is_some_and(|inner| {
        inner.is::<actix_web::error::PayloadError>() || inner.is::<actix_web::Error>()
    });
    match cause.kind() {
        _ if is_of_connection => Received::Gone,
        ErrorKind::InvalidData if cause.to_string().contains("utf-8") => {
            Received::Fault(NOT_TEXT, "the text is not UTF-8")
        }
        ErrorKind::InvalidData => Received::Fault(PROTOCOL, "the frame is malformed"),
        ErrorKind::Other => Received::Fault(TOO_BIG, "the text is too big"),
        _ => Received::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    fn code(error: &ProtocolError) -> Option<u16> {
        match fault(error) {
            Received::Fault(code, _) => Some(code),
            _ => None,
        }
    }

    /// RFC 6455, 7.4.1.
    #[test]
    fn each_fault_has_its_close_code() {
        let not_utf8 = String::from_utf8(vec![0xff]).unwrap_err().utf8_error();
        let utf8 = Error::new(ErrorKind::InvalidData, not_utf8);
        let joined = Error::new(ErrorKind::InvalidData, not_utf8.to_string());
        assert_eq!(code(&ProtocolError::Io(utf8)), Some(1007));
        assert_eq!(code(&ProtocolError::Io(joined)), Some(1007));
        let bits = Error::new(ErrorKind::InvalidData, "non-zero reserved bits");
        assert_eq!(code(&ProtocolError::Io(bits)), Some(1002));
        assert_eq!(code(&ProtocolError::UnmaskedFrame), Some(1002));
        assert_eq!(code(&ProtocolError::Overflow), Some(1009));
        let continued = Error::other("Exceeded maximum continuation size");
        assert_eq!(code(&ProtocolError::Io(continued)), Some(1009));
        let reset = ProtocolError::Io(ErrorKind::ConnectionReset.into());
        assert_eq!(code(&reset), None);
        let gone = actix_web::error::PayloadError::Incomplete(None);
        assert_eq!(code(&ProtocolError::Io(Error::other(gone))), None);
    }
}
