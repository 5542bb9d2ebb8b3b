use super::*;
use crate::testing::{MockUnit, a_conversation, account_id, an_account, logs, visitor};
use talk_domain::kernel::id::AgentId;
use talk_domain::testing::{agent_id, context};

fn command(text: &str) -> OpenConversation {
    OpenConversation {
        account: an_account().id,
        peer: visitor(1),
        name: None,
        text: text.into(),
        files: Vec::new(),
    }
}

/// A unit of work with this conversation of the visitor.
fn unit(known: Option<Conversation>) -> MockUnit {
    let mut uow = MockUnit::default();
    uow.accounts
        .expect_get()
        .returning(|id| Ok((id == an_account().id).then(an_account)));
    let id = known.as_ref().map(|conversation| conversation.id);
    uow.rooms.expect_by_key().returning(move |_| Ok(id));
    let lock = uow.conversations.expect_lock();
    lock.returning(move |_| Ok(known.clone()));
    uow
}

fn owned(owner: Option<AgentId>) -> Conversation {
    Conversation {
        owner,
        ..a_conversation()
    }
}

/// CONV-17: whoever begins a conversation owns it.
#[test]
fn an_agent_begins_a_conversation_and_owns_it() {
    for (name, expected) in [(None, "Chat · visitor-1"), (Some("Jo"), "Jo")] {
        let mut uow = unit(None);
        let insert = uow.conversations.expect_insert().times(1);
        insert.returning(|_| Ok(()));
        let insert = uow.rooms.expect_insert().times(1);
        insert.returning(|_, _, _| Ok(true));
        logs(&mut uow, "conversation_created", 1);
        let command = OpenConversation {
            name: name.map(str::to_owned),
            ..command("")
        };
        let opened = open_conversation(&mut uow, &context(agent_id(1)), &command).unwrap();
        let Opened {
            conversation,
            is_new,
        } = opened;
        assert!(is_new);
        assert_eq!(
            (conversation.owner, &*conversation.name),
            (Some(agent_id(1)), expected)
        );
        assert_eq!(conversation.last.seq, 1);
    }
}

/// CONV-01 and CONV-17: the same person at the same account is the same room.
#[test]
fn a_known_conversation_is_found_by_those_who_may_see_it() {
    let open = |owner, text| {
        let cx = context(agent_id(1));
        open_conversation(&mut unit(Some(owned(owner))), &cx, &command(text))
    };
    for owner in [Some(agent_id(1)), None] {
        let found = open(owner, "").unwrap();
        assert!(!found.is_new);
        assert_eq!(found.conversation.owner, owner);
    }
    for (owner, text) in [
        (Some(agent_id(2)), ""),
        (Some(agent_id(2)), "Hi"),
        (None, "Hi"),
    ] {
        let refused = open(owner, text);
        let is_refused = matches!(refused, Err(OpenError::Access(AccessError::NotTakingPart)));
        assert!(is_refused, "{owner:?} {text:?}");
    }
}

/// CONV-17.
#[test]
fn an_address_of_another_method_and_an_unknown_account_are_refused() {
    let cx = context(agent_id(1));
    let mut other = command("");
    other.peer.kind = crate::model::address::AddressKind::Tel;
    let refused = open_conversation(&mut unit(None), &cx, &other);
    assert!(
        matches!(refused, Err(OpenError::Invalid(invalid)) if invalid.reason == "ADDRESS_INVALID")
    );
    let unknown = OpenConversation {
        account: account_id(9),
        ..command("")
    };
    let refused = open_conversation(&mut unit(None), &cx, &unknown);
    assert!(matches!(refused, Err(OpenError::NoSuchAccount)));
}

/// CONV-01: of two who begin at once one wins, and the other tries again.
#[test]
fn a_room_that_another_transaction_has_created_is_a_conflict() {
    let mut uow = unit(None);
    uow.conversations.expect_insert().returning(|_| Ok(()));
    uow.rooms.expect_insert().returning(|_, _, _| Ok(false));
    let refused = open_conversation(&mut uow, &context(agent_id(1)), &command(""));
    assert!(matches!(
        refused,
        Err(OpenError::Store(StoreError::Conflict))
    ));
}
