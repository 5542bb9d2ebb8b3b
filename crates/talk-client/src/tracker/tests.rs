mod opening;

use serde_json::json;
use talk_wire::socket::Range;

use super::*;
use crate::event::Frame;
use crate::incoming::parse;

fn chats(names: &[&str]) -> Follow {
    Follow::Chats(names.iter().map(|&name| name.to_owned()).collect())
}

fn event(chat: &str, seq: u64) -> Incoming {
    let frame = json!({"type": "poll_opened", "data": {}, "chat_id": chat, "seq": seq});
    parse(&frame.to_string()).unwrap()
}

fn subscribed(id: &str, epoch: &str, chats: &[(&str, u64, u64)]) -> Incoming {
    let chats = chats.iter().map(|&(chat, from, head)| {
        let range = Range { from, head };
        (chat.to_owned(), range)
    });
    Incoming::Subscribed(Subscribed {
        id: id.into(),
        epoch: epoch.into(),
        chats: chats.collect(),
        refused: vec![],
    })
}

/// The updates that are yielded, as short text.
fn updates(tracker: &mut Tracker) -> Vec<String> {
    std::iter::from_fn(|| tracker.next_update())
        .map(|update| match update {
            Update::Event(frame) => {
                let Frame { chat_id, seq, .. } = *frame;
                format!("{chat_id}{seq}")
            }
            Update::CaughtUp { chat_id, seq } => format!("{chat_id} caught up {seq}"),
            Update::Reset {
                chat_id,
                reason,
                head,
            } => format!("{chat_id} reset {reason} {head}"),
            Update::Unsubscribed {
                chat_id,
                reason,
                seq,
            } => format!("{chat_id} ended {reason} {seq}"),
            Update::Lagging { chat_id, seq } => format!("{chat_id} lagging {seq}"),
            Update::Connected { chats } => {
                format!("connected {}", chats.into_keys().collect::<String>())
            }
            other => format!("{other:?}"),
        })
        .collect()
}

/// A subscriber with position 5 in "a" and 2 in "b" that resumes.
fn resuming(follow: Follow) -> Tracker {
    let mut tracker = Tracker::new(follow, Positions::of("e").at("a", 5).at("b", 2));
    tracker.begin("me");
    tracker
}

/// The same, connected; only "a" has newer events.
fn connected() -> Tracker {
    let mut tracker = resuming(Follow::All);
    let answer = subscribed("s0", "e", &[("a", 6, 8), ("b", 3, 2)]);
    tracker.take(answer).unwrap();
    assert_eq!(updates(&mut tracker), ["connected ab"]);
    tracker
}

fn take_all(tracker: &mut Tracker, frames: impl IntoIterator<Item = Incoming>) {
    for frame in frames {
        tracker.take(frame).unwrap();
    }
}

#[test]
fn the_first_connection_begins_after_the_heads() {
    let mut tracker = Tracker::new(Follow::All, Positions::default());
    let frames = tracker.begin("me");
    assert_eq!(
        serde_json::to_value(&frames).unwrap(),
        json!([{"type": "subscribe", "id": "s0", "topics": ["agent_id:me:chat"]}])
    );
    let answer = subscribed("s0", "e", &[("a", 6, 5), ("b", 1, 0)]);
    take_all(&mut tracker, [answer, event("a", 6), event("b", 1)]);
    assert_eq!(updates(&mut tracker), ["connected ab", "a6", "b1"]);
    assert_eq!(
        *tracker.delivered(),
        Positions::of("e").at("a", 6).at("b", 1)
    );
}

#[test]
fn a_resumption_names_the_epoch_and_every_position() {
    let frames = resuming(Follow::All).begin("me");
    assert_eq!(
        serde_json::to_value(&frames).unwrap(),
        json!([{"type": "subscribe", "id": "s0", "topics": ["agent_id:me:chat"],
            "epoch": "e", "since": {"a": 5, "b": 2}}])
    );
    let frames = resuming(chats(&["a", "c"])).begin("me");
    assert_eq!(
        serde_json::to_value(&frames).unwrap(),
        json!([{"type": "subscribe", "id": "s0", "epoch": "e", "since": {"a": 5},
            "topics": ["agent_id:me:chat:a", "agent_id:me:chat:c"]}])
    );
}

#[test]
fn chats_are_followed_in_whatever_case_they_are_named() {
    let follow = chats(&["AB"]).normalized();
    let mut tracker = Tracker::new(follow, Positions::of("e").at("AB", 5));
    let frames = tracker.begin("me");
    assert_eq!(frames[0].since.as_ref().unwrap()["ab"], 5);
    let answer = subscribed("s0", "e", &[("ab", 6, 6)]);
    take_all(&mut tracker, [answer, event("ab", 6)]);
    assert_eq!(updates(&mut tracker), ["connected ab", "ab6"]);
}

#[test]
fn what_was_delivered_already_is_not_delivered_again() {
    let mut tracker = connected();
    let frames = [event("a", 4), event("a", 5), event("a", 6), event("a", 6)];
    take_all(&mut tracker, frames);
    take_all(
        &mut tracker,
        [event("a", 7), Incoming::CaughtUp("a".into(), 7)],
    );
    assert_eq!(updates(&mut tracker), ["a6", "a7", "a caught up 7"]);
}

