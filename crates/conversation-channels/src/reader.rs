//! The task that gives stored requests of providers their effect.

use std::sync::Arc;
use std::time::Duration;

use conversation_domain::account::list::{ShowAccountError, find_account};
use conversation_domain::message::receive::Arrival;
use conversation_domain::model::account::Account;
use conversation_domain::model::receipt::{Arrived, Receipt, ReceiptState};
use conversation_domain::receipt::take::{Read, take_receipt};
use metrics::counter;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::adapter::adapter;
use crate::channels::Channels;
use crate::verified::Verified;

/// The longest time until receipts of before the start, or of another process, are noticed.
const LOOK: Duration = Duration::from_secs(1);

/// Accounts that are read at a time.
const ACCOUNTS: u32 = 64;

/// Receipts of an account that one unit of work takes.
const TAKEN: u32 = 16;

/// Reads receipts; not running yet.
pub struct Reader {
    channels: Arc<Channels>,
    woken: watch::Receiver<()>,
}

impl Reader {
    /// Creates a reader.
    #[must_use]
    pub fn new(channels: Arc<Channels>) -> Self {
        let woken = channels.receipts_to_read();
        Self { channels, woken }
    }

    /// Reads receipts for as long as it is polled. The receipts of an account are read in the order of
    /// their arrival, those of different accounts at the same time.
    pub async fn run(mut self) {
        loop {
            self.woken.mark_unchanged();
            match self.look().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "receipts were not read; they are read again soon");
                    sleep(LOOK).await;
                }
            }
            // The sender lives as long as the channels.
            let _ = timeout(LOOK, self.woken.changed()).await;
        }
    }

    /// Takes some receipts of each account that has any. Returns whether there may be more.
    async fn look(&self) -> Result<bool, StoreError> {
        let unit = Unit::installation("arrived_receipts").in_lane(ReadLane::Shared);
        let store = &self.channels.ports.store;
        let arrived = store.read(unit, |snapshot| snapshot.receipts().arrived(ACCOUNTS));
        let mut reading = JoinSet::new();
        for one in arrived.await? {
            reading.spawn(read_some(Arc::clone(&self.channels), one));
        }
        let mut took_any = false;
        while let Some(ended) = reading.join_next().await {
            match ended {
                Ok(Ok(taken)) => took_any |= taken,
                Ok(Err(error)) => return Err(error),
                Err(error) => tracing::error!(%error, "the reader of an account panicked"),
            }
        }
        Ok(took_any)
    }
}

/// Takes the oldest receipts of an account in one unit of work. If that fails, takes them one by one.
async fn read_some(channels: Arc<Channels>, arrived: Arrived) -> Result<bool, StoreError> {
    let unit = Unit::of(arrived.customer, "waiting_receipts");
    let store = &channels.ports.store;
    let waiting = store.read(unit, move |snapshot| {
        let receipts = snapshot.receipts().waiting(arrived.account, TAKEN)?;
        Ok::<_, StoreError>(receipts)
    });
    let receipts = waiting.await?;
    let unit = Unit::installation("find_account");
    let found = store.read(unit, move |snapshot| {
        find_account(snapshot, arrived.account)
    });
    let account = match found.await {
        Ok(account) => Some(account),
        Err(ShowAccountError::Store(error)) => return Err(error),
        Err(_) => None,
    };
    let reads: Vec<_> = receipts
        .iter()
        .map(|receipt| read(account.as_ref(), receipt))
        .collect();
    if reads.is_empty() {
        return Ok(false);
    }
    if let Err(error) = take(&channels, arrived, reads.clone()).await {
        tracing::warn!(%error, account = %arrived.account, "receipts are taken one by one");
        for one in reads {
            take(&channels, arrived, vec![one]).await?;
        }
    }
    Ok(true)
}

fn read(account: Option<&Account>, receipt: &Receipt) -> Read {
    let says = match account.and_then(|account| Some((account, adapter(&account.provider)?))) {
        Some((account, adapter)) => adapter.parse(account, &Verified::stored(receipt)),
        None => Err("the account was deleted".to_owned()),
    };
    Read {
        receipt: receipt.id,
        says,
    }
}

async fn take(channels: &Channels, arrived: Arrived, reads: Vec<Read>) -> Result<(), StoreError> {
    let ports = &channels.ports;
    let now = (ports.clock)();
    let arrival = Arrival {
        now,
        ids: IdSource::new(now, (ports.random)()),
    };
    let unit = Unit::of(arrived.customer, "take_receipts");
    let taken = ports.store.write(unit, move |uow| {
        let taken = reads.iter().map(|read| take_receipt(uow, &arrival, read));
        taken.collect::<Result<Vec<_>, StoreError>>()
    });
    for state in taken.await?.into_iter().flatten() {
        counter!("talk_receipts_total", "state" => state.as_str()).increment(1);
        if state == ReceiptState::Failed {
            tracing::warn!(account = %arrived.account, "a request of a provider cannot be read");
        }
    }
    Ok(())
}
