//! Tests that the database is sound after each step of a long operation, so that a crash in between
//! is harmless.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use talk_domain::kernel::context::{Context, IdSource};
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::store::Unit;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::{agent_id, at, context, customer_id};
use tempfile::TempDir;

use super::{Count, problems};
use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::unit::DieselUnit;
use crate::sqlite::connection;
use crate::sqlite::plans::{Plain, play};

/// Messages that are added to what was played.
const MESSAGES: u32 = 200;

/// A database with one chat, of agents 1 and 2, in which much was said.
struct Played {
    _directory: TempDir,
    conn: AnyConnection,
    chat: ChatId,
}

fn cx(n: u32) -> Context {
    let own = context(agent_id(1));
    let ids = IdSource::new(at(5_000_000), u128::from(n) << 8);
    Context::new(own.actor, at(10_000 + i64::from(n)), own.limits, ids)
}

impl Played {
    fn new() -> Self {
        let (directory, conn, _) = play();
        let mut played = Self {
            _directory: directory,
            conn,
            chat: ChatId(uuid::Uuid::nil()),
        };
        connection::epoch(played.sqlite()).unwrap();
        let customers =
            "INSERT INTO talk_customers SELECT DISTINCT customer_id, 'C', 0, 0 FROM talk_agents";
        played.sqlite().batch_execute(customers).unwrap();
        let of_agent = |uow: &mut dyn TalkUnit| uow.participants().some_chats_of(agent_id(1), 1);
        played.chat = played.write(of_agent).unwrap()[0];
        let chat = played.chat;
        for n in 0..MESSAGES {
            let command = PostMessage {
                chat,
                parent: None,
                text: format!("@agent-2 hello {n}"),
                medias: vec![],
            };
            let posted = played.write(|uow| post_message(uow, &cx(n), &command));
            posted.unwrap();
        }
        played
    }

    fn write<T>(&mut self, work: impl FnOnce(&mut dyn TalkUnit) -> T) -> T {
        let unit = Unit::of(customer_id(), "steps");
        let mut uow = DieselUnit::new(&mut self.conn, unit, &Plain, BatchCache::default());
        let result = work(&mut uow);
        let mut done = uow.into_done();
        flush(&mut self.conn, &mut done.cache).unwrap();
        result
    }

    fn sqlite(&mut self) -> &mut SqliteConnection {
        let AnyConnection::Sqlite(conn) = &mut self.conn;
        conn
    }

    fn is_sound(&mut self, when: &str) {
        let found = problems(self.sqlite()).unwrap();
        assert!(found.is_empty(), "{when}: {found:?}");
    }
}

/// RUN-18.
#[test]
fn a_database_is_sound_after_every_step_of_a_removal() {
    let mut played = Played::new();
    let chat = played.chat;
    played
        .write(|uow| delete_chat(uow, &cx(MESSAGES), chat))
        .unwrap();
    played.is_sound("before");
    let mut steps = 1;
    while played.write(|uow| remove_chat(uow, chat)).unwrap().is_more {
        played.is_sound(&format!("step {steps}"));
        steps += 1;
    }
    assert!(steps > 6, "{steps} steps");
    played.is_sound("afterwards");
    for table in [
        "chats",
        "participants",
        "former_participants",
        "read_marks",
        "messages",
        "mentions",
        "events",
        "message_events",
        "reactions",
        "revisions",
        "cleanups",
        "search_entries",
    ] {
        let rows = format!("SELECT COUNT(*) AS n FROM talk_{table}");
        let Count { n } = diesel::sql_query(rows).get_result(played.sqlite()).unwrap();
        assert_eq!(n, 0, "{table}");
    }
}
