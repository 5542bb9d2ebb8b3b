//! Use cases of the server that erase expired data.

pub mod due;
pub mod expire;
pub mod trim;
