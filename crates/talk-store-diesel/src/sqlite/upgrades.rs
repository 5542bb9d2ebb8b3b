//! Tests of databases of earlier versions.

mod answers;

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::MigrationHarness;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::log::{Logged, Portion};
use talk_domain::kernel::store::Unit;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::talk::resolve_mentions::resolve;
use talk_domain::talk::unit::{TalkSnapshot, TalkUnit};
use talk_domain::testing::{agent_id, at, customer_id};
use tempfile::TempDir;

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::snapshot::DieselSnapshot;
use crate::portable::unit::DieselUnit;
use crate::sqlite::connection;
use crate::sqlite::plans::{Plain, play};

/// A database with a chat of agents 1 and 2.
struct Old {
    _directory: TempDir,
    conn: AnyConnection,
}

impl Old {
    fn new() -> Self {
        let (directory, conn, _) = play();
        Self {
            _directory: directory,
            conn,
        }
    }

    fn write<T>(&mut self, work: impl FnOnce(&mut dyn TalkUnit) -> T) -> T {
        let unit = Unit::of(customer_id(), "upgrade");
        let mut uow = DieselUnit::new(&mut self.conn, unit, &Plain, BatchCache::default());
        let result = work(&mut uow);
        let mut done = uow.into_done();
        flush(&mut self.conn, &mut done.cache).unwrap();
        result
    }

    fn read<T>(&mut self, work: impl FnOnce(&mut dyn TalkSnapshot) -> T) -> T {
        let unit = Unit::of(customer_id(), "upgrade");
        work(&mut DieselSnapshot::new(&mut self.conn, unit, &Plain))
    }

    fn sqlite(&mut self) -> &mut SqliteConnection {
        let AnyConnection::Sqlite(conn) = &mut self.conn;
        conn
    }

    /// Reverts to before this migration, runs `between`, and migrates again.
    fn back_and_forth(&mut self, version: &'static str, between: &str) {
        let conn = self.sqlite();
        while conn.applied_migrations().unwrap().contains(&version.into()) {
            conn.revert_last_migration(connection::MIGRATIONS).unwrap();
        }
        conn.batch_execute(between).unwrap();
        connection::migrate(conn).unwrap();
    }
}

fn cx(agent: u128, millis: i64) -> Context {
    let own = talk_domain::testing::context(agent_id(agent));
    let now = at(1_000_000 + millis * 1_000);
    let ids =
        talk_domain::kernel::context::IdSource::new(now, u128::from(millis.unsigned_abs()) << 8);
    Context::new(own.actor, now, own.limits, ids)
}

/// Case 41: messages from before are resolved newest first, in bounded portions that can be
/// repeated.
#[test]
fn mentions_of_before_are_resolved_in_portions() {
    let mut old = Old::new();
    let chat = old.read(|snapshot| snapshot.participants().logs(agent_id(1)).unwrap()[0].chat);
    let mut say = |agent, millis, text: &str| {
        let command = PostMessage {
            chat,
            parent: None,
            text: text.into(),
            medias: vec![],
        };
        let cx = cx(agent, millis);
        let posted = old.write(|uow| post_message(uow, &cx, &command));
        posted.unwrap().message
    };
    let gone = say(1, 1, "@agent-2 gone");
    for n in 2..20 {
        say(1, n, "@agent-2님");
        say(1, 100 + n, "nobody");
        say(2, 200 + n, "@agent-1 @agent-2");
    }
    let author = cx(1, 300);
    old.write(|uow| delete_message(uow, &author, gone.id))
        .unwrap();
    let expected = mentions(&mut old, chat);
    assert_eq!(expected, [18, 19], "the world has one more");

    old.back_and_forth("0006", "");
    assert_eq!(mentions(&mut old, chat), [0, 0]);
    let bound = Bound {
        rows: 7,
        bytes: 1_000,
    };
    let mut portions = 0;
    while let Some(backlog) = old.read(|snapshot| snapshot.mentions().backlog(bound).unwrap()) {
        assert!(backlog.messages.len() <= 7);
        assert!(backlog.messages.iter().all(|(of, _)| *of == customer_id()));
        let ids: Vec<_> = backlog.messages.iter().map(|(_, id)| *id).collect();
        for _ in 0..2 {
            old.write(|uow| resolve(uow, &ids)).unwrap();
        }
        old.write(|uow| uow.mentions().settle(&backlog)).unwrap();
        portions += 1;
        let [first, _] = mentions(&mut old, chat);
        assert!(portions > 1 || first > 0, "the newest are resolved first");
    }
    assert!(portions > 8, "{portions}");
    assert_eq!(mentions(&mut old, chat), expected);
}

