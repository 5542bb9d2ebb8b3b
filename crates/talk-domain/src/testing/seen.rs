//! A snapshot with one chat, for reads of it.

use crate::kernel::id::AgentId;
use crate::kernel::page::{Order, PageRequest};
use crate::talk::model::chat::Chat;
use crate::testing::{MockSnapshot, a_participant};

/// The first page of a list.
pub(crate) const FIRST: PageRequest = PageRequest {
    size: 50,
    after: None,
    order: Order::Descending,
};

/// A snapshot that holds `chat` with these members; a test may add more.
pub(crate) fn seen(chat: &Chat, members: &[AgentId]) -> MockSnapshot {
    let mut snapshot = MockSnapshot::default();
    let (found, of) = (chat.clone(), chat.id);
    snapshot
        .chats
        .expect_get()
        .returning(move |id| Ok(Some(found.clone()).filter(|chat| chat.id == id)));
    let members = members.to_vec();
    snapshot
        .participants
        .expect_find()
        .returning(move |chat, agent| {
            Ok((chat == of && members.contains(&agent)).then(|| a_participant(agent)))
        });
    snapshot
}
