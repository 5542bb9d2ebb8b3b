//! The ports of a transaction and of a snapshot, on which the use cases of files run.

use crate::files::model::{FileQueries, FileRepository};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};

/// The repositories of files and of identity on one open transaction of one customer.
pub trait FileUnit: IdentityUnit {
    /// Files.
    fn files(&mut self) -> &mut dyn FileRepository;
}

/// The queries of files and of identity on one snapshot of one customer.
pub trait FileSnapshot: IdentitySnapshot {
    /// Files.
    fn files(&mut self) -> &mut dyn FileQueries;
}
