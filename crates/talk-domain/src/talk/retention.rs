//! Use cases of the server that erase what has expired.

pub mod due;
pub mod expire;
pub mod trim;
