//! Request bodies, and their conversion into commands. Unknown fields are ignored, so that forged
//! ones have no effect.

mod account;
mod chat;
mod conversation;
mod identity;
mod intercept;
mod message;
pub(crate) mod named;
mod peer;
mod webhook;

pub use account::{AccountSettings, GivenSecrets};
pub use chat::{CreateChat, MarkRead, UpdateChat};
pub use conversation::{
    ClaimConversation, FileReference, SendMessage, UpdateConversation, VisitorPost, VisitorRead,
};
pub use identity::{
    ChangePassword, CreateAccessKey, CreateAgent, Login, LoginAnswer, NewAgent, UpdateAgent,
};
pub use intercept::InterceptSettings;
pub use message::{
    EditMessage, PostMessage, PostMessageRefusal, React, RemoveReaction, changed_medias,
};
pub use named::{AddParticipant, Form, Owner};
pub use peer::{AddToConversation, NamedPeer, OpenConversation};
pub use webhook::{CreateWebhook, ReplayWebhook, Selection, UpdateCustomer, UpdateWebhook};

/// A type of body, with what may be wrong in it.
pub trait Request: serde::de::DeserializeOwned {
    /// The reasons for which its fields are refused, here or by the use case.
    const REFUSALS: &'static [&'static str];
}
