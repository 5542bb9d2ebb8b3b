//! What callers send: typed bodies, and the commands they become. Unknown fields are ignored, so
//! that forged ones have no effect.

mod chat;
mod identity;
mod message;
pub(crate) mod named;

pub use chat::{CreateChat, MarkRead, UpdateChat};
pub use identity::{
    ChangePassword, CreateAccessKey, CreateAgent, Login, LoginAnswer, NewAgent, UpdateAgent,
};
pub use message::{EditMessage, PostMessage, PostMessageRefusal, React};
pub use named::{AddParticipant, Form, Owner};
