//! Use case of the server: turn expired messages into tombstones.

use crate::kernel::cleanup::Bound;
use crate::kernel::context::Context;
use crate::kernel::id::ChatId;
use crate::kernel::store_error::StoreError;
use crate::talk::model::retention::{Expiry, Step};
use crate::talk::steps::tombstone::make_tombstone;
use crate::talk::unit::TalkUnit;

/// Maximum of edited or reacted messages per unit of work: each has earlier versions or more
/// events.
const CHANGED: usize = 4;

/// Turns the next expired messages of a chat into tombstones, system messages too: exactly what a
/// deletion leaves, with the event that makes clients drop the text as well. A deleted chat, which
/// nobody follows, gets no events.
///
/// # Errors
/// Only when storage fails.
pub fn expire_messages(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    expiry: &Expiry,
    id: ChatId,
) -> Result<Step, StoreError> {
    let (Some(upto), Some(mut chat)) = (expiry.messages, uow.chats().lock(id)?) else {
        return Ok(Step::default());
    };
    let next = uow.retention().expiring(id, upto, Bound::TEXTS)?;
    let (mut last, mut changed, mut rows) = (None, 0, 0);
    for (message, created) in next {
        last = Some(created);
        let message = uow.messages().get(message)?;
        let Some(mut message) = message.filter(|message| message.deleted.is_none()) else {
            continue;
        };
        changed += usize::from(message.updated > message.created);
        rows += 1;
        make_tombstone(uow, cx, &mut chat, &mut message)?;
        if changed >= CHANGED {
            break;
        }
    }
    let Some(last) = last else {
        return Ok(Step::default());
    };
    uow.retention().set_expired(id, last)?;
    let is_more = true;
    Ok(Step {
        rows,
        is_more,
        is_held: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::event::EventKind::MessageDeleted;
    use crate::talk::model::message::{Author, Message};
    use crate::talk::model::note::{SystemKind, SystemNote};
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, a_message, agent_id, at, chat_id, context, message_id,
    };

    const EXPIRY: Expiry = Expiry {
        messages: crate::kernel::time::Timestamp::from_micros(100),
        deleted_chats: None,
        log: None,
        log_events: 0,
    };

    /// A unit in which these messages expire, at 1, 2 and so on.
    fn unit(scene: &Scene, expiring: &[u128]) -> MockUnitOfWork {
        unit_up_to(scene, expiring, expiring.len())
    }

    /// The same, with `count` messages scanned.
    fn unit_up_to(scene: &Scene, expiring: &[u128], count: usize) -> MockUnitOfWork {
        let mut uow = scene.unit();
        let next: Vec<_> = (1..)
            .zip(expiring)
            .map(|(tm, n)| (message_id(*n), at(tm)))
            .collect();
        let last = next.iter().take(count).next_back().copied();
        uow.retention
            .expect_expiring()
            .withf(|chat, upto, bound| {
                (*chat, *upto, *bound) == (chat_id(1), at(100), Bound::TEXTS)
            })
            .returning(move |_, _, _| Ok(next.clone()));
        uow.retention
            .expect_set_expired()
            .withf(move |chat, upto| *chat == chat_id(1) && Some(*upto) == last.map(|(_, at)| at))
            .times(usize::from(last.is_some()))
            .returning(|_, _| Ok(()));
        uow.messages
            .expect_update()
            .withf(|tombstone| tombstone.text.is_empty() && tombstone.deleted.is_some())
            .returning(|_| Ok(()));
        uow.messages
            .expect_drop_revisions()
            .returning(|_, _| Ok(false));
        uow.reactions.expect_clear().returning(|_| Ok(()));
        uow.chat_log.expect_redact().returning(|_, _| Ok(false));
        uow
    }

    fn expire_all(uow: &mut MockUnitOfWork) -> Step {
        expire_messages(uow, &context(agent_id(9)), &EXPIRY, chat_id(1)).unwrap()
    }

    fn system(n: u128) -> Message {
        let note = SystemNote {
            kind: SystemKind::ChatClosed,
            actor: agent_id(1),
        };
        Message {
            author: Author::System(note),
            ..a_message(n)
        }
    }

    /// RUN-17.
    #[test]
    fn expired_messages_become_tombstones_each_with_its_event() {
        let scene = Scene::new(a_chat()).messages(&[a_message(1), system(2), a_message(3)]);
        let step = expire_all(&mut unit(&scene, &[1, 2, 3]));
        assert_eq!((step.rows, step.is_more), (3, true));
        assert_eq!(scene.events(), [MessageDeleted; 3]);
        let last = scene.saved().unwrap().last;
        assert_eq!(last.seq, a_chat().last.seq + 3);
    }

    /// RUN-17: a unit of work is bounded.
    #[test]
    fn few_messages_that_were_changed_expire_at_once() {
        let changed = |n| Message {
            updated: at(99),
            ..a_message(n)
        };
        let scene = Scene::new(a_chat()).messages(&(1..=9).map(changed).collect::<Vec<_>>());
        let mut uow = unit_up_to(&scene, &[1, 2, 3, 4, 5, 6, 7, 8, 9], CHANGED);
        assert_eq!(expire_all(&mut uow).rows, CHANGED as u64);
    }

    /// RUN-17: a message that is deleted already is not deleted again.
    #[test]
    fn a_tombstone_expires_without_a_trace() {
        let tombstone = Message {
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let scene = Scene::new(a_chat()).messages(&[tombstone]);
        let step = expire_all(&mut unit(&scene, &[1, 7]));
        assert_eq!((step.rows, step.is_more), (0, true));
        assert!(scene.events().is_empty() && scene.saved().is_none());
    }

    /// CHAT-10: the deletion is the last event.
    #[test]
    fn messages_of_a_deleted_chat_expire_without_events() {
        let deleted = Chat {
            deleted: Some(at(9)),
            ..a_chat()
        };
        let scene = Scene::new(deleted).messages(&[a_message(1)]);
        let step = expire_all(&mut unit(&scene, &[1]));
        assert_eq!(step.rows, 1);
        assert!(scene.events().is_empty());
        assert!(scene.saved().is_none(), "not even its head moves");
    }

    #[test]
    fn where_nothing_expires_nothing_is_done() {
        let scene = Scene::new(a_chat());
        assert_eq!(expire_all(&mut unit(&scene, &[])), Step::default());
        let never = Expiry {
            messages: None,
            ..EXPIRY
        };
        let cx = context(agent_id(9));
        let step = expire_messages(&mut scene.unit(), &cx, &never, chat_id(1));
        assert_eq!(step.unwrap(), Step::default());
    }
}
