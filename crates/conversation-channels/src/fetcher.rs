//! The task that fetches medias of incoming messages from their providers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use conversation_domain::media::fetch::{
    EndedFetch, Fetched, LeasedFetch, lease_fetch, settle_fetch,
};
use conversation_domain::model::fetch::Fetch;
use metrics::counter;
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileStorage, FileWriter, StorageError};
use talk_domain::kernel::id::{CustomerId, FileId};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_outgoing::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, LOCATION};
use talk_outgoing::{Download, HeaderMap, Method, Outgoing, StatusCode, Url};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::timeout;

use crate::adapter::Adapter;
use crate::channels::Channels;

/// The longest time until fetches of before the start, or of another process, are noticed.
const LOOK: Duration = Duration::from_secs(1);

/// The most fetches of a customer that are under way at a time.
const OF_CUSTOMER: u32 = 4;

/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// Limits of fetches.
#[derive(Clone, Copy, Debug)]
pub struct FetchSettings {
    /// The largest media, in bytes.
    pub bytes: u64,
    /// Number of bytes that all files of a customer may have; `None` for no limit.
    pub quota: Option<u64>,
    /// Fetches under way.
    pub parallel: usize,
    /// Time for a whole fetch.
    pub time: Duration,
}

/// Fetches medias; not running yet.
pub struct Fetcher {
    shared: Arc<Shared>,
    woken: watch::Receiver<()>,
    /// The fetches under way.
    running: HashMap<Id, Running>,
    tasks: JoinSet<()>,
}

/// A fetch under way.
struct Running {
    customer: CustomerId,
    file: FileId,
}

struct Shared {
    channels: Arc<Channels>,
    storage: Arc<dyn FileStorage>,
    settings: FetchSettings,
}

impl Fetcher {
    /// Creates a fetcher, which stores bytes in `storage`.
    #[must_use]
    pub fn new(
        channels: Arc<Channels>,
        storage: Arc<dyn FileStorage>,
        settings: FetchSettings,
    ) -> Self {
        let woken = channels.medias_to_fetch();
        let shared = Shared {
            channels,
            storage,
            settings,
        };
        Self {
            shared: Arc::new(shared),
            woken,
            running: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Fetches for as long as it is polled.
    pub async fn run(mut self) {
        loop {
            self.woken.mark_unchanged();
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "due medias were not read; they are read again soon");
            }
            tokio::select! {
                ended = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => match ended {
                    Some(Ok((id, ()))) => {
                        self.running.remove(&id);
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "a fetch panicked; its lease expires");
                        self.running.remove(&error.id());
                    }
                    None => {}
                },
                _ = timeout(LOOK, self.woken.changed()) => {}
            }
        }
    }

    /// Starts tasks for due fetches.
    async fn look(&mut self) -> Result<(), StoreError> {
        let ports = &self.shared.channels.ports;
        let now = (ports.clock)();
        let unit = Unit::installation("due_fetches").in_lane(ReadLane::Shared);
        let due = ports.store.read(unit, move |snapshot| {
            snapshot.fetches().due(now, OF_CUSTOMER)
        });
        for fetch in due.await? {
            if !self.has_room(&fetch) {
                continue;
            }
            let running = Running {
                customer: fetch.customer,
                file: fetch.file,
            };
            let shared = Arc::clone(&self.shared);
            let task = self.tasks.spawn(async move {
                if let Err(error) = shared.try_once(&fetch).await {
                    let file = fetch.file;
                    tracing::warn!(%error, %file, "a media was not fetched; it is fetched again");
                }
            });
            self.running.insert(task.id(), running);
        }
        Ok(())
    }

    /// Returns whether a fetch may begin: it is not under way, and fewer than the limits are, of its
    /// customer and in all.
    fn has_room(&self, fetch: &Fetch) -> bool {
        let mut of_customer = 0;
        for running in self.running.values() {
            if running.file == fetch.file {
                return false;
            }
            of_customer += u32::from(running.customer == fetch.customer);
        }
        of_customer < OF_CUSTOMER && self.running.len() < self.shared.settings.parallel
    }
}

impl Shared {
    /// Leases a fetch, fetches the bytes, and records the outcome.
    async fn try_once(&self, due: &Fetch) -> Result<(), StoreError> {
        let ports = &self.channels.ports;
        let (file, now) = (due.file, (ports.clock)());
        // A lease outlives the request and the record of its outcome.
        let seconds = self.settings.time.as_secs().saturating_mul(2);
        let seconds = u32::try_from(seconds)
            .unwrap_or(u32::MAX)
            .saturating_add(15);
        let unit = Unit::of(due.customer, "lease_fetch");
        let leased = ports
            .store
            .write(unit, move |uow| lease_fetch(uow, file, (now, seconds)));
        let Some(leased) = leased.await? else {
            return Ok(());
        };
        let stored = StoredFile {
            customer: due.customer,
            id: file,
        };
        // Until the writer is dropped, the bytes are not swept as orphans.
        let (fetched, _writer) = self.fetch(&leased, stored).await;
        let name = match &fetched {
            Fetched::Stored { .. } => "stored",
            Fetched::Later => "later",
            Fetched::Never => "failed",
        };
        counter!("talk_fetched_medias_total", "outcome" => name).increment(1);
        let has_bytes = matches!(fetched, Fetched::Stored { .. });
        let ended = EndedFetch {
            file,
            fetched,
            quota: self.settings.quota,
            now: (ports.clock)(),
        };
        let unit = Unit::of(due.customer, "settle_fetch");
        let settled = ports
            .store
            .write(unit, move |uow| settle_fetch(uow, &ended));
        if !settled.await?
            && has_bytes
            && let Err(error) = self.storage.remove(stored).await
        {
            tracing::warn!(%error, %file, "bytes were not removed; the sweep removes them");
        }
        Ok(())
    }

