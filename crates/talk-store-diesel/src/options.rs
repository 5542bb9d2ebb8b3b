//! How a store is to work.

use std::sync::Arc;
use std::time::Duration;

/// Called once with the reason when the store has failed for good.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How a store is to work.
#[derive(Clone)]
pub struct StoreOptions {
    /// Connections that read for customers. One customer uses all but one of them at most; reads in
    /// [`ReadLane::Reserved`](talk_domain::store::ReadLane::Reserved) have one of their own.
    pub readers: u32,
    /// How long a read may run, once it has a connection.
    pub read_timeout: Duration,
    /// Reads of one agent that may wait for a connection; the next one is refused as busy.
    pub waiting_reads_per_agent: usize,
    /// The same of one customer.
    pub waiting_reads_per_customer: usize,
    /// Units of work that may wait for the writer; the next one is refused as busy.
    pub queue: usize,
    /// Units of work per commit at most; 1 is one commit per unit.
    pub group: usize,
    /// Bytes of the write-ahead log at which writing waits for those who still read it.
    pub log_bytes: u64,
    /// Bytes of the database file at most, beyond which changes are refused as on a full disk; a
    /// database that is larger already does not grow.
    pub max_bytes: Option<u64>,
    /// Whether the server of this database runs in another process. It keeps the search index and the
    /// write-ahead log in order; this store leaves both alone and only makes its changes.
    pub is_beside_server: bool,
    /// Whether every row is read anew and every change written at once, without the cache of a batch.
    /// The results are the same and take longer: tests compare the two.
    pub is_plain: bool,
    /// Told when a commit failed or its transaction was lost. Nothing of it was acknowledged and
    /// the store answers nothing any more, so the process should exit: opening the database again
    /// is the recovery.
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
