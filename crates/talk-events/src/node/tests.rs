//! Tests of the node from its connections' point of view: which notices they get, and when.

use std::time::Duration;

use talk_domain::kernel::live::{
    Ended, Live as _, Notice, Presence, ResetReason, Resume, Scope, SubscribeError,
};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{agent_id, stream_id};

mod office;

use super::PAGE;
use crate::node::Command;
use office::{EPOCH, Office, all, frames, next, only, rest, since};

/// The size of a queue that never fills up in these tests, in bytes.
const SPACE: usize = 1_000_000;

/// LOG-03.
#[tokio::test(start_paused = true)]
async fn a_committed_event_reaches_the_subscribers_of_its_stream() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    office.join(stream_id(2), agent_id(1));
    let mut everything = office.follower(1).await;
    let mut one_stream = office.connect(1);
    let (nothing, resume) = (Scope::default(), Resume::default());
    let follow = one_stream.subscribe(&nothing, &only(&[stream_id(1)]), &resume);
    assert!(follow.await.unwrap().is_empty());
    office.say(stream_id(1), "one");
    office.say(stream_id(2), "two");
    let all = rest(&mut *everything).await;
    assert_eq!(frames(&all), [("one", false), ("two", false)]);
    let one = rest(&mut *one_stream).await;
    assert_eq!(frames(&one), [("one", false)]);
}

/// WS-02: a subscription that names its streams does not follow it.
#[tokio::test(start_paused = true)]
async fn a_stream_joined_later_is_sent_to_subscribers_of_all_streams() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    let mut everything = office.follower(1).await;
    let mut one_stream = office.connect(1);
    let (nothing, resume) = (Scope::default(), Resume::default());
    let follow = one_stream.subscribe(&nothing, &only(&[stream_id(1)]), &resume);
    assert!(follow.await.unwrap().is_empty());
    office.join(stream_id(2), agent_id(1));
    assert_eq!(frames(&rest(&mut *everything).await), [("joined", false)]);
    assert!(frames(&rest(&mut *one_stream).await).is_empty());
}

/// WS-06: no event is missing or comes twice.
#[tokio::test(start_paused = true)]
async fn a_resumed_connection_gets_the_log_page_by_page_and_then_new_events() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    let said: Vec<_> = (0..2 * PAGE).map(|n| n.to_string()).collect();
    for text in &said {
        office.say(stream_id(1), text);
    }
    let mut connection = office.connect(1);
    let (nothing, resume) = (Scope::default(), since(stream_id(1), 1));
    connection
        .subscribe(&nothing, &all(), &resume)
        .await
        .unwrap();
    let notices = rest(&mut *connection).await;
    let replayed: Vec<_> = said.iter().map(|text| (text.as_str(), true)).collect();
    assert_eq!(frames(&notices), replayed);
    let head = u64::from(2 * PAGE + 1);
    assert_eq!(notices.last(), Some(&Notice::CaughtUp(stream_id(1), head)));
    assert!(
        office
            .reads()
            .iter()
            .filter(|name| **name == "catch_up")
            .count()
            >= 2
    );
    office.say(stream_id(1), "new");
    assert_eq!(frames(&rest(&mut *connection).await), [("new", false)]);
}

/// WS-07: positions of another log are invalid.
#[tokio::test(start_paused = true)]
async fn a_position_of_another_log_is_reset() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    office.say(stream_id(1), "one");
    for (epoch, is_reset) in [(EPOCH, false), ("another log", true)] {
        let mut connection = office.connect(1);
        let resume = Resume {
            epoch: epoch.into(),
            ..since(stream_id(1), 1)
        };
        let nothing = Scope::default();
        connection
            .subscribe(&nothing, &all(), &resume)
            .await
            .unwrap();
        let notices = rest(&mut *connection).await;
        let reset = Notice::Reset(stream_id(1), ResetReason::Epoch, 2);
        assert_eq!(notices.contains(&reset), is_reset, "{notices:?}");
        assert_eq!(frames(&notices).is_empty(), is_reset, "{notices:?}");
    }
}

/// WS-04: the refusal names the stream.
#[tokio::test(start_paused = true)]
async fn a_stream_of_others_is_refused() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(2));
    let mut connection = office.connect(1);
    let (nothing, resume) = (Scope::default(), Resume::default());
    let refused = connection.subscribe(&nothing, &only(&[stream_id(1)]), &resume);
    let refused = refused.await.unwrap();
    assert_eq!(refused, [(stream_id(1), "PERMISSION_DENIED")]);
    office.say(stream_id(1), "secret");
    assert!(frames(&rest(&mut *connection).await).is_empty());
}

