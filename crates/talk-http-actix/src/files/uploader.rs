//! Senders of files: agents, and visitors of web chats.

use actix_web::HttpRequest;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::limits::Limits;

use crate::caller::Caller;
use crate::quota::Quota;
use crate::shared::Shared;

/// The sender of a file.
#[derive(Clone, Copy)]
pub(crate) struct Uploader<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) request: &'a HttpRequest,
    /// The temporary space.
    pub(crate) space: &'a Quota,
    /// The owner of what it takes from that space.
    pub(crate) actor: Actor,
    /// Limits of texts.
    pub(crate) limits: &'a Limits,
}

impl<'a> From<&'a Caller> for Uploader<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self {
            shared: &caller.shared,
            request: &caller.request,
            space: &caller.shared.uploads,
            actor: caller.cx.actor,
            limits: &caller.cx.limits,
        }
    }
}
