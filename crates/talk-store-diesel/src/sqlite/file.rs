//! The file of a database: its owner, its locks, its copies and its state.

pub(crate) mod backup;
pub(crate) mod disk;
pub(crate) mod examine;
pub(crate) mod files;
pub(crate) mod lock;
pub(crate) mod mark;
pub(crate) mod ownership;
pub(crate) mod restore;
pub(crate) mod sealed;
pub(crate) mod vacuum;
pub(crate) mod watch;
