//! The rules of Talk: entities, use cases and ports. No I/O, no runtime.
//!
//! - [`kernel`]: what every domain needs, and no rule.
//! - [`identity`]: customers, agents, access keys, sessions.
//! - [`talk`]: chats, participants, messages, reactions, live delivery.
//!
//! A use case is one function on an open [`UnitOfWork`](kernel::unit::UnitOfWork) (or a read-only
//! [`Snapshot`](kernel::unit::Snapshot)): all or nothing, its events written in the same
//! transaction. Time and ids are data and come with the [`Context`](kernel::context::Context).

pub mod identity;
pub mod kernel;
pub mod talk;
#[cfg(any(test, feature = "mock"))]
pub mod testing;

// The paths of before.
pub use identity::session;
pub use kernel::{blank, context, error, fold, id, idempotency, page, time};
pub use talk::access;
pub use talk::model::{emoji, media};

#[doc(hidden)]
pub mod access_key {
    pub use crate::identity::access_key::*;
}
#[doc(hidden)]
pub mod agent {
    pub use crate::identity::agent::last_admin::LastAdminError;
    pub use crate::identity::agent::*;
    pub use crate::kernel::context::Permission;
    pub use crate::kernel::username_key::username_key;
}
#[doc(hidden)]
pub mod chat {
    pub use crate::kernel::stream::Tick;
    pub use crate::talk::chat::*;
    pub use crate::talk::model::chat::*;
}
#[doc(hidden)]
pub mod cleanup {
    pub use crate::kernel::cleanup::*;
    pub use crate::talk::cleanup::*;
}
#[doc(hidden)]
pub mod customer {
    pub use crate::identity::customer::show::*;
    pub use crate::identity::customer::*;
}
#[doc(hidden)]
pub mod event {
    pub use crate::kernel::log::*;
    pub use crate::talk::list_events as list;
    pub use crate::talk::model::event::*;
}
#[doc(hidden)]
pub mod limits {
    pub use crate::kernel::text::check_text;
    pub use crate::talk::model::limits::*;
    pub use crate::talk::model::media::URL;
}
#[doc(hidden)]
pub mod live {
    pub use crate::kernel::live::*;
    pub use crate::talk::live::*;
}
#[doc(hidden)]
pub mod mention {
    pub use crate::talk::model::mention::*;
    pub use crate::talk::resolve_mentions::resolve;
}
#[doc(hidden)]
pub mod message {
    pub use crate::talk::message::*;
    pub use crate::talk::model::message::*;
    pub use crate::talk::model::note::*;
    pub mod search {
        pub use crate::talk::model::needle::*;
        pub use crate::talk::search::*;
    }
}
#[doc(hidden)]
pub mod participant {
    pub use crate::talk::model::participant::*;
    pub use crate::talk::participant::*;
}
#[doc(hidden)]
pub mod reaction {
    pub use crate::talk::model::reaction::*;
    pub use crate::talk::reaction::*;
}
#[doc(hidden)]
pub mod read {
    pub use crate::talk::model::read::*;
    pub use crate::talk::read::state::*;
    pub use crate::talk::read::*;
}
#[doc(hidden)]
pub mod retention {
    pub use crate::talk::model::retention::*;
    pub use crate::talk::retention::*;
}
#[doc(hidden)]
pub mod store {
    pub use crate::identity::customer::CustomerRepository;
    pub use crate::kernel::future::*;
    pub use crate::kernel::store::*;
    pub use crate::kernel::store_error::*;
}
