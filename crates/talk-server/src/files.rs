//! The storage of files of a running server: its settings, and the removal of bytes whose rows are
//! gone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::FileStorage as _;
use talk_domain::kernel::store::{ReadLane, Store, Unit};
use talk_domain::talk::unit::Talk;
use talk_files::{CheckFilesError, Files, FilesUrl, S3Options};

use crate::failure::Failure;
use crate::settings::{Settings, SettingsError};

/// Interval between two looks for deleted files.
const IDLE: Duration = Duration::from_secs(1);

/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Files looked up or removed per unit of work.
const AT_ONCE: usize = 64;

/// Opens the storage in the settings.
pub(crate) fn open(settings: &Settings) -> Result<Files, Failure> {
    let url = place(settings);
    let s3 = S3Options {
        endpoint: settings.files_s3_endpoint.clone(),
        region: settings.files_s3_region.clone(),
        access_key: settings.files_s3_access_key.clone(),
        secret_key: settings.files_s3_secret_key.clone(),
    };
    let opened = Files::open(&url, &s3);
    Ok(opened.map_err(|error| SettingsError::new("files_url", error.to_string()))?)
}

/// Returns the place of files in the settings.
pub(crate) fn place(settings: &Settings) -> FilesUrl {
    let default = || FilesUrl::Local(settings.data_dir.join("files"));
    settings.files_url.clone().unwrap_or_else(default)
}

/// Checks that a remote storage can be reached and accepts the access key.
pub(crate) async fn check(files: &Files) -> Result<(), Failure> {
    if files.is_local() {
        return Ok(());
    }
    files.check().await.map_err(|error| match error {
        CheckFilesError::Refused(_) => SettingsError::new("files_url", error.to_string()).into(),
        CheckFilesError::Unreachable(_) => anyhow::anyhow!("files_url: {error}").into(),
    })
}

/// Removes the bytes of deleted files as soon as their rows are gone, and once in a while those that
/// have no row, until dropped.
pub(crate) fn clean_up(
    settings: &Settings,
    store: &Arc<dyn Store<Talk>>,
    files: &Files,
) -> impl Future<Output = ()> + use<> {
    let age = Duration::from_secs(settings.files_sweep_after.into());
    keep_clean(Arc::clone(store), files.clone(), age)
}

async fn keep_clean(store: Arc<dyn Store<Talk>>, files: Files, age: Duration) {
    let mut next_sweep = tokio::time::Instant::now();
    loop {
        let pause = match remove_deleted(&store, &files).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(error = %error, "failed to remove bytes of deleted files; it is tried again");
                AFTER_FAILURE
            }
        };
        if tokio::time::Instant::now() >= next_sweep {
            if let Err(error) = sweep(&store, &files, age).await {
                tracing::warn!(error = %error, "failed to sweep files; it is tried again");
            }
            next_sweep = tokio::time::Instant::now() + age.min(Duration::from_secs(60 * 60));
        }
        tokio::time::sleep(pause).await;
    }
}

/// Removes the bytes of some deleted files. Returns whether there may be more.
async fn remove_deleted(store: &Arc<dyn Store<Talk>>, files: &Files) -> anyhow::Result<bool> {
    let unit = Unit::installation("files_to_remove");
    let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
    let deleted = store.read(unit, move |snapshot| snapshot.files().to_remove(limit));
    let deleted = deleted.await?;
    if deleted.is_empty() {
        return Ok(false);
    }
    for file in &deleted {
        files.remove(*file).await?;
    }
    let is_more = deleted.len() >= AT_ONCE;
    metrics::counter!("talk_files_removed_total").increment(deleted.len() as u64);
    let unit = Unit::installation("files_removed");
    let removed = store.write(unit, move |uow| uow.files().removed(&deleted));
    removed.await?;
    Ok(is_more)
}

/// Removes the bytes of at least this age that have no row: of uploads that ended with their
/// process.
async fn sweep(store: &Arc<dyn Store<Talk>>, files: &Files, age: Duration) -> anyhow::Result<()> {
    let staged = files.remove_staged(age).await?;
    let mut listed = files
        .listed(age)
        .map_ok(|listed| listed.file)
        .try_chunks(AT_ONCE);
    let mut swept = 0;
    while let Some(chunk) = listed.next().await {
        let chunk: Vec<StoredFile> = chunk.map_err(|error| error.1)?;
        let unit = Unit {
            lane: ReadLane::Shared,
            ..Unit::installation("files_sweep")
        };
        let unknown = store.read(unit, move |snapshot| snapshot.files().unknown(&chunk));
        for file in unknown.await? {
            files.remove(file).await?;
            swept += 1;
        }
    }
    if staged + swept > 0 {
        tracing::info!(
            staged,
            files = swept,
            "removed the bytes of uploads that broke off"
        );
    }
    Ok(())
}
