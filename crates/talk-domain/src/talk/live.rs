//! Use cases of live delivery.

pub mod catch_up;
mod entitlements;
pub mod presence;
pub mod subscribe;
pub mod typing;

pub use entitlements::TalkEntitlements;
