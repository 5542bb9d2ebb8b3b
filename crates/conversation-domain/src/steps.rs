//! Steps that several use cases share.

pub(crate) mod consent;
pub(crate) mod jobs;
pub(crate) mod participation;
pub(crate) mod parts;
pub(crate) mod record;
pub(crate) mod sent_file;
pub(crate) mod tombstone;
