//! Subscribers whose agents may read every stream of a realm of their customer.

use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::live::Start;
use talk_domain::kernel::stream::{Realm, StreamId};
use talk_domain::testing::stream_id;
use uuid::Uuid;

use super::desk::{Desk, joined, left, overseer, said};
use crate::hub::{Reader, SubscriberId};

/// CONV-13: an overseer gets streams that it has not joined.
#[test]
fn an_overseer_gets_every_stream_from_its_next_event_on() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect_reader(1, overseer(1));
    desk.connect(2, 2);
    desk.commit(&[said(stream, 6)]);
    assert_eq!(desk.reads(), [(1, stream, 5, 1_000)]);
    desk.page(1, (stream, 5), &[said(stream, 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    desk.commit(&[said(stream, 7)]);
    assert_eq!(desk.sent(1), ["event 7"]);
    assert!(desk.out.notices.is_empty() && desk.reads().is_empty());
}

/// CONV-13: an admin that gives a conversation away reads on.
#[test]
fn an_overseer_that_leaves_a_stream_reads_on() {
    let mut desk = Desk::new(1_000);
    let stream = stream_id(1);
    desk.connect_reader(1, overseer(1));
    assert!(desk.subscribe(1, stream, Start::Head(5)));
    desk.sent(1);
    desk.commit(&[left(stream, 6, 1), said(stream, 7), joined(stream, 8, 1)]);
    assert_eq!(desk.sent(1), ["event 6", "event 7", "event 8"]);
}

/// CONV-13: neither streams of another customer nor of another realm.
#[test]
fn an_overseer_gets_nothing_of_other_customers_and_realms() {
    let mut desk = Desk::new(1_000);
    let elsewhere = Reader {
        customer: CustomerId(Uuid::from_u128(77)),
        ..overseer(1)
    };
    desk.connect_reader(1, elsewhere);
    desk.connect_reader(2, overseer(2));
    let other = StreamId {
        realm: Realm::new("other"),
        id: Uuid::from_u128(5),
    };
    desk.commit(&[said(other, 1)]);
    assert!(desk.reads().is_empty());
    desk.commit(&[said(stream_id(1), 1)]);
    assert_eq!(desk.reads(), [(2, stream_id(1), 0, 1_000)]);
}

/// CONV-13: a subscription to one stream stays one.
#[test]
fn an_overseer_that_is_subscribed_to_one_stream_gets_that_one() {
    let mut desk = Desk::new(1_000);
    desk.connect_reader(1, overseer(1));
    desk.follow_no_more(1);
    assert!(desk.subscribe(1, stream_id(1), Start::Head(5)));
    desk.sent(1);
    desk.commit(&[said(stream_id(2), 1), said(stream_id(1), 6)]);
    assert_eq!(desk.sent(1), ["event 6"]);
    assert!(desk.reads().is_empty());
    desk.hub.disconnect(SubscriberId(1));
    assert!(desk.hub.overseers.is_empty() && desk.hub.agents.is_empty());
}
