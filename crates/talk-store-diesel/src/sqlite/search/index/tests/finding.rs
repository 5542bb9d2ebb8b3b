//! Search results with and without the index.

use talk_domain::kernel::page::Order;
use talk_domain::talk::model::message::Message;
use talk_domain::testing::{a_message, at, chat_id};

use super::World;
use crate::sqlite::search::index::TIES;

#[test]
fn what_is_found_does_not_depend_on_the_index() {
    for steps in 0..32 {
        let mut world = World::new();
        let mut did = 0;
        let mut maybe = |world: &mut World| {
            if steps >> did & 1 == 1 {
                world.index();
            }
            did += 1;
        };
        let one = world.say(1, "first 한국어");
        let two = world.say(2, "second 한국");
        maybe(&mut world);
        world.reword(&one, "erste 한국어");
        maybe(&mut world);
        assert_eq!(
            (world.find("first"), world.find("erste")),
            (vec![], vec![1])
        );
        world.reword(&one, "premier 한");
        let three = world.say(3, "third 국어");
        maybe(&mut world);
        world.delete(&two);
        maybe(&mut world);
        world.reword(&three, "third 国");
        maybe(&mut world);
        assert_eq!(world.find("한"), [1]);
        assert_eq!(world.find("erste"), []);
        assert_eq!(world.find("국"), []);
        assert_eq!(world.find("r"), [1, 3]);
        world.index();
        assert_eq!(world.find("r"), [1, 3]);
    }
}

#[test]
fn messages_of_one_instant_are_all_found_in_order() {
    let mut world = World::new();
    let most = u128::try_from(TIES).unwrap() + 70;
    for n in 1..=most {
        let tied = Message {
            created: at(2_000_000),
            text: "tied".into(),
            ..a_message(n)
        };
        world.store(&tied);
    }
    world.index();
    world.say(3_000, "tied");
    world.say(1_000_000, "tied");
    world.step();
    let expected: Vec<u128> = (1..=most).chain([3_000, 1_000_000]).collect();
    for size in [7, 100, 1_094] {
        assert_eq!(world.walk("tied", size, Order::Ascending), expected);
        let mut newest_first = world.walk("tie", size, Order::Descending);
        newest_first.reverse();
        assert_eq!(newest_first, expected);
    }
}

#[test]
fn times_before_1970_are_indexed_too() {
    let mut world = World::new();
    for (n, micros) in [(1, -5_000), (2, -1), (3, 0), (4, 5_000)] {
        let message = Message {
            created: at(micros),
            ..a_message(n)
        };
        world.store(&message);
    }
    for _ in 0..2 {
        assert_eq!(world.find("hello"), [1, 2, 3, 4]);
        assert_eq!(world.walk("l", 1, Order::Descending), [4, 3, 2, 1]);
        world.index();
    }
}

#[test]
fn an_agent_in_more_chats_than_a_query_names_finds_them_all() {
    let mut world = World::new();
    for n in 2..300 {
        world.join(n);
    }
    for n in 1..400_u128 {
        let message = Message {
            chat: chat_id(n),
            created: at(i64::try_from(n).unwrap() * 7_919),
            ..a_message(n)
        };
        world.store(&message);
    }
    world.index();
    let expected: Vec<u128> = (1..300).collect();
    assert_eq!(world.find("hell"), expected);
}

/// Case 40: every text has all runs of three characters of the needle, and none has the needle.
#[test]
fn a_search_that_matches_nowhere_compares_a_bounded_number_of_texts_a_page() {
    let mut world = World::new();
    let hay = "aabaa ".repeat(1_300);
    world.at_once(|world| {
        world.say(1, "aabaab");
        for n in 2..1_300 {
            world.say(n, &hay);
        }
        world.say(1_300, "aabaab");
    });
    for _ in 0..2 {
        for (order, [first, last]) in [
            (Order::Ascending, [1, 1_300]),
            (Order::Descending, [1_300, 1]),
        ] {
            let pages = world.pages("aabaab", 50, order);
            // 10 MB in pages of 8 MiB.
            assert_eq!(pages, [vec![first], vec![last]], "{order:?}");
        }
        world.at_once(World::index);
    }
}

/// Messages that are not indexed yet are found in order, however many there are.
#[test]
fn a_long_backlog_is_searched_in_the_order_of_time() {
    let mut world = World::new();
    let mut expected = vec![];
    world.at_once(|world| {
        for n in 2..=20 {
            world.join(n);
        }
        for n in 0..9_000_u128 {
            // Chats beyond 20 are others', and twenty chats share an instant.
            let chat = n % 25 + 1;
            let message = Message {
                chat: chat_id(chat),
                created: at(i64::try_from(n / 25).unwrap() * 700),
                text: format!("said {}", n % 3),
                ..a_message(n)
            };
            world.store(&message);
            if chat <= 20 && n % 3 == 1 {
                expected.push(n);
            }
            if n == 1_000 {
                world.index();
            }
        }
    });
    for order in [Order::Ascending, Order::Descending] {
        assert_eq!(world.walk("aid 1", 100, order), expected, "{order:?}");
        assert_eq!(world.walk("aid 1", 7, order), expected, "{order:?}");
        expected.reverse();
    }
    world.at_once(World::index);
    assert_eq!(world.walk("aid 1", 100, Order::Ascending), expected);
}

/// A search continues after a backlog of one instant in more chats than are looked up at once.
#[test]
fn a_backlog_of_one_instant_is_searched_as_a_whole() {
    let mut world = World::new();
    world.at_once(|world| {
        for n in 2..=4_500 {
            world.join(n);
        }
        for n in 1..=4_500_u128 {
            let tied = Message {
                chat: chat_id(n),
                created: at(7_000),
                ..a_message(n)
            };
            world.store(&tied);
        }
    });
    world.say(5_000, "hello");
    let expected: Vec<u128> = (1..=4_500).chain([5_000]).collect();
    assert_eq!(world.walk("hello", 1_000, Order::Ascending), expected);
    let mut newest_first = world.walk("hello", 1_000, Order::Descending);
    newest_first.reverse();
    assert_eq!(newest_first, expected);
}
