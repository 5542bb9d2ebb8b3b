//! Use cases: list the caller's chats, and find channels.

use crate::kernel::context::Actor;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::limits::Limits;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::talk::model::chat::{Chat, ChatFilter};
use crate::talk::unit::TalkSnapshot;

/// Lists the chats in which the caller participates.
///
/// # Errors
/// Only when storage fails.
pub fn list_chats(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    filter: ChatFilter,
    request: PageRequest,
) -> Result<Page<Chat>, StoreError> {
    snapshot.chats().of_agent(actor.agent, filter, request)
}

refusals! {
    /// Refusals of [`list_channels`].
    pub enum ListChannelsError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Lists the channels of the customer whose name or detail contains `search`.
///
/// # Errors
/// If `search` is longer than a name.
pub fn list_channels(
    snapshot: &mut dyn TalkSnapshot,
    search: &str,
    limits: &Limits,
    request: PageRequest,
) -> Result<Page<Chat>, ListChannelsError> {
    check_text("search", search, limits.name)?;
    Ok(snapshot.chats().channels(search, request)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::ChatKind;
    use crate::testing::{FIRST, MockSnapshot, a_chat, actor, agent_id};

    fn one() -> Page<Chat> {
        Page {
            rows: vec![a_chat()],
            next: None,
        }
    }

    /// CHAT-06: chats the caller participates in.
    #[test]
    fn one_lists_ones_own_chats() {
        let filter = ChatFilter {
            kind: Some(ChatKind::Group),
            status: None,
        };
        let mut snapshot = MockSnapshot::default();
        let of_agent = snapshot.chats.expect_of_agent();
        of_agent
            .withf(move |agent, wanted, request| {
                (*agent, *wanted, *request) == (agent_id(1), filter, FIRST)
            })
            .returning(|_, _, _| Ok(one()));
        let chats = list_chats(&mut snapshot, actor(agent_id(1)), filter, FIRST);
        assert_eq!(chats.unwrap(), one());
    }

    /// CHAT-07: a search is as long as a name at most.
    #[test]
    fn channels_are_found_by_what_fits_in_a_name() {
        let found = |search: &str| {
            let mut snapshot = MockSnapshot::default();
            let channels = snapshot.chats.expect_channels();
            let wanted = search.to_owned();
            channels
                .withf(move |search, request| search == wanted && *request == FIRST)
                .returning(|_, _| Ok(one()));
            let limits = Limits {
                name: 100,
                ..Limits::default()
            };
            list_channels(&mut snapshot, search, &limits, FIRST)
        };
        assert_eq!(found("news").unwrap(), one());
        assert_eq!(found(&"x".repeat(100)).unwrap(), one());
        let Err(ListChannelsError::Invalid(invalid)) = found(&"x".repeat(101)) else {
            panic!("too long")
        };
        assert_eq!((&*invalid.field, invalid.limit), ("search", Some(100)));
    }
}
