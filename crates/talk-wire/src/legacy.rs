//! The JSON contract of the deprecated endpoints: the same objects under older names. A talk is a
//! [`Chat`](crate::resource::Chat), byte for byte.

pub mod frame;
pub mod request;
pub mod resource;