    /// Fetches the bytes of a media, and stores them. The writer must be kept until their row is stored.
    async fn fetch(
        &self,
        leased: &LeasedFetch,
        stored: StoredFile,
    ) -> (Fetched, Option<Box<dyn FileWriter>>) {
        let adapter = match self.channels.adapter(&leased.account) {
            Ok(Some(adapter)) => adapter,
            Ok(None) => return (Fetched::Never, None),
            Err(error) => {
                let account = leased.account.id;
                tracing::error!(%error, %account, "a secret of an account cannot be used");
                return (Fetched::Later, None);
            }
        };
        let mut answer = match self.request(adapter.as_ref(), &leased.fetch.url).await {
            Ok(answer) => answer,
            Err(fetched) => return (fetched, None),
        };
        let filename = filename(answer.headers(), &leased.fetch.url);
        match self.store(&mut answer, stored).await {
            Ok(Some((measured, writer))) => (Fetched::Stored { measured, filename }, Some(writer)),
            Ok(None) => (Fetched::Never, None),
            Err(error) => {
                tracing::warn!(error, file = %stored.id, "a media was not fetched");
                (Fetched::Later, None)
            }
        }
    }

    /// Sends the request, and follows redirects. Secrets are only sent to the provider's own address.
    async fn request(&self, adapter: &dyn Adapter, url: &str) -> Result<Download, Fetched> {
        let mut url = Url::parse(url).map_err(|_| Fetched::Never)?;
        for _ in 0..=REDIRECTS {
            let outgoing = Outgoing {
                uri: url.as_str(),
                method: Method::GET,
                headers: adapter.media_headers(url.as_str()),
                body: String::new(),
            };
            let answer = self
                .channels
                .http
                .download(outgoing, self.settings.time)
                .await;
            let answer = answer.map_err(|_| Fetched::Later)?;
            let status = answer.status();
            if status.is_redirection() {
                let to = answer.headers().get(LOCATION);
                let to = to.and_then(|to| url.join(to.to_str().ok()?).ok());
                url = to.ok_or(Fetched::Never)?;
                continue;
            }
            return match status {
                status if status.is_success() => Ok(answer),
                // A media may be announced before it can be read.
                StatusCode::NOT_FOUND
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS => Err(Fetched::Later),
                status if status.is_client_error() => Err(Fetched::Never),
                _ => Err(Fetched::Later),
            };
        }
        Err(Fetched::Never)
    }

    /// Stores the bytes of an answer; `None` if they are too many.
    async fn store(
        &self,
        answer: &mut Download,
        stored: StoredFile,
    ) -> Result<Option<Written>, String> {
        let limit = self.settings.bytes;
        let length = answer.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > limit) {
            return Ok(None);
        }
        let failed = |error: StorageError| error.to_string();
        let mut writer = self.storage.begin(stored).await.map_err(failed)?;
        let mut size = 0_u64;
        while let Some(bytes) = answer.next().await.map_err(|none| none.reason)? {
            size = size.saturating_add(bytes.len() as u64);
            if size > limit {
                return Ok(None);
            }
            writer.write(&bytes).await.map_err(failed)?;
        }
        let measured = writer.finish().await.map_err(failed)?;
        Ok(Some((measured, writer)))
    }
}

/// Stored bytes with their writer.
type Written = (talk_domain::files::storage::Measured, Box<dyn FileWriter>);

/// The name of a media: the one in the answer, or the last part of its address.
fn filename(headers: &HeaderMap, url: &str) -> String {
    let disposition = headers.get(CONTENT_DISPOSITION);
    let given = disposition.and_then(|value| {
        let (_, rest) = value.to_str().ok()?.split_once("filename=")?;
        let rest = rest.split(';').next()?.trim();
        Some(rest.trim_matches('"').to_owned())
    });
    given.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let url = Url::parse(url).ok();
        let last = url
            .as_ref()
            .and_then(|url| url.path_segments()?.next_back());
        last.unwrap_or_default().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-70.
    #[test]
    fn a_media_has_the_name_that_the_provider_gives() {
        let url = "https://api.test/Media/ME1?x=2";
        let named = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_DISPOSITION, value.parse().unwrap());
            filename(&headers, url)
        };
        assert_eq!(named("inline; filename=\"a b.png\""), "a b.png");
        assert_eq!(named("attachment; filename=c.pdf; size=3"), "c.pdf");
        assert_eq!(named("inline"), "ME1");
        assert_eq!(filename(&HeaderMap::new(), url), "ME1");
        assert_eq!(filename(&HeaderMap::new(), "no url"), "");
    }
}
