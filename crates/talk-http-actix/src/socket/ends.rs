//! Sessions that end while their connections are open.

use std::sync::Arc;
use std::time::Duration;

use talk_domain::store::{Store, StoreError, Unit};
use tokio::sync::watch;

/// How often the count of ended sessions is looked at. A connection must end within a second of
/// its session, whichever node or process ended it.
const INTERVAL: Duration = Duration::from_millis(250);

/// Changes whenever some session has ended.
pub type Ends = watch::Receiver<u64>;

/// Tells of ended sessions for as long as the future is polled.
pub fn watch_ends(store: Arc<dyn Store>) -> (Ends, impl Future<Output = ()> + Send) {
    let (sender, ends) = watch::channel(0);
    let watching = async move {
        while !sender.is_closed() {
            let counted: Result<u64, StoreError> = store
                .read(Unit::installation("watch_ends"), |snapshot| {
                    snapshot.directory().ends()
                })
                .await;
            match counted {
                Ok(counted) => {
                    sender.send_if_modified(|known| std::mem::replace(known, counted) != counted);
                }
                Err(error) => tracing::warn!(%error, "ended sessions could not be looked at"),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    (ends, watching)
}
