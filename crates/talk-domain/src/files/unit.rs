//! The ports of an open transaction that the use cases of files run on.

use crate::files::model::{FileQueries, FileRepository};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};

/// One open transaction of one customer, seen as the repositories of files and of identity.
pub trait FileUnit: IdentityUnit {
    /// Files.
    fn files(&mut self) -> &mut dyn FileRepository;
}

/// One consistent read of one customer, seen as the queries of files and of identity.
pub trait FileSnapshot: IdentitySnapshot {
    /// Files.
    fn files(&mut self) -> &mut dyn FileQueries;
}
