//! Copies of files in a local directory, beside a backup of their rows.
//!
//! Stored bytes never change, so that a copy on the same file system is a hard link.

use std::collections::HashSet;
use std::fs::{DirBuilder, File};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use talk_domain::files::model::StoredFile;
use uuid::Uuid;

/// A directory of copies. It is written under a temporary name that ends in `.partial`, and renamed
/// to its target when it is complete.
#[derive(Debug)]
pub struct Archive {
    from: PathBuf,
    staging: PathBuf,
    target: PathBuf,
    is_published: bool,
}

impl Archive {
    /// Creates an archive that copies files of the directory `from` to the new directory `target`.
    /// It writes nothing yet.
    #[must_use]
    pub fn new(from: PathBuf, target: PathBuf) -> Self {
        let mut staging = target.clone().into_os_string();
        staging.push(".partial");
        Self {
            from,
            staging: staging.into(),
            target,
            is_published: false,
        }
    }

    /// Returns the directory of the files that belong to the backup at `file`.
    #[must_use]
    pub fn beside(file: &Path) -> PathBuf {
        let mut path = file.as_os_str().to_owned();
        path.push(".files");
        path.into()
    }

    /// Checks that the target does not exist, and removes partial copies that a killed process
    /// left.
    ///
    /// # Errors
    /// If the target exists, or the partial copies cannot be removed.
    pub fn begin(&self) -> Result<()> {
        if self.target.symlink_metadata().is_ok() {
            let target = self.target.display();
            let reason = format!("{target} exists, and is not overwritten");
            return Err(Error::new(ErrorKind::AlreadyExists, reason));
        }
        removed(&self.staging)
    }

    /// Copies files of these sizes. Returns those that are missing or have another size.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn copy(&self, files: &[(StoredFile, u64)]) -> Result<Vec<StoredFile>> {
        copy(&self.from, &self.staging, files)
    }

    /// Copies all files of the directory, and returns them.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn copy_all(&self) -> Result<HashSet<StoredFile>> {
        let files = listed(&self.from)?;
        let files: Vec<(StoredFile, u64)> = files
            .into_iter()
            .map(|file| Ok((file, path(&self.from, file).metadata()?.len())))
            .collect::<Result<_>>()?;
        self.copy(&files)?;
        Ok(files.into_iter().map(|(file, _)| file).collect())
    }

    /// Removes the copies of all files but `files`, syncs the remaining ones to disk, and renames
    /// the directory to its target. If `files` is empty, no directory is left.
    ///
    /// # Errors
    /// If the file system fails.
    pub fn publish(&mut self, files: &HashSet<StoredFile>) -> Result<()> {
        for file in listed(&self.staging)? {
            if !files.contains(&file) {
                std::fs::remove_file(path(&self.staging, file))?;
            }
        }
        if files.is_empty() {
            return removed(&self.staging);
        }
        if self.staging.exists() {
            synced(&self.staging)?;
            std::fs::rename(&self.staging, &self.target)?;
            self.is_published = true;
            File::open(parent(&self.target))?.sync_all()?;
        }
        Ok(())
    }

    /// Removes the copies, published or not.
    pub fn abandon(&self) {
        let target = self.is_published.then_some(&self.target);
        for directory in std::iter::once(&self.staging).chain(target) {
            if let Err(error) = removed(directory) {
                let directory = directory.display();
                tracing::warn!(%error, %directory, "the copies of files were not removed");
            }
        }
    }
}

/// Copies files from one directory to another one, unless they are there. Returns those that are
/// missing or have another size.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy(from: &Path, to: &Path, files: &[(StoredFile, u64)]) -> Result<Vec<StoredFile>> {
    let mut missing = Vec::new();
    for &(file, size) in files {
        if !copy_one(&path(from, file), &path(to, file), size)? {
            missing.push(file);
        }
    }
    Ok(missing)
}

/// Makes the names and the contents of a directory of files durable.
///
/// # Errors
/// If the file system fails.
pub fn synced(directory: &Path) -> Result<()> {
    for customer in entries(directory)? {
        if customer.is_dir() {
            File::open(customer)?.sync_all()?;
        }
    }
    match File::open(directory) {
        Ok(directory) => directory.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Copies a file of this size, unless it is there. Returns whether it is there now.
fn copy_one(from: &Path, to: &Path, size: u64) -> Result<bool> {
    let has_size = |path: &Path| match path.metadata() {
        Ok(metadata) => Ok(metadata.is_file() && metadata.len() == size),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    if has_size(to)? {
        return Ok(true);
    }
    if !has_size(from)? {
        return Ok(false);
    }
    let directory = parent(to);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    if to.exists() {
        std::fs::remove_file(to)?;
    }
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(true);
    }
    // The target is on another file system, or on one without hard links. The temporary file is
    // named like a staged upload, so that the sweep removes it after a crash.
    let mut staged = to.as_os_str().to_owned();
    staged.push("#0");
    match std::fs::copy(from, &staged) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    File::open(&staged)?.sync_all()?;
    std::fs::rename(&staged, to)?;
    has_size(to)
}

fn path(directory: &Path, file: StoredFile) -> PathBuf {
    let customer = directory.join(file.customer.to_string());
    customer.join(file.id.to_string())
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Lists the files below a directory, which may be missing.
fn listed(directory: &Path) -> Result<Vec<StoredFile>> {
    let mut found = Vec::new();
    for customer in entries(directory)? {
        if !customer.is_dir() {
            continue;
        }
        for file in entries(&customer)? {
            let ids = [id(&customer), id(&file)];
            if let [Some(customer), Some(file)] = ids {
                found.push(StoredFile {
                    customer: customer.into(),
                    id: file.into(),
                });
            }
        }
    }
    Ok(found)
}

fn id(path: &Path) -> Option<Uuid> {
    Uuid::parse_str(path.file_name()?.to_str()?).ok()
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn removed(directory: &Path) -> Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
