//! Frames that are not in the log: presence, and ephemeral frames between connections.

use talk_domain::kernel::live::{Presence, Start};
use talk_domain::testing::{agent_id, stream_id};

use super::desk::{Desk, long, said};
use crate::hub::SubscriberId;

fn send_presence(desk: &mut Desk, agent: u128, streams: &[u128]) {
    let streams: Vec<_> = streams.iter().map(|n| stream_id(*n)).collect();
    let (hub, out) = (&mut desk.hub, &mut desk.out);
    hub.send_presence(agent_id(agent), &streams, Presence::Online, out);
}

fn keep_ephemeral(desk: &mut Desk, id: u64, frame: &str) -> bool {
    let id = SubscriberId(id);
    desk.hub.keep_ephemeral(id, stream_id(1), frame.into())
}

fn send_ephemeral(desk: &mut Desk, id: u64, frame: &str) {
    keep_ephemeral(desk, id, frame);
    desk.hub.flush_ephemeral(&mut desk.out);
}

/// WS-18: presence.
#[test]
fn presence_is_sent_once_to_agents_with_a_common_stream() {
    let mut desk = Desk::new(1_000);
    for (subscriber, agent) in [(1, 1), (2, 2)] {
        desk.live(subscriber, agent, (stream_id(1), 5));
        assert!(desk.subscribe(subscriber, stream_id(2), Start::Head(5)));
        desk.sent(subscriber);
    }
    desk.live(3, 3, (stream_id(3), 5));
    send_presence(&mut desk, 1, &[1, 2]);
    assert!(desk.sent(1).is_empty());
    assert_eq!(desk.sent(2), ["presence Online"]);
    assert!(desk.sent(3).is_empty());
}

/// HOOK-08: connections without subscriptions get it too.
#[test]
fn a_report_reaches_every_connection_of_its_agents() {
    let mut desk = Desk::new(1_000);
    for (subscriber, agent) in [(1, 1), (2, 1), (3, 2)] {
        desk.live(subscriber, agent, (stream_id(1), 5));
    }
    desk.connect(4, 3);
    let agents = [1, 3, 9].map(agent_id).into();
    for _ in 0..2 {
        let frame = "x".repeat(251).into();
        desk.hub.send_report(&agents, &frame, &mut desk.out);
    }
    for (subscriber, reports) in [(1, 1), (2, 1), (3, 0), (4, 1)] {
        let sent = desk.sent(subscriber);
        assert!(sent.iter().all(|sent| sent.starts_with("report x")));
        assert_eq!(
            sent.len(),
            reports,
            "subscriber {subscriber}: the first counts"
        );
    }
}

/// WS-18: typing.
#[test]
fn an_ephemeral_frame_reaches_the_other_agents_that_are_live_in_the_stream() {
    let mut desk = Desk::new(1_000);
    for (subscriber, agent) in [(1, 1), (2, 1), (3, 2)] {
        desk.live(subscriber, agent, (stream_id(1), 5));
    }
    desk.live(4, 4, (stream_id(2), 5));
    desk.connect(5, 5);
    assert!(desk.subscribe(5, stream_id(1), Start::Since { seq: 3, head: 5 }));
    desk.sent(5);
    send_ephemeral(&mut desk, 1, "typing");
    assert_eq!(desk.sent(3), ["passing typing"]);
    for subscriber in [1, 2, 4, 5] {
        assert!(desk.sent(subscriber).is_empty(), "subscriber {subscriber}");
    }
    send_ephemeral(&mut desk, 99, "typing");
    assert!(
        desk.sent(3).is_empty(),
        "a subscriber that is gone says nothing"
    );
}

/// WS-18: collected frames are sent together, and frames and events stay in their order.
#[test]
fn ephemeral_frames_are_collected_and_sent_before_the_next_event() {
    let mut desk = Desk::new(1_000);
    for n in 1..=3 {
        desk.live(n, n.into(), (stream_id(1), 5));
        desk.sent(n);
    }
    assert!(keep_ephemeral(&mut desk, 1, "one types"));
    assert!(!keep_ephemeral(&mut desk, 2, "two types"));
    assert!(desk.sent(3).is_empty());
    desk.hub.flush_ephemeral(&mut desk.out);
    assert_eq!(desk.sent(3), ["passing one types", "passing two types"]);
    assert_eq!(desk.sent(1), ["passing two types"]);
    assert!(keep_ephemeral(&mut desk, 1, "one types"));
    desk.hub.disconnect(SubscriberId(1));
    desk.commit(&[said(stream_id(1), 6)]);
    let sent = desk.sent(3);
    assert_eq!(sent[0], "passing one types", "{sent:?}");
    assert_eq!(sent.len(), 2, "{sent:?}");
    desk.hub.flush_ephemeral(&mut desk.out);
    assert!(desk.sent(3).is_empty());
}

/// A subscriber whose queue is more than a quarter full gets no ephemeral frames.
#[test]
fn ephemeral_frames_keep_three_quarters_of_a_queue_free() {
    for (waiting, is_given) in [(100, true), (101, false)] {
        let mut desk = Desk::new(400);
        desk.live(1, 1, (stream_id(1), 5));
        desk.live(2, 2, (stream_id(1), 5));
        desk.commit(&[long(stream_id(1), 6, waiting)]);
        desk.sent(2);
        send_ephemeral(&mut desk, 1, "typing");
        send_presence(&mut desk, 1, &[1]);
        let given = desk.sent(2);
        assert_eq!(!given.is_empty(), is_given, "{waiting}: {given:?}");
        assert!(given.len() <= 1, "the frame itself counts: {given:?}");
    }
}

#[test]
fn ephemeral_frames_count_until_they_are_acknowledged() {
    let mut desk = Desk::new(400);
    desk.live(1, 1, (stream_id(1), 5));
    desk.live(2, 2, (stream_id(1), 5));
    let frame = "x".repeat(60);
    for _ in 0..3 {
        send_ephemeral(&mut desk, 1, &frame);
    }
    assert_eq!(desk.sent(2).len(), 2);
    desk.drain(2, 60);
    send_ephemeral(&mut desk, 1, &frame);
    assert_eq!(desk.sent(2).len(), 1);
    desk.drain(2, 120);
    send_presence(&mut desk, 1, &[1]);
    send_presence(&mut desk, 1, &[1]);
    assert_eq!(desk.sent(2).len(), 1, "news of presence counts too");
}

#[test]
fn frames_from_outside_are_collected_with_those_of_agents() {
    let mut desk = Desk::new(1_000);
    for n in [1, 2] {
        desk.live(n, n.into(), (stream_id(1), 5));
        desk.sent(n);
    }
    let mut keep = |frame: &str| desk.hub.keep_from_outside(stream_id(1), frame.into());
    assert!(keep("a visitor types"));
    assert!(!keep("a visitor types"));
    desk.hub.flush_ephemeral(&mut desk.out);
    for n in [1, 2] {
        assert_eq!(desk.sent(n), ["passing a visitor types"; 2]);
    }
}
