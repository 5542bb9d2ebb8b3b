//! Stores what a message centre delivers, and answers it when it is stored.

use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conversation_domain::model::receipt::{Receipt, ReceiptState};
use conversation_domain::receipt::store::{Before, store_unless_before};
use metrics::counter;
use rusmpp::CommandStatus;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::{AccountId, CustomerId};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use tokio::sync::mpsc;

use super::pdu::Frame;
use super::repeats::{Digest, Repeats};
use super::session::Session;
use crate::channels::Ports;
use crate::verified::Verified;

/// Delivered units that wait. While there are as many, nothing is read.
pub(super) const WAITING: usize = 16;

/// Microseconds around the start in which an equal unit is taken for a repetition.
const AROUND_START: i64 = 15 * 60 * 1_000_000;

/// A unit to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delivered {
    /// Its event.
    pub(super) event: String,
    /// Its content.
    pub(super) content: Verified,
    /// Events from before the start that it repeats.
    pub(super) before: Option<Before>,
}

/// Stores units.
pub(super) trait Shelf: Send + Sync {
    /// Returns the time.
    fn now(&self) -> Timestamp;

    /// Stores units in one transaction, except those that are stored.
    fn store(&self, units: Vec<Delivered>) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// The units that one message centre delivers.
pub(super) struct Inbox<S> {
    shelf: S,
    repeats: Repeats,
    start: Timestamp,
}

impl<S: Shelf> Inbox<S> {
    pub(super) fn new(shelf: S) -> Self {
        Self {
            start: shelf.now(),
            shelf,
            repeats: Repeats::default(),
        }
    }

    /// Stores and answers units of a bound session until it ends. A unit that cannot be stored is refused
    /// for now, so that the message centre delivers it again.
    pub(super) async fn take_in(
        &mut self,
        session: &Session,
        mut arriving: mpsc::Receiver<Frame>,
    ) -> String {
        let mut frames = Vec::new();
        while arriving.recv_many(&mut frames, WAITING).await > 0 {
            let arrived = Instant::now();
            let (mut units, mut answers) = (Vec::new(), Vec::new());
            for frame in frames.drain(..) {
                let digest = digest_of(frame.body());
                answers.push((digest, frame.sequence));
                units.push(self.unit((digest, arrived), frame));
            }
            let count = units.len();
            let stored = self.shelf.store(units).await;
            let (status, outcome) = match stored {
                Ok(()) => (CommandStatus::EsmeRok, "stored"),
                Err(error) => {
                    tracing::warn!(%error, "a delivered message was not stored, and is refused for now");
                    (CommandStatus::EsmeRxTAppn, "refused")
                }
            };
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            counter!("talk_smpp_deliveries_total", "outcome" => outcome).increment(count);
            for (digest, sequence) in answers {
                session.answer(status, sequence).await;
                if status == CommandStatus::EsmeRok {
                    let at = (session.mark(), Instant::now());
                    self.repeats.answer(&digest, at);
                }
            }
        }
        "the session has ended".to_owned()
    }

    /// Notes which answers the message centre has certainly received in a session that has ended.
    pub(super) fn end_session(&mut self, session: &Session) {
        self.repeats.end_session(session.answered());
    }

    fn unit(&mut self, (digest, arrived): (Digest, Instant), frame: Frame) -> Delivered {
        let now = self.shelf.now().as_micros();
        let name = URL_SAFE_NO_PAD.encode(digest);
        let event = |micros: i64| format!("{name}-{micros:020}");
        let at = (frame.sequence, arrived);
        let known = self.repeats.arrive(digest, at, event(now));
        let start = self.start.as_micros();
        let is_near = known.is_first && now < start.saturating_add(AROUND_START);
        Delivered {
            event: known.event,
            content: Verified::from_bound_session(frame.octets),
            before: is_near.then(|| Before {
                from: event(start.saturating_sub(AROUND_START)),
                until: event(start),
            }),
        }
    }
}

fn digest_of(content: &[u8]) -> Digest {
    let mut bytes = Digest::default();
    let hash = digest(&SHA256, content);
    bytes.copy_from_slice(hash.as_ref());
    bytes
}

/// The receipts of an account.
pub(super) struct Receipts {
    pub(super) ports: Ports,
    pub(super) customer: CustomerId,
    pub(super) account: AccountId,
    /// Wakes the reader.
    pub(super) wake: Box<dyn Fn() + Send + Sync>,
}

impl Shelf for Receipts {
    fn now(&self) -> Timestamp {
        (self.ports.clock)()
    }

    fn store(&self, units: Vec<Delivered>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let now = self.now();
            let ids = IdSource::new(now, (self.ports.random)());
            let receipt = |unit: Delivered| {
                let receipt = Receipt {
                    id: ids.fresh().into(),
                    customer: self.customer,
                    account: self.account,
                    event: unit.event,
                    body: unit.content.bytes().to_vec(),
                    state: ReceiptState::Stored,
                    error: String::new(),
                    segment_of: None,
                    created: now,
                };
                (receipt, unit.before)
            };
            let receipts: Vec<_> = units.into_iter().map(receipt).collect();
            let unit = Unit::of(self.customer, "store_receipts");
            let stored = self.ports.store.write(unit, move |uow| {
                for (receipt, before) in &receipts {
                    store_unless_before(uow, receipt, before.as_ref())?;
                }
                Ok::<_, StoreError>(())
            });
            stored.await?;
            (self.wake)();
            Ok(())
        })
    }
}
