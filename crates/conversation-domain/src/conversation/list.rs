//! Use cases: read conversations.

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::page::{Page, PageRequest};

use crate::access::{AccessError, read_taking_part};
use crate::model::conversation::{Conversation, ConversationFilter, OwnerFilter};
use crate::unit::ConversationSnapshot;

/// Returns a conversation.
///
/// # Errors
/// See [`AccessError`].
pub fn show_conversation(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    id: ConversationId,
) -> Result<Conversation, AccessError> {
    read_taking_part(snapshot, actor, id)
}

/// Returns a page of conversations: admins and managers get those of the customer, agents those that
/// they own or participate in, and on request those without an owner, to claim one. A search of agents
/// among the latter does not look into messages, which they may not read.
///
/// # Errors
/// [`AccessError::NotTheOwner`] if an agent filters by another agent as the owner;
/// [`AccessError::Store`].
pub fn list_conversations(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    mut filter: ConversationFilter,
    page: PageRequest,
) -> Result<Page<Conversation>, AccessError> {
    if !actor.permission.administers() {
        match filter.owner {
            Some(OwnerFilter::Agent(owner)) if owner != actor.agent => {
                return Err(AccessError::NotTheOwner);
            }
            Some(OwnerFilter::Agent(_)) => {}
            Some(OwnerFilter::Nobody) => {
                if let Some(search) = &mut filter.search {
                    search.in_messages = false;
                }
            }
            None => filter.reader = Some(actor.agent),
        }
    }
    Ok(snapshot.conversations().page(&filter, page)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::Search;
    use crate::testing::{MockSnapshot, a_conversation};
    use talk_domain::kernel::id::AgentId;
    use talk_domain::kernel::needle::Needle;
    use talk_domain::kernel::page::Order;
    use talk_domain::testing::{actor, admin_context, agent_id};

    const PAGE: PageRequest = PageRequest {
        size: 1,
        after: None,
        order: Order::Descending,
    };

    fn listed(
        actor: Actor,
        owner: Option<OwnerFilter>,
    ) -> Result<(Option<OwnerFilter>, Option<AgentId>), AccessError> {
        use std::sync::{Arc, Mutex};
        let asked = Arc::new(Mutex::new((None, None)));
        let kept = Arc::clone(&asked);
        let mut snapshot = MockSnapshot::default();
        snapshot
            .conversations
            .expect_page()
            .returning(move |filter, _| {
                *kept.lock().unwrap() = (filter.owner, filter.reader);
                Ok(Page {
                    rows: vec![],
                    next: None,
                })
            });
        let filter = ConversationFilter {
            owner,
            ..ConversationFilter::default()
        };
        list_conversations(&mut snapshot, actor, filter, PAGE)?;
        let asked = *asked.lock().unwrap();
        Ok(asked)
    }

    /// CONV-10.
    #[test]
    fn an_agent_lists_its_own_conversations_and_those_of_nobody() {
        let (agent, admin) = (actor(agent_id(1)), admin_context(agent_id(9)).actor);
        let [own, other] = [1, 2].map(|n| Some(OwnerFilter::Agent(agent_id(n))));
        let reader = Some(agent_id(1));
        assert_eq!(listed(agent, None).unwrap(), (None, reader));
        assert_eq!(listed(agent, own).unwrap(), (own, None));
        let nobody = Some(OwnerFilter::Nobody);
        assert_eq!(listed(agent, nobody).unwrap(), (nobody, None));
        let refused = listed(agent, other);
        assert!(matches!(refused, Err(AccessError::NotTheOwner)));
        for owner in [None, own, other, nobody] {
            assert_eq!(listed(admin, owner).unwrap(), (owner, None));
        }
    }

    /// CONV-63 and CONV-10: a search finds nothing by a text that the agent may not read.
    #[test]
    fn messages_without_an_owner_are_searched_for_admins_only() {
        let (agent, admin) = (actor(agent_id(1)), admin_context(agent_id(9)).actor);
        let [own, nobody] = [OwnerFilter::Agent(agent_id(1)), OwnerFilter::Nobody].map(Some);
        for (actor, owner, in_messages) in [
            (agent, None, true),
            (agent, own, true),
            (agent, nobody, false),
            (admin, nobody, true),
        ] {
            let mut snapshot = MockSnapshot::default();
            let page = snapshot.conversations.expect_page().times(1);
            page.withf(move |filter, _| filter.search.as_ref().unwrap().in_messages == in_messages)
                .returning(|_, _| {
                    Ok(Page {
                        rows: vec![],
                        next: None,
                    })
                });
            let filter = ConversationFilter {
                owner,
                search: Some(Search {
                    needle: Needle::parse("q", "hello").unwrap(),
                    in_messages: true,
                }),
                ..ConversationFilter::default()
            };
            list_conversations(&mut snapshot, actor, filter, PAGE).unwrap();
        }
    }

    /// CONV-10: the list of unowned conversations shows their cards only.
    #[test]
    fn an_agent_reads_no_conversation_that_it_does_not_own() {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.conversations.expect_get();
        get.returning(|_| Ok(Some(a_conversation())));
        let id = a_conversation().id;
        let refused = show_conversation(&mut snapshot, actor(agent_id(1)), id);
        assert!(matches!(refused, Err(AccessError::NotTakingPart)));
        let admin = admin_context(agent_id(1)).actor;
        let shown = show_conversation(&mut snapshot, admin, id);
        assert_eq!(shown.unwrap(), a_conversation());
    }
}
