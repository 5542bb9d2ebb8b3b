//! Posting messages.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::idempotency::IdempotencyKey;
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message as post};
use talk_domain::talk::unit::TalkUnit;
use talk_wire::request;
use talk_wire::resource::Message;

use super::once::{Done, Posted, check_text, once};
use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::endpoint::Refused;
use crate::endpoints::MESSAGES;
use crate::requester::Requester;
use crate::shared::Shared;

/// Posts a message, once if there is a `key`.
pub(crate) async fn post_message(
    shared: &Shared,
    requester: Requester,
    key: Option<IdempotencyKey>,
    command: PostMessage,
) -> Result<Posted<Message>, Refused<PostMessageError>> {
    let work =
        move |uow: &mut dyn TalkUnit, cx: &Context| Ok(Done::event(post(uow, cx, &command)?.event));
    once(shared, requester, ("post_message", key), work).await
}

/// Posts the message in a `post` frame, like `POST talk_messages` with the idempotency key `id`.
pub(crate) async fn post_frame(
    shared: &Shared,
    requester: Requester,
    id: &str,
    sent: &JsonBody,
) -> Result<Posted<Message>, ApiError> {
    check_text(id)?;
    let key = shared.key(id.to_owned(), ("POST", MESSAGES), sent.bytes());
    let request: request::PostMessage = sent.json()?;
    let command = request.command(requester.cx.limits.medias)?;
    Ok(post_message(shared, requester, Some(key), command).await?)
}