#[test]
fn a_gap_ends_the_connection_and_the_next_one_resumes_before_it() {
    let mut tracker = connected();
    tracker.take(event("a", 6)).unwrap();
    let gap = Fault::Gap {
        chat: "a".into(),
        expected: 7,
        got: 8,
    };
    assert_eq!(tracker.take(event("a", 8)), Err(gap.clone()));
    assert_eq!(
        tracker.take(Incoming::CaughtUp("a".into(), 8)),
        Err(gap.clone())
    );
    let removed = Incoming::Unsubscribed("a".into(), "removed".into(), 8);
    assert_eq!(tracker.take(removed), Err(gap));
    assert_eq!(updates(&mut tracker), ["a6"]);
    let frames = tracker.begin("me");
    assert_eq!(frames[0].since.as_ref().unwrap()["a"], 6);
}

#[test]
fn after_a_reset_it_goes_on_behind_the_head() {
    let mut tracker = connected();
    let reset = Incoming::Reset("a".into(), "retention".into(), 100);
    take_all(&mut tracker, [reset, event("a", 101)]);
    let ahead = Incoming::Reset("b".into(), "ahead_of_head".into(), 0);
    take_all(&mut tracker, [ahead, event("b", 1)]);
    assert_eq!(
        updates(&mut tracker),
        [
            "a reset retention 100",
            "a101",
            "b reset ahead_of_head 0",
            "b1"
        ]
    );
}

#[test]
fn a_new_epoch_resets_every_chat_at_once_and_only_once() {
    let mut tracker = resuming(Follow::All);
    let answer = subscribed("s0", "f", &[("a", 3, 2), ("c", 8, 7)]);
    tracker.take(answer).unwrap();
    let reset = Incoming::Reset("a".into(), "epoch".into(), 2);
    let ended = Incoming::Unsubscribed("b".into(), "not_a_participant".into(), 2);
    take_all(&mut tracker, [reset, ended, event("a", 3), event("c", 8)]);
    assert_eq!(
        updates(&mut tracker),
        [
            "connected ac",
            "a reset epoch 2",
            "b ended not_a_participant 2",
            "a3",
            "c8"
        ]
    );
}

#[test]
fn positions_are_of_the_old_log_until_all_of_the_change_is_delivered() {
    let mut tracker = resuming(Follow::All);
    let before = tracker.delivered().clone();
    let answer = subscribed("s0", "f", &[("a", 3, 2), ("c", 8, 7)]);
    take_all(&mut tracker, [answer, event("a", 3)]);
    for _ in ["connected", "reset"] {
        tracker.next_update();
        assert_eq!(*tracker.delivered(), before);
    }
    tracker.next_update();
    assert_eq!(
        *tracker.delivered(),
        Positions::of("f").at("a", 2).at("c", 7)
    );
    tracker.next_update();
    assert_eq!(tracker.delivered().get("a"), Some(3));
}

#[test]
fn a_chat_one_is_added_to_begins_where_it_begins() {
    let mut tracker = connected();
    take_all(&mut tracker, [event("new", 41), event("new", 42)]);
    assert_eq!(updates(&mut tracker), ["new41", "new42"]);
    assert!(tracker.take(event("new", 44)).is_err());
}

#[test]
fn a_chat_joined_while_away_is_looked_up_before_anything_is_delivered() {
    let mut tracker = resuming(Follow::All);
    let answer = subscribed("s0", "e", &[("a", 6, 6), ("b", 3, 2), ("new", 51, 50)]);
    take_all(&mut tracker, [answer]);
    assert_eq!(tracker.take_joined(), ["new".to_owned()].into());
    assert!(updates(&mut tracker).is_empty());
    tracker.begin_after("new", 40);
    let frames = tracker.begin("me");
    assert_eq!(frames[0].since.as_ref().unwrap()["new"], 40);
    let answer = subscribed("s0", "e", &[("a", 6, 6), ("b", 3, 2), ("new", 41, 50)]);
    take_all(&mut tracker, [answer, event("new", 41)]);
    assert!(tracker.take_joined().is_empty());
    assert_eq!(updates(&mut tracker), ["connected abnew", "new41"]);
}

#[test]
fn one_who_was_removed_and_comes_back_gets_the_chat_from_there() {
    let mut tracker = connected();
    let removed = Incoming::Unsubscribed("a".into(), "removed".into(), 6);
    take_all(&mut tracker, [event("a", 6), removed.clone(), removed]);
    assert_eq!(updates(&mut tracker), ["a6", "a ended removed 6"]);
    assert_eq!(tracker.delivered().get("a"), None);
    take_all(&mut tracker, [event("a", 12), event("a", 13)]);
    assert_eq!(updates(&mut tracker), ["a12", "a13"]);
    assert_eq!(tracker.delivered().get("a"), Some(13));
}

#[test]
fn followed_chats_that_end_or_are_refused_leave_nothing_to_follow() {
    let mut tracker = resuming(chats(&["a", "b"]));
    let Incoming::Subscribed(mut answer) = subscribed("s0", "e", &[("a", 6, 6)]) else {
        unreachable!();
    };
    answer.refused.push(Refused {
        topic: "agent_id:me:chat:b".into(),
        reason: "CHAT_NOT_FOUND".into(),
    });
    tracker.take(Incoming::Subscribed(answer)).unwrap();
    assert!(!tracker.is_over());
    let deleted = Incoming::Unsubscribed("a".into(), "deleted".into(), 6);
    take_all(&mut tracker, [event("a", 6), deleted, event("a", 9)]);
    assert!(tracker.is_over());
    assert_eq!(
        updates(&mut tracker),
        [
            "connected a",
            "b ended CHAT_NOT_FOUND 2",
            "a6",
            "a ended deleted 6"
        ]
    );
}
