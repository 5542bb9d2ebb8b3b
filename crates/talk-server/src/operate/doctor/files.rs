//! Checks that every file has its bytes, and counts bytes without a row.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::id::FileId;
use talk_domain::kernel::store::Unit;
use talk_files::Files;

use super::Report;
use crate::failure::Failure;
use crate::installation::refused;
use crate::operate::Operator;

/// Rows read at once.
const PAGE: u32 = 1_000;

/// Files looked up in the storage at the same time.
const AT_ONCE: usize = 16;

/// Checks the files of all customers.
pub(super) async fn examine(
    operator: &Operator,
    storage: &Files,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let rows = page(operator, after).await?;
        let Some((last, _)) = rows.last() else {
            break;
        };
        after = Some(last.id);
        report.files += rows.len() as u64;
        report.file_bytes += rows.iter().map(|(_, size)| size).sum::<u64>();
        for (file, size, found) in different(storage, rows).await? {
            // A file that a running server deleted meanwhile is no problem.
            if unknown(operator, vec![file]).await? == 0 {
                report.problems.push(problem(file, size, found));
            }
        }
    }
    report.orphans = orphans(operator, storage).await?;
    Ok(())
}

/// Returns the files whose bytes are missing or have another size, with both sizes.
async fn different(
    storage: &Files,
    rows: Vec<(StoredFile, u64)>,
) -> Result<Vec<(StoredFile, u64, Option<u64>)>, Failure> {
    let looked = stream::iter(rows).map(|(file, size)| async move {
        let found = storage.size(file).await?;
        Ok::<_, anyhow::Error>((found != Some(size)).then_some((file, size, found)))
    });
    let looked = looked
        .buffer_unordered(AT_ONCE)
        .try_filter_map(async |different| Ok(different));
    let different: Result<Vec<_>, _> = looked.try_collect().await;
    Ok(different.context("the storage of files")?)
}

fn problem(file: StoredFile, size: u64, found: Option<u64>) -> String {
    let id = file.id;
    found.map_or_else(
        || format!("the {size} bytes of file {id} are not in the storage"),
        |found| format!("file {id} has {size} bytes and {found} in the storage"),
    )
}

async fn page(
    operator: &Operator,
    after: Option<FileId>,
) -> Result<Vec<(StoredFile, u64)>, Failure> {
    let unit = Unit::installation("doctor_files");
    let read = operator
        .store
        .read(unit, move |snapshot| snapshot.files().all(after, PAGE));
    read.await.map_err(refused)
}

/// Returns how many of these files have no row.
async fn unknown(operator: &Operator, files: Vec<StoredFile>) -> Result<u64, Failure> {
    let unit = Unit::installation("doctor_orphans");
    let read = operator
        .store
        .read(unit, move |snapshot| snapshot.files().unknown(&files));
    Ok(read.await.map_err(refused)?.len() as u64)
}

/// Counts the files in the storage that have no row.
async fn orphans(operator: &Operator, storage: &Files) -> Result<u64, Failure> {
    let listed = storage.listed(Duration::ZERO);
    let mut chunks = listed
        .map_ok(|listed| listed.file)
        .try_chunks(PAGE as usize);
    let mut count = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| error.1);
        count += unknown(operator, chunk.context("the storage of files")?).await?;
    }
    Ok(count)
}
