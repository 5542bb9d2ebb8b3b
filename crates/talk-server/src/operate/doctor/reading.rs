//! Checks how far participants have read.

use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::event::EventKind;
use talk_domain::talk::unit::TalkSnapshot;

use crate::operate::all;

/// Returns a problem with the read marks of a chat, if any: each must belong to a participant and
/// have the `seq` and time of its message.
pub(super) fn check_reading(
    snapshot: &mut dyn TalkSnapshot,
    chat: &Chat,
) -> Result<Option<String>, StoreError> {
    let id = chat.id;
    for mark in all(|request| snapshot.reads().readers(id, 0, request))? {
        let (agent, seq) = (mark.agent, mark.place.seq);
        if snapshot.participants().find(id, agent)?.is_none() {
            return Ok(Some(format!(
                "chat {id} was read by {agent}, who is not in it"
            )));
        }
        let event = snapshot.events().get(id.into(), seq)?;
        let message = match event {
            Some(event) if event.kind == EventKind::MessagePosted => event.subject,
            // The oldest events may have expired.
            None if seq <= chat.log_start => continue,
            _ => {
                return Ok(Some(format!(
                    "chat {id} was read by {agent} up to no message"
                )));
            }
        };
        let message = snapshot.messages().get(message.into())?;
        if message.is_none_or(|message| message.created != mark.place.at) {
            return Ok(Some(format!(
                "chat {id} was read by {agent} up to another time"
            )));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::kernel::page::Page;
    use talk_domain::kernel::stream::Tick;
    use talk_domain::talk::model::message::Message;
    use talk_domain::talk::model::read::ReadMark;
    use talk_domain::testing::{
        MockSnapshot, a_chat, a_message, a_participant, agent_id, at, chat_id, posted,
    };

    #[test]
    fn a_mark_of_a_stranger_and_one_at_no_message_are_found() {
        let mark = |seq| ReadMark {
            customer: a_chat().customer,
            chat: chat_id(1),
            agent: agent_id(1),
            place: Tick { seq, at: at(0) },
            updated: at(0),
        };
        for (is_member, seq, created, expected) in [
            (true, 3, 0, None),
            (false, 3, 0, Some("who is not in it")),
            (true, 11, 0, Some("up to no message")),
            (true, 3, 1, Some("up to another time")),
        ] {
            let mut snapshot = MockSnapshot::default();
            snapshot.reads.expect_readers().returning(move |_, _, _| {
                Ok(Page {
                    rows: vec![mark(seq)],
                    next: None,
                })
            });
            let find = snapshot.participants.expect_find();
            find.returning(move |_, agent| Ok(is_member.then(|| a_participant(agent))));
            let get = snapshot.events.expect_get();
            get.returning(|stream, seq| Ok((seq <= 10).then(|| posted(stream, seq, "{}"))));
            snapshot.messages.expect_get().returning(move |_| {
                Ok(Some(Message {
                    created: at(created),
                    ..a_message(1)
                }))
            });
            let problem = check_reading(&mut snapshot, &a_chat()).unwrap();
            let found = problem
                .as_deref()
                .map(|problem| expected.is_some_and(|expected| problem.contains(expected)));
            assert_eq!(found, expected.map(|_| true), "{problem:?}");
        }
    }
}
