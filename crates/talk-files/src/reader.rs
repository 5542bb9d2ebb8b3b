//! Reads a range of a file.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::{GetResult, GetResultPayload};
use talk_domain::files::storage::{FileReader, StorageError};
use talk_domain::kernel::future::BoxFuture;
use tokio::task::spawn_blocking;

use crate::storage::failure;

/// Maximum number of bytes of one read of a local file.
const CHUNK: u64 = 64 * 1024;

/// A range that is being read.
pub(crate) enum Reader {
    /// Nothing to read.
    Empty,
    /// Of a local file.
    Local {
        /// The file.
        file: Arc<File>,
        /// The position of the next byte.
        at: u64,
        /// The end of the range.
        end: u64,
    },
    /// Of a remote service.
    Remote(BoxStream<'static, object_store::Result<Bytes>>),
}

impl Reader {
    pub(crate) fn new(found: GetResult) -> Self {
        match found.payload {
            GetResultPayload::File(file, _) => Self::Local {
                file: Arc::new(file),
                at: found.range.start,
                end: found.range.end,
            },
            GetResultPayload::Stream(stream) => Self::Remote(stream),
        }
    }
}

impl FileReader for Reader {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, StorageError>> {
        Box::pin(async move {
            match self {
                Self::Empty => Ok(None),
                Self::Remote(stream) => {
                    let next = stream
                        .next()
                        .await
                        .transpose()
                        .map_err(|error| failure(&error))?;
                    Ok(next.map(Vec::from))
                }
                Self::Local { file, at, end } => {
                    if at >= end {
                        return Ok(None);
                    }
                    let chunk = read(Arc::clone(file), *at, (*end - *at).min(CHUNK)).await?;
                    *at += chunk.len() as u64;
                    Ok(Some(chunk))
                }
            }
        })
    }
}

/// Reads exactly `length` bytes from the position `at`.
async fn read(file: Arc<File>, at: u64, length: u64) -> Result<Vec<u8>, StorageError> {
    let unavailable = |error: &dyn std::error::Error| StorageError::Unavailable(error.to_string());
    // Allocated by the thread that frees it: the allocator uses it again at once.
    let mut chunk = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = spawn_blocking(move || file.read_exact_at(&mut chunk, at).map(|()| chunk));
    let read = read.await.map_err(|error| unavailable(&error))?;
    read.map_err(|error| unavailable(&error))
}
