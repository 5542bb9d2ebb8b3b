//! The cache of a batch changes no result: random stories are played in batches with the cache and
//! unit by unit without it, and leave the same answers, events and tables.

mod acts;
mod story;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use proptest::prelude::*;
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::unit::Snapshot as _;

use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::connection::AnyConnection;
use crate::portable::snapshot::DieselSnapshot;
use crate::portable::unit::DieselUnit;
use crate::sqlite::connection;
use crate::sqlite::file::disk::{FullDisk, Reserve};
use crate::sqlite::plans::Plain;
use crate::sqlite::writer::batch::kept::Kept;
use crate::sqlite::writer::batch::{Batcher, Job};
use crate::sqlite::writer::budget::Budget;
use crate::sqlite::writer::checkpoint::WriteAheadLog;
use crate::sqlite::writer::inbox::Inbox;
use story::{Known, Step, found};

/// A bell that collects events.
#[derive(Default)]
struct Rung(Mutex<Vec<Arc<Logged>>>);

impl Bell for Rung {
    fn ring(&self, committed: &[Arc<Logged>]) {
        self.0.lock().unwrap().extend_from_slice(committed);
    }
}

/// A database that plays stories.
struct Player {
    _directory: TempDir,
    batcher: Batcher,
    bell: Arc<Rung>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Player {
    fn new(is_plain: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("talk.db");
        let mut conn = connection::writer(&path).unwrap();
        connection::migrate(&mut conn).unwrap();
        conn.batch_execute("PRAGMA synchronous = OFF").unwrap();
        let mut conn = AnyConnection::Sqlite(conn);
        let (disk, bell) = (FullDisk::noted_by(&mut conn), Arc::new(Rung::default()));
        let batcher = Batcher {
            conn,
            encoder: Arc::new(Plain),
            bell: bell.clone(),
            write_ahead_log: WriteAheadLog::of(&path, u64::MAX),
            is_plain,
            kept: Kept::default(),
            budget: Budget::new(256),
            disk,
            reserve: Reserve::of(&path),
        };
        let mut player = Self {
            _directory: directory,
            batcher,
            bell,
        };
        let known = player.known();
        player.play(&Step::first(), &known, 0);
        player
    }

    /// Runs steps in one transaction and returns what each of them found and was answered.
    fn play(&mut self, steps: &[Step], known: &Known, number: usize) -> Vec<String> {
        let outcomes = Arc::new(Mutex::new(vec![String::new(); steps.len()]));
        let jobs = steps.iter().enumerate().map(|(n, step)| {
            let (step, known, outcomes) = (*step, known.clone(), Arc::clone(&outcomes));
            let work = move |uow: &mut DieselUnit<'_>| {
                let (verdict, outcome) = step.run(uow, &known, number + n);
                outcomes.lock().unwrap()[n] = outcome;
                verdict
            };
            Job {
                unit: step.unit(),
                work: Box::new(work),
                queued: Instant::now(),
                reply: oneshot::channel().0,
            }
        });
        let mut jobs: Vec<Job> = jobs.collect();
        let (answers, _) = self.batcher.transact(&mut jobs, &Inbox::new(1)).unwrap();
        let outcomes = outcomes.lock().unwrap();
        let lines = outcomes.iter().zip(answers);
        lines
            .map(|(outcome, answer)| format!("{outcome} {answer:?}"))
            .collect()
    }

    /// Returns the ids that steps can use.
    fn known(&mut self) -> Known {
        let chats = self.lines("SELECT hex(id) AS line FROM talk_chats ORDER BY id");
        let messages = self.lines("SELECT hex(id) AS line FROM talk_messages ORDER BY id");
        let keys = self.lines("SELECT hex(id) AS line FROM talk_access_keys ORDER BY id");
        let unit = Unit::installation("twin");
        let mut snapshot = DieselSnapshot::new(&mut self.batcher.conn, unit, &Plain);
        Known {
            chats: found(&chats),
            messages: found(&messages),
            keys: found(&keys),
            cleanup: snapshot.cleanups().after(None).unwrap(),
        }
    }

    /// Returns every row of every table, and every event of the bell.
    fn everything(&mut self) -> String {
        let tables = self.lines(
            "SELECT name AS line FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name LIKE 'talk\\_%' ESCAPE '\\' ORDER BY name",
        );
        let mut text = String::new();
        for table in tables {
            let columns = self.lines(&format!(
                "SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"
            ));
            let columns = columns.join(" || ' ' || ");
            let rows = self.lines(&format!("SELECT {columns} AS line FROM {table} ORDER BY 1"));
            writeln!(text, "{table}\n  {}", rows.join("\n  ")).unwrap();
        }
        writeln!(text, "{:?}", self.bell.0.lock().unwrap()).unwrap();
        text
    }

    fn lines(&mut self, sql: &str) -> Vec<String> {
        let AnyConnection::Sqlite(conn) = &mut self.batcher.conn;
        let lines: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_cache_of_a_batch_changes_no_result(story in story::stories()) {
        let (mut cached, mut plain) = (Player::new(false), Player::new(true));
        let mut number = 2;
        for batch in story {
            let known = plain.known();
            let batched = cached.play(&batch, &known, number);
            let mut alone = Vec::new();
            for (n, step) in batch.iter().enumerate() {
                alone.extend(plain.play(&[*step], &known, number + n));
            }
            prop_assert_eq!(batched, alone);
            prop_assert_eq!(cached.everything(), plain.everything());
            number += batch.len();
        }
    }
}
