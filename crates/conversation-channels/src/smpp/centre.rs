//! For tests: a message centre, and a shelf for what it delivers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusmpp::{CommandId, CommandStatus, Pdu};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::testing::at;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::inbox::{Delivered, Shelf};
use super::pdu::{Frame, encode, read_frame};

/// Keeps units in memory, as long as it has permits.
#[derive(Clone)]
pub(super) struct Memory {
    pub(super) kept: Arc<Mutex<Vec<Delivered>>>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) fails: bool,
}

impl Memory {
    pub(super) fn new(permits: usize) -> Self {
        Self {
            kept: Arc::default(),
            permits: Arc::new(Semaphore::new(permits)),
            fails: false,
        }
    }
}

impl Shelf for Memory {
    fn now(&self) -> Timestamp {
        at(1)
    }

    fn store(&self, units: Vec<Delivered>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            if self.fails {
                return Err(StoreError::Conflict);
            }
            self.kept.lock().unwrap().extend(units);
            Ok(())
        })
    }
}

/// The message centre of a test.
pub(super) struct Centre<S>(pub(super) S);

impl<S: AsyncRead + AsyncWrite + Unpin> Centre<S> {
    pub(super) async fn next(&mut self) -> Frame {
        let reading = timeout(Duration::from_secs(5), read_frame(&mut self.0));
        reading.await.expect("a unit in time").expect("a unit")
    }

    pub(super) async fn send(&mut self, status: CommandStatus, sequence: u32, pdu: impl Into<Pdu>) {
        let unit = encode(status, sequence, pdu);
        self.0.write_all(&unit).await.unwrap();
    }

    pub(super) async fn answer(&mut self, request: &Frame, pdu: impl Into<Pdu>) {
        self.send(CommandStatus::EsmeRok, request.sequence, pdu)
            .await;
    }

    /// Accepts the credentials.
    pub(super) async fn bind(&mut self) {
        let request = self.next().await;
        assert_eq!(request.id, CommandId::BindTransceiver);
        self.answer(&request, rusmpp::pdus::BindTransceiverResp::default())
            .await;
    }
}
