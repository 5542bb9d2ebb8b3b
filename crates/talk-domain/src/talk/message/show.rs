//! Use cases: show a message and its earlier versions.

use crate::kernel::context::Actor;
use crate::kernel::id::MessageId;
use crate::kernel::page::{Page, PageRequest};
use crate::talk::access::{AccessError, Placed, view_message};
use crate::talk::model::message::{Message, Revision};
use crate::talk::unit::TalkSnapshot;

/// Shows a message to participants of its chat; a deleted one is a tombstone.
///
/// # Errors
/// See [`AccessError`].
pub fn show_message(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: MessageId,
) -> Result<Placed<Message>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, id)?;
    Ok(Placed::new(message, &chat))
}

/// Lists the earlier versions of a message for participants of its chat.
///
/// # Errors
/// See [`AccessError`].
pub fn list_revisions(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: MessageId,
    request: PageRequest,
) -> Result<Placed<Page<Revision>>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, id)?;
    let page = match message.deleted {
        // Versions that a cleanup has not removed yet are not shown.
        Some(_) => Page {
            rows: Vec::new(),
            next: None,
        },
        None => snapshot.messages().revisions(message.id, request)?,
    };
    Ok(Placed::new(page, &chat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        FIRST, MockSnapshot, a_chat, a_message, actor, agent_id, at, message_id, seen,
    };

    fn snapshot(message: Message) -> MockSnapshot {
        let mut snapshot = seen(&a_chat(), &[agent_id(1)]);
        let get = snapshot.messages.expect_get();
        get.returning(move |_| Ok(Some(message.clone())));
        let revisions = snapshot.messages.expect_revisions();
        revisions
            .withf(|id, request| (*id, *request) == (message_id(1), FIRST))
            .returning(|id, _| {
                let earlier = Revision {
                    message: id,
                    text: "earlier".into(),
                    medias: vec![],
                    written: at(1),
                };
                Ok(Page {
                    rows: vec![earlier],
                    next: None,
                })
            });
        snapshot
    }

    /// MSG-06 and MSG-07.
    #[test]
    fn a_message_and_its_history_are_shown_to_participants_alone() {
        let mut there = snapshot(a_message(1));
        let shown = show_message(&mut there, actor(agent_id(1)), message_id(1)).unwrap();
        assert_eq!((shown.value, shown.seq), (a_message(1), a_chat().last.seq));
        let listed = list_revisions(&mut there, actor(agent_id(1)), message_id(1), FIRST);
        let listed = listed.unwrap();
        assert_eq!(listed.seq, a_chat().last.seq);
        let texts: Vec<_> = listed.value.rows.iter().map(|row| &*row.text).collect();
        assert_eq!(texts, ["earlier"]);
        let outside = actor(agent_id(2));
        let shown = show_message(&mut there, outside, message_id(1));
        assert!(matches!(shown, Err(AccessError::NotAParticipant)));
        let listed = list_revisions(&mut there, outside, message_id(1), FIRST);
        assert!(matches!(listed, Err(AccessError::NotAParticipant)));
    }

    /// MSG-09: also while some of it waits to be removed.
    #[test]
    fn a_deleted_message_has_no_history() {
        let tombstone = Message {
            deleted: Some(at(9)),
            ..a_message(1)
        };
        let mut there = snapshot(tombstone);
        let listed = list_revisions(&mut there, actor(agent_id(1)), message_id(1), FIRST);
        let page = listed.unwrap().value;
        assert!(page.rows.is_empty() && page.next.is_none());
    }
}
