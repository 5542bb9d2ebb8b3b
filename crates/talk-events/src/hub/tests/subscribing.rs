//! The position at which the delivery of a stream starts.

use talk_domain::kernel::live::{ResetReason, Start};
use talk_domain::testing::stream_id;

use super::desk::{Desk, joined, left, said};

/// WS-04: without `since` delivery starts after the head.
#[test]
fn without_a_position_delivery_begins_after_the_head() {
    let mut desk = Desk::new(1_000);
    desk.live(1, 1, (stream_id(1), 5));
    desk.commit(&[said(stream_id(1), 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    assert!(desk.reads().is_empty());
}

/// WS-06: every event after the position is replayed, then a notice marks the end of the replay,
/// then delivery is live.
#[test]
fn a_resumed_position_is_replayed_and_its_end_is_marked() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream, Start::Since { seq: 3, head: 5 }));
    assert_eq!(desk.sent(1), ["begun after 3 of 5"]);
    assert_eq!(desk.reads(), [(1, stream, 3, 1_000)]);
    desk.page(1, (stream, 3), &[said(stream, 4), said(stream, 5)]);
    let caught_up = ["replayed 4", "replayed 5", "caught up at 5"];
    assert_eq!(desk.sent(1), caught_up);
    desk.commit(&[said(stream, 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
}

/// WS-06: also when no event follows the position.
#[test]
fn a_position_at_the_head_is_caught_up_once_the_log_was_read() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream, Start::Since { seq: 5, head: 5 }));
    assert_eq!(desk.sent(1), ["begun after 5 of 5"]);
    assert_eq!(desk.reads(), [(1, stream, 5, 1_000)]);
    desk.page(1, (stream, 5), &[]);
    assert_eq!(desk.sent(1), ["caught up at 5"]);
}

/// WS-07: no silent gap.
#[test]
fn an_invalid_position_is_reset_to_the_head() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream, Start::Reset(ResetReason::Epoch, 5)));
    assert_eq!(desk.sent(1), ["begun after 5 of 5", "reset Epoch to 5"]);
    desk.commit(&[said(stream, 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
}

/// WS-08: only the event of the removal.
#[test]
fn a_former_participant_gets_its_leaving_and_nothing_else() {
    for follows_joined in [false, true] {
        let mut desk = Desk::new(1_000);
        let stream = stream_id(1);
        desk.connect(1, 1);
        if !follows_joined {
            desk.follow_no_more(1);
        }
        assert!(desk.subscribe(1, stream, Start::Former { until: 5, head: 9 }));
        assert_eq!(desk.sent(1), ["begun after 4 of 5"]);
        assert_eq!(desk.reads(), [(1, stream, 4, 1_000)]);
        let log = [left(stream, 5, 1), said(stream, 6), said(stream, 7)];
        desk.page(1, (stream, 4), &log);
        assert_eq!(desk.sent(1), ["replayed 5", "unsubscribed Removed at 5"]);
        assert!(desk.hub.fanouts.is_empty());
        desk.commit(&[said(stream, 10), joined(stream, 11, 1)]);
        assert!(desk.sent(1).is_empty());
        let goes_on = desk.reads().iter().any(|read| read.2 == 10);
        assert_eq!(goes_on, follows_joined);
    }
}

/// WS-12: a join during the replay of the removal is not lost.
#[test]
fn a_former_participant_who_comes_back_meanwhile_gets_its_return() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream, Start::Former { until: 5, head: 9 }));
    desk.commit(&[joined(stream, 10, 1), said(stream, 11)]);
    desk.reads();
    desk.first_page(1, (stream, 4), &[left(stream, 5, 1)]);
    let left = [
        "begun after 4 of 5",
        "replayed 5",
        "unsubscribed Removed at 5",
    ];
    assert_eq!(desk.sent(1), left);
    assert_eq!(desk.reads(), [(1, stream, 9, 990)]);
    desk.page(1, (stream, 9), &[joined(stream, 10, 1), said(stream, 11)]);
    let back = ["replayed 10", "replayed 11", "caught up at 11"];
    assert_eq!(desk.sent(1), back);
}

/// WS-12: an earlier membership, ended before the subscription, does not end it.
#[test]
fn an_earlier_membership_does_not_end_the_delivery() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream, Start::Since { seq: 3, head: 6 }));
    desk.sent(1);
    let log = [said(stream, 4), left(stream, 5, 1), joined(stream, 6, 1)];
    desk.page(1, (stream, 3), &log);
    let all = ["replayed 4", "replayed 5", "replayed 6", "caught up at 6"];
    assert_eq!(desk.sent(1), all);
    // A later removal ends the delivery, also if it is read from the log.
    assert!(desk.subscribe(1, stream, Start::Since { seq: 5, head: 6 }));
    desk.sent(1);
    desk.page(1, (stream, 5), &[joined(stream, 6, 1), left(stream, 7, 1)]);
    let ended = ["replayed 6", "replayed 7", "unsubscribed Removed at 7"];
    assert_eq!(desk.sent(1), ended);
}

