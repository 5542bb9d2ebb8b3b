//! Uploaded files: their rows, the rules of who may read them, and the port to their bytes.

pub mod delete;
pub mod filename;
pub mod list;
pub mod model;
pub mod outside;
pub mod show;
pub mod storage;
pub mod unit;
pub mod upload;
