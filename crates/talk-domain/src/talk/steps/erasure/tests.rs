use super::*;
use crate::files::model::File;
use crate::kernel::cleanup::Deleted;
use crate::talk::cleanup::run_step::run_step;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::EventKind::{MessageDeleted, MessageEdited};
use crate::talk::model::message::Authored;
use crate::talk::model::note::SystemKind;
use crate::testing::{MockUnitOfWork, Scene, a_chat, a_file, a_message, agent_id, at, context};

/// The erased agent, "agent-1" of the builders.
fn gone() -> AgentId {
    agent_id(1)
}

fn step(uow: &mut MockUnitOfWork, deleted: Deleted) {
    let cleanup = Cleanup {
        customer: a_chat().customer,
        deleted,
        position: 40,
    };
    run_step(uow, &context(gone()), &cleanup).unwrap();
}

/// A unit of work that finds these messages; the cleanup continues at `position`, or ends if that
/// is `None`.
fn unit(scene: &Scene, found: Authored, position: Option<u64>) -> MockUnitOfWork {
    let mut uow = scene.unit();
    uow.keys.expect_remove_some().returning(|_, _| Ok(false));
    uow.products.expect_leave_some().returning(|_, _| Ok(false));
    uow.products.expect_erase_some().returning(|_, _| Ok(false));
    uow.files.expect_some().returning(|_, _| Ok(vec![]));
    let find = uow.messages.expect_of_author();
    find.withf(|agent, after, _| (*agent, *after) == (gone(), 40))
        .returning(move |_, _, _| Ok(found.clone()));
    let finish = uow.cleanups.expect_finish();
    finish
        .withf(|done| *done == Deleted::Author(gone()))
        .times(usize::from(position.is_none()))
        .returning(|_| Ok(()));
    let advance = uow.cleanups.expect_advance();
    advance
        .withf(move |of, to| (*of, Some(*to)) == (Deleted::Author(gone()), position))
        .times(usize::from(position.is_some()))
        .returning(|_, _| Ok(()));
    uow
}

fn allow_changes(uow: &mut MockUnitOfWork, is_more: bool) {
    uow.messages.expect_update().returning(|_| Ok(()));
    uow.messages
        .expect_drop_revisions()
        .returning(|_, _| Ok(false));
    uow.reactions.expect_clear().returning(|_| Ok(()));
    uow.chat_log
        .expect_redact()
        .returning(move |_, _| Ok(is_more));
}

fn all(messages: &[Message]) -> Authored {
    let numbered = (41..).zip(messages.iter().map(|message| message.id));
    Authored {
        messages: numbered.collect(),
        position: 99,
        is_end: true,
    }
}

fn said(n: u128) -> Message {
    Message {
        author: Author::Agent(gone()),
        ..a_message(n)
    }
}

fn system(n: u128, kind: SystemKind, text: &str) -> Message {
    let actor = gone();
    Message {
        author: Author::System(SystemNote { kind, actor }),
        text: text.into(),
        ..a_message(n)
    }
}

/// RUN-19: threads keep their shape, and each tombstone has the same event as a message that its
/// author deleted.
#[test]
fn messages_of_an_erased_agent_become_tombstones() {
    let deleted = Message {
        deleted: Some(at(3)),
        ..said(2)
    };
    let messages = [said(1), deleted, said(3)];
    let scene = Scene::new(a_chat()).messages(&messages);
    let mut uow = unit(&scene, all(&messages), None);
    allow_changes(&mut uow, false);
    step(&mut uow, Deleted::Author(gone()));
    assert_eq!(scene.events(), [MessageDeleted, MessageDeleted]);
}

/// RUN-19: a unit of work is bounded in messages and bytes, and the next one continues where it
/// stopped.
#[test]
fn a_step_erases_few_messages_and_the_next_goes_on_behind_them() {
    let many: Vec<_> = (1..=20).map(said).collect();
    let long: Vec<_> = (1..=20)
        .map(|n| Message {
            text: "x".repeat(40_000),
            ..said(n)
        })
        .collect();
    for (messages, is_more, erased) in [(&many, false, ERASED), (&long, false, 2), (&many, true, 1)]
    {
        let scene = Scene::new(a_chat()).messages(messages);
        let position = 40 + erased as u64;
        let mut uow = unit(&scene, all(messages), Some(position));
        allow_changes(&mut uow, is_more);
        let add = uow.cleanups.expect_add();
        add.withf(|deleted| matches!(deleted, Deleted::Message { .. }))
            .times(usize::from(is_more))
            .returning(|_| Ok(()));
        step(&mut uow, Deleted::Author(gone()));
        assert_eq!(scene.events().len(), erased);
    }
}

/// RUN-19: messages of others are read and not changed.
#[test]
fn a_part_without_messages_of_the_agent_is_passed() {
    let scene = Scene::new(a_chat());
    let found = Authored {
        position: 552,
        ..Authored::default()
    };
    let mut uow = unit(&scene, found, Some(552));
    step(&mut uow, Deleted::Author(gone()));
    assert!(scene.events().is_empty());
}

