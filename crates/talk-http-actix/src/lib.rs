#![doc = include_str!("../README.md")]
#![doc = include_str!("../SOCKET.md")]

mod actor_cache;
mod address;
mod api_error;
mod authentication;
mod body;
mod caller;
mod credentials;
mod digest;
mod endpoint;
mod endpoints;
mod files;
mod hashing;
mod new_keys;
mod observe;
mod openapi;
mod origin;
mod password_renewal;
mod quota;
mod rate;
mod server;
mod service;
mod shared;
mod socket;
mod status;
#[cfg(test)]
mod testing;
mod throttle;
mod unsent;

use std::sync::Arc;

pub use address::TrustedProxies;
pub use body::BodyLimits;
use conversation_domain::gateway::Gateway;
use conversation_domain::unit::Conversations;
pub use endpoints::StaticFile;
pub use files::{FileLimits, FileLinks};
pub use openapi::{asyncapi, errors, openapi};
pub use origin::{Origin, OriginError};
pub use rate::{Rate, Rates};
pub use server::{ConnectionLimits, Listen, server};
pub use socket::{SessionRevocations, SocketLimits, watch_revocations};
use talk_domain::files::storage::FileStorage;
use talk_domain::hooks::gateway::Intercepts;
use talk_domain::hooks::webhook::HookLimits;
use talk_domain::identity::credentials::{Passwords, Tokens};
use talk_domain::intercepts::HeldLimits;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::live::Live;
use talk_domain::kernel::secret::Secrets;
use talk_domain::kernel::store::Store;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::unit::Talk;
pub use throttle::LoginLimits;
use tokio::sync::watch;
pub use unsent::UnsentLimits;

/// The limits on conversations with people outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationLimits {
    /// The most accounts of a customer.
    pub accounts: usize,
    /// The most participants of a conversation.
    pub participants: u32,
}

/// The ports and settings of the API.
#[derive(Clone)]
pub struct Api {
    /// Runs units of work.
    pub store: Arc<dyn Store<Talk>>,
    /// The same, for conversations with people outside.
    pub conversations: Arc<dyn Store<Conversations>>,
    /// The providers of messages to people outside.
    pub channels: Arc<dyn Gateway>,
    /// Hashes and verifies passwords off the request threads.
    pub passwords: Arc<dyn Passwords>,
    /// Issues and verifies tokens and access keys.
    pub tokens: Arc<dyn Tokens>,
    /// Makes and opens the secrets of webhooks.
    pub secrets: Arc<dyn Secrets>,
    /// Finds and calls the intercepts of customers.
    pub intercepts: Arc<dyn Intercepts>,
    /// The limits on held messages.
    pub held_limits: HeldLimits,
    /// The installation's limits on webhooks.
    pub hook_limits: HookLimits,
    /// The limits on conversations with people outside.
    pub conversation_limits: ConversationLimits,
    /// The installation's limits on fields.
    pub limits: Limits,
    /// The installation's limits on bodies.
    pub body_limits: BodyLimits,
    /// The bytes of files.
    pub files: Arc<dyn FileStorage>,
    /// The installation's limits on files.
    pub file_limits: FileLimits,
    /// The address that clients reach the server at, for links that go outside.
    pub public_url: Option<String>,
    /// Bytes of rows after which a page of a list, or of the event log, ends early.
    pub page_bytes: usize,
    /// The limits on answers that clients have not read yet.
    pub unsent: UnsentLimits,
    /// Whether the endpoints and topics of the first generations are served.
    pub has_legacy: bool,
    /// Files that everybody may read, such as a web page that uses the API.
    pub static_files: Vec<StaticFile>,
    /// The origins of web pages that may use the API and its sockets, besides those of the same
    /// host.
    pub allowed_origins: Vec<Origin>,
    /// The limits on sockets.
    pub sockets: SocketLimits,
    /// The limits on failed and waiting logins.
    pub logins: LoginLimits,
    /// The rate limits of agents, customers and addresses.
    pub rates: Rates,
    /// Trusted reverse proxies.
    pub trusted_proxies: TrustedProxies,
    /// Delivers events to sockets.
    pub live: Arc<dyn Live>,
    /// Notifies sockets about ended sessions.
    pub revocations: SessionRevocations,
    /// Whether the server is stopping, so that sockets close.
    pub stopping: watch::Receiver<bool>,
    /// The time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Random bits for ids.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}
