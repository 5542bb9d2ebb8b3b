//! Stored contents of the index.

use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::talk::model::chat::{Chat, ChatKind, ChatQueries, ChatRepository};
use talk_domain::talk::model::message::Message;
use talk_domain::talk::model::removal::ChatRemoval;
use talk_domain::testing::{a_chat, a_message, agent_id, chat_id, customer_id, message_id};

use super::{World, database};
use crate::connection::AnyConnection;
use crate::sqlite::connection;
use crate::sqlite::search::index::terms::{PART, Terms};
use crate::sqlite::search::index::{prepare, reached};

#[test]
fn a_deleted_message_leaves_no_trace() {
    let mut world = World::new();
    let kept = world.say(1, "kept");
    world.index();
    let before = world.terms();
    let secrets: Vec<Message> = (2..40)
        .map(|n| world.say(n, &format!("zanzibar {n}")))
        .collect();
    world.index();
    let [secret] = ["zan"].map(|run| {
        let terms = Terms::of(customer_id().0.as_bytes());
        terms.query(&Needle::parse("q", run).unwrap(), &[], None)
    });
    assert!(world.terms().contains(&secret));
    assert!(world.is_on_disk("zanzibar") && world.is_on_disk(secret.get(..8).unwrap()));
    world.reword(&secrets[0], "nothing");
    for message in &secrets {
        world.delete(message);
    }
    assert_eq!(world.terms(), before);
    assert!(!world.is_on_disk("zanzibar"));
    assert!(!world.is_on_disk(secret.get(..8).unwrap()));
    world.delete(&kept);
    assert_eq!(world.terms(), Vec::<String>::new());
}

#[test]
fn the_terms_of_a_long_message_go_step_by_step_and_no_others() {
    let mut world = World::new();
    let long: String = ('가'..).step_by(2).take(4_000).collect();
    let gone = world.say(1, &long);
    world.index();
    let before = world.terms().len();
    assert!(before > 3 * PART);
    world.delete(&gone);
    assert_eq!(world.terms().len(), before - PART);
    // Only the last characters of the text and the time are the same.
    let last: String = long.chars().rev().take(2).collect();
    let same = Message {
        text: last.clone(),
        created: gone.created,
        ..a_message(2)
    };
    world.store(&same);
    let mut steps = 1;
    while world.step() {
        steps += 1;
        assert_eq!(world.find(&last), [2]);
    }
    assert_eq!(steps, before.div_ceil(PART));
    assert_eq!(world.find(&last), [2]);
    assert_eq!(world.terms().len(), 2 + 2 + 1);
}

/// The highest number of a message is reused once that message is removed.
#[test]
fn a_message_with_the_number_of_a_removed_one_is_found() {
    let mut world = World::new();
    world.say(1, "removed");
    world.say(2, "removed too");
    world.index();
    world.at_once(|world| {
        let is_more = world.scope().erase_messages(chat_id(1), Bound::TEXTS);
        assert!(!is_more.unwrap());
    });
    assert_eq!(world.terms(), Vec::<String>::new());
    assert!(!world.is_on_disk("removed"));
    world.say(3, "posted later");
    assert_eq!(reached(&mut world.conn), Ok(0));
    assert_eq!(world.find("later"), [3]);
    world.index();
    assert_eq!(world.find("later"), [3]);
    assert_eq!(world.find("removed"), []);
}

#[test]
fn an_index_of_another_version_is_made_anew() {
    let mut world = World::new();
    let first = world.say(1, "first");
    world.say(2, "second");
    world.index();
    world.reword(&first, "premier");
    let AnyConnection::Sqlite(conn) = &mut world.conn;
    conn.batch_execute("UPDATE talk_meta SET value = '0' WHERE key = 'search_version'")
        .unwrap();
    prepare(conn).unwrap();
    assert_eq!(world.terms(), Vec::<String>::new());
    assert_eq!(world.find("e"), [1, 2]);
    world.index();
    assert_eq!((world.find("first"), world.find("e")), (vec![], vec![1, 2]));
    assert_eq!(reached(&mut world.conn), Ok(2));
}

#[test]
fn a_database_without_an_index_is_searched_and_indexed() {
    let (directory, mut conn) = database();
    conn.run_next_migration(connection::MIGRATIONS).unwrap();
    let write = "INSERT INTO talk_messages (id, customer_id, chat_id, seq, author_id, depth, text, \
                 medias, reply_count, reaction_count, created_at, updated_at) VALUES ";
    for n in 1..=3_i64 {
        let [message, customer, chat, author] = [
            message_id(u128::try_from(n).unwrap()).0,
            customer_id().0,
            chat_id(1).0,
            agent_id(1).0,
        ]
        .map(|id| format!("x'{}'", id.simple()));
        conn.batch_execute(&format!(
            "{write} ({message}, {customer}, {chat}, {n}, {author}, 0, 'old {n}', '[]', 0, 0, \
             {n}, {n})"
        ))
        .unwrap();
    }
    connection::migrate(&mut conn).unwrap();
    let mut world = World::of(directory, conn);
    assert_eq!(world.find("old"), [1, 2, 3]);
    assert!(!world.step());
    assert_eq!(
        (world.find("old"), world.find("2")),
        (vec![1, 2, 3], vec![2])
    );
    let AnyConnection::Sqlite(conn) = &mut world.conn;
    conn.revert_last_migration(connection::MIGRATIONS).unwrap();
    connection::migrate(conn).unwrap();
    prepare(conn).unwrap();
    assert_eq!(world.find("old"), [1, 2, 3]);
}

/// Case 76: texts of channels that another version has folded.
#[test]
fn channels_are_folded_anew_behind_the_writes_and_found_meanwhile() {
    let mut world = World::new();
    for n in 1..=200 {
        let channel = Chat {
            id: chat_id(n),
            kind: ChatKind::Talk,
            name: format!("don’t {n}"),
            ..a_chat()
        };
        assert!(ChatRepository::insert(&mut world.scope(), &channel).unwrap());
    }
    let AnyConnection::Sqlite(conn) = &mut world.conn;
    conn.batch_execute(
        "UPDATE talk_chats SET search_key = 'stale';
         UPDATE talk_meta SET value = '2' WHERE key = 'channels_folded';",
    )
    .unwrap();
    prepare(conn).unwrap();
    let first = PageRequest {
        size: 100,
        after: None,
        order: Order::Descending,
    };
    let mut is_more = true;
    let mut steps = 0;
    while is_more {
        let found = world.scope().channels("don't 20", first).unwrap();
        assert_eq!(found.rows.len(), 2, "20 and 200");
        is_more = world.step();
        steps += 1;
    }
    assert_eq!(steps, 4, "64 channels a step");
    let found = world.scope().channels("don't 20", first).unwrap();
    assert_eq!(found.rows.len(), 2);
    assert!(
        world
            .scope()
            .channels("stale", first)
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(!world.step());
}
