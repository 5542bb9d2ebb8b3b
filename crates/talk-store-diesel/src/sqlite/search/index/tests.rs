//! The index on a database of its own, advanced by hand.

mod finding;
mod storing;

use diesel::connection::{SimpleConnection, TransactionManager};
use diesel::sql_types::Text;
use talk_domain::kernel::id::ParticipantId;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::talk::model::message::{Message, MessageQueries, MessageRepository};
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::talk::model::participant::{Participant, ParticipantRepository};
use talk_domain::testing::{a_chat, a_message, a_participant, agent_id, at, chat_id, customer_id};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::scope::Scope;
use crate::sqlite::connection;

/// A database with agent 1 in chat 1.
struct World {
    directory: TempDir,
    conn: AnyConnection,
}

fn database() -> (TempDir, SqliteConnection) {
    let directory = tempfile::tempdir().unwrap();
    let conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    (directory, conn)
}

impl World {
    fn new() -> Self {
        let (directory, mut conn) = database();
        connection::migrate(&mut conn).unwrap();
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
        Scope::new(&mut self.conn, Some(customer_id()), BatchCache::default())
    }

    /// Agent 1 joins chat `n`.
    fn join(&mut self, n: u128) {
        let chat = talk_domain::talk::model::chat::Chat {
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

    /// Runs `what` in one transaction.
    fn at_once(&mut self, what: impl FnOnce(&mut Self)) {
        connection::begin(&mut self.conn).unwrap();
        what(self);
        AnyConnection::commit_transaction(&mut self.conn).unwrap();
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

    /// Returns the numbers of the messages found, in pages of `size`.
    fn walk(&mut self, text: &str, size: u16, order: Order) -> Vec<u128> {
        self.pages(text, size, order).concat()
    }

    /// The same page by page.
    fn pages(&mut self, text: &str, size: u16, order: Order) -> Vec<Vec<u128>> {
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
            let numbers = page.rows.iter().map(|m| m.id.0.as_u128() - 0xE_0000);
            found.push(numbers.collect());
            if page.next.is_none() {
                return found;
            }
            assert_ne!(page.next, request.after, "every page goes on");
            request.after = page.next;
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

    /// Returns whether the files of the database contain these bytes, after a checkpoint.
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
