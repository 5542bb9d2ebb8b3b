//! Keeps the cache of a batch for the next one.
//!
//! A post in a small chat reads its token, agent, chat and membership and writes three rows; with the
//! kept cache it reads nothing (`talk-bench --only rooms`, figures `rooms-10-1`).

use diesel::QueryResult;

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::sqlite::connection;

/// The cache of the last committed batch. It equals the database as long as no other connection
/// commits, which SQLite's data version shows.
#[derive(Default)]
pub(crate) struct Kept {
    cache: BatchCache,
    version: Option<i64>,
}

impl Kept {
    /// Takes the cache for a new batch; must be called inside its transaction, which holds the write
    /// lock. The cache is empty if another connection has committed since, or if the last batch was
    /// rolled back.
    pub(crate) fn take(&mut self, conn: &mut AnyConnection) -> QueryResult<BatchCache> {
        let cache = std::mem::take(&mut self.cache);
        let version = Some(connection::data_version(conn)?);
        if std::mem::replace(&mut self.version, version) == version {
            return Ok(cache);
        }
        Ok(BatchCache::default())
    }

    /// Keeps the cache of a batch that has committed.
    pub(crate) fn keep(&mut self, cache: BatchCache) {
        self.cache = cache.committed();
    }
}
