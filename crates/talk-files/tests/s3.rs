//! The storage in an S3-compatible service.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use futures_util::StreamExt as _;
use secrecy::SecretString;
use talk_domain::files::model::StoredFile;
use talk_domain::files::storage::{FileStorage as _, FileWriter, StorageError};
use talk_domain::testing::a_file;
use talk_files::{CheckFilesError, Files, FilesUrl, S3Options};
use talk_testkit::s3::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};

/// Bytes of a file that is uploaded in three parts.
const LARGE: usize = 11 * 1024 * 1024;

fn file(n: u128) -> StoredFile {
    StoredFile::from(&a_file(n))
}

/// Opens a bucket with a secret.
fn opened(service: &S3Server, bucket: &str, secret: &str) -> Files {
    let url = FilesUrl::S3 {
        bucket: bucket.to_owned(),
        prefix: "some/prefix".to_owned(),
    };
    let options = S3Options {
        endpoint: Some(service.endpoint()),
        region: Some("us-east-1".to_owned()),
        access_key: Some(ACCESS_KEY.to_owned()),
        secret_key: Some(SecretString::from(secret)),
    };
    Files::open(&url, &options).unwrap()
}

async fn open() -> (S3Server, Files) {
    let service = S3Server::start().await;
    let files = opened(&service, BUCKET, SECRET_KEY);
    (service, files)
}

/// Bytes that differ everywhere.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn begun(files: &Files, n: u128, bytes: &[u8]) -> Box<dyn FileWriter> {
    let mut writer = files.begin(file(n)).await.unwrap();
    for chunk in bytes.chunks(100_000) {
        writer.write(chunk).await.unwrap();
    }
    writer
}

async fn store(files: &Files, n: u128, bytes: &[u8]) {
    let mut writer = begun(files, n, bytes).await;
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

async fn listed(files: &Files, age: Duration) -> Vec<StoredFile> {
    let listed = files.listed(age).map(|listed| listed.unwrap().file);
    listed.collect().await
}

#[tokio::test]
async fn written_bytes_are_read_in_every_range() {
    let (service, files) = open().await;
    files.check().await.unwrap();
    for (n, size) in [(1, 0), (2, 1), (3, 5 * 1024 * 1024), (4, LARGE)] {
        let bytes = bytes(size);
        store(&files, n, &bytes).await;
        let size = size as u64;
        for range in [0..size, 0..size / 2, size / 3..size, size..size] {
            let from = usize::try_from(range.start).unwrap();
            let upto = usize::try_from(range.end).unwrap();
            assert_eq!(read(&files, n, range).await, bytes[from..upto], "{size}");
        }
        assert_eq!(files.size(file(n)).await.unwrap(), Some(size));
    }
    let customer = file(1).customer.to_string();
    for path in service.objects() {
        let parent = path.parent().unwrap();
        assert!(parent.ends_with(format!("some/prefix/{customer}")));
    }
    assert_eq!(service.objects().len(), 4);
}

/// FILE-02.
#[tokio::test]
async fn an_upload_that_breaks_off_leaves_no_object() {
    let (service, files) = open().await;
    for size in [10, LARGE] {
        drop(begun(&files, 1, &bytes(size)).await);
        assert_eq!(files.size(file(1)).await.unwrap(), None);
    }
    // The upload of parts is ended in the background.
    while !service.parts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(service.objects().is_empty());
    for range in [0..0, 0..1] {
        let missing = files.open(file(1), range).await;
        assert!(matches!(missing, Err(StorageError::Missing)));
    }
}

/// FILE-03 and FILE-10.
#[tokio::test]
async fn removed_objects_are_gone_and_those_left_are_listed() {
    let (service, files) = open().await;
    for n in [1, 2] {
        store(&files, n, b"secret").await;
    }
    assert_eq!(listed(&files, Duration::ZERO).await.len(), 2);
    assert_eq!(listed(&files, Duration::from_secs(3_600)).await, []);
    for _ in 0..2 {
        files.remove(file(1)).await.unwrap();
        assert_eq!(listed(&files, Duration::ZERO).await, [file(2)]);
    }
    let written = begun(&files, 3, b"half").await;
    drop(written);
    assert_eq!(service.objects().len(), 1);
}

/// FILE-12.
#[tokio::test]
async fn a_wrong_secret_or_bucket_is_refused() {
    let service = S3Server::start().await;
    for (bucket, secret, expected) in [
        (BUCKET, "another-secret", "SignatureDoesNotMatch"),
        ("no-such-bucket", SECRET_KEY, "NoSuchBucket"),
    ] {
        let refused = opened(&service, bucket, secret).check().await;
        let Err(CheckFilesError::Refused(text)) = refused else {
            panic!("{bucket}: {refused:?}");
        };
        assert!(text.contains(expected), "{text}");
    }
}

/// FILE-12: every request is signed, and a refused one stores nothing.
#[tokio::test]
async fn an_upload_with_a_wrong_secret_fails() {
    let service = S3Server::start().await;
    let files = opened(&service, BUCKET, "another-secret");
    for size in [10, LARGE] {
        let mut writer = files.begin(file(1)).await.unwrap();
        let finished = match writer.write(&bytes(size)).await {
            Ok(()) => writer.finish().await.map(drop),
            failed => failed,
        };
        assert!(
            matches!(finished, Err(StorageError::Unavailable(_))),
            "{finished:?}"
        );
    }
    assert!(service.objects().is_empty());
}

/// FILE-12: while the service is down, a file is unavailable, not missing.
#[tokio::test]
async fn a_service_that_is_down_is_unavailable_until_it_is_back() {
    let (mut service, files) = open().await;
    store(&files, 1, b"kept").await;
    let mut half = begun(&files, 2, &bytes(LARGE)).await;
    service.stop().await;
    let checked = files.check().await;
    assert!(
        matches!(checked, Err(CheckFilesError::Unreachable(_))),
        "{checked:?}"
    );
    let unavailable = [
        half.finish().await.err(),
        files.open(file(1), 0..1).await.err(),
        files.size(file(1)).await.err(),
        files.remove(file(1)).await.err(),
        files
            .listed(Duration::ZERO)
            .next()
            .await
            .and_then(Result::err),
    ];
    for error in unavailable {
        assert!(
            matches!(error, Some(StorageError::Unavailable(_))),
            "{error:?}"
        );
    }
    service.start_again().await;
    drop(half);
    assert_eq!(read(&files, 1, 0..4).await, b"kept");
    store(&files, 2, &bytes(LARGE)).await;
    assert_eq!(listed(&files, Duration::ZERO).await.len(), 2);
}
