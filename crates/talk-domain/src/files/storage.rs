//! The port to the storage of the bytes of files. It is used outside transactions.
//!
//! Bytes are stored before their row is inserted, and removed after it is deleted, so that no row
//! refers to missing bytes, whenever the process ends. Bytes without a row are removed later by a
//! sweep.

use std::ops::Range;

use crate::files::model::StoredFile;
use crate::kernel::error::{DomainError, ErrorKind};
use crate::kernel::future::BoxFuture;

/// A failure of the storage of files.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There are no such bytes.
    #[error("the bytes of the file are not there")]
    Missing,
    /// No space is left.
    #[error("the storage of files is full")]
    Full,
    /// The storage failed. The text is for the log.
    #[error("the storage of files is unavailable")]
    Unavailable(String),
}

impl DomainError for StorageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing => ErrorKind::Internal,
            Self::Full | Self::Unavailable(_) => ErrorKind::Unavailable,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "INTERNAL",
            Self::Full => "STORAGE_FULL",
            Self::Unavailable(_) => "STORAGE_UNAVAILABLE",
        }
    }
}

/// The properties of stored bytes, measured while they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Number of bytes.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// The MIME type found in them.
    pub mime: String,
}

/// Driven port: stores the bytes of files.
pub trait FileStorage: Send + Sync {
    /// Begins to write the bytes of a new file.
    fn begin(&self, file: StoredFile) -> BoxFuture<'_, Result<Box<dyn FileWriter>, StorageError>>;

    /// Opens a range of the bytes of a file.
    ///
    /// MUST fail with [`StorageError::Missing`] if there are no such bytes.
    fn open(
        &self,
        file: StoredFile,
        range: Range<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn FileReader>, StorageError>>;

    /// Removes the bytes of a file. Removing them again succeeds.
    fn remove(&self, file: StoredFile) -> BoxFuture<'_, Result<(), StorageError>>;
}

/// Writes the bytes of a new file. Dropped before [`FileWriter::finish`], it leaves nothing.
///
/// Until the writer is dropped, the sweep does not remove its bytes. Keep it until their row is
/// committed.
pub trait FileWriter: Send {
    /// Writes the next bytes. Holds at most one part of the file in memory.
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Completes the file. Its bytes are durable afterwards.
    fn finish(&mut self) -> BoxFuture<'_, Result<Measured, StorageError>>;
}

/// Reads a range of the bytes of a file.
pub trait FileReader: Send {
    /// Returns the next bytes, or `None` at the end of the range.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, StorageError>>;
}
