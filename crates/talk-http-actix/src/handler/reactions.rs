//! `/v1.0/service_agents/talk_messages/{message_id}/reactions`.

pub(super) mod docs;

use talk_domain::emoji::Emoji;
use talk_domain::error::Invalid;
use talk_domain::id::MessageId;
use talk_domain::message::Message;
use talk_domain::reaction::add::{React, ReactError, add_reaction};
use talk_domain::reaction::remove::remove_reaction;
use talk_wire::{request, resource};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};
use crate::idempotency::{Done, Posted};

pub(crate) async fn add(caller: Caller, body: Body) -> Reply {
    Ok(added(&caller, body).await?.respond())
}

/// Adds a reaction to the message in the path.
pub(crate) async fn added(caller: &Caller, body: Body) -> Result<Posted, ApiError> {
    let message = caller.id("message_id")?;
    let sent = body.message().await?;
    let request: request::React = sent.json()?;
    let command = command(caller, message, request.emoji.as_deref())?;
    let posted = caller.post("add_reaction", &sent, move |uow, cx| {
        let reacted = add_reaction(uow, cx, &command)?;
        Ok::<_, ReactError>(match reacted.event {
            Some(event) => Done::Event(event),
            None => Done::Message(Box::new(reacted.message)),
        })
    });
    posted.await
}

pub(crate) async fn remove(caller: Caller, body: Body) -> Reply {
    Ok(ok(&resource::Message::from(&removed(&caller, body).await?)))
}

/// Removes a reaction from the message in the path.
pub(crate) async fn removed(caller: &Caller, body: Body) -> Result<Message, ApiError> {
    let message = caller.id("message_id")?;
    let emoji = emoji(caller, body).await?;
    let command = command(caller, message, Some(&emoji))?;
    let write = caller.write("remove_reaction", move |uow, cx| {
        remove_reaction(uow, cx, &command)
    });
    Ok(write.await?.message)
}

/// The emoji to take back: of the query, or else of the body. No emoji has a space in it, but
/// `+1` in a query is read as ` 1`.
async fn emoji(caller: &Caller, body: Body) -> Result<String, ApiError> {
    let query = caller.query()?;
    let sent = body.message().await?;
    let named = query.get("emoji").map(|emoji| emoji.replace(' ', "+"));
    let in_body = if sent.bytes().is_empty() {
        None
    } else {
        sent.json::<request::React>()?.emoji
    };
    named.or(in_body).ok_or_else(|| {
        let message = "must be given, in the query or in the body";
        ApiError::invalid("emoji", "EMOJI_INVALID", message)
    })
}

fn command(caller: &Caller, message: MessageId, emoji: Option<&str>) -> Result<React, Invalid> {
    let emoji = Emoji::parse(emoji.unwrap_or_default(), caller.cx.limits.emoji)?;
    Ok(React { message, emoji })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, logged, request};
    use actix_web::http::Method;
    use talk_domain::emoji::Emoji;
    use talk_domain::reaction::Reaction;
    use talk_domain::testing::{
        a_chat, a_message, a_participant, agent_id, at, chat_id, message_id,
    };

    fn with_a_thumb() -> Scene {
        let scene = Scene::new();
        scene.writes(|uow| {
            let mut message = a_message(1);
            message.reactions.push(Reaction {
                emoji: Emoji::parse("👍", 64).unwrap(),
                agent: agent_id(1),
                created: at(6),
            });
            uow.messages
                .expect_chat_of()
                .returning(|_| Ok(Some(chat_id(1))));
            uow.messages
                .expect_get()
                .returning(move |_| Ok(Some(message.clone())));
            uow.chats.expect_lock().returning(|_| Ok(Some(a_chat())));
            uow.participants
                .expect_find()
                .returning(|_, agent| Ok(Some(a_participant(agent))));
            uow.reactions
                .expect_remove()
                .times(1)
                .returning(|_, _| Ok(()));
            uow.messages.expect_update().returning(|_| Ok(()));
            uow.events.expect_append().times(1).returning(logged);
            uow.chats.expect_update().returning(|_| Ok(()));
        });
        scene
    }

    #[actix_web::test]
    async fn the_emoji_to_take_back_comes_in_the_query_or_the_body() {
        let path = format!(
            "/v1.0/service_agents/talk_messages/{}/reactions",
            message_id(1)
        );
        for (query, body) in [
            ("?emoji=+1", ""),
            ("?emoji=%2B1", ""),
            ("?emoji=%F0%9F%91%8D", ""),
            ("", r#"{"emoji":"thumbsup"}"#),
        ] {
            let request = request(1, Method::DELETE, &format!("{path}{query}"));
            let answer = with_a_thumb().call(request.set_payload(body)).await;
            assert_eq!(
                answer.json()["metadata"]["reactions"],
                serde_json::json!([]),
                "{query}"
            );
        }
    }

    #[actix_web::test]
    async fn what_is_no_emoji_is_refused() {
        let path = format!(
            "/v1.0/service_agents/talk_messages/{}/reactions",
            message_id(1)
        );
        for (query, body) in [
            ("?emoji=NOPE!", ""),
            ("?emoji=%00", ""),
            ("", ""),
            ("?emoji=", ""),
            ("", "{}"),
            ("", r#"{"emoji":null}"#),
        ] {
            let request = request(1, Method::DELETE, &format!("{path}{query}"));
            let answer = Scene::new().call(request.set_payload(body)).await;
            let expected = (400, "EMOJI_INVALID".to_owned(), "emoji".to_owned());
            assert_eq!(answer.refusal(), expected, "{query} {body}");
        }
    }
}
