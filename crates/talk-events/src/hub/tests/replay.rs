//! Reads from the log for subscribers that are behind.

use talk_domain::kernel::live::Start;
use talk_domain::testing::stream_id;

use super::desk::{Desk, joined, left, long, said};

/// A desk with subscriber 1, which resumes stream 1 after `seq`; its first read is pending.
fn resumed(queue_limit: usize, seq: u64, head: u64) -> Desk {
    let mut desk = Desk::new(queue_limit);
    desk.connect(1, 1);
    assert!(desk.subscribe(1, stream_id(1), Start::Since { seq, head }));
    desk.sent(1);
    assert_eq!(desk.reads(), [(1, stream_id(1), seq, queue_limit)]);
    desk
}

/// WS-06: a log is read page by page.
#[test]
fn a_page_that_is_not_the_last_is_followed_by_a_read_from_its_end() {
    let mut desk = resumed(1_000, 3, 5);
    let stream = stream_id(1);
    desk.first_page(1, (stream, 3), &[said(stream, 4), said(stream, 5)]);
    assert_eq!(desk.sent(1), ["replayed 4", "replayed 5"]);
    assert_eq!(desk.reads(), [(1, stream, 5, 980)]);
    desk.page(1, (stream, 5), &[]);
    assert_eq!(desk.sent(1), ["caught up at 5"]);
}

/// WS-06: no event twice.
#[test]
fn events_that_a_page_repeats_are_not_given_again() {
    let mut desk = resumed(1_000, 3, 5);
    let stream = stream_id(1);
    let log = [2, 3, 4, 4, 5].map(|seq| said(stream, seq));
    desk.page(1, (stream, 3), &log);
    let all = ["replayed 4", "replayed 5", "caught up at 5"];
    assert_eq!(desk.sent(1), all);
}

/// WS-07: events deleted by retention cause a reset, no silent gap.
#[test]
fn trimmed_events_cause_a_reset() {
    let mut desk = resumed(1_000, 2, 8);
    let stream = stream_id(1);
    desk.page(1, (stream, 2), &[said(stream, 7), said(stream, 8)]);
    let rest = [
        "reset Retention to 6",
        "replayed 7",
        "replayed 8",
        "caught up at 8",
    ];
    assert_eq!(desk.sent(1), rest);
}

/// WS-11: also while a subscriber catches up.
#[test]
fn an_event_that_does_not_fit_is_read_again_once_there_is_space_for_it() {
    let mut desk = resumed(40, 0, 3);
    let stream = stream_id(1);
    let log = [
        long(stream, 1, 10),
        long(stream, 2, 10),
        long(stream, 3, 30),
    ];
    desk.page(1, (stream, 0), &log);
    assert_eq!(desk.sent(1), ["replayed 1", "replayed 2"]);
    desk.drain(1, 9);
    assert!(desk.reads().is_empty(), "there is space for 29 bytes");
    desk.drain(1, 1);
    assert_eq!(desk.reads(), [(1, stream, 2, 30)]);
    desk.page(1, (stream, 2), &log[2..]);
    assert_eq!(desk.sent(1), ["replayed 3", "caught up at 3"]);
}

#[test]
fn an_event_that_fills_a_queue_exactly_fits() {
    let mut desk = resumed(40, 0, 3);
    let stream = stream_id(1);
    let log = [long(stream, 1, 15), long(stream, 2, 25), long(stream, 3, 1)];
    desk.page(1, (stream, 0), &log);
    assert_eq!(desk.sent(1), ["replayed 1", "replayed 2"]);
}

/// A page that was read for a replaced subscription does not count for the new one.
#[test]
fn a_page_of_a_replaced_subscription_is_dropped() {
    let mut desk = resumed(1_000, 3, 6);
    let stream = stream_id(1);
    assert!(desk.subscribe(1, stream, Start::Since { seq: 1, head: 6 }));
    assert_eq!(desk.sent(1), ["begun after 1 of 6"]);
    desk.page(
        1,
        (stream, 3),
        &[said(stream, 4), said(stream, 5), said(stream, 6)],
    );
    assert!(desk.sent(1).is_empty());
    assert_eq!(desk.reads(), [(1, stream, 1, 1_000)]);
    let log: Vec<_> = (2..=6).map(|seq| said(stream, seq)).collect();
    desk.page(1, (stream, 1), &log);
    assert_eq!(desk.sent(1).len(), 6, "five events and the end");
}

/// An agent that has left gets no events until it joins again, even if others join or leave.
#[test]
fn an_agent_gets_no_event_between_its_leaving_and_its_return() {
    let mut desk = resumed(40, 3, 5);
    let stream = stream_id(1);
    desk.commit(&[said(stream, 10)]);
    let gone = [said(stream, 4), said(stream, 5), left(stream, 6, 1)];
    desk.first_page(1, (stream, 3), &gone);
    desk.sent(1);
    desk.drain(1, 20);
    let log = [
        long(stream, 7, 100),
        joined(stream, 8, 2),
        left(stream, 9, 2),
        joined(stream, 10, 1),
    ];
    desk.reads();
    desk.page(1, (stream, 6), &log);
    assert_eq!(desk.sent(1), ["replayed 10", "caught up at 10"]);
}

/// A subscriber whose agent has left and has not joined again by the head stays linked and waits.
#[test]
fn a_subscriber_that_finds_no_return_in_the_log_waits_for_it() {
    let mut desk = resumed(1_000, 3, 5);
    let stream = stream_id(1);
    desk.commit(&[said(stream, 7)]);
    let log = [4, 5].map(|seq| said(stream, seq));
    let gone = [&log[..], &[left(stream, 6, 1), said(stream, 7)]].concat();
    desk.page(1, (stream, 3), &gone);
    let given = [
        "replayed 4",
        "replayed 5",
        "replayed 6",
        "unsubscribed Removed at 6",
    ];
    assert_eq!(desk.sent(1), given);
    assert!(desk.hub.fanouts.is_empty());
    desk.commit(&[said(stream, 8), joined(stream, 9, 1)]);
    assert_eq!(desk.reads(), [(1, stream, 8, 970)]);
    desk.page(1, (stream, 8), &[joined(stream, 9, 1)]);
    assert_eq!(desk.sent(1), ["event 9"]);
}

/// A stream with a new event after every page does not delay the others.
#[test]
fn streams_are_caught_up_in_turns() {
    let mut desk = Desk::new(1_000);
    let [busy, other] = [1, 2].map(stream_id);
    desk.connect(1, 1);
    for stream in [busy, other] {
        assert!(desk.subscribe(1, stream, Start::Since { seq: 0, head: 1 }));
    }
    desk.commit(&[said(busy, 2)]);
    desk.first_page(1, (busy, 0), &[said(busy, 1)]);
    assert_eq!(desk.reads(), [(1, busy, 0, 1_000), (1, other, 0, 990)]);
}
