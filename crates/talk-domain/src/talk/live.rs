//! Use cases of live delivery.

pub mod catch_up;
pub mod presence;
pub mod subscribe;
pub mod typing;
