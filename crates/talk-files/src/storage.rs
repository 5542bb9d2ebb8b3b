//! The storage of files in an object store.

use std::collections::HashSet;
use std::error::Error;
use std::fs::DirBuilder;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileReader, FileStorage, FileWriter, StorageError};
use talk_domain::kernel::future::BoxFuture;

use crate::location::{FilesUrl, S3Options};
use crate::reader::Reader;
use crate::s3;
use crate::writer::Writer;

/// Bytes of a part that is written to a local file. Larger parts would use more memory: the
/// allocator takes larger blocks from pages of 4 MiB, and uses a block that another thread has
/// freed again only when the rest of its page is used.
const LOCAL_PART: usize = 128 * 1024;

/// Bytes of a part of an upload to S3: the least that S3 accepts.
const S3_PART: usize = 5 * 1024 * 1024;

/// The text by which a 4xx answer to a list request is recognised. `object_store` has no error kind
/// for it.
const REFUSED: &str = "status code: 4";

/// The error for a directory or bucket that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenFilesError(String);

/// The reason why the storage does not answer.
#[derive(Debug, thiserror::Error)]
pub enum CheckFilesError {
    /// The access key, its secret or the bucket is wrong.
    #[error("the storage refuses the settings: {0}")]
    Refused(String),
    /// The service is down, or its address is wrong.
    #[error("the storage cannot be reached: {0}")]
    Unreachable(String),
}

/// The files of an installation.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    /// The directory, if the store is local.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) being_written: BeingWritten,
    part: usize,
}

/// The files that this process is writing. They have no row yet, and the sweep must not remove them
/// as orphans.
#[derive(Clone, Debug, Default)]
pub(crate) struct BeingWritten(Arc<Mutex<HashSet<StoredFile>>>);

impl BeingWritten {
    pub(crate) fn add(&self, file: StoredFile) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(file);
    }

    pub(crate) fn remove(&self, file: StoredFile) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.remove(&file);
    }

    pub(crate) fn contains(&self, file: StoredFile) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.contains(&file)
    }
}

impl Files {
    /// Opens a directory or bucket. A local directory is created, with access for this user alone.
    /// A bucket is not contacted.
    ///
    /// # Errors
    /// If the directory cannot be created, or the options of S3 contradict each other.
    pub fn open(url: &FilesUrl, s3: &S3Options) -> Result<Self, OpenFilesError> {
        match url {
            FilesUrl::Local(directory) => Self::local(directory.clone()),
            FilesUrl::S3 { bucket, prefix } => Self::s3((bucket, prefix), s3),
        }
    }

    fn local(directory: PathBuf) -> Result<Self, OpenFilesError> {
        let named = |error: &dyn Error| {
            let directory = directory.display();
            OpenFilesError(format!("the directory {directory} cannot be used: {error}"))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|error| named(&error))?;
        let store = LocalFileSystem::new_with_prefix(&directory).map_err(|error| named(&error))?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            prefix: Path::default(),
            directory: Some(directory),
            being_written: BeingWritten::default(),
            part: LOCAL_PART,
        })
    }

    fn s3((bucket, prefix): (&str, &str), options: &S3Options) -> Result<Self, OpenFilesError> {
        let refused = |error: &dyn Error| OpenFilesError(described(error));
        let store = s3::open(bucket, options).map_err(|error| refused(&error))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::parse(prefix).map_err(|error| refused(&error))?,
            directory: None,
            being_written: BeingWritten::default(),
            part: S3_PART,
        })
    }

    /// Returns whether the bytes are in a local directory.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.directory.is_some()
    }

    /// Checks that the storage can be reached with the given credentials, by reading a page of the
    /// list of files.
    ///
    /// # Errors
    /// If it cannot be reached, or refuses the request.
    pub async fn check(&self) -> Result<(), CheckFilesError> {
        let Some(Err(error)) = self.store.list(Some(&self.prefix)).next().await else {
            return Ok(());
        };
        let text = described(&error);
        Err(if text.contains(REFUSED) {
            CheckFilesError::Refused(text)
        } else {
            CheckFilesError::Unreachable(text)
        })
    }

    /// Returns the size of the bytes of a file; `None` if there are none.
    ///
    /// # Errors
    /// If the storage fails.
    pub async fn size(&self, file: StoredFile) -> Result<Option<u64>, StorageError> {
        match self.store.head(&self.path(file)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    }

    /// The key of a file: only ids, nothing that a client has named.
    pub(crate) fn path(&self, file: StoredFile) -> Path {
        let customer = file.customer.to_string();
        self.prefix.clone().join(customer).join(file.id.to_string())
    }
}

impl FileStorage for Files {
    fn begin(&self, file: StoredFile) -> BoxFuture<'_, Result<Box<dyn FileWriter>, StorageError>> {
        let path = self.path(file);
        let store = Arc::clone(&self.store);
        let writer = Writer::new(store, (file, path), self.part, self.being_written.clone());
        Box::pin(async { Ok(Box::new(writer) as Box<dyn FileWriter>) })
    }

    fn open(
        &self,
        file: StoredFile,
        range: Range<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn FileReader>, StorageError>> {
        Box::pin(async move {
            let path = self.path(file);
            if range.is_empty() {
                self.store
                    .head(&path)
                    .await
                    .map_err(|error| failure(&error))?;
                return Ok(Box::new(Reader::Empty) as Box<dyn FileReader>);
            }
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                ..GetOptions::default()
            };
            let found = self.store.get_opts(&path, options).await;
            let reader = Reader::new(found.map_err(|error| failure(&error))?);
            Ok(Box::new(reader) as Box<dyn FileReader>)
        })
    }

    fn remove(&self, file: StoredFile) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            match self.store.delete(&self.path(file)).await {
                Ok(()) => Ok(()),
                // S3 answers `NotFound` to a deletion only if the bucket is missing.
                Err(object_store::Error::NotFound { .. }) if self.is_local() => Ok(()),
                Err(error) => Err(unwritten(&error)),
            }
        })
    }
}

/// Converts an error of a write or a deletion. `NotFound` then means that the directory or bucket
/// is missing, not the file.
pub(crate) fn unwritten(error: &object_store::Error) -> StorageError {
    match failure(error) {
        StorageError::Missing => StorageError::Unavailable(described(error)),
        failure => failure,
    }
}

/// Converts an error of `object_store`.
pub(crate) fn failure(error: &object_store::Error) -> StorageError {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return StorageError::Missing;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            )
        {
            return StorageError::Full;
        }
        cause = current.source();
    }
    StorageError::Unavailable(described(error))
}

/// Formats an error with its causes.
fn described(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let next = current.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = current.source();
    }
    text
}
