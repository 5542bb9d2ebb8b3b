//! Files: uploads, downloads and deletions.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_RANGE, RANGE};
use talk_wire::resource::File;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::pages::Pages;

const FILES: &[&str] = &["v1.0", "service_agents", "files"];

/// Connections that a download may lose in a row without receiving a byte.
const FRUITLESS: usize = 5;

/// Called with the number of bytes of a file that were transferred so far.
pub(crate) type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// A local file to be uploaded; a path converts into one.
#[derive(Clone)]
pub struct Upload {
    pub(crate) path: PathBuf,
    pub(crate) name: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) progress: Option<Progress>,
    key: Option<String>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl<P: Into<PathBuf>> From<P> for Upload {
    fn from(path: P) -> Self {
        Self::of(path)
    }
}

impl Upload {
    /// Uploads the file at `path`.
    #[must_use]
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            name: None,
            detail: None,
            progress: None,
            key: None,
        }
    }

    /// Sets the name that people see; the name of the file by default.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a free text.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Calls `progress` with the number of bytes sent so far. After a lost connection it begins
    /// again at 0.
    #[must_use]
    pub fn on_progress(mut self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// Sets the idempotency key, 8 to 255 characters. Uploading the same file again with it, also
    /// after a restart, returns the first upload.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl Client {
    /// Uploads a file. Its bytes are read while they are sent. Retries store it only once.
    ///
    /// # Errors
    /// `FILE_QUOTA_EXCEEDED` or `PAYLOAD_TOO_LARGE` among others; see [`ClientError`].
    pub async fn upload(&self, upload: impl Into<Upload>) -> Result<File, ClientError> {
        let upload: Upload = upload.into();
        let mut call = Call::post(FILES);
        if let Some(key) = &upload.key {
            call = call.keyed(key.clone());
        }
        self.send(call.form(upload)).await
    }

    /// Lists the uploads of the caller.
    pub fn files(&self) -> Pages<File> {
        Pages::new(self, FILES)
    }

    /// A file, without its bytes.
    ///
    /// # Errors
    /// `FILE_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn file(&self, file: &str) -> Result<File, ClientError> {
        self.send(Call::get(&[FILES, &[file]].concat())).await
    }

    /// Deletes a file of the caller.
    ///
    /// # Errors
    /// `FILE_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn delete_file(&self, file: &str) -> Result<File, ClientError> {
        self.send(Call::delete(&[FILES, &[file]].concat())).await
    }

    /// Writes the bytes of a file to `sink`, and calls `progress` with their number so far. After a
    /// lost connection it continues with the next byte. Returns the number of bytes.
    ///
    /// # Errors
    /// `FILE_NOT_FOUND`, `PERMISSION_DENIED`, [`ClientError::Local`] if the sink fails, or another
    /// [`ClientError`].
    pub async fn download(
        &self,
        file: &str,
        sink: &mut (impl AsyncWrite + Unpin + Send),
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<u64, ClientError> {
        let (mut done, mut tag, mut fruitless) = (0_u64, None::<String>, 0);
        loop {
            let mut call = Call::get(&[FILES, &[file, "file"]].concat()).long();
            if let Some(tag) = tag.as_ref().filter(|_| done > 0) {
                call = call
                    .header(RANGE, format!("bytes={done}-"))
                    .header(IF_RANGE, tag.clone());
            }
            let mut response = self.open(&call).await?;
            if done > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
                let message = "the server does not continue a download";
                return Err(ClientError::Protocol(message.to_owned()));
            }
            let sent = response.headers().get(ETAG);
            tag = sent.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            let before = done;
            let lost = loop {
                match response.chunk().await {
                    Ok(Some(bytes)) => {
                        sink.write_all(&bytes).await.map_err(ClientError::Local)?;
                        done += bytes.len() as u64;
                        progress(done);
                    }
                    Ok(None) => {
                        sink.flush().await.map_err(ClientError::Local)?;
                        return Ok(done);
                    }
                    Err(error) => break error,
                }
            };
            fruitless = if done == before { fruitless + 1 } else { 0 };
            if fruitless >= FRUITLESS || tag.is_none() {
                return Err(ClientError::transport(lost.without_url()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
