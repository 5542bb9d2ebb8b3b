//! The handlers: read the request, run one use case, show the result. One file per resource.

pub(crate) mod access_keys;
pub(crate) mod agents;
pub(crate) mod channels;
pub(crate) mod chats;
pub(crate) mod customers;
pub(crate) mod events;
pub(crate) mod legacy;
pub(crate) mod me;
pub(crate) mod messages;
pub(crate) mod participants;
pub(crate) mod presence;
pub(crate) mod probes;
pub(crate) mod reactions;
pub(crate) mod search;
pub(crate) mod sessions;
