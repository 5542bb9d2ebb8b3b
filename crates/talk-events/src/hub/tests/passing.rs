//! Frames that are in no log: presence, and what connections say to each other.

use talk_domain::kernel::live::Presence;
use talk_domain::talk::live::subscribe::Start;
use talk_domain::testing::{agent_id, chat_id};

use super::desk::{Desk, long};
use crate::hub::ReaderId;

fn announce(desk: &mut Desk, agent: u128, chats: &[u128]) {
    let chats: Vec<_> = chats.iter().map(|n| chat_id(*n)).collect();
    let (hub, out) = (&mut desk.hub, &mut desk.out);
    hub.announce(agent_id(agent), &chats, Presence::Online, out);
}

fn pass(desk: &mut Desk, id: u64, frame: &str) {
    let (hub, out) = (&mut desk.hub, &mut desk.out);
    hub.pass(ReaderId(id), chat_id(1), &frame.into(), out);
}

/// WS-18: presence.
#[test]
fn others_are_told_once_of_an_agent_with_whom_they_share_chats() {
    let mut desk = Desk::new(1_000);
    for (reader, agent) in [(1, 1), (2, 2)] {
        desk.live(reader, agent, (chat_id(1), 5));
        assert!(desk.attach(reader, chat_id(2), Start::Head(5)));
        desk.sent(reader);
    }
    desk.live(3, 3, (chat_id(3), 5));
    announce(&mut desk, 1, &[1, 2]);
    assert!(desk.sent(1).is_empty());
    assert_eq!(desk.sent(2), ["presence Online"]);
    assert!(desk.sent(3).is_empty());
}

/// WS-18: typing.
#[test]
fn a_passing_frame_reaches_the_other_agents_that_are_live_in_the_chat() {
    let mut desk = Desk::new(1_000);
    for (reader, agent) in [(1, 1), (2, 1), (3, 2)] {
        desk.live(reader, agent, (chat_id(1), 5));
    }
    desk.live(4, 4, (chat_id(2), 5));
    desk.connect(5, 5);
    assert!(desk.attach(5, chat_id(1), Start::Since { seq: 3, head: 5 }));
    desk.sent(5);
    pass(&mut desk, 1, "typing");
    assert_eq!(desk.sent(3), ["passing typing"]);
    for reader in [1, 2, 4, 5] {
        assert!(desk.sent(reader).is_empty(), "reader {reader}");
    }
    pass(&mut desk, 99, "typing");
    assert!(
        desk.sent(3).is_empty(),
        "a reader that is gone says nothing"
    );
}

/// A reader that has more than a quarter of its queue to take gets no frame that is in no log.
#[test]
fn passing_frames_keep_three_quarters_of_a_queue_free() {
    for (waiting, is_given) in [(100, true), (101, false)] {
        let mut desk = Desk::new(400);
        desk.live(1, 1, (chat_id(1), 5));
        desk.live(2, 2, (chat_id(1), 5));
        desk.commit(&[long(chat_id(1), 6, waiting)]);
        desk.sent(2);
        pass(&mut desk, 1, "typing");
        announce(&mut desk, 1, &[1]);
        let given = desk.sent(2);
        assert_eq!(!given.is_empty(), is_given, "{waiting}: {given:?}");
        assert!(given.len() <= 1, "the frame itself counts: {given:?}");
    }
}

#[test]
fn passing_frames_count_until_they_are_taken() {
    let mut desk = Desk::new(400);
    desk.live(1, 1, (chat_id(1), 5));
    desk.live(2, 2, (chat_id(1), 5));
    let frame = "x".repeat(60);
    for _ in 0..3 {
        pass(&mut desk, 1, &frame);
    }
    assert_eq!(desk.sent(2).len(), 2);
    desk.drain(2, 60);
    pass(&mut desk, 1, &frame);
    assert_eq!(desk.sent(2).len(), 1);
    desk.drain(2, 120);
    announce(&mut desk, 1, &[1]);
    announce(&mut desk, 1, &[1]);
    assert_eq!(desk.sent(2).len(), 1, "news of presence counts too");
}