/// WS-08: the agent was removed meanwhile.
#[tokio::test(start_paused = true)]
async fn an_agent_that_has_received_its_removal_gets_the_end_of_the_stream() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    office.leave(stream_id(1), agent_id(1));
    office.say(stream_id(1), "secret");
    let mut connection = office.connect(1);
    let (nothing, resume) = (Scope::default(), since(stream_id(1), 2));
    connection
        .subscribe(&nothing, &all(), &resume)
        .await
        .unwrap();
    let ended = Notice::Unsubscribed(stream_id(1), Ended::Removed, 2);
    assert_eq!(
        rest(&mut *connection).await,
        [Notice::Subscribed(vec![]), ended]
    );
}

/// WS-11: the queue of a subscriber is bounded.
#[tokio::test(start_paused = true)]
async fn a_connection_is_sent_no_more_than_fits_until_it_acknowledges() {
    let office = Office::open(100);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    let long = "x".repeat(60);
    for _ in 0..3 {
        office.say(stream_id(1), &long);
    }
    for _ in 0..3 {
        let notices = rest(&mut *connection).await;
        assert_eq!(frames(&notices), [(&*long, false)]);
        connection.acknowledge(long.len());
    }
    assert!(frames(&rest(&mut *connection).await).is_empty());
}

/// WS-11: small events are acknowledged together, and an event of any size follows them.
#[tokio::test(start_paused = true)]
async fn an_event_larger_than_the_queue_follows_small_ones() {
    let office = Office::open(100);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    let large = "x".repeat(150);
    for text in ["small", &*large, "small", &*large] {
        office.say(stream_id(1), text);
        let notices = rest(&mut *connection).await;
        assert_eq!(frames(&notices), [(text, false)]);
        connection.acknowledge(text.len());
    }
}

/// WS-11: no more of the log is read than the queue has room for.
#[tokio::test(start_paused = true)]
async fn no_more_of_the_log_is_read_than_fits() {
    let office = Office::open(100);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    let long = "x".repeat(60);
    for _ in 0..2 {
        office.say(stream_id(1), &long);
    }
    rest(&mut *connection).await;
    assert!(office.bytes().is_empty());
    connection.acknowledge(30);
    rest(&mut *connection).await;
    assert_eq!(office.bytes(), [70]);
}

/// WS-12: unsubscribe.
#[tokio::test(start_paused = true)]
async fn a_stream_is_no_longer_sent_after_unsubscribing() {
    let office = Office::open(SPACE);
    for n in [1, 2] {
        office.join(stream_id(n), agent_id(1));
    }
    let mut connection = office.follower(1).await;
    connection.unsubscribe(&only(&[stream_id(2)]));
    office.say(stream_id(1), "one");
    office.say(stream_id(2), "two");
    assert_eq!(frames(&rest(&mut *connection).await), [("two", false)]);
}

