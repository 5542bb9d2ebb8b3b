//! Reads the messages of a client from its TCP connection.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use crate::budget::{Budget, Share};
use crate::decoder::{Decoder, Fault, Received};
use crate::tcp::{READ, poll_read};

/// Bytes read before the other connections of the thread have their turn.
const TURN: usize = 32 * 1024;

/// Limits on the messages of a client.
#[derive(Clone, Debug)]
pub struct InputLimits {
    /// Bytes that a message may have, in one frame or in several.
    pub message: usize,
    /// Bytes of an incomplete message that take no share of the budget.
    pub free: usize,
    /// Bytes that all connections together may hold beyond that.
    pub budget: Arc<Budget>,
}

/// The messages of one client, in order.
#[derive(Debug)]
pub struct Incoming {
    input: Input,
    decoder: Decoder,
    share: Share,
    /// The fault after which nothing more is read.
    fault: Option<Fault>,
}

impl Incoming {
    /// Reads from `stream`, after the bytes `first` that were read from it before.
    pub(crate) fn new(stream: Rc<TcpStream>, first: &[u8], limits: InputLimits) -> Self {
        let mut decoder = Decoder::new(limits.message);
        decoder.push(first);
        Self {
            input: Input { stream, taken: 0 },
            decoder,
            share: Share::new(limits.budget, limits.free),
            fault: None,
        }
    }

    /// Waits for the next message or control frame. No byte is lost if the future is dropped.
    pub async fn next(&mut self) -> Received {
        loop {
            if let Some(fault) = self.fault {
                return fault.into();
            }
            match self.decode() {
                Ok(Some(received)) => return received,
                Ok(None) => {}
                Err(fault) => {
                    self.fault = Some(fault);
                    continue;
                }
            }
            let (input, decoder) = (&mut self.input, &mut self.decoder);
            match poll_fn(|cx| input.poll_read(decoder, cx)).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Received::Gone,
            }
        }
    }

    fn decode(&mut self) -> Result<Option<Received>, Fault> {
        let received = self.decoder.next()?;
        if self.share.cover(self.decoder.held()) {
            Ok(received)
        } else {
            Err(Fault::NO_ROOM)
        }
    }
}

/// The bytes of a connection, read in turns.
#[derive(Debug)]
struct Input {
    stream: Rc<TcpStream>,
    /// Bytes read in this turn.
    taken: usize,
}

impl Input {
    /// Moves bytes that have arrived into `decoder`. Returns 0 at the end of the stream.
    fn poll_read(
        &mut self,
        decoder: &mut Decoder,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.taken >= TURN {
            self.taken = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut buffer = [0; READ];
        let Poll::Ready(read) = poll_read(&self.stream, &mut buffer, cx) else {
            self.taken = 0;
            return Poll::Pending;
        };
        Poll::Ready(read.inspect(|read| {
            self.taken += read;
            decoder.push(buffer.get(..*read).unwrap_or_default());
        }))
    }
}

#[cfg(test)]
mod tests;
