//! The contract of the first two generations: the same things under their older names. A talk is a
//! [`Chat`](crate::resource::Chat), byte for byte.

pub mod frame;
pub mod request;
pub mod resource;
