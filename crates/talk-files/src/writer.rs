//! Writes a file in parts.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::BytesMut;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileWriter, Measured, StorageError};
use talk_domain::kernel::future::BoxFuture;
use tokio::runtime::Handle;

use crate::sniff::{HEAD, sniff};
use crate::storage::{BeingWritten, unwritten};

/// A file that is being written. A file smaller than a part is stored with one request.
pub(crate) struct Writer {
    store: Arc<dyn ObjectStore>,
    file: StoredFile,
    path: Path,
    part: usize,
    being_written: BeingWritten,
    upload: Option<Box<dyn MultipartUpload>>,
    /// Bytes that are not uploaded yet, fewer than a part.
    rest: BytesMut,
    /// The first bytes of the file, from which its MIME type is found.
    head: Vec<u8>,
    digest: Context,
    size: u64,
}

impl Writer {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        (file, path): (StoredFile, Path),
        part: usize,
        being_written: BeingWritten,
    ) -> Self {
        being_written.add(file);
        Self {
            store,
            file,
            path,
            part,
            being_written,
            upload: None,
            rest: BytesMut::new(),
            head: Vec::new(),
            digest: Context::new(&SHA256),
            size: 0,
        }
    }

    fn measure(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        let missing = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
    }

    /// Uploads the collected bytes as a part, and takes their buffer back: another thread writes the part,
    /// and the allocator does not soon reuse memory that another thread frees.
    async fn put_part(&mut self) -> Result<(), StorageError> {
        let part = std::mem::take(&mut self.rest).freeze();
        let upload = if let Some(upload) = &mut self.upload {
            upload
        } else {
            let begun = self.store.put_multipart(&self.path).await;
            self.upload
                .insert(begun.map_err(|error| unwritten(&error))?)
        };
        let put = upload.put_part(PutPayload::from(part.clone())).await;
        put.map_err(|error| unwritten(&error))?;
        // An upload to S3 may keep its part.
        if let Ok(buffer) = part.try_into_mut() {
            self.rest = buffer;
            self.rest.clear();
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<Measured, StorageError> {
        if self.upload.is_none() {
            let whole = PutPayload::from(std::mem::take(&mut self.rest).freeze());
            self.store
                .put(&self.path, whole)
                .await
                .map_err(|error| unwritten(&error))?;
        } else if !self.rest.is_empty() {
            self.put_part().await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await.map_err(|error| unwritten(&error))?;
        }
        self.upload = None;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.clone().finish().as_ref());
        Ok(Measured {
            size: self.size,
            sha256,
            mime: sniff(&self.head).to_owned(),
        })
    }
}

impl FileWriter for Writer {
    fn write<'a>(&'a mut self, mut bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StorageError>> {
        self.measure(bytes);
        Box::pin(async move {
            while !bytes.is_empty() {
                let room = self.part - self.rest.len();
                let (now, later) = bytes.split_at(room.min(bytes.len()));
                self.rest.extend_from_slice(now);
                bytes = later;
                if self.rest.len() >= self.part {
                    self.put_part().await?;
                }
            }
            Ok(())
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<Measured, StorageError>> {
        Box::pin(self.complete())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (file, being_written) = (self.file, self.being_written.clone());
        let Some(mut upload) = self.upload.take() else {
            being_written.remove(file);
            return;
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "the parts of an upload that broke off were not removed");
                }
                being_written.remove(file);
            })),
            Err(_) => being_written.remove(file),
        }
    }
}
