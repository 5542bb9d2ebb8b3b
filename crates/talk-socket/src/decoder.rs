//! Decodes the bytes of a client into messages (RFC 6455). No I/O: bytes go in, messages come out.

use std::io::Cursor;
use std::str;

use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// Bytes that a control frame may carry.
const CONTROL: u64 = 125;

/// Bytes of buffer that are kept while no message is incomplete.
const KEPT: usize = 256;

/// Close codes of RFC 6455, 7.4.1.
const PROTOCOL: u16 = 1002;
const NOT_UTF8: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// One thing that a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A text, complete and valid UTF-8.
    Text(ByteString),
    /// Bytes, complete.
    Binary(Bytes),
    /// A ping, which is answered by a pong with the same payload.
    Ping(Bytes),
    /// A pong.
    Pong,
    /// A close frame. It is answered by one with the same code.
    Close(Option<u16>),
    /// A violation of the protocol or of a limit: the close code and the reason for the client.
    /// Nothing more is read from the connection.
    Fault(u16, &'static str),
    /// The connection has ended.
    Gone,
}

/// Why nothing more can be decoded: a close code and a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) u16, pub(crate) &'static str);

impl Fault {
    const MALFORMED: Self = Self(PROTOCOL, "the frame is malformed");
    const NOT_UTF8: Self = Self(NOT_UTF8, "the text is not UTF-8");
    const TOO_BIG: Self = Self(TOO_BIG, "the frame is too big");
    pub(crate) const NO_ROOM: Self = Self(TOO_BIG, "too many large frames at a time");
}

impl From<Fault> for Received {
    fn from(Fault(code, reason): Fault) -> Self {
        Self::Fault(code, reason)
    }
}

/// A decoder of what one client sends.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Bytes that are not decoded yet.
    buffer: BytesMut,
    /// The header of the frame whose payload is arriving.
    header: Option<Header>,
    /// The message whose last fragment has not arrived.
    fragments: Option<Fragments>,
    /// Bytes that a message may have.
    limit: usize,
}

/// A checked header.
#[derive(Clone, Copy, Debug)]
struct Header {
    is_final: bool,
    opcode: OpCode,
    mask: [u8; 4],
    /// Bytes of the payload.
    length: usize,
}

#[derive(Debug)]
struct Fragments {
    is_text: bool,
    payload: BytesMut,
    /// Bytes at the beginning that are known to be UTF-8.
    checked: usize,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            header: None,
            fragments: None,
            limit,
        }
    }

    /// Adds bytes that have arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes held of messages that are not complete.
    pub(crate) fn held(&self) -> usize {
        let fragments = self.fragments.as_ref();
        self.buffer.len() + fragments.map_or(0, |fragments| fragments.payload.len())
    }

    /// Decodes the next message or control frame. Returns `None` when more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Received>, Fault> {
        loop {
            let header = match self.header {
                Some(header) => header,
                None => match self.header()? {
                    Some(header) => *self.header.insert(header),
                    None => break,
                },
            };
            if self.buffer.len() < header.length {
                break;
            }
            self.header = None;
            let mut payload = self.buffer.split_to(header.length);
            unmask(&mut payload, header.mask);
            if let Some(received) = self.frame(header, payload)? {
                return Ok(Some(received));
            }
        }
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
        }
        Ok(None)
    }

    /// Decodes and checks the header of the next frame.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let mut cursor = Cursor::new(&self.buffer[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Fault::MALFORMED)?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        let read = usize::try_from(cursor.position()).map_err(|_| Fault::MALFORMED)?;
        let is_reserved = header.rsv1 || header.rsv2 || header.rsv3;
        let (Some(mask), false) = (header.mask, is_reserved) else {
            return Err(Fault::MALFORMED);
        };
        let is_in_order = match header.opcode {
            OpCode::Control(_) => header.is_final && length <= CONTROL,
            OpCode::Data(Data::Continue) => self.fragments.is_some(),
            OpCode::Data(_) => self.fragments.is_none(),
        };
        if !is_in_order {
            return Err(Fault::MALFORMED);
        }
        let before = self.fragments.as_ref().map_or(0, |f| f.payload.len());
        let length = usize::try_from(length).map_err(|_| Fault::TOO_BIG)?;
        let is_data = matches!(header.opcode, OpCode::Data(_));
        if is_data && length > self.limit.saturating_sub(before) {
            return Err(Fault::TOO_BIG);
        }
        self.buffer.advance(read);
        Ok(Some(Header {
            is_final: header.is_final,
            opcode: header.opcode,
            mask,
            length,
        }))
    }

    /// Handles a complete frame. Returns `None` for a fragment that is not the last.
    fn frame(&mut self, header: Header, payload: BytesMut) -> Result<Option<Received>, Fault> {
        let is_text = match header.opcode {
            OpCode::Control(control) => return received(control, payload.freeze()).map(Some),
            OpCode::Data(Data::Continue) => return self.fragment(header.is_final, &payload),
            OpCode::Data(data) => data == Data::Text,
        };
        if header.is_final {
            return message(is_text, payload.freeze()).map(Some);
        }
        self.fragments = Some(Fragments {
            is_text,
            payload: BytesMut::new(),
            checked: 0,
        });
        self.fragment(false, &payload)
    }

    /// Adds a fragment to the message it belongs to.
    fn fragment(&mut self, is_final: bool, payload: &[u8]) -> Result<Option<Received>, Fault> {
        let Some(mut message) = self.fragments.take() else {
            return Err(Fault::MALFORMED);
        };
        message.payload.extend_from_slice(payload);
        message.check()?;
        if is_final {
            return message.complete().map(Some);
        }
        self.fragments = Some(message);
        Ok(None)
    }
}

impl Fragments {
    /// Checks the text as far as it has arrived. A character may be cut at the end.
    fn check(&mut self) -> Result<(), Fault> {
        if !self.is_text {
            return Ok(());
        }
        let unchecked = self.payload.get(self.checked..).unwrap_or_default();
        self.checked += match str::from_utf8(unchecked) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(Fault::NOT_UTF8),
        };
        Ok(())
    }

    fn complete(self) -> Result<Received, Fault> {
        message(self.is_text, self.payload.freeze())
    }
}

fn message(is_text: bool, payload: Bytes) -> Result<Received, Fault> {
    if !is_text {
        return Ok(Received::Binary(payload));
    }
    let text = ByteString::try_from(payload).map_err(|_| Fault::NOT_UTF8)?;
    Ok(Received::Text(text))
}

fn received(control: Control, payload: Bytes) -> Result<Received, Fault> {
    match control {
        Control::Ping => Ok(Received::Ping(payload)),
        Control::Pong => Ok(Received::Pong),
        Control::Close => close(&payload),
        Control::Reserved(_) => Err(Fault::MALFORMED),
    }
}

/// Reads the payload of a close frame: nothing, or a code and a reason.
fn close(payload: &[u8]) -> Result<Received, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok(Received::Close(None))
        } else {
            Err(Fault::MALFORMED)
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(Fault::MALFORMED);
    }
    if str::from_utf8(reason).is_err() {
        return Err(Fault::NOT_UTF8);
    }
    Ok(Received::Close(Some(code)))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests;
