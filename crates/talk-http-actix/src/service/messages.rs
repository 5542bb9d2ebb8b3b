//! Posting messages.

use talk_domain::identity::session::act::Requester;
use talk_domain::intercepts::post::SettlePostError;
use talk_domain::kernel::idempotency::IdempotencyKey;
use talk_domain::talk::message::post::{PostMessage, post_message as post};
use talk_wire::request;
use talk_wire::resource::Message;

use super::once::{PostAnswer, PostResult, check_key_text, once};
use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::endpoint::Refused;
use crate::endpoints::MESSAGES;
use crate::shared::Shared;

/// Posts a message, at most once for a `key`. If the customer has an intercept, it decides first.
pub(crate) async fn post_message(
    shared: &Shared,
    requester: Requester,
    key: Option<IdempotencyKey>,
    command: PostMessage,
) -> Result<PostAnswer<Message>, Refused<SettlePostError>> {
    let actor = requester.cx.actor;
    if let Some(intercept) = shared.interception.of(actor) {
        let posted = shared
            .interception
            .post(intercept, (requester, key), command);
        return Ok(PostAnswer::of(shared, actor, posted.await?).await?);
    }
    let posted = once(shared, "post_message", (requester, key), move |uow, cx| {
        Ok(PostResult::event(post(uow, cx, &command)?.event))
    });
    posted.await
}

/// Posts the message in a `post` frame, like `POST talk_messages` with the idempotency key `id`.
pub(crate) async fn post_frame(
    shared: &Shared,
    requester: Requester,
    id: &str,
    sent: &JsonBody,
) -> Result<PostAnswer<Message>, ApiError> {
    check_key_text(id)?;
    let key = shared.key(id.to_owned(), ("POST", MESSAGES), sent.bytes());
    let request: request::PostMessage = sent.json()?;
    let command = request.command(requester.cx.limits.medias)?;
    Ok(post_message(shared, requester, Some(key), command).await?)
}
