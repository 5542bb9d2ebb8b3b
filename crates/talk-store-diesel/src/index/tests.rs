use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness;
use talk_domain::id::{AgentId, ParticipantId};
use talk_domain::message::search::{MessageSearch, Needle};
use talk_domain::message::{Message, MessageQueries, MessageRepository};
use talk_domain::page::{Order, PageRequest};
use talk_domain::participant::{Participant, ParticipantRepository};
use talk_domain::testing::{
    a_chat, a_message, a_participant, agent_id, at, chat_id, customer_id, message_id,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::scope::Scope;
use crate::sqlite;

/// A database with agent 1 in chat 1.
struct World {
    directory: TempDir,
    conn: AnyConnection,
}

fn database() -> (TempDir, SqliteConnection) {
    let directory = tempfile::tempdir().unwrap();
    let conn = sqlite::writer(&directory.path().join("talk.db")).unwrap();
    (directory, conn)
}

impl World {
    fn new() -> Self {
        let (directory, mut conn) = database();
        sqlite::migrate(&mut conn).unwrap();
        Self::of(directory, conn)
    }

    fn of(directory: TempDir, mut conn: SqliteConnection) -> Self {
        prepare(&mut conn).unwrap();
        let conn = AnyConnection::Sqlite(conn);
        let mut world = Self { directory, conn };
        world.join(1);
        world
    }

    fn scope(&mut self) -> Scope<'_> {
        Scope::new(&mut self.conn, Some(customer_id()))
    }

    /// Agent 1 joins chat `n`.
    fn join(&mut self, n: u128) {
        let chat = talk_domain::chat::Chat {
            id: chat_id(n),
            ..a_chat()
        };
        let member = Participant {
            id: ParticipantId(Uuid::from_u128(0x1_0000 + n)),
            chat: chat.id,
            ..a_participant(agent_id(1))
        };
        let inserted = ParticipantRepository::insert(&mut self.scope(), &chat, &member);
        assert!(inserted.unwrap());
    }

    fn say(&mut self, n: u128, text: &str) -> Message {
        let message = Message {
            text: text.into(),
            created: at(i64::try_from(n).unwrap() * 1_000),
            ..a_message(n)
        };
        self.store(&message);
        message
    }

    fn store(&mut self, message: &Message) {
        MessageRepository::insert(&mut self.scope(), message).unwrap();
    }

    fn reword(&mut self, message: &Message, text: &str) {
        let message = Message {
            text: text.into(),
            ..message.clone()
        };
        self.scope().update(&message).unwrap();
    }

    fn delete(&mut self, message: &Message) {
        let tombstone = Message {
            text: String::new(),
            deleted: Some(at(1)),
            ..message.clone()
        };
        self.scope().update(&tombstone).unwrap();
    }

    fn step(&mut self) -> bool {
        advance(&mut self.conn).unwrap()
    }

    fn index(&mut self) {
        while self.step() {}
    }

    /// The numbers of the messages found, walked in pages of `size`.
    fn walk(&mut self, text: &str, size: u16, order: Order) -> Vec<u128> {
        let search = MessageSearch {
            needle: Needle::parse("q", text).unwrap(),
            chat: None,
            author: None,
            after: None,
            before: None,
        };
        let mut request = PageRequest {
            size,
            after: None,
            order,
        };
        let mut found = vec![];
        loop {
            let page = self.scope().search(agent_id(1), &search, request).unwrap();
            found.extend(page.rows.iter().map(|m| m.id.0.as_u128() - 0xE_0000));
            request.after = page.next;
            if request.after.is_none() {
                return found;
            }
        }
    }

    fn find(&mut self, text: &str) -> Vec<u128> {
        self.walk(text, 100, Order::Ascending)
    }

    /// The terms in the index.
    fn terms(&mut self) -> Vec<String> {
        let AnyConnection::Sqlite(conn) = &mut self.conn;
        conn.batch_execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary \
             USING fts5vocab('main', 'talk_search', 'row')",
        )
        .unwrap();
        let terms: Vec<Term> = diesel::sql_query("SELECT term FROM temp.vocabulary")
            .load(conn)
            .unwrap();
        terms.into_iter().map(|term| term.term).collect()
    }

    /// Whether the files of the database contain these bytes, its log brought in.
    fn is_on_disk(&mut self, bytes: &str) -> bool {
        let AnyConnection::Sqlite(conn) = &mut self.conn;
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
            .unwrap();
        std::fs::read_dir(self.directory.path())
            .unwrap()
            .any(|file| {
                let content = std::fs::read(file.unwrap().path()).unwrap();
                content
                    .windows(bytes.len())
                    .any(|window| window == bytes.as_bytes())
            })
    }
}

#[derive(QueryableByName)]
struct Term {
    #[diesel(sql_type = Text)]
    term: String,
}

fn author() -> AgentId {
    agent_id(1)
}

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
        terms.query(&Needle::parse("q", run).unwrap(), &vec![vec![]; 300], None)
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
    conn.run_next_migration(sqlite::MIGRATIONS).unwrap();
    let write = "INSERT INTO talk_messages (id, customer_id, chat_id, seq, author_id, depth, text, \
                 medias, reply_count, reaction_count, created_at, updated_at) VALUES ";
    for n in 1..=3_i64 {
        let [message, customer, chat, author] = [
            message_id(u128::try_from(n).unwrap()).0,
            customer_id().0,
            chat_id(1).0,
            author().0,
        ]
        .map(|id| format!("x'{}'", id.simple()));
        conn.batch_execute(&format!(
            "{write} ({message}, {customer}, {chat}, {n}, {author}, 0, 'old {n}', '[]', 0, 0, \
             {n}, {n})"
        ))
        .unwrap();
    }
    sqlite::migrate(&mut conn).unwrap();
    let mut world = World::of(directory, conn);
    assert_eq!(world.find("old"), [1, 2, 3]);
    assert!(!world.step());
    assert_eq!(
        (world.find("old"), world.find("2")),
        (vec![1, 2, 3], vec![2])
    );
    let AnyConnection::Sqlite(conn) = &mut world.conn;
    conn.revert_last_migration(sqlite::MIGRATIONS).unwrap();
    sqlite::migrate(conn).unwrap();
    prepare(conn).unwrap();
    assert_eq!(world.find("old"), [1, 2, 3]);
}
