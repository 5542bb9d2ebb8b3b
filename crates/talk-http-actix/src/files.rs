//! Files over HTTP: uploads as forms, downloads with ranges, signed links.

mod download;
mod link;
mod upload;
mod uploader;

use std::time::Duration;

pub(crate) use download::{Content, FileBody, send};
pub use link::FileLinks;
pub(crate) use link::{Link, path_to, shown, with_link};
pub(crate) use upload::Upload;
pub(crate) use uploader::Uploader;

use talk_domain::files::model::StoredFile;

use crate::shared::Shared;

/// Removes the bytes of a file. If that fails, a background task of the server removes them later.
pub(crate) async fn remove(shared: &Shared, file: StoredFile) {
    if let Err(error) = shared.api.files.remove(file).await {
        tracing::warn!(%error, file = %file.id, "bytes were not removed; it is tried again later");
    }
}

/// Limits of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Maximum number of bytes of one file.
    pub bytes: usize,
    /// Maximum number of bytes of all uploads that are not complete yet. A customer may use half of
    /// them, an agent a quarter. Visitors have a quarter as many of their own.
    pub temporary: usize,
    /// Maximum number of bytes of all files of one customer; `None` for no limit.
    pub quota: Option<u64>,
    /// Maximum number of bytes of the files that one visitor of a web chat has sent.
    pub visitor: u64,
    /// Time after which an upload that sends nothing is refused.
    pub stall: Duration,
    /// Seconds that a signed link is valid.
    pub link_seconds: u32,
}

#[cfg(test)]
impl FileLimits {
    /// The limits of tests that are not about them.
    pub(crate) const OF_TESTS: Self = Self {
        bytes: 1_000_000,
        temporary: 8_000_000,
        quota: None,
        visitor: 1_000_000,
        stall: Duration::from_secs(20),
        link_seconds: 60,
    };
}
