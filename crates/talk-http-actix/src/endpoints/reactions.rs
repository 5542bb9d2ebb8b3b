//! `/v1.0/service_agents/talk_messages/{message_id}/reactions`.

use actix_web::http::Method;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::MessageId;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::message;
use talk_domain::talk::reaction::add::{React, ReactError, add_reaction};
use talk_domain::talk::reaction::remove::remove_reaction;
use talk_wire::request;
use talk_wire::resource::Message;

use crate::api_error::ApiError;
use crate::body::{Body, MessageSize};
use crate::caller::{Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Queried, QueryReader, Refused,
};
use crate::service::once::{PostAnswer, PostResult};

pub(super) const ALL: &str = "/v1.0/service_agents/talk_messages/{message_id}/reactions";

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        add_row(Endpoint::new(Method::POST, ALL, add)),
        remove_row(Endpoint::new(Method::DELETE, ALL, remove)),
    ]
}

fn thumb() -> request::React {
    request::React {
        emoji: Some("👍".to_owned()),
    }
}

/// Describes the endpoints that add a reaction.
pub(super) fn add_row(row: Endpoint) -> Endpoint {
    row.named("addReaction", "Reacts to a message")
        .about(
            "One emoji, or a short name. All spellings of an emoji and its short name count as \
             the same reaction; the same again changes nothing. A message takes a limited number \
             of reactions, of one agent and of all (settings `max_reactions` and \
             `max_reactions_per_agent`).",
        )
        .sends("an emoji", &thumb())
}

/// Describes the endpoints that remove a reaction.
pub(super) fn remove_row(row: Endpoint) -> Endpoint {
    row.named("removeReaction", "Takes one's reaction back")
        .about("Named in the query or else in the body. What is not there changes nothing.")
        .sends("an emoji", &thumb())
}

async fn add(
    caller: Caller,
    Id(message): Id<MessageId>,
    body: Body<request::React, MessageSize>,
) -> Answer<Kept<Message>, ReactError> {
    Ok(added(&caller, message, body).await?.respond())
}

/// Adds a reaction to a message.
pub(super) async fn added(
    caller: &Caller,
    message: MessageId,
    body: Body<request::React, MessageSize>,
) -> Result<PostAnswer<Message>, Refused<ReactError>> {
    let command = command(caller, message, body.value.emoji.as_deref())?;
    let posted = caller.post("add_reaction", &body.sent, move |uow, cx| {
        let reacted = add_reaction(uow, cx, &command)?;
        Ok(match reacted.event {
            Some(event) => PostResult::event(event),
            None => PostResult::unchanged(reacted.message),
        })
    });
    posted.await
}

/// The emoji of a query.
pub(super) struct Named(Option<String>);

impl FromQuery for Named {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let emoji = Parameter::new("emoji", Form::Emoji, "One emoji, or a short name.");
        let emoji = query.get(emoji.refused(&["EMOJI_INVALID"]));
        // No emoji has a space, but `+1` in a query is decoded as ` 1`.
        Ok(Self(emoji.map(|emoji| emoji.replace(' ', "+"))))
    }
}

async fn remove(
    caller: Caller,
    Id(message): Id<MessageId>,
    Queried(named): Queried<Named>,
    body: Option<Body<request::RemoveReaction, MessageSize>>,
) -> Answer<Message, ReactError> {
    let changed = removed(&caller, message, named, body).await?;
    Ok(ok(&Message::from(&changed)))
}

/// Removes a reaction from a message: the one of the query, or else of the body.
pub(super) async fn removed(
    caller: &Caller,
    message: MessageId,
    named: Named,
    body: Option<Body<request::RemoveReaction, MessageSize>>,
) -> Result<message::Message, Refused<ReactError>> {
    let emoji = named.0.or_else(|| body.and_then(|body| body.value.emoji));
    let emoji = emoji.ok_or_else(|| {
        let message = "must be given, in the query or in the body";
        ApiError::invalid("emoji", "EMOJI_INVALID", message)
    })?;
    let command = command(caller, message, Some(&emoji))?;
    let write = caller.write("remove_reaction", move |uow, cx| {
        remove_reaction(uow, cx, &command)
    });
    Ok(write.await?.message)
}

fn command(caller: &Caller, message: MessageId, emoji: Option<&str>) -> Result<React, Invalid> {
    let emoji = Emoji::parse(emoji.unwrap_or_default(), caller.cx.limits.emoji)?;
    Ok(React { message, emoji })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, logs, request};
    use actix_web::http::Method;
    use talk_domain::talk::model::emoji::Emoji;
    use talk_domain::talk::model::reaction::Reaction;
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
            logs(uow, 1);
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
