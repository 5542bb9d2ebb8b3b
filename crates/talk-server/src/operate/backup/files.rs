//! The bytes of files beside a backup of the database.

use std::collections::HashSet;
use std::io::Result;
use std::path::{Path, PathBuf};

use talk_domain::files::model::StoredFile;
use talk_files::{Archive, FilesUrl, archive};
use talk_store_diesel::{Elsewhere, FileCopies};

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

/// Returns the copies that belong to the restore of a backup, which keep the files that are there
/// under a name that ends in `stamp`, and that name.
pub(super) fn returned(
    place: FilesUrl,
    backup: &Path,
    stamp: &str,
) -> (Box<dyn FileCopies>, Option<PathBuf>) {
    let FilesUrl::Local(to) = place else {
        return (Box::new(Elsewhere), None);
    };
    let mut kept = to.clone().into_os_string();
    kept.push(format!(".replaced-{stamp}"));
    let kept = PathBuf::from(kept);
    let returned = Returned {
        from: Archive::beside(backup),
        kept: Archive::new(to.clone(), kept.clone()),
        to,
    };
    (Box::new(returned), Some(kept))
}