fn mentions(old: &mut Old, chat: ChatId) -> [u32; 2] {
    old.read(|snapshot| {
        [1, 2].map(|agent| {
            let reads = snapshot.reads();
            reads.mentions(chat, agent_id(agent), at(0)).unwrap()
        })
    })
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Renewed {
    #[diesel(sql_type = Text)]
    emoji: String,
    #[diesel(sql_type = Text)]
    emoji_key: String,
    #[diesel(sql_type = BigInt)]
    reaction_count: i64,
}

/// Case 72: a key that was another emoji's is renewed; none is lost, none is there twice.
#[test]
fn keys_of_reactions_are_renewed() {
    let couple = |tone, heart| format!("👨{tone}\u{200d}{heart}\u{200d}👨{tone}");
    let bare = |tone| couple(tone, "❤");
    let mut old = Old::new();
    // Each had the key of the one before; the last agent has reacted in both spellings.
    let wrong = [
        (1, bare("🏽"), bare("🏼")),
        (1, bare("🏾"), bare("🏽")),
        (1, bare("🏿"), bare("🏾")),
        (1, "thumbsup".into(), "👍".into()),
        (1, "custom".into(), ":custom:".into()),
        (1, "1\u{fe0f}\u{20e3}".into(), "1\u{20e3}".into()),
        (2, bare("🏿"), bare("🏾")),
        (2, couple("🏿", "❤\u{fe0f}"), bare("🏿")),
    ];
    let rows = wrong.iter().map(|(agent, emoji, key)| {
        format!(
            "INSERT INTO talk_reactions SELECT id, x'{:032x}', '{key}', '{emoji}', 9 \
             FROM talk_messages ORDER BY serial LIMIT 1;",
            agent_id(*agent).0.as_u128(),
        )
    });
    let rows: String = rows.collect();
    let count = "UPDATE talk_messages SET reaction_count = (SELECT COUNT(*) FROM talk_reactions \
                 r WHERE r.message_id = talk_messages.id);";
    let between = format!("DELETE FROM talk_reactions; {rows} {count}");
    old.back_and_forth("0007", &between);
    let renewed = "SELECT emoji, emoji_key, reaction_count FROM talk_reactions r JOIN \
                   talk_messages m ON m.id = r.message_id ORDER BY agent_id, emoji_key, emoji";
    let mut found: Vec<Renewed> = diesel::sql_query(renewed).load(old.sqlite()).unwrap();
    found.sort_by(|a, b| a.emoji.cmp(&b.emoji));
    let expected = [
        ("1\u{fe0f}\u{20e3}".into(), "1\u{20e3}".into()),
        ("custom".into(), ":custom:".into()),
        ("thumbsup".into(), "👍".to_owned()),
        (bare("🏽"), bare("🏽")),
        (bare("🏾"), bare("🏾")),
        (bare("🏿"), bare("🏿")),
        (couple("🏿", "❤\u{fe0f}"), bare("🏿")),
    ];
    let mut expected: Vec<_> = expected
        .map(|(emoji, emoji_key): (String, String)| Renewed {
            emoji,
            emoji_key,
            reaction_count: 7,
        })
        .into();
    expected.sort_by(|a, b| a.emoji.cmp(&b.emoji));
    assert_eq!(found, expected);
}

/// LOG-03: who may read a chat is known from the log of before, too. Only the founders of a chat, who
/// join with its second event and those that follow, are not named by its first one.
#[test]
fn changes_of_memberships_are_found_in_the_log_of_before() {
    let mut old = Old::new();
    let chat = old.read(|snapshot| snapshot.participants().logs(agent_id(1)).unwrap()[0].chat);
    old.write(|uow| {
        let leaver = uow.participants().find(chat, agent_id(2)).unwrap();
        let participant = leaver.unwrap().id;
        let command = RemoveParticipant { chat, participant };
        remove_participant(uow, &cx(2, 1), &command).unwrap()
    });
    let gone = old.write(|uow| delete_chat(uow, &cx(1, 2), chat));
    gone.unwrap();
    let log = |old: &mut Old| {
        let all = Portion::new(0, 1_000);
        old.read(|snapshot| snapshot.events().after(chat.into(), all).unwrap().events)
    };
    let mut expected = log(&mut old);
    let changes = |log: &[Arc<Logged>]| log.iter().map(|event| event.changes.len()).sum::<usize>();
    assert_eq!(
        changes(&expected),
        6,
        "two founders twice, one leaves, the end"
    );
    old.back_and_forth("0015", "");
    Arc::make_mut(&mut expected[0]).changes.clear();
    assert_eq!(log(&mut old), expected);
}
