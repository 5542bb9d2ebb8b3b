//! Use case: read a chat's event log.

use std::sync::Arc;

use crate::kernel::context::Actor;
use crate::kernel::id::ChatId;
use crate::kernel::log::{Logged, Portion};
use crate::talk::access::{AccessError, Placed, view};
use crate::talk::unit::TalkSnapshot;

/// Events of a chat, and the start of its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The events, ascending.
    pub events: Vec<Arc<Logged>>,
    /// The `seq` of the last expired event; the log holds those after it.
    pub log_start: u64,
}

/// Lists events of a chat of the caller, ascending, with the head of the log.
///
/// # Errors
/// See [`AccessError`].
pub fn list_events(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    chat: ChatId,
    portion: Portion,
) -> Result<Placed<Listed>, AccessError> {
    let chat = view(snapshot, actor, chat)?;
    let page = snapshot.events().after(chat.id.into(), portion)?;
    let listed = Listed {
        events: page.events,
        log_start: chat.log_start,
    };
    Ok(Placed::new(listed, &chat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::log::LogPage;
    use crate::testing::{
        MockSnapshot, a_chat, a_participant, actor, agent_id, chat_id, stream_id,
    };

    const PORTION: Portion = Portion::new(3, 100);

    fn snapshot(member: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .chats
            .expect_get()
            .returning(|_| Ok(Some(a_chat())));
        snapshot
            .participants
            .expect_find()
            .returning(move |_, agent| Ok(member.then(|| a_participant(agent))));
        snapshot
    }

    /// LOG-06: the same log over HTTP.
    #[test]
    fn a_participant_reads_the_log_up_to_its_head() {
        let mut snapshot = snapshot(true);
        snapshot
            .events
            .expect_after()
            .withf(|stream, portion| (*stream, *portion) == (stream_id(1), PORTION))
            .times(1)
            .returning(|_, _| Ok(LogPage::default()));
        let events = list_events(&mut snapshot, actor(agent_id(1)), chat_id(1), PORTION).unwrap();
        assert_eq!(events.seq, a_chat().last.seq);
    }

    /// API-16: visibility.
    #[test]
    fn an_outsider_reads_no_events() {
        let refused = list_events(
            &mut snapshot(false),
            actor(agent_id(1)),
            chat_id(1),
            PORTION,
        );
        assert!(matches!(refused, Err(AccessError::NotAParticipant)));
    }
}
