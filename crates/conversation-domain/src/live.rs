//! Subscriptions of sockets to conversations.

mod entitlements;
pub mod subscribe;

pub use entitlements::ConversationEntitlements;
