use super::*;
use crate::model::message::{Direction, Message};
use crate::testing::{
    MockUnit, a_conversation, a_fetch, a_message, a_pending_media, an_sms_account, logs,
};
use talk_domain::files::outside::NOBODY;
use talk_domain::testing::at;

fn measured(size: u64) -> Measured {
    Measured {
        size,
        sha256: [7; 32],
        mime: "image/png".into(),
    }
}

fn stored(size: u64) -> Fetched {
    Fetched::Stored {
        measured: measured(size),
        filename: "../a.png".into(),
    }
}

/// A unit with a fetch of a message with one media. The message may be gone.
fn unit(fetch: Fetch, has_message: bool) -> MockUnit {
    let mut uow = MockUnit::default();
    uow.fetches
        .expect_get()
        .returning(move |_| Ok(Some(fetch.clone())));
    let lock = uow.conversations.expect_lock();
    lock.returning(|_| Ok(Some(a_conversation())));
    uow.conversations.expect_update().returning(|_| Ok(()));
    let get = uow.conversation_messages.expect_get();
    get.returning(move |_| {
        Ok(has_message.then(|| Message {
            direction: Direction::Incoming,
            medias: vec![a_pending_media()],
            ..a_message(1)
        }))
    });
    uow.files.expect_used().returning(|| Ok(90));
    uow
}

fn settle(uow: &mut MockUnit, fetched: Fetched, quota: Option<u64>, now: i64) -> bool {
    let ended = EndedFetch {
        file: a_fetch().file,
        fetched,
        quota,
        now: at(now),
    };
    settle_fetch(uow, &ended).unwrap()
}

/// Expects the event of a message whose media has this status.
fn ends(uow: &mut MockUnit, status: MediaStatus) {
    uow.fetches.expect_delete().times(1).returning(|_| Ok(()));
    let update = uow.conversation_messages.expect_update().times(1);
    update
        .withf(move |message| message.medias.iter().all(|media| media.status == status))
        .returning(|_| Ok(()));
    logs(uow, "conversation_message_updated", 1);
}

/// CONV-70: the message is updated, and its file belongs to no agent.
#[test]
fn fetched_bytes_become_a_file_of_the_message() {
    let mut uow = unit(a_fetch(), true);
    ends(&mut uow, MediaStatus::Ready);
    let insert = uow.files.expect_insert().times(1);
    insert
        .withf(|file| {
            let is_measured = (file.size, &*file.mime) == (10, "image/png");
            is_measured && file.owner == NOBODY && file.filename == "a.png"
        })
        .returning(|_| Ok(()));
    let attach = uow.files.expect_attach_outside().times(1);
    attach.returning(|_, _, _| Ok(()));
    assert!(settle(&mut uow, stored(10), Some(100), 10));
}

/// CONV-70: refused bytes are removed, and the message says that its media failed.
#[test]
fn a_media_beyond_the_quota_or_refused_for_good_has_failed() {
    for fetched in [stored(11), Fetched::Never] {
        let mut uow = unit(a_fetch(), true);
        ends(&mut uow, MediaStatus::Failed);
        assert!(!settle(&mut uow, fetched, Some(100), 10));
    }
}

/// CONV-70.
#[test]
fn a_media_is_tried_for_a_day_with_growing_pauses() {
    for (tries, pause) in [(1, 1), (2, 2), (5, 16), (20, 900)] {
        let mut uow = unit(Fetch { tries, ..a_fetch() }, true);
        let update = uow.fetches.expect_update().times(1);
        update
            .withf(move |fetch| fetch.due == at(10).plus_seconds(pause))
            .returning(|_| Ok(()));
        assert!(!settle(&mut uow, Fetched::Later, None, 10));
    }
    let mut uow = unit(a_fetch(), true);
    ends(&mut uow, MediaStatus::Failed);
    let late = a_fetch().created.plus_seconds(PATIENCE);
    let ended = EndedFetch {
        file: a_fetch().file,
        fetched: Fetched::Later,
        quota: None,
        now: late,
    };
    assert!(!settle_fetch(&mut uow, &ended).unwrap());
}

/// CONV-70: the bytes of a message that was removed meanwhile are no file.
#[test]
fn bytes_of_a_removed_message_are_not_kept() {
    let mut uow = unit(a_fetch(), false);
    uow.fetches.expect_delete().times(1).returning(|_| Ok(()));
    assert!(!settle(&mut uow, stored(10), None, 10));
}

/// CONV-70.
#[test]
fn a_fetch_is_leased_when_it_is_due_and_its_account_is_there() {
    let lease = |due, has_account: bool| {
        let mut uow = unit(
            Fetch {
                due: at(due),
                ..a_fetch()
            },
            true,
        );
        let get = uow.accounts.expect_get();
        get.returning(move |_| Ok(has_account.then(an_sms_account)));
        if !has_account {
            ends(&mut uow, MediaStatus::Failed);
        }
        uow.fetches.expect_update().returning(|_| Ok(()));
        lease_fetch(&mut uow, a_fetch().file, (at(10), 30)).unwrap()
    };
    let leased = lease(10, true).unwrap();
    assert_eq!(
        (leased.fetch.tries, leased.fetch.due),
        (1, at(10).plus_seconds(30))
    );
    assert_eq!(lease(11, true), None);
    assert_eq!(lease(10, false), None);
}
