//! A storage of files for tests that are not about bytes.

use std::ops::Range;

use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileReader, FileStorage, FileWriter, Measured, StorageError};
use talk_domain::kernel::future::BoxFuture;

/// A storage that forgets every file.
pub(crate) struct NoFiles;

impl FileStorage for NoFiles {
    fn begin(&self, _: StoredFile) -> BoxFuture<'_, Result<Box<dyn FileWriter>, StorageError>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn FileWriter>) })
    }

    fn open(
        &self,
        _: StoredFile,
        _: Range<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn FileReader>, StorageError>> {
        panic!("no test of this kind reads a file")
    }

    fn remove(&self, _: StoredFile) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async { Ok(()) })
    }
}

impl FileWriter for NoFiles {
    fn write<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async { Ok(()) })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Measured, StorageError>> {
        Box::pin(async {
            Ok(Measured {
                size: 0,
                sha256: [0; 32],
                mime: "text/plain".to_owned(),
            })
        })
    }
}
