//! The JSON contract of Talk: requests, resources, frames and the time format.
