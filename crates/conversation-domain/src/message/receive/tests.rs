use super::*;
use crate::model::account::MockAccountRepository;
use crate::testing::{
    MockUnit, a_conversation, a_message, account_id, an_account, an_sms_account, logs, visitor,
};
use talk_domain::testing::at;

fn arrival() -> Arrival {
    Arrival {
        now: at(1_000_000),
        ids: IdSource::new(at(1_000_000), 1),
    }
}

fn incoming(text: &str) -> Incoming {
    Incoming {
        account: an_account().id,
        event: "event-1".into(),
        own: None,
        peer: visitor(1),
        text: text.into(),
        consent: None,
        medias: Vec::new(),
    }
}

/// A unit with the account, in which the room exists if `conversation` is given.
fn unit(conversation: Option<Conversation>) -> MockUnit {
    let mut uow = MockUnit::default();
    uow.accounts
        .expect_get()
        .returning(|id| Ok((id == an_account().id).then(an_account)));
    uow.inbox.expect_find().returning(|_, _| Ok(None));
    let id = conversation.as_ref().map(|one| one.id);
    uow.rooms.expect_by_key().returning(move |_| Ok(id));
    uow.conversations
        .expect_lock()
        .returning(move |_| Ok(conversation.clone()));
    uow
}

fn stores(uow: &mut MockUnit) {
    uow.conversation_messages
        .expect_insert()
        .times(1)
        .returning(|_| Ok(()));
    uow.conversations.expect_update().returning(|_| Ok(()));
    uow.inbox
        .expect_insert()
        .times(1)
        .withf(|account, event, _, _| *account == an_account().id && event == "event-1")
        .returning(|_, _, _, _| Ok(true));
}

/// CONV-01, CONV-03 and CONV-04.
#[test]
fn the_first_message_of_a_person_makes_room_and_conversation() {
    let mut uow = unit(None);
    stores(&mut uow);
    let inserted = uow.conversations.expect_insert().times(1);
    inserted
        .withf(|made| made.name == "Chat · visitor-1" && made.owner.is_none())
        .returning(|_| Ok(()));
    uow.rooms
        .expect_insert()
        .times(1)
        .returning(|_, room, key| {
            assert_eq!(key, room.key(an_account().customer));
            Ok(true)
        });
    logs(&mut uow, "conversation_created", 1);
    logs(&mut uow, "conversation_message_created", 1);
    let received = receive_message(&mut uow, &arrival(), &incoming("Hello")).unwrap();
    let Received::New(message) = received else {
        panic!("it is new");
    };
    assert_eq!((message.seq, &*message.text), (2, "Hello"));
    assert_eq!(message.direction, Direction::Incoming);
    assert_eq!(
        (message.delivery, message.author),
        (Delivery::Delivered, None)
    );
}

/// CONV-01: the next message goes to the same room.
#[test]
fn a_message_of_a_known_person_goes_to_its_conversation() {
    let mut uow = unit(Some(a_conversation()));
    stores(&mut uow);
    logs(&mut uow, "conversation_message_created", 1);
    let received = receive_message(&mut uow, &arrival(), &incoming("a\0b")).unwrap();
    let message = received.into_message();
    assert_eq!(message.conversation, a_conversation().id);
    assert_eq!(message.seq, a_conversation().last.seq + 1);
    assert_eq!(message.text, "a\u{FFFD}b", "CONV-04");
}

/// CONV-01: another transaction was faster, so that this one runs again and finds the room.
#[test]
fn a_room_that_appears_meanwhile_makes_the_unit_run_again() {
    let mut uow = unit(None);
    uow.conversations.expect_insert().returning(|_| Ok(()));
    uow.rooms.expect_insert().returning(|_, _, _| Ok(false));
    logs(&mut uow, "conversation_created", 1);
    let refused = receive_message(&mut uow, &arrival(), &incoming("Hello"));
    assert!(matches!(
        refused,
        Err(ReceiveError::Store(StoreError::Conflict))
    ));
}

