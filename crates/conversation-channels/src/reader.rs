//! The task that gives stored requests of providers their effect.

mod segments;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use conversation_domain::message::receive::Arrival;
use conversation_domain::model::receipt::{Arrived, Receipt, ReceiptState};
use conversation_domain::receipt::take::{Happening, Read, take_receipt};
use metrics::counter;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::secret::SecretError;
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::adapter::Adapter;
use crate::channels::Channels;
use crate::verified::Verified;

/// The longest time until receipts of before the start, or of another process, are noticed.
const LOOK: Duration = Duration::from_secs(1);

/// Pause before the receipts of an account are read again that could not be read.
const REST: Duration = Duration::from_secs(2);

/// Accounts that are read at a time.
const ACCOUNTS: u32 = 64;

/// Receipts of an account that one unit of work takes.
const TAKEN: u32 = 16;

/// Reads receipts; not running yet.
pub struct Reader {
    channels: Arc<Channels>,
    woken: watch::Receiver<()>,
    /// The accounts that could not be read, until they are read again.
    resting: HashMap<AccountId, Instant>,
}

/// Reasons why the receipts of an account were not read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Reader {
    /// Creates a reader.
    #[must_use]
    pub fn new(channels: Arc<Channels>) -> Self {
        let woken = channels.receipts_to_read();
        Self {
            channels,
            woken,
            resting: HashMap::new(),
        }
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

    /// Takes some receipts of each account that has any. An account that cannot be read rests, and does
    /// not stop the others. Returns whether there may be more.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let resting = u32::try_from(self.resting.len()).unwrap_or(u32::MAX);
        let limit = ACCOUNTS.saturating_add(resting);
        let unit = Unit::installation("arrived_receipts").in_lane(ReadLane::Shared);
        let ports = &self.channels.ports;
        let due = (ports.clock)();
        let arrived = ports.store.read(unit, move |snapshot| {
            snapshot.receipts().arrived(due, limit)
        });
        let mut reading = JoinSet::new();
        for one in arrived.await? {
            if !self.resting.contains_key(&one.account) {
                let channels = Arc::clone(&self.channels);
                reading.spawn(async move { (one.account, read_some(channels, one).await) });
            }
        }
        let mut took_any = false;
        while let Some(ended) = reading.join_next().await {
            match ended {
                Ok((_, Ok(taken))) => took_any |= taken,
                Ok((account, Err(error))) => {
                    tracing::warn!(%error, %account, "receipts were not read; they are read again soon");
                    self.resting.insert(account, now + REST);
                }
                Err(error) => tracing::error!(%error, "the reader of an account panicked"),
            }
        }
        Ok(took_any)
    }
}

/// Takes the oldest receipts of an account in one unit of work. If that fails, takes them one by one.
async fn read_some(channels: Arc<Channels>, arrived: Arrived) -> Result<bool, ReadError> {
    let unit = Unit::of(arrived.customer, "waiting_receipts");
    let now = (channels.ports.clock)();
    let waiting = channels.ports.store.read(unit, move |snapshot| {
        let receipts = snapshot.receipts().waiting(arrived.account, now, TAKEN)?;
        Ok::<_, StoreError>((snapshot.accounts().get(arrived.account)?, receipts))
    });
    let (account, receipts) = waiting.await?;
    let adapter = match &account {
        Some(account) => channels.adapter(account)?,
        None => None,
    };
    let reads = receipts
        .iter()
        .map(|receipt| read(adapter.as_deref(), receipt));
    let mut reads: Vec<_> = reads.collect();
    if reads.is_empty() {
        return Ok(false);
    }
    if let Some(adapter) = adapter.as_deref() {
        segments::join(&channels, arrived, adapter, (&receipts, &mut reads)).await?;
    }
    if let Err(error) = take(&channels, arrived, reads.clone()).await {
        tracing::warn!(%error, account = %arrived.account, "receipts are taken one by one");
        for one in reads {
            take(&channels, arrived, vec![one]).await?;
        }
    }
    Ok(true)
}

fn read(adapter: Option<&(dyn Adapter + '_)>, receipt: &Receipt) -> Read {
    let says = match adapter {
        Some(adapter) => adapter.parse(&Verified::stored(receipt)),
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
    let has_medias = reads.iter().any(has_medias);
    let unit = Unit::of(arrived.customer, "take_receipts");
    let taken = ports.store.write(unit, move |uow| {
        let taken = reads.iter().map(|read| take_receipt(uow, &arrival, read));
        taken.collect::<Result<Vec<_>, StoreError>>()
    });
    let taken = taken.await?;
    if has_medias {
        channels.wake_fetchers();
    }
    for state in taken.into_iter().flatten() {
        counter!("talk_receipts_total", "state" => state.as_str()).increment(1);
        if state == ReceiptState::Failed {
            tracing::warn!(account = %arrived.account, "a request of a provider cannot be read");
        }
    }
    Ok(())
}

/// Returns whether a receipt says a message with medias.
fn has_medias(read: &Read) -> bool {
    let says = read.says.iter().flatten();
    let mut messages = says.filter_map(|happening| match happening {
        Happening::Message(incoming) => Some(incoming),
        _ => None,
    });
    messages.any(|incoming| !incoming.medias.is_empty())
}

#[cfg(test)]
mod tests;
