//! Subscriptions of sockets to conversations.

mod entitlements;
pub mod subscribe;
pub mod typing;

pub use entitlements::ConversationEntitlements;
