//! Options of a store.

use std::sync::Arc;
use std::time::Duration;

/// Called once with the reason when the store has failed for good.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Options of a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// Connections for reads of customers. One customer uses at most all but one of them; reads in
    /// [`ReadLane::Reserved`](talk_domain::kernel::store::ReadLane::Reserved) have one of their own.
    pub readers: u32,
    /// Deadline of a read, from the time it has a connection.
    pub read_timeout: Duration,
    /// Maximum of reads of one agent that wait for a connection; the next one is refused as busy.
    pub waiting_reads_per_agent: usize,
    /// The same for a customer.
    pub waiting_reads_per_customer: usize,
    /// Maximum of units that wait for the writer; the next one is refused as busy.
    pub queue: usize,
    /// Maximum of units per commit; 1 for one commit per unit.
    pub group: usize,
    /// Bytes of the write-ahead log at which the writer waits for readers in order to empty it.
    pub log_bytes: u64,
    /// Maximum of bytes of the database file, beyond which changes are refused as on a full disk. A
    /// larger database does not grow any further.
    pub max_bytes: Option<u64>,
    /// Whether the server of this database runs in another process. That server maintains the
    /// search index and the write-ahead log, and this store does not.
    pub is_beside_server: bool,
    /// Switches off the cache of a batch: every row is read from the database and every change
    /// written at once. The results are the same and take longer; tests compare both.
    pub is_plain: bool,
    /// Called when a commit failed or its transaction was lost. None of its units was acknowledged
    /// and the store refuses every call, so the process should exit: opening the database again
    /// recovers it.
    pub on_fatal: Option<FatalHook>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            read_timeout: Duration::from_secs(5),
            waiting_reads_per_agent: 256,
            waiting_reads_per_customer: 4_096,
            queue: 4096,
            group: 256,
            log_bytes: 160 * 1024 * 1024,
            max_bytes: None,
            is_beside_server: false,
            is_plain: false,
            on_fatal: None,
        }
    }
}
