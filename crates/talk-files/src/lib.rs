#![doc = include_str!("../README.md")]

pub mod archive;
mod location;
mod reader;
mod s3;
mod sniff;
mod storage;
mod sweep;
mod writer;

pub use archive::Archive;
pub use location::{FilesUrl, FilesUrlError, S3Options};
pub use sniff::sniff;
pub use storage::{CheckFilesError, Files, OpenFilesError};
pub use sweep::Listed;