/// The snapshot is older than the events that the subscriber has received: its cursor does not
/// move.
#[test]
fn a_second_subscription_moves_no_subscriber_back_or_ahead() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    let mark = desk.hub.mark();
    desk.commit(&[said(stream, 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    for start in [Start::Head(5), Start::Head(6)] {
        assert!(desk.subscribe_since(1, mark, (stream, start)));
        assert_eq!(desk.sent(1), [format!("begun after 6 of {}", start.head())]);
    }
    desk.commit(&[said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 7"]);
    // The same for a subscriber that is behind.
    desk.commit(&[said(stream, 9)]);
    assert!(desk.subscribe(1, stream, Start::Head(9)));
    assert_eq!(desk.sent(1), ["lagging after 7", "begun after 7 of 9"]);
    desk.page(1, (stream, 7), &[said(stream, 8), said(stream, 9)]);
    assert_eq!(desk.sent(1), ["event 8", "event 9"]);
}

/// A live subscriber can resume at a position too.
#[test]
fn a_live_subscriber_resumes_from_a_position() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    assert!(desk.subscribe(1, stream, Start::Since { seq: 3, head: 5 }));
    assert_eq!(desk.sent(1), ["begun after 3 of 5"]);
    desk.commit(&[said(stream, 6)]);
    assert!(desk.sent(1).is_empty(), "it is no longer live");
    let log = [4, 5, 6].map(|seq| said(stream, seq));
    desk.page(1, (stream, 3), &log);
    let all = ["replayed 4", "replayed 5", "replayed 6", "caught up at 6"];
    assert_eq!(desk.sent(1), all);
}

/// A snapshot in which the agent participates is too old if its subscriber has received the
/// removal.
#[test]
fn a_snapshot_older_than_the_removal_that_was_sent_is_repeated() {
    let stream = stream_id(1);
    let former = Start::Former { until: 6, head: 6 };
    for (start, is_new_enough) in [(Start::Head(5), false), (former, true)] {
        let mut desk = Desk::new(1_000);
        desk.live(1, 1, (stream, 5));
        desk.commit(&[left(stream, 6, 1)]);
        desk.sent(1);
        assert_eq!(desk.subscribe(1, stream, start), is_new_enough);
        let begun = is_new_enough.then_some("begun after 5 of 6");
        assert_eq!(desk.sent(1), Vec::from_iter(begun));
    }
}

/// The same for a subscriber that has read the removal from the log and looks for a later join
/// there.
#[test]
fn a_snapshot_older_than_the_removal_that_was_read_is_repeated() {
    let stream = stream_id(1);
    let former = Start::Former { until: 7, head: 7 };
    for (start, is_new_enough) in [
        (Start::Head(6), false),
        (former, true),
        (Start::Head(9), true),
    ] {
        let mut desk = Desk::new(1_000);
        desk.live(1, 1, (stream, 5));
        desk.commit(&[said(stream, 9)]);
        desk.first_page(1, (stream, 5), &[said(stream, 6), left(stream, 7, 1)]);
        desk.sent(1);
        assert_eq!(desk.subscribe(1, stream, start), is_new_enough, "{start:?}");
    }
}

/// The snapshot shows that the agent has joined again, which its subscriber has not read yet.
#[test]
fn a_subscriber_that_waits_for_a_join_gets_its_new_start() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.live(1, 1, (stream, 5));
    desk.commit(&[said(stream, 11)]);
    desk.first_page(1, (stream, 5), &[left(stream, 6, 1), said(stream, 7)]);
    let behind = ["lagging after 5", "event 6", "unsubscribed Removed at 6"];
    assert_eq!(desk.sent(1), behind);
    assert!(desk.subscribe(1, stream, Start::Head(11)));
    assert_eq!(desk.sent(1), ["begun after 7 of 11"]);
    let stays = [
        joined(stream, 8, 1),
        left(stream, 9, 1),
        left(stream, 10, 1),
        joined(stream, 11, 1),
        left(stream, 12, 1),
    ];
    desk.page(1, (stream, 7), &stays);
    let given = [
        "event 8",
        "event 9",
        "event 10",
        "event 11",
        "event 12",
        "unsubscribed Removed at 12",
    ];
    assert_eq!(desk.sent(1), given);
}
