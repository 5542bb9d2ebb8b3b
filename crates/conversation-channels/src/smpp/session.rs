//! One session over one connection: sends requests within the window and finds their answers, answers the
//! requests of the message centre, and hands on what it delivers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::pdu::{Frame, delivered, encode, read_frame};

/// Units that wait to be written.
const QUEUE: usize = 64;

/// The highest sequence number of the protocol.
const LAST: u32 = 0x7FFF_FFFF;

/// Time in which a message centre that has ended the session closes the connection.
const FAREWELL: Duration = Duration::from_secs(2);

/// A session.
pub(super) struct Session {
    outgoing: mpsc::Sender<Vec<u8>>,
    /// Messages without an answer.
    window: Semaphore,
    /// The requests without an answer.
    pending: Mutex<HashMap<u32, oneshot::Sender<Frame>>>,
    next: AtomicU32,
    /// The highest sequence number of an answered request.
    answered: AtomicU32,
    is_bound: AtomicBool,
    /// Time for an answer, and for writing a unit.
    time: Duration,
}

/// Reasons why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The request was not written to the connection.
    NotSent(String),
    /// The request may have been written, so that the message centre may have it.
    Lost(String),
}

impl Session {
    /// Creates a session with a window of unanswered messages, and the queue of its outgoing units.
    pub(super) fn new(window: u16, time: Duration) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let session = Self {
            outgoing,
            window: Semaphore::new(window.into()),
            pending: Mutex::default(),
            next: AtomicU32::new(1),
            answered: AtomicU32::new(0),
            is_bound: AtomicBool::new(false),
            time,
        };
        (session, queue)
    }

    /// Opens the session to deliveries: the message centre has accepted the credentials.
    pub(super) fn mark_bound(&self) {
        self.is_bound.store(true, Ordering::Relaxed);
    }

    /// Returns the sequence number of the next request. An answer to it shows that the message centre has
    /// received all that was queued before.
    pub(super) fn mark(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    /// Returns the highest sequence number of an answered request.
    pub(super) fn answered(&self) -> u32 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Sends a message as soon as the window has room for it, and waits for the answer.
    pub(super) async fn submit(&self, pdu: Pdu, deadline: Instant) -> Result<Frame, NoAnswer> {
        let room = timeout_at(deadline, self.window.acquire()).await;
        let Ok(Ok(_room)) = room else {
            let reason = "the window of unanswered messages is full, or the session ends";
            return Err(NoAnswer::NotSent(reason.to_owned()));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.request(pdu, left).await
    }

    /// Sends a request, and waits for its answer.
    pub(super) async fn request(&self, pdu: Pdu, time: Duration) -> Result<Frame, NoAnswer> {
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        if sequence > LAST {
            return Err(NoAnswer::NotSent("the session is used up".to_owned()));
        }
        let (answer, answered) = oneshot::channel();
        self.pending().insert(sequence, answer);
        let _forgotten = Forgotten {
            session: self,
            sequence,
        };
        let unit = encode(CommandStatus::EsmeRok, sequence, pdu);
        match timeout(time, self.outgoing.send(unit)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(NoAnswer::NotSent("the session has ended".to_owned())),
            Err(_) => return Err(NoAnswer::NotSent("the connection is stalled".to_owned())),
        }
        match timeout(time, answered).await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(_)) => Err(NoAnswer::Lost("the connection broke off".to_owned())),
            Err(_) => {
                let reason = format!("no answer within {} ms", time.as_millis());
                Err(NoAnswer::Lost(reason))
            }
        }
    }

    /// Queues the answer to a delivered unit. An answer after the end of the session is dropped.
    pub(super) async fn answer(&self, status: CommandStatus, sequence: u32) {
        let _ = self.outgoing.send(delivered(status, sequence)).await;
    }

    /// Ends all requests without an answer. Nothing is sent any more.
    pub(super) fn close(&self) {
        self.window.close();
        self.pending().clear();
    }

    /// Writes units until the connection breaks. Returns the reason.
    pub(super) async fn write(
        &self,
        mut output: impl AsyncWrite + Unpin,
        mut queue: mpsc::Receiver<Vec<u8>>,
    ) -> String {
        while let Some(unit) = queue.recv().await {
            let writing = async {
                output.write_all(&unit).await?;
                output.flush().await
            };
            match timeout(self.time, writing).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return format!("the connection broke off: {error}"),
                Err(_) => return "the message centre does not read".to_owned(),
            }
        }
        "the session has ended".to_owned()
    }

    /// Reads units until the connection breaks or the message centre ends the session, and hands delivered
    /// ones to `deliveries`. While that queue is full, nothing is read. Returns the reason.
    pub(super) async fn read(
        &self,
        input: impl AsyncRead + Unpin,
        deliveries: &mpsc::Sender<Frame>,
    ) -> String {
        let mut input = BufReader::new(input);
        loop {
            let frame = match read_frame(&mut input).await {
                Ok(frame) => frame,
                Err(error) => return format!("the connection broke off: {error}"),
            };
            match frame.id {
                CommandId::DeliverSm if self.is_bound.load(Ordering::Relaxed) => {
                    if deliveries.send(frame).await.is_err() {
                        return "the session has ended".to_owned();
                    }
                }
                CommandId::DeliverSm => {
                    let status = CommandStatus::EsmeRinvbndsts;
                    self.answer(status, frame.sequence).await;
                }
                CommandId::EnquireLink => self.reply(frame.sequence, Pdu::EnquireLinkResp).await,
                CommandId::Unbind => {
                    self.close();
                    self.reply(frame.sequence, Pdu::UnbindResp).await;
                    let _ = timeout(FAREWELL, read_frame(&mut input)).await;
                    return "the message centre has ended the session".to_owned();
                }
                CommandId::AlertNotification | CommandId::Outbind => {}
                id if u32::from(id) > LAST => self.find(frame),
                _ => {
                    let status = CommandStatus::EsmeRinvcmdid;
                    let nack = encode(status, frame.sequence, Pdu::GenericNack);
                    let _ = self.outgoing.send(nack).await;
                }
            }
        }
    }

    async fn reply(&self, sequence: u32, pdu: Pdu) {
        let unit = encode(CommandStatus::EsmeRok, sequence, pdu);
        let _ = self.outgoing.send(unit).await;
    }

    /// Hands an answer to its request. An answer to no request is ignored.
    fn find(&self, frame: Frame) {
        if let Some(request) = self.pending().remove(&frame.sequence) {
            self.answered.fetch_max(frame.sequence, Ordering::Relaxed);
            // The request may have been given up at this moment.
            let _ = request.send(frame);
        }
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<u32, oneshot::Sender<Frame>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a request that is answered or given up.
struct Forgotten<'a> {
    session: &'a Session,
    sequence: u32,
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.session.pending().remove(&self.sequence);
    }
}
