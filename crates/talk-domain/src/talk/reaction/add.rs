//! Use case: react to a message.

use std::sync::Arc;

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::MessageId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;

use crate::talk::access::{AccessError, lock_message};
use crate::talk::model::emoji::Emoji;
use crate::talk::model::event::Event;
use crate::talk::model::message::Message;
use crate::talk::model::reaction::Reaction;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// The command of both adding and removing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    /// The message.
    pub message: MessageId,
    /// The emoji.
    pub emoji: Emoji,
}

/// A message after a reaction, with the event if anything changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    /// The current message.
    pub message: Message,
    /// Its event.
    pub event: Option<Arc<Logged>>,
}

refusals! {
    /// Refusals of [`add_reaction`] and of removing one.
    pub enum ReactError {
        Deleted = FailedPrecondition "MESSAGE_DELETED" "the message is deleted",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Adds the caller's reaction. If it is there already, nothing changes and there is no event.
///
/// # Errors
/// See [`ReactError`].
pub fn add_reaction(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &React,
) -> Result<Reacted, ReactError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, command.message)?;
    if message.deleted.is_some() {
        return Err(ReactError::Deleted);
    }
    if !chat.is_open() {
        return Err(ReactError::Closed);
    }
    if message
        .reaction_of(cx.actor.agent, &command.emoji)
        .is_some()
    {
        return Ok(Reacted {
            message,
            event: None,
        });
    }
    check_room(&message, cx)?;
    let tick = chat.tick(cx.now);
    let agent = cx.actor.agent;
    let reaction = Reaction {
        emoji: command.emoji.clone(),
        agent,
        created: tick.at,
    };
    message.reactions.push(reaction.clone());
    message.updated = tick.at;
    uow.reactions().insert(message.id, &reaction)?;
    uow.messages().update(&message)?;
    let event = record(uow, cx, &chat, Event::ReactionAdded(&message, &reaction))?;
    Ok(Reacted {
        message,
        event: Some(event),
    })
}

/// Checks the limits of reactions on a message before one of the caller is added. Every event of a
/// message repeats all its reactions, so this bounds what a toggled reaction writes.
fn check_room(message: &Message, cx: &Context) -> Result<(), Invalid> {
    let agent = cx.actor.agent;
    let own = message
        .reactions
        .iter()
        .filter(|r| r.agent == agent)
        .count();
    let (all, per_agent) = (cx.limits.reactions, cx.limits.reactions_per_agent);
    if own >= per_agent {
        let unit = "reactions of one agent on a message";
        return Err(Invalid::too_long("emoji", per_agent, unit));
    }
    if message.reactions.len() >= all {
        return Err(Invalid::too_long("emoji", all, "reactions on a message"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::{Chat, ChatStatus};
    use crate::talk::model::event::EventKind::ReactionAdded;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, context};

    fn command(emoji: &str) -> React {
        React {
            message: a_message(1).id,
            emoji: Emoji::parse(emoji, 64).unwrap(),
        }
    }

    fn unit(scene: &Scene) -> MockUnitOfWork {
        let mut uow = scene.unit();
        uow.reactions.expect_insert().returning(|_, _| Ok(()));
        uow.messages.expect_update().returning(|_| Ok(()));
        uow
    }

    fn scene(message: &Message) -> Scene {
        Scene::new(a_chat())
            .members(&[agent_id(1)])
            .messages(std::slice::from_ref(message))
    }

    fn with_reactions(emojis: &[&str], agent: u128) -> Message {
        let reactions = emojis.iter().map(|emoji| Reaction {
            emoji: Emoji::parse(emoji, 64).unwrap(),
            agent: agent_id(agent),
            created: at(6),
        });
        Message {
            reactions: reactions.collect(),
            ..a_message(1)
        }
    }

    /// MSG-10 and MSG-12.
    #[test]
    fn a_reaction_is_echoed_as_sent_and_moves_the_message() {
        let scene = scene(&with_reactions(&["🎉"], 1));
        let reacted = add_reaction(&mut unit(&scene), &context(agent_id(1)), &command("+1"));
        let Reacted { message, event } = reacted.unwrap();
        let shown: Vec<_> = message.reactions.iter().map(|r| r.emoji.as_str()).collect();
        assert_eq!(shown, ["🎉", "+1"]);
        assert!(message.updated > a_message(1).updated);
        assert_eq!(event.unwrap().seq, a_chat().last.seq + 1);
        assert_eq!(scene.events(), [ReactionAdded]);
    }

    /// MSG-10 and MSG-12: no change, no event.
    #[test]
    fn the_same_emoji_in_another_spelling_changes_nothing() {
        let before = with_reactions(&["thumbsup"], 1);
        let scene = scene(&before);
        let reacted = add_reaction(&mut unit(&scene), &context(agent_id(1)), &command("👍"));
        assert_eq!(
            reacted.unwrap(),
            Reacted {
                message: before,
                event: None
            }
        );
        assert!(scene.events().is_empty());
    }

    /// MSG-10.
    #[test]
    fn two_agents_share_an_emoji() {
        let scene = scene(&with_reactions(&["👍"], 2));
        let reacted = add_reaction(&mut unit(&scene), &context(agent_id(1)), &command("👍"));
        assert_eq!(reacted.unwrap().message.reactions.len(), 2);
    }

    /// MSG-10 and S-110.
    #[test]
    fn neither_a_tombstone_nor_a_closed_chat_takes_reactions() {
        let tombstone = Message {
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let refused = add_reaction(
            &mut unit(&scene(&tombstone)),
            &context(agent_id(1)),
            &command("👍"),
        );
        assert!(matches!(refused, Err(ReactError::Deleted)));
        let closed = Chat {
            status: ChatStatus::Closed,
            ..a_chat()
        };
        let scene = Scene::new(closed)
            .members(&[agent_id(1)])
            .messages(&[a_message(1)]);
        let refused = add_reaction(&mut unit(&scene), &context(agent_id(1)), &command("👍"));
        assert!(matches!(refused, Err(ReactError::Closed)));
    }

    /// API-18.
    #[test]
    fn a_message_has_room_for_so_many_reactions() {
        let mut cx = context(agent_id(1));
        cx.limits.reactions = 2;
        let full = with_reactions(&["a", "b"], 2);
        let refused = add_reaction(&mut unit(&scene(&full)), &cx, &command("👍"));
        let Err(ReactError::Invalid(invalid)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(invalid.limit, Some(2));
    }

    /// Case 44.
    #[test]
    fn an_agent_has_room_for_so_many_reactions_on_a_message() {
        let mut cx = context(agent_id(1));
        cx.limits.reactions_per_agent = 2;
        let others = add_reaction(
            &mut unit(&scene(&with_reactions(&["a", "b"], 2))),
            &cx,
            &command("👍"),
        );
        assert!(others.is_ok(), "the reactions of others do not count");
        let full = with_reactions(&["a", "b"], 1);
        let again = add_reaction(&mut unit(&scene(&full)), &cx, &command("a"));
        assert_eq!(
            again.unwrap().event,
            None,
            "one that is there is no new one"
        );
        let refused = add_reaction(&mut unit(&scene(&full)), &cx, &command("👍"));
        let Err(ReactError::Invalid(invalid)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((&*invalid.field, invalid.limit), ("emoji", Some(2)));
    }
}
