//! Copies of local files.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use talk_domain::files::model::StoredFile;
use talk_domain::testing::a_file;
use talk_files::{Archive, archive};
use tempfile::TempDir;

fn file(n: u128) -> StoredFile {
    StoredFile::from(&a_file(n))
}

fn path(directory: &Path, n: u128) -> PathBuf {
    let file = file(n);
    directory
        .join(file.customer.to_string())
        .join(file.id.to_string())
}

/// A directory with files of these numbers, each of three bytes.
fn stored(numbers: &[u128]) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let files = place.path().join("files");
    for n in numbers {
        let path = path(&files, *n);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "abc").unwrap();
    }
    (place, files)
}

/// FILE-13.
#[test]
fn copies_outlive_the_files_and_those_of_other_rows_are_dropped() {
    let (place, files) = stored(&[1, 2]);
    let target = Archive::beside(&place.path().join("backup"));
    let mut archive = Archive::new(files.clone(), target.clone());
    archive.begin().unwrap();
    assert_eq!(archive.copy(&[(file(1), 3), (file(2), 3)]).unwrap(), []);
    fs::remove_file(path(&files, 1)).unwrap();
    // Its copy is there: it is not missing.
    let missing = archive.copy(&[(file(1), 3), (file(2), 3), (file(3), 3)]);
    assert_eq!(missing.unwrap(), [file(3)]);
    assert!(!target.exists());
    archive.publish(&HashSet::from([file(1)])).unwrap();
    assert_eq!(fs::read(path(&target, 1)).unwrap(), b"abc");
    assert!(!path(&target, 2).exists());
    let again = Archive::new(files, target).begin().unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
}

/// FILE-13: a file of another size is not the file of the row, on either side.
#[test]
fn a_file_of_another_size_is_replaced_or_missing() {
    let (_place, from) = stored(&[1, 2]);
    let (_other, to) = stored(&[1]);
    fs::write(path(&to, 1), "cut off").unwrap();
    let missing = archive::copy(&from, &to, &[(file(1), 3), (file(2), 4)]);
    assert_eq!(missing.unwrap(), [file(2)]);
    assert_eq!(fs::read(path(&to, 1)).unwrap(), b"abc");
    archive::synced(&to).unwrap();
}

/// FILE-13.
#[test]
fn copies_that_were_given_up_or_left_by_a_killed_process_are_removed() {
    let (place, files) = stored(&[1]);
    let target = place.path().join("backup.files");
    let mut archive = Archive::new(files, target.clone());
    let left = place.path().join("backup.files.partial");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("half"), "").unwrap();
    archive.begin().unwrap();
    assert!(!left.exists());
    let all = archive.copy_all().unwrap();
    assert_eq!(all, HashSet::from([file(1)]));
    archive.publish(&all).unwrap();
    assert!(target.exists());
    archive.abandon();
    assert!(!target.exists());
    archive.publish(&HashSet::new()).unwrap();
    assert!(!target.exists(), "without files there is no directory");
}
