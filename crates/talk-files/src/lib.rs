#![doc = include_str!("../README.md")]

mod location;
mod reader;
mod sniff;
mod storage;
mod sweep;
mod writer;

pub use location::{FilesUrl, FilesUrlError, S3Options};
pub use sniff::sniff;
pub use storage::{Files, OpenFilesError};
pub use sweep::Listed;