/// CONV-06.
#[test]
fn a_message_opens_a_closed_conversation() {
    let mut uow = unit(Some(Conversation {
        state: State::Closed,
        ..a_conversation()
    }));
    stores(&mut uow);
    logs(&mut uow, "conversation_updated", 1);
    logs(&mut uow, "conversation_message_created", 1);
    let received = receive_message(&mut uow, &arrival(), &incoming("Hello")).unwrap();
    let seq = received.into_message().seq;
    assert_eq!(seq, a_conversation().last.seq + 2);
}

/// CONV-04: an event that comes again is the same message; nothing is stored or logged.
#[test]
fn an_event_that_comes_again_is_the_same_message() {
    let mut uow = MockUnit::default();
    uow.accounts
        .expect_get()
        .returning(|_| Ok(Some(an_account())));
    let before = uow.inbox.expect_find();
    before.returning(|_, _| Ok(Some(a_message(1).id)));
    let get = uow.conversation_messages.expect_get();
    get.returning(|_| Ok(Some(a_message(1))));
    uow.rooms
        .expect_by_key()
        .returning(|_| Ok(Some(a_conversation().id)));
    let received = receive_message(&mut uow, &arrival(), &incoming("Hello")).unwrap();
    assert_eq!(received, Received::Again(a_message(1)));
}

/// CONV-04: whoever guesses an id of another person reads nothing by it.
#[test]
fn an_event_of_another_person_does_not_reveal_its_message() {
    let mut uow = MockUnit::default();
    uow.accounts
        .expect_get()
        .returning(|_| Ok(Some(an_account())));
    let before = uow.inbox.expect_find();
    before.returning(|_, _| Ok(Some(a_message(1).id)));
    let get = uow.conversation_messages.expect_get();
    get.returning(|_| Ok(Some(a_message(1))));
    uow.rooms.expect_by_key().returning(|_| Ok(None));
    let refused = receive_message(&mut uow, &arrival(), &incoming("Hello"));
    assert!(matches!(refused, Err(ReceiveError::Reused)));
}

/// CONV-04.
#[test]
fn an_empty_message_and_one_to_an_unknown_account_are_refused() {
    let refused = receive_message(&mut unit(None), &arrival(), &incoming(""));
    assert!(matches!(refused, Err(ReceiveError::Empty)));
    let unknown = Incoming {
        account: account_id(9),
        ..incoming("Hello")
    };
    let refused = receive_message(&mut unit(None), &arrival(), &unknown);
    assert!(matches!(refused, Err(ReceiveError::NoSuchAccount)));
}

/// CONV-38: by the words of SMS, or as the provider reads the text. In a web chat they are words like others.
#[test]
fn an_sms_withdraws_and_gives_consent() {
    for (text, consent, is_sms, before, after) in [
        ("Stop", None, true, None, Some(1_000_000)),
        ("Stop", None, false, None, None),
        (
            "ARRET",
            Some(Consent::Withdrawn),
            true,
            None,
            Some(1_000_000),
        ),
        ("Start", None, true, Some(7), None),
        ("Hello", None, true, Some(7), Some(7)),
    ] {
        let mut conversation = a_conversation();
        conversation.room.opted_out = before.map(at);
        let mut uow = unit(Some(conversation));
        if is_sms {
            uow.accounts = MockAccountRepository::default();
            let get = uow.accounts.expect_get();
            get.returning(|_| Ok(Some(an_sms_account())));
        }
        stores(&mut uow);
        let changes = usize::from(before != after);
        let set = uow.rooms.expect_set_opt_out().times(changes);
        set.withf(move |_, since| *since == after.map(at))
            .returning(|_, _| Ok(()));
        uow.jobs.expect_first().returning(|_| Ok(None));
        logs(&mut uow, "conversation_message_created", 1);
        logs(&mut uow, "conversation_updated", changes);
        let said = Incoming {
            consent,
            ..incoming(text)
        };
        let received = receive_message(&mut uow, &arrival(), &said).unwrap();
        assert_eq!(received.into_message().text, text);
    }
}
