//! The storage in a local directory.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileStorage as _, StorageError};
use talk_domain::testing::a_file;
use talk_files::{Files, FilesUrl, S3Options};
use tempfile::TempDir;

fn file(n: u128) -> StoredFile {
    StoredFile::from(&a_file(n))
}

fn open() -> (TempDir, Files) {
    let directory = tempfile::tempdir().unwrap();
    let url = FilesUrl::Local(directory.path().join("files"));
    let files = Files::open(&url, &S3Options::default()).unwrap();
    (directory, files)
}

/// Bytes that differ everywhere, more than a part.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn store(files: &Files, n: u128, bytes: &[u8]) {
    let mut writer = files.begin(file(n)).await.unwrap();
    for chunk in bytes.chunks(10_000) {
        writer.write(chunk).await.unwrap();
    }
    let measured = writer.finish().await.unwrap();
    assert_eq!(measured.size, bytes.len() as u64);
}

async fn read(files: &Files, n: u128, range: std::ops::Range<u64>) -> Vec<u8> {
    let mut reader = files.open(file(n), range).await.unwrap();
    let mut read = Vec::new();
    while let Some(chunk) = reader.next().await.unwrap() {
        read.extend(chunk);
    }
    read
}

/// The names of everything below a directory but directories.
fn left(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(left(&path));
        } else {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

async fn listed(files: &Files, age: Duration) -> Vec<StoredFile> {
    let listed = files.listed(age).map(|listed| listed.unwrap().file);
    listed.collect().await
}

#[tokio::test]
async fn written_bytes_are_read_in_every_range() {
    let (_directory, files) = open();
    for size in [0, 1, 65_536, 262_144, 262_145, 700_000] {
        let bytes = bytes(size);
        store(&files, 1, &bytes).await;
        let size = size as u64;
        for range in [0..size, 0..size / 2, size / 3..size, size..size] {
            let from = usize::try_from(range.start).unwrap();
            let upto = usize::try_from(range.end).unwrap();
            assert_eq!(read(&files, 1, range).await, bytes[from..upto], "{size}");
        }
        assert_eq!(files.size(file(1)).await.unwrap(), Some(size));
    }
}

#[tokio::test]
async fn a_file_is_measured_while_it_is_written() {
    let (_directory, files) = open();
    let mut writer = files.begin(file(1)).await.unwrap();
    for chunk in [&b"<htm"[..], b"l>abc"] {
        writer.write(chunk).await.unwrap();
    }
    let measured = writer.finish().await.unwrap();
    assert_eq!((measured.size, &*measured.mime), (9, "text/html"));
    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"<html>abc");
    assert_eq!(measured.sha256, expected.as_ref());
}

/// FILE-02.
#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (directory, files) = open();
    for size in [10, 300_000] {
        let mut writer = files.begin(file(1)).await.unwrap();
        writer.write(&bytes(size)).await.unwrap();
        drop(writer);
        while !left(directory.path()).is_empty() {
            tokio::task::yield_now().await;
        }
    }
    let missing = files.open(file(1), 0..1).await;
    assert!(matches!(missing, Err(StorageError::Missing)));
    let missing = files.open(file(1), 0..0).await;
    assert!(matches!(missing, Err(StorageError::Missing)));
}

/// FILE-10.
#[tokio::test]
async fn removed_bytes_are_gone_and_may_be_removed_again() {
    let (directory, files) = open();
    store(&files, 1, b"secret").await;
    for _ in 0..2 {
        files.remove(file(1)).await.unwrap();
        assert_eq!(left(directory.path()), [""; 0]);
        assert_eq!(files.size(file(1)).await.unwrap(), None);
    }
}

/// FILE-03: the sweep sees neither young files nor those being written.
#[tokio::test]
async fn only_old_files_that_are_not_being_written_are_listed() {
    let (directory, files) = open();
    store(&files, 1, b"one").await;
    assert_eq!(listed(&files, Duration::ZERO).await, [file(1)]);
    assert_eq!(listed(&files, Duration::from_secs(3_600)).await, []);
    let mut writer = files.begin(file(2)).await.unwrap();
    writer.write(&bytes(300_000)).await.unwrap();
    assert_eq!(files.remove_staged(Duration::ZERO).await.unwrap(), 0);
    writer.finish().await.unwrap();
    assert_eq!(listed(&files, Duration::ZERO).await, [file(1)]);
    drop(writer);
    assert_eq!(listed(&files, Duration::ZERO).await.len(), 2);
    let customer = directory
        .path()
        .join("files")
        .join(file(1).customer.to_string());
    std::fs::write(customer.join(format!("{}#1", file(3).id)), "half").unwrap();
    std::fs::write(customer.join("of-somebody#1"), "else").unwrap();
    std::fs::write(customer.join("of-somebody"), "else").unwrap();
    assert_eq!(listed(&files, Duration::ZERO).await.len(), 2);
    let young = Duration::from_secs(3_600);
    assert_eq!(files.remove_staged(young).await.unwrap(), 0);
    assert_eq!(files.remove_staged(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(left(directory.path()).len(), 4);
}

/// Files are readable by the user of the server alone.
#[tokio::test]
async fn only_the_user_of_the_server_may_read_the_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, _files) = open();
    let metadata = std::fs::metadata(directory.path().join("files")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
}