/// Invariant: no event is lost while storage is unavailable.
#[tokio::test(start_paused = true)]
async fn a_read_of_the_log_that_fails_is_repeated() {
    let office = Office::open(10);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    office.say(stream_id(1), "one of many");
    office.say(stream_id(1), "two of many");
    assert_eq!(frames(&rest(&mut *connection).await).len(), 1);
    office.fail(3);
    office.reads();
    connection.acknowledge("one of many".len());
    let notice = next(&mut *connection).await;
    assert!(
        matches!(notice, Some(Notice::Event { event, .. }) if &*event.payload == "two of many")
    );
    assert_eq!(office.reads(), ["catch_up"; 4]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_for_a_connection_that_has_ended() {
    let office = Office::open(10);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    office.say(stream_id(1), "one of many");
    office.say(stream_id(1), "two of many");
    rest(&mut *connection).await;
    office.fail(usize::MAX);
    connection.acknowledge("one of many".len());
    rest(&mut *connection).await;
    drop(connection);
    tokio::time::advance(Duration::from_secs(5)).await;
    let mut other = office.connect(2);
    rest(&mut *other).await;
    office.reads();
    rest(&mut *other).await;
    assert!(office.reads().is_empty());
}

/// A subscription that fails for lack of storage leaves the earlier subscriptions as they are.
#[tokio::test(start_paused = true)]
async fn a_subscription_that_fails_changes_nothing() {
    let office = Office::open(SPACE);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.connect(1);
    let (nothing, resume) = (Scope::default(), Resume::default());
    let before = only(&[stream_id(1)]);
    connection
        .subscribe(&nothing, &before, &resume)
        .await
        .unwrap();
    office.fail(1);
    let refused = connection.subscribe(&before, &all(), &resume).await;
    assert!(matches!(
        refused,
        Err(SubscribeError::Store(StoreError::Unavailable(_)))
    ));
    office.join(stream_id(2), agent_id(1));
    office.say(stream_id(1), "one");
    assert_eq!(frames(&rest(&mut *connection).await), [("one", false)]);
}

/// A subscription repeats its snapshot, a bounded number of times, if more was committed meanwhile
/// than the hub keeps.
#[tokio::test(start_paused = true)]
async fn a_subscription_repeats_its_snapshot_ten_times() {
    let more_than_remembered = 16_385;
    for (floods, is_begun) in [(9, true), (10, false)] {
        let office = Office::open(SPACE);
        office.join(stream_id(1), agent_id(1));
        office.flood(floods, more_than_remembered);
        let mut connection = office.connect(1);
        let (nothing, resume) = (Scope::default(), Resume::default());
        let begun = connection.subscribe(&nothing, &all(), &resume).await;
        let mut looks = office.reads();
        looks.retain(|name| *name == "subscribe");
        assert_eq!(looks.len(), 10);
        match begun {
            Ok(_) => assert!(is_begun),
            Err(error) => {
                assert!(!is_begun && matches!(error, SubscribeError::Store(StoreError::Busy)));
            }
        }
    }
}

/// WS-18: the sender's own connections do not get it.
#[tokio::test(start_paused = true)]
async fn an_ephemeral_frame_reaches_the_other_agents_in_the_stream() {
    let office = Office::open(SPACE);
    for n in [1, 2] {
        office.join(stream_id(1), agent_id(n));
    }
    let (mut one, mut two) = (office.follower(1).await, office.follower(2).await);
    one.send_ephemeral(stream_id(1), "typing".into());
    let passing = Notice::Ephemeral(stream_id(1), "typing".into());
    assert!(rest(&mut *two).await.contains(&passing));
    assert!(!rest(&mut *one).await.contains(&passing));
}

/// A frame from outside reaches every agent in the stream, and no other.
#[tokio::test(start_paused = true)]
async fn a_frame_from_outside_reaches_the_agents_in_the_stream() {
    let office = Office::open(SPACE);
    for (stream, agent) in [(1, 1), (1, 2), (2, 3)] {
        office.join(stream_id(stream), agent_id(agent));
    }
    let mut followers = Vec::new();
    for n in 1..=3 {
        followers.push(office.follower(n).await);
    }
    office.node.send_from_outside(stream_id(1), "typing".into());
    let passing = Notice::Ephemeral(stream_id(1), "typing".into());
    for (mut follower, is_in) in followers.into_iter().zip([true, true, false]) {
        assert_eq!(rest(&mut *follower).await.contains(&passing), is_in);
    }
}

/// WS-18: presence.
#[tokio::test(start_paused = true)]
async fn changes_of_presence_are_sent_to_agents_with_a_common_stream() {
    let office = Office::open(SPACE);
    for n in [1, 2] {
        office.join(stream_id(1), agent_id(n));
    }
    office.join(stream_id(2), agent_id(3));
    let mut watcher = office.follower(2).await;
    let mut stranger = office.follower(3).await;
    let told = |notices: Vec<Notice>| -> Vec<_> {
        let presence = |notice| match notice {
            Notice::Presence(agent, presence) if agent == agent_id(1) => Some(presence),
            _ => None,
        };
        notices.into_iter().filter_map(presence).collect()
    };
    let mut comer = office.connect(1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(rest(&mut *watcher).await), [Presence::Online]);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(told(rest(&mut *watcher).await), [Presence::Away]);
    let of_1 = |presence| vec![(agent_id(1), presence)];
    assert_eq!(office.node.presence(&[agent_id(1)]), of_1(Presence::Away));
    comer.mark_active();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(rest(&mut *watcher).await), [Presence::Online]);
    assert_eq!(office.node.presence(&[agent_id(1)]), of_1(Presence::Online));
    drop(comer);
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(told(rest(&mut *watcher).await), [Presence::Offline]);
    assert_eq!(
        office.node.presence(&[agent_id(1)]),
        of_1(Presence::Offline)
    );
    assert!(told(rest(&mut *stranger).await).is_empty());
}

/// WS-17: the server stops.
#[tokio::test(start_paused = true)]
async fn connections_end_with_the_delivery_and_with_their_disconnection() {
    let office = Office::open(SPACE);
    let (mut one, mut two) = (office.follower(1).await, office.follower(2).await);
    let first = crate::hub::SubscriberId(0);
    office.node.sender.send(Command::Disconnect(first)).unwrap();
    assert_eq!(next(&mut *one).await, None);
    assert!(rest(&mut *two).await.is_empty());
    office.delivery.abort();
    assert_eq!(next(&mut *two).await, None);
    let (nothing, resume) = (Scope::default(), Resume::default());
    let stopped = two.subscribe(&nothing, &all(), &resume).await;
    assert!(matches!(stopped, Err(SubscribeError::Stopping)));
    office.commit(stream_id(1), &[], "late");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_is_forgotten() {
    let office = Office::open(10);
    office.join(stream_id(1), agent_id(1));
    let mut connection = office.follower(1).await;
    rest(&mut *connection).await;
    drop(connection);
    office.say(stream_id(1), "one of many");
    office.say(stream_id(1), "two of many");
    office.reads();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!office.reads().contains(&"catch_up"));
}
