//! A database in a directory of its own.

use std::path::PathBuf;
use std::sync::Arc;

use talk_domain::kernel::store::Store;
use talk_domain::talk::unit::Talk;
use talk_store_diesel::{OpenError, StoreOptions, open};
use talk_testkit::Silent;
use tempfile::TempDir;

/// A database in a directory of its own.
pub(crate) struct Database {
    directory: TempDir,
}

impl Database {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    /// The database's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("talk.db")
    }

    /// Opens the database.
    pub(crate) fn open(&self, options: &StoreOptions) -> Arc<dyn Store<Talk>> {
        self.try_open(options).unwrap()
    }

    /// Opens the database, if it can be.
    pub(crate) fn try_open(
        &self,
        options: &StoreOptions,
    ) -> Result<Arc<dyn Store<Talk>>, OpenError> {
        let url = format!("sqlite:{}", self.path().display());
        Ok(open(&url, options, Arc::new(Silent), Arc::new(Silent))?)
    }
}
