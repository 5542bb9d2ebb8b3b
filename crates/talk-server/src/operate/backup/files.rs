//! The bytes of files beside a backup of the database.

use std::collections::HashSet;
use std::io::Result;
use std::path::{Path, PathBuf};

use talk_domain::files::model::StoredFile;
use talk_files::{Archive, FilesUrl, archive};
use talk_store_diesel::{Elsewhere, FileCopies};

use crate::failure::Failure;

/// Copies the files of the installation into a directory beside the backup.
struct Copied(Archive);

impl FileCopies for Copied {
    fn begin(&mut self) -> Result<()> {
        self.0.begin()
    }

    fn copy(&mut self, files: &[(StoredFile, u64)]) -> Result<Vec<StoredFile>> {
        self.0.copy(files)
    }

    fn publish(&mut self, files: &HashSet<StoredFile>) -> Result<()> {
        self.0.publish(files)
    }

    fn abandon(&mut self) {
        self.0.abandon();
    }
}

/// Brings files back from the directory beside a backup.
struct Returned {
    from: PathBuf,
    to: PathBuf,
    /// Keeps what is there before, since the sweep will remove files that the backup does not name.
    kept: Archive,
}

impl FileCopies for Returned {
    fn begin(&mut self) -> Result<()> {
        self.kept.begin()?;
        let all = self.kept.copy_all()?;
        self.kept.publish(&all)
    }

    fn copy(&mut self, files: &[(StoredFile, u64)]) -> Result<Vec<StoredFile>> {
        archive::copy(&self.from, &self.to, files)
    }

    fn publish(&mut self, _: &HashSet<StoredFile>) -> Result<()> {
        archive::synced(&self.to)
    }

    fn abandon(&mut self) {
        self.kept.abandon();
    }
}

/// Returns the copies that belong to a new backup, and the place of its files.
pub(super) fn copied(place: FilesUrl, backup: &Path) -> (Box<dyn FileCopies>, String) {
    match place {
        FilesUrl::Local(directory) => {
            let beside = Archive::beside(backup);
            let name = beside.display().to_string();
            (Box::new(Copied(Archive::new(directory, beside))), name)
        }
        FilesUrl::S3 { bucket, prefix } => (Box::new(Elsewhere), format!("s3://{bucket}/{prefix}")),
    }
}

/// Returns the copies that belong to the restore of a backup, and the directory in which they keep the
/// files that are there before: in the same file system, and unknown to the sweep.
///
/// # Errors
/// If the backup has its files beside it, and they belong in a bucket, unless `is_without_files`.
pub(super) fn returned(
    place: FilesUrl,
    backup: &Path,
    (stamp, is_without_files): (&str, bool),
) -> std::result::Result<(Box<dyn FileCopies>, Option<PathBuf>), Failure> {
    let from = Archive::beside(backup);
    let to = match place {
        FilesUrl::Local(to) => to,
        FilesUrl::S3 { bucket, prefix } => {
            if from.exists() && !is_without_files {
                let from = from.display();
                return Err(Failure::Usage(format!(
                    "the files of the backup are in {from}, and those of the server in \
                     s3://{bucket}/{prefix}: copy them there; --without-files restores without them"
                )));
            }
            return Ok((Box::new(Elsewhere), None));
        }
    };
    let kept = to.join(format!(".replaced-{stamp}"));
    let returned = Returned {
        from,
        kept: Archive::new(to.clone(), kept.clone()),
        to,
    };
    Ok((Box::new(returned), Some(kept)))
}
