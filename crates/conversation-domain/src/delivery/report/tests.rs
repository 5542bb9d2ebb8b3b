use super::*;
use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::testing::{MockUnit, a_conversation, a_failure, a_message, a_part, account_id, logs};
use talk_domain::testing::at;

fn report(delivery: Delivery) -> Report {
    Report {
        provider_id: "SM1".into(),
        message: None,
        delivery,
        failure: (delivery == Delivery::Failed).then(a_failure),
        is_opt_out: false,
    }
}

/// A unit with this part, whose message has got as far as `delivery`.
fn unit(part: Option<Part>, delivery: Delivery) -> MockUnit {
    let mut uow = MockUnit::default();
    uow.parts
        .expect_find()
        .returning(move |_, _| Ok(part.clone()));
    let get = uow.conversation_messages.expect_get();
    get.returning(move |_| {
        Ok(Some(Message {
            delivery,
            ..a_message(1)
        }))
    });
    let lock = uow.conversations.expect_lock();
    lock.returning(|_| Ok(Some(a_conversation())));
    uow
}

fn apply(uow: &mut MockUnit, report: &Report) {
    let account = a_conversation().room.account;
    apply_report(uow, (account, report), at(9)).unwrap();
}

/// CONV-33.
#[test]
fn a_report_moves_a_message_forward_and_never_back() {
    for (from, to, moves) in [
        (Delivery::Accepted, Delivery::Sent, true),
        (Delivery::Sent, Delivery::Delivered, true),
        (Delivery::Sent, Delivery::Failed, true),
        (Delivery::Delivered, Delivery::Sent, false),
        (Delivery::Delivered, Delivery::Failed, false),
        (Delivery::Delivered, Delivery::Delivered, false),
    ] {
        let mut uow = unit(Some(a_part(Some(a_message(1).id), from)), from);
        let update = uow.parts.expect_update().times(usize::from(moves));
        update.returning(|_| Ok(()));
        let of = uow.parts.expect_of_message();
        of.returning(move |id| Ok(vec![a_part(Some(id), from.max(to))]));
        let update = uow.conversation_messages.expect_update();
        update
            .times(usize::from(moves))
            .withf(move |message| message.delivery == to)
            .returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        logs(&mut uow, "conversation_message_updated", usize::from(moves));
        apply(&mut uow, &report(to));
    }
}

/// CONV-33: the report may come before the answer to the send.
#[test]
fn a_report_about_an_unknown_id_waits() {
    let mut uow = unit(None, Delivery::Submitting);
    let insert = uow.parts.expect_insert().times(1);
    insert
        .withf(|part| part.message.is_none() && part.delivery == Delivery::Delivered)
        .returning(|_| Ok(()));
    apply(&mut uow, &report(Delivery::Delivered));
}

/// CONV-32: a message of which nothing is known is found by our own id.
#[test]
fn a_report_with_our_id_tells_what_became_of_an_unknown_message() {
    let mut uow = unit(None, Delivery::Unknown);
    uow.parts.expect_insert().times(1).returning(|_| Ok(()));
    let of = uow.parts.expect_of_message();
    of.returning(|id| Ok(vec![a_part(Some(id), Delivery::Delivered)]));
    let update = uow.conversation_messages.expect_update().times(1);
    update
        .withf(|message| message.delivery == Delivery::Delivered && message.reference == "SM1")
        .returning(|_| Ok(()));
    uow.conversations.expect_update().returning(|_| Ok(()));
    logs(&mut uow, "conversation_message_updated", 1);
    let named = Report {
        message: Some(a_message(1).id),
        ..report(Delivery::Delivered)
    };
    apply(&mut uow, &named);
}

/// CONV-33: a provider says nothing about messages of other accounts.
#[test]
fn a_report_about_a_message_of_another_account_changes_nothing() {
    let mut uow = MockUnit::default();
    uow.parts.expect_find().returning(|_, _| Ok(None));
    let get = uow.conversation_messages.expect_get();
    get.returning(|_| Ok(Some(a_message(1))));
    let lock = uow.conversations.expect_lock();
    lock.returning(|_| {
        let mut other: Conversation = a_conversation();
        other.room.account = account_id(9);
        Ok(Some(other))
    });
    let insert = uow.parts.expect_insert().times(1);
    insert
        .withf(|part| part.message.is_none())
        .returning(|_| Ok(()));
    let named = Report {
        message: Some(a_message(1).id),
        ..report(Delivery::Delivered)
    };
    apply(&mut uow, &named);
}

/// CONV-33 and CONV-34: a message that is sent again has nothing to do with the earlier try, also if a
/// late report about that try names our id.
#[test]
fn a_late_report_about_an_earlier_try_changes_only_its_part() {
    for (delivery, is_new) in [(Delivery::Sent, false), (Delivery::Failed, true)] {
        let mut uow = unit(Some(a_part(None, Delivery::Sent)), Delivery::Queued);
        let update = uow.parts.expect_update().times(usize::from(is_new));
        update
            .withf(move |part| part.message.is_none() && part.delivery == delivery)
            .returning(|_| Ok(()));
        let named = Report {
            message: Some(a_message(1).id),
            ..report(delivery)
        };
        apply(&mut uow, &named);
    }
}

/// CONV-38: a report may say that the person wants no messages. Another report of it changes nothing.
#[test]
fn a_report_of_an_opt_out_blocks_the_room_once() {
    for (before, blocks) in [(Delivery::Sent, true), (Delivery::Failed, false)] {
        let mut uow = unit(Some(a_part(Some(a_message(1).id), before)), before);
        uow.parts.expect_update().returning(|_| Ok(()));
        let of = uow.parts.expect_of_message();
        of.returning(|id| Ok(vec![a_part(Some(id), Delivery::Failed)]));
        let update = uow.conversation_messages.expect_update();
        update.returning(|_| Ok(()));
        uow.conversations.expect_update().returning(|_| Ok(()));
        uow.jobs.expect_first().returning(|_| Ok(None));
        let set = uow.rooms.expect_set_opt_out().times(usize::from(blocks));
        set.returning(|_, _| Ok(()));
        logs(
            &mut uow,
            "conversation_message_updated",
            usize::from(blocks),
        );
        logs(&mut uow, "conversation_updated", usize::from(blocks));
        let refused = Report {
            is_opt_out: true,
            ..report(Delivery::Failed)
        };
        apply(&mut uow, &refused);
    }
}
