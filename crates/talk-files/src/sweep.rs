//! Lists the stored files, among which the server finds those without a row, and removes staged
//! files of broken uploads.

use std::path::Path;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::StorageError;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::storage::{BeingWritten, Files, failure};

/// A file in the storage, which may have no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub file: StoredFile,
    /// Its number of bytes.
    pub size: u64,
}

impl Files {
    /// Lists the stored files that are at least `age` old, in no particular order. Skips files that
    /// this process is writing, and objects whose key is not that of a file.
    #[must_use]
    pub fn listed(&self, age: Duration) -> BoxStream<'_, Result<Listed, StorageError>> {
        let before = seconds_ago(age);
        let found = self.store.list(Some(&self.prefix));
        let listed = found.filter_map(move |found| async move {
            let found = match found {
                Ok(found) => found,
                Err(error) => return Some(Err(failure(&error))),
            };
            let file = self.file_at(&found.location)?;
            let is_old = found.last_modified.timestamp() <= before;
            let listed = Listed {
                file,
                size: found.size,
            };
            (is_old && !self.being_written.contains(file)).then_some(Ok(listed))
        });
        listed.boxed()
    }

    /// Returns the file whose bytes are at `path`.
    fn file_at(&self, path: &object_store::path::Path) -> Option<StoredFile> {
        let mut parts = path.prefix_match(&self.prefix)?;
        let (customer, id) = (parts.next()?, parts.next()?);
        let file = parsed(customer.as_ref(), id.as_ref())?;
        parts.next().is_none().then_some(file)
    }

    /// Removes the staged files of uploads that ended with their process, if they are at least
    /// `age` old. Returns their number.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub async fn remove_staged(&self, age: Duration) -> Result<usize, StorageError> {
        let Some(directory) = self.directory.clone() else {
            return Ok(0);
        };
        let being_written = self.being_written.clone();
        let removed = spawn_blocking(move || remove_staged(&directory, age, &being_written));
        let unavailable = |error: String| StorageError::Unavailable(error);
        let removed = removed
            .await
            .map_err(|error| unavailable(error.to_string()))?;
        removed.map_err(|error| unavailable(error.to_string()))
    }
}

/// Removes the old staged files below a directory. The local store writes an upload to
/// `<customer>/<file>#<n>` and renames it at the end.
fn remove_staged(
    directory: &Path,
    age: Duration,
    being_written: &BeingWritten,
) -> std::io::Result<usize> {
    let mut removed = 0;
    for customer in std::fs::read_dir(directory)? {
        let customer = customer?;
        if !customer.file_type()?.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(customer.path())? {
            let entry = entry?;
            let (of, name) = (customer.file_name(), entry.file_name());
            let (of, name) = (of.to_string_lossy(), name.to_string_lossy());
            let Some((id, _)) = name.split_once('#') else {
                continue;
            };
            let Some(file) = parsed(&of, id).filter(|file| !being_written.contains(*file)) else {
                continue;
            };
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            // Metadata is missing if the file was just removed.
            let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|old| old >= age));
            // An upload that began after the check above has a new staged file, which is kept.
            if is_old && std::fs::remove_file(entry.path()).is_ok() {
                tracing::debug!(file = %file.id, "removed the rest of an upload");
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn parsed(customer: &str, id: &str) -> Option<StoredFile> {
    Some(StoredFile {
        customer: Uuid::parse_str(customer).ok()?.into(),
        id: Uuid::parse_str(id).ok()?.into(),
    })
}

/// The time `age` ago, in seconds since 1970.
fn seconds_ago(age: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let then = now.unwrap_or_default().saturating_sub(age);
    i64::try_from(then.as_secs()).unwrap_or(i64::MAX)
}
