//! Use case: remove a reaction.

use crate::kernel::context::Context;
use crate::talk::access::lock_message;
use crate::talk::model::event::Event;
use crate::talk::reaction::add::{React, ReactError, Reacted};
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// Removes the caller's reaction. If there is none, nothing changes and there is no event.
///
/// # Errors
/// See [`ReactError`].
pub fn remove_reaction(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &React,
) -> Result<Reacted, ReactError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, command.message)?;
    let Some(place) = message.reaction_of(cx.actor.agent, &command.emoji) else {
        return Ok(Reacted {
            message,
            event: None,
        });
    };
    if !chat.is_open() {
        return Err(ReactError::Closed);
    }
    let tick = chat.tick(cx.now);
    let reaction = message.reactions.remove(place);
    message.updated = tick.at;
    uow.reactions().remove(message.id, &reaction)?;
    uow.messages().update(&message)?;
    let event = record(uow, cx, &chat, Event::ReactionRemoved(&message, &reaction))?;
    Ok(Reacted {
        message,
        event: Some(event),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::emoji::Emoji;
    use crate::talk::model::event::EventKind::ReactionRemoved;
    use crate::talk::model::message::Message;
    use crate::talk::model::reaction::Reaction;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, context};

    fn reacted(agent: u128) -> Message {
        let emoji = Emoji::parse("thumbsup", 64).unwrap();
        let reaction = Reaction {
            emoji,
            agent: agent_id(agent),
            created: at(6),
        };
        Message {
            reactions: vec![reaction],
            ..a_message(1)
        }
    }

    fn remove(scene: &Scene) -> Result<Reacted, ReactError> {
        let mut uow: MockUnitOfWork = scene.unit();
        uow.reactions.expect_remove().returning(|_, _| Ok(()));
        uow.messages.expect_update().returning(|_| Ok(()));
        let emoji = Emoji::parse("👍", 64).unwrap();
        let command = React {
            message: a_message(1).id,
            emoji,
        };
        remove_reaction(&mut uow, &context(agent_id(1)), &command)
    }

    fn scene(message: Message) -> Scene {
        Scene::new(a_chat())
            .members(&[agent_id(1)])
            .messages(&[message])
    }

    /// MSG-11.
    #[test]
    fn ones_own_reaction_is_taken_back_in_any_spelling() {
        let scene = scene(reacted(1));
        let Reacted { message, event } = remove(&scene).unwrap();
        assert!(message.reactions.is_empty());
        assert!(event.is_some());
        assert_eq!(scene.events(), [ReactionRemoved]);
    }

    /// MSG-11: no change, no event.
    #[test]
    fn what_is_not_ones_own_stays() {
        let scene = scene(reacted(2));
        let Reacted { message, event } = remove(&scene).unwrap();
        assert_eq!((message, event), (reacted(2), None));
        assert!(scene.events().is_empty());
    }
}
