//! Delivery of events to live subscribers, and the reasons for which a subscriber falls behind.

use talk_domain::kernel::live::{Scope, Start};
use talk_domain::kernel::stream::Change;
use talk_domain::testing::{agent_id, stream_id};

use super::desk::{Desk, event, founded, joined, left, long, said};
use crate::hub::{REMEMBERED, SubscriberId};

/// WS-03.
#[test]
fn an_event_reaches_every_live_subscriber_of_its_stream_and_no_other() {
    let mut desk = Desk::new(1_000);
    desk.live(1, 1, (stream_id(1), 5));
    desk.live(2, 1, (stream_id(1), 5));
    desk.live(3, 3, (stream_id(2), 5));
    desk.commit(&[said(stream_id(1), 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    assert_eq!(desk.sent(2), ["event 6"]);
    assert!(desk.sent(3).is_empty());
}

/// WS-03: no event twice.
#[test]
fn an_event_that_rings_twice_is_sent_once() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.commit(&[said(stream, 6), said(stream, 6), said(stream, 5)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    desk.commit(&[said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 7"]);
    assert!(desk.reads().is_empty());
}

/// LOG-03: no event is missing.
#[test]
fn events_that_did_not_ring_are_read_from_the_log() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.commit(&[said(stream, 7)]);
    assert_eq!(desk.sent(1), ["lagging after 5"]);
    assert_eq!(desk.reads(), [(1, stream, 5, 1_000)]);
    desk.commit(&[said(stream, 8)]);
    assert!(desk.sent(1).is_empty() && desk.reads().is_empty());
    let log = [6, 7, 8].map(|seq| said(stream, seq));
    desk.page(1, (stream, 5), &log);
    assert_eq!(desk.sent(1), ["event 6", "event 7", "event 8"]);
    desk.commit(&[said(stream, 9)]);
    assert_eq!(desk.sent(1), ["event 9"]);
    assert!(desk.reads().is_empty());
}

/// WS-11: a queue is bounded in bytes.
#[test]
fn a_queue_takes_events_until_it_is_full_and_the_rest_is_read_once_half_of_it_is_free() {
    let mut desk = Desk::new(40);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 0));
    for seq in 1..=5 {
        desk.commit(&[said(stream, seq)]);
    }
    let fill = ["event 1", "event 2", "event 3", "event 4"];
    assert_eq!(desk.sent(1)[..4], fill);
    desk.drain(1, 19);
    assert!(desk.reads().is_empty());
    desk.drain(1, 1);
    assert_eq!(desk.reads(), [(1, stream, 4, 20)]);
    desk.drain(1, 10);
    assert!(desk.reads().is_empty(), "one read at a time");
    desk.page(1, (stream, 4), &[said(stream, 5)]);
    assert_eq!(desk.sent(1), ["event 5"]);
    desk.commit(&[said(stream, 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
}

/// WS-11: a subscriber that falls behind gets one notice of it.
#[test]
fn a_subscriber_that_falls_behind_gets_one_notice() {
    let mut desk = Desk::new(10);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 0));
    for seq in 1..=3 {
        desk.commit(&[said(stream, seq)]);
    }
    assert_eq!(desk.sent(1), ["event 1", "lagging after 1"]);
}

/// An event larger than a queue is sent when all but a portion of the queue is acknowledged.
#[test]
fn an_event_larger_than_the_queue_is_sent_once_nearly_all_is_acknowledged() {
    let mut desk = Desk::new(40);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 0));
    desk.commit(&[long(stream, 1, 100)]);
    assert_eq!(desk.sent(1), ["event 1"]);
    desk.commit(&[said(stream, 2)]);
    assert_eq!(desk.sent(1), ["lagging after 1"]);
    desk.drain(1, 94);
    assert_eq!(desk.reads(), [(1, stream, 1, 34)]);
    desk.page(1, (stream, 1), &[long(stream, 2, 100)]);
    let waiting = "a byte waits beside those that may be received";
    assert!(desk.sent(1).is_empty(), "{waiting}");
    desk.drain(1, 1);
    assert_eq!(desk.reads(), [(1, stream, 1, 35)]);
    desk.page(1, (stream, 1), &[long(stream, 2, 100)]);
    assert_eq!(desk.sent(1), ["event 2"]);
}

/// WS-12: an agent gets no events of the stream after the one that removed it.
#[test]
fn an_agent_that_leaves_gets_the_removal_and_nothing_more() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.live(2, 2, (stream, 5));
    desk.commit(&[left(stream, 6, 1), said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 6", "unsubscribed Removed at 6"]);
    assert_eq!(desk.sent(2), ["event 6", "event 7"]);
    desk.hub.disconnect(SubscriberId(2));
    assert!(desk.hub.fanouts.is_empty());
}

/// WS-12: the stream is deleted.
#[test]
fn a_deleted_stream_ends_for_everybody() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.live(2, 2, (stream, 5));
    desk.commit(&[event(stream, 6, &[Change::Ends])]);
    for subscriber in [1, 2] {
        assert_eq!(
            desk.sent(subscriber),
            ["event 6", "unsubscribed Deleted at 6"]
        );
    }
    assert!(desk.hub.fanouts.is_empty());
}

/// WS-02: a subscription to all streams includes those that the agent joins later.
#[test]
fn a_stream_joined_later_begins_with_the_joining() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    desk.connect(2, 1);
    desk.follow_no_more(2);
    desk.connect(3, 3);
    desk.commit(&[said(stream, 5), joined(stream, 6, 1)]);
    assert_eq!(desk.reads(), [(1, stream, 5, 1_000)]);
    desk.page(1, (stream, 5), &[joined(stream, 6, 1)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    desk.commit(&[said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 7"]);
    assert!(desk.out.notices.is_empty() && desk.reads().is_empty());
}

/// WS-12: an older join that is delivered late does not restart the delivery.
#[test]
fn an_agent_that_joins_again_is_subscribed_again() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.commit(&[left(stream, 6, 1)]);
    desk.sent(1);
    desk.commit(&[joined(stream, 5, 1)]);
    assert!(desk.reads().is_empty());
    desk.commit(&[said(stream, 7), joined(stream, 8, 1)]);
    assert_eq!(desk.reads(), [(1, stream, 7, 990)]);
    desk.page(1, (stream, 7), &[joined(stream, 8, 1)]);
    assert_eq!(desk.sent(1), ["event 8"]);
    desk.commit(&[joined(stream, 8, 1)]);
    assert!(desk.reads().is_empty(), "it follows the stream already");
}

/// LOG-05: the first event of a stream is its creation, which its founders get too.
#[test]
fn founders_get_a_stream_from_its_first_event_and_those_who_join_later_do_not() {
    let (stream, other) = (stream_id(1), stream_id(2));
    let both = founded(stream, &[1, 2]);
    let one = founded(stream, &[1]);
    let founding = [both.clone(), joined(stream, 2, 1), joined(stream, 3, 2)];
    let beside_another = [both, founded(other, &[9]), joined(stream, 2, 1)];
    let added_in_the_same_commit = [one, joined(stream, 2, 1), joined(stream, 3, 2)];
    let added = [joined(stream, 5, 1), joined(stream, 6, 2)];
    for (batch, since) in [
        (&founding[..], [0, 0]),
        (&beside_another, [0, 0]),
        (&added_in_the_same_commit, [0, 2]),
        (&added, [4, 5]),
    ] {
        let mut desk = Desk::new(1_000);
        desk.connect(1, 1);
        desk.connect(2, 2);
        desk.commit(batch);
        let reads = [(1, stream, since[0], 1_000), (2, stream, since[1], 1_000)];
        assert_eq!(desk.reads(), reads, "{batch:?}");
    }
}

/// An event may change several memberships: one agent leaves and another joins.
#[test]
fn every_change_of_an_event_is_applied() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.connect(2, 2);
    let changes = [Change::Leaves(agent_id(1)), Change::Joins(agent_id(2))];
    desk.commit(&[event(stream, 6, &changes), said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 6", "unsubscribed Removed at 6"]);
    assert_eq!(desk.reads(), [(2, stream, 5, 1_000)]);
}

#[test]
fn a_disconnection_ends_no_other_connection() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    for subscriber in [1, 2] {
        desk.live(subscriber, 1, (stream, 5));
    }
    desk.hub.disconnect(SubscriberId(1));
    desk.hub.disconnect(SubscriberId(1));
    desk.commit(&[said(stream, 6), joined(stream_id(2), 3, 1)]);
    assert!(desk.sent(1).is_empty());
    assert_eq!(desk.sent(2), ["event 6"]);
    assert_eq!(desk.reads(), [(2, stream_id(2), 2, 990)]);
    desk.hub.disconnect(SubscriberId(2));
    let hub = &desk.hub;
    assert!(hub.fanouts.is_empty() && hub.agents.is_empty() && hub.subscribers.is_empty());
}

/// WS-12: unsubscribe.
#[test]
fn unsubscribing_ends_some_streams_and_the_others_go_on() {
    let [kept, dropped] = [1, 2].map(stream_id);
    let only = Scope {
        streams: [kept].into(),
        ..Scope::default()
    };
    let keep = |desk: &mut Desk| desk.hub.unsubscribe(SubscriberId(1), &only);
    let mut desk = Desk::new(1_000);
    desk.live(1, 1, (kept, 5));
    assert!(desk.subscribe(1, dropped, Start::Head(5)));
    desk.sent(1);
    keep(&mut desk);
    desk.commit(&[said(dropped, 6), said(kept, 6), joined(stream_id(3), 4, 1)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    assert!(desk.reads().is_empty(), "nothing joined later is followed");
    // The same while the subscriber is behind.
    let mut desk = Desk::new(1_000);
    desk.connect(1, 1);
    for stream in [dropped, kept] {
        assert!(desk.subscribe(1, stream, Start::Since { seq: 3, head: 5 }));
    }
    keep(&mut desk);
    desk.sent(1);
    desk.page(1, (dropped, 3), &[said(dropped, 4)]);
    assert_eq!(desk.reads(), [(1, dropped, 3, 1_000), (1, kept, 3, 1_000)]);
    desk.page(1, (kept, 3), &[said(kept, 4), said(kept, 5)]);
    let caught_up = ["replayed 4", "replayed 5", "caught up at 5"];
    assert_eq!(desk.sent(1), caught_up);
    keep(&mut desk);
    assert!(!desk.hub.fanouts.contains_key(&dropped));
    desk.hub.unsubscribe(SubscriberId(1), &Scope::default());
    assert!(desk.hub.fanouts.is_empty());
}

/// A pending subscription is restarted if the hub no longer has the events since its commit mark.
#[test]
fn a_subscription_sees_what_was_committed_meanwhile_as_long_as_that_is_remembered() {
    for (count, is_begun) in [(2, true), (REMEMBERED, true), (REMEMBERED + 1, false)] {
        let mut desk = Desk::new(1_000);
        let stream = stream_id(1);
        desk.connect(1, 1);
        desk.commit(&[said(stream_id(2), 1)]);
        let mark = desk.hub.mark();
        let others = (0..count - 1).map(|n| said(stream_id(2), n as u64 + 2));
        let mut events = vec![said(stream, 6)];
        events.extend(others);
        desk.commit(&events);
        assert_eq!(
            desk.subscribe_since(1, mark, (stream, Start::Head(5))),
            is_begun,
            "{count}"
        );
        let read = is_begun.then_some((1, stream, 5, 1_000));
        assert_eq!(desk.reads(), Vec::from_iter(read));
    }
}