/// RUN-19: each system message once, and only this agent's name.
#[test]
fn the_name_of_an_erased_agent_is_replaced_in_system_messages() {
    let other = SystemKind::ParticipantLeft(agent_id(2));
    let messages = [
        system(1, SystemKind::ChatClosed, "Bob closed the conversation."),
        system(2, other, "Carol left the conversation."),
        system(
            3,
            SystemKind::ParticipantJoined(gone()),
            "Bob joined the conversation.",
        ),
        system(
            4,
            SystemKind::ChatReopened,
            "agent-1 reopened the conversation.",
        ),
    ];
    let scene = Scene::new(a_chat()).messages(&messages);
    let mut uow = unit(&scene, all(&messages), None);
    for text in [
        "agent-1 closed the conversation.",
        "agent-1 joined the conversation.",
    ] {
        uow.messages
            .expect_update()
            .withf(move |message| message.text == text && message.edited.is_none())
            .times(1)
            .returning(|_| Ok(()));
        uow.chat_log
            .expect_redact()
            .withf(move |message, _| message.text == text)
            .times(1)
            .returning(|_, _| Ok(false));
    }
    uow.messages
        .expect_drop_revisions()
        .returning(|_, _| Ok(false));
    step(&mut uow, Deleted::Author(gone()));
    assert_eq!(scene.events(), [MessageEdited, MessageEdited]);
}

/// RUN-19 and CHAT-10: the last event of a deleted chat is its deletion.
#[test]
fn in_a_deleted_chat_texts_and_names_go_without_an_event() {
    let deleted = Chat {
        deleted: Some(at(9)),
        ..a_chat()
    };
    let messages = [
        said(1),
        system(2, SystemKind::ChatClosed, "Bob closed the conversation."),
    ];
    let scene = Scene::new(deleted).messages(&messages);
    let mut uow = unit(&scene, all(&messages), None);
    uow.messages
        .expect_update()
        .withf(|message| !message.text.contains("Bob") && !message.text.contains("hello"))
        .times(2)
        .returning(|_| Ok(()));
    uow.messages
        .expect_drop_revisions()
        .returning(|_, _| Ok(false));
    uow.reactions.expect_clear().returning(|_| Ok(()));
    uow.chat_log
        .expect_redact()
        .times(2)
        .returning(|_, _| Ok(false));
    step(&mut uow, Deleted::Author(gone()));
    assert!(scene.events().is_empty() && scene.saved().is_none());
}

/// RUN-19: keys first, then memberships, each in a unit of work of its own while there are many.
#[test]
fn keys_and_memberships_of_an_erased_agent_go_before_its_messages() {
    let mut uow = MockUnitOfWork::default();
    uow.keys
        .expect_remove_some()
        .times(1)
        .returning(|_, _| Ok(true));
    step(&mut uow, Deleted::Author(gone()));

    let mut uow = MockUnitOfWork::default();
    uow.keys.expect_remove_some().returning(|_, _| Ok(false));
    let leave = uow.products.expect_leave_some().times(1);
    leave
        .withf(|cx, agent| (cx.actor.agent, *agent) == (gone(), gone()))
        .returning(|_, _| Ok(true));
    step(&mut uow, Deleted::Author(gone()));
}

/// RUN-19: an answer stored for a repeated request may show the agent.
#[test]
fn kept_answers_are_looked_through_to_the_end() {
    for position in [Some(552), None] {
        let mut uow = MockUnitOfWork::default();
        let forget = uow.idempotency.expect_delete_about();
        forget
            .withf(|agent, after, _| (*agent, *after) == (gone(), 40))
            .times(1)
            .returning(move |_, _, _| Ok(position));
        uow.cleanups
            .expect_advance()
            .withf(|of, to| (*of, *to) == (Deleted::Answers(gone()), 552))
            .times(usize::from(position.is_some()))
            .returning(|_, _| Ok(()));
        uow.cleanups
            .expect_finish()
            .times(usize::from(position.is_none()))
            .returning(|_| Ok(()));
        step(&mut uow, Deleted::Answers(gone()));
    }
}

/// RUN-19 and FILE-11: the uploads of an erased agent go in a step of their own.
#[test]
fn uploads_of_an_erased_agent_are_deleted() {
    let mut uow = Scene::new(a_chat()).unit();
    uow.keys.expect_remove_some().returning(|_, _| Ok(false));
    uow.products.expect_leave_some().returning(|_, _| Ok(false));
    uow.products.expect_erase_some().returning(|_, _| Ok(false));
    let some = uow.files.expect_some();
    some.withf(|owner, _| *owner == Some(gone()))
        .returning(|_, _| Ok(vec![a_file(1), a_file(2)]));
    let delete = uow.files.expect_delete().times(2);
    delete
        .withf(|file: &File| file.owner == gone())
        .returning(|_| Ok(()));
    uow.files.expect_carriers().returning(|_, _| Ok(vec![]));
    step(&mut uow, Deleted::Author(gone()));
}
