//! Tests of long and of concurrent reads.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::talk::model::chat::ChatFilter;
use talk_domain::talk::model::message::MessageFilter;
use talk_domain::talk::unit::TalkSnapshot;
use talk_domain::testing::{actor, agent_id, chat_id, customer_id, stream_id};

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::sqlite::plans::Plain;

const FIRST: PageRequest = PageRequest {
    size: 10,
    after: None,
    order: Order::Descending,
};

/// The first lines of every list's table, all of one customer, agent and chat.
const ROWS: &str = "
    INSERT INTO talk_chats (id, customer_id, kind, name, detail, status, creator_id, channel_of,
        search_key, member_count, last_seq, last_at, created_at, updated_at)
    VALUES ({chat}, {customer}, 'talk', 'n', 'd', 'active', {agent}, {customer}, 'n\nd', 1, 1, 0, 0, 0);
    INSERT INTO talk_participants VALUES ({agent}, {customer}, {chat}, {agent}, 0, 0);
    INSERT INTO talk_former_participants VALUES ({chat}, {customer}, {customer}, {chat}, 0, 0, 1);
    INSERT INTO talk_read_marks VALUES ({chat}, {agent}, {customer}, 1, 0, 0);
    INSERT INTO talk_agents VALUES
        ({agent}, {customer}, 'a', 'h', '', '', 16, 'active', 0, 0, 0, NULL, 'a');
    INSERT INTO talk_access_keys VALUES
        ({agent}, {customer}, {agent}, '', '', zeroblob(32), '', NULL, 0, 0, NULL, 0);
    INSERT INTO talk_messages VALUES
        (1, {agent}, {customer}, {chat}, 1, {agent}, NULL, NULL, NULL, NULL, 0, 't', '[]', 0, 0, 0, 0,
         NULL, NULL);
    INSERT INTO talk_events VALUES
        (1, {chat}, 1, {customer}, 'chat', 'message_posted', {agent}, {agent}, NULL, 0, '{}');
";

/// A database with a row of everything, and its readers.
fn readers(options: &StoreOptions) -> (TempDir, Arc<Readers>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("talk.db");
    let mut conn = connection::writer(&path).unwrap();
    connection::migrate(&mut conn).unwrap();
    let mut rows = ROWS.to_owned();
    for (name, id) in [
        ("{chat}", chat_id(1).0),
        ("{customer}", customer_id().0),
        ("{agent}", agent_id(1).0),
    ] {
        rows = rows.replace(name, &format!("x'{}'", id.simple()));
    }
    conn.batch_execute(&rows).unwrap();
    let readers = Readers::open(&path, options, Arc::new(Plain)).unwrap();
    (directory, Arc::new(readers))
}

fn by(customer: u128, agent: u128) -> Unit {
    let mut actor = actor(agent_id(agent));
    actor.customer = CustomerId(Uuid::from_u128(customer));
    Unit::by(actor, "read")
}

/// Reads that may look at many rows before they find a page.
type Read = fn(&mut dyn TalkSnapshot) -> Result<usize, StoreError>;

const LISTS: [(&str, Read); 8] = [
    ("chats", |s| {
        let page = s
            .chats()
            .of_agent(agent_id(1), ChatFilter::default(), FIRST)?;
        Ok(page.rows.len())
    }),
    ("agents", |s| Ok(s.agents().page(FIRST)?.rows.len())),
    ("keys", |s| {
        Ok(s.keys().page(agent_id(1), FIRST)?.rows.len())
    }),
    ("former participants", |s| {
        let members = s.participants();
        Ok(members.former(chat_id(1), FIRST)?.rows.len())
    }),
    ("messages of a chat", |s| {
        let filter = MessageFilter::default();
        let page = s.messages().in_chat(chat_id(1), filter, FIRST)?;
        Ok(page.rows.len())
    }),
    ("messages of an agent", |s| {
        let page = s.messages().of_agent(agent_id(1), FIRST)?;
        Ok(page.rows.len())
    }),
    ("readers", |s| {
        Ok(s.reads().readers(chat_id(1), 1, FIRST)?.rows.len())
    }),
    ("events", |s| {
        Ok(s.events()
            .after(stream_id(1), Portion::new(0, 10))?
            .events
            .len())
    }),
];

/// Case 39 and API-11.
#[test]
fn every_list_ends_at_its_deadline() {
    let (directory, _readers) = readers(&StoreOptions::default());
    let conn = connection::reader(&directory.path().join("talk.db")).unwrap();
    let mut conn = AnyConnection::Sqlite(conn);
    let unit = Unit::of(customer_id(), "list");
    let ago = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
    for (list, read) in LISTS {
        let mut snapshot = DieselSnapshot::new(&mut conn, unit, &Plain);
        assert_eq!(read(&mut snapshot).unwrap(), 1, "{list}");
        let late = deadline::run_until(ago, || read(&mut snapshot));
        assert!(matches!(late, Err(StoreError::Timeout)), "{list}: {late:?}");
    }
}

/// A read that runs until it is let go.
struct Held {
    go: mpsc::Sender<()>,
    read: JoinHandle<Answer>,
}

impl Held {
    /// Starts a read of `unit` and waits until it runs.
    async fn start(readers: &Arc<Readers>, unit: Unit) -> Self {
        let (held, runs) = Self::wait(readers, unit);
        runs.await.unwrap();
        held
    }

    /// Starts a read of `unit`; the receiver says when it runs.
    fn wait(readers: &Arc<Readers>, unit: Unit) -> (Self, oneshot::Receiver<()>) {
        let (go, gate) = mpsc::channel();
        let (runs, running) = oneshot::channel();
        let mut runs = Some(runs);
        let readers = Arc::clone(readers);
        let work: AnyReadWork = Box::new(move |_| {
            runs.take().map(|runs| runs.send(()));
            let _ = gate.recv();
            Verdict::Commit
        });
        let read = tokio::spawn(async move { readers.query(unit, work).await });
        (Self { go, read }, running)
    }

    async fn end(self) {
        self.go.send(()).unwrap();
        self.read.await.unwrap().unwrap();
    }
}

/// Case 39: one agent holds all connections it can get, and more of its reads wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_answered_while_one_holds_what_it_can_get() {
    let (_directory, readers) = readers(&StoreOptions::default());
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Held::start(&readers, by(1, 1)).await);
    }
    let mut waiting: Vec<_> = (0..8).map(|_| Held::wait(&readers, by(1, 1))).collect();
    for unit in [
        Unit::installation("ready"),
        Unit::installation("login"),
        by(2, 1),
        by(3, 7),
    ] {
        // If one of them waited for those above, it would wait for ever.
        Held::start(&readers, unit).await.end().await;
    }
    for (_, runs) in &mut waiting {
        assert!(runs.try_recv().is_err(), "a fourth connection");
    }
    for (held, _) in waiting {
        held.go.send(()).unwrap();
    }
    for held in held {
        held.end().await;
    }
}

/// Alone, one agent uses all connections but the last one, and lookups have their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_have_a_connection_while_all_others_are_in_use() {
    let (_directory, readers) = readers(&StoreOptions::default());
    let mut held = Vec::new();
    for n in 0..4 {
        held.push(Held::start(&readers, by(1 + n % 2, n)).await);
    }
    let (other, mut runs) = Held::wait(&readers, by(3, 1));
    let ready = Held::start(&readers, Unit::installation("ready")).await;
    ready.end().await;
    assert!(runs.try_recv().is_err());
    for held in held {
        held.end().await;
    }
    runs.await.unwrap();
    other.end().await;
}

/// The connection of a read that met its deadline is used again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_free_after_the_deadline() {
    let options = StoreOptions {
        readers: 1,
        read_timeout: Duration::from_millis(1),
        ..StoreOptions::default()
    };
    let (_directory, readers) = readers(&options);
    for _ in 0..3 {
        let (tell, told) = mpsc::channel();
        let work: AnyReadWork = Box::new(move |snapshot| {
            // However long it takes, it ends: nothing else ends this loop.
            let ended = loop {
                if let Err(error) = LISTS[0].1(snapshot) {
                    break error;
                }
            };
            tell.send(matches!(ended, StoreError::Timeout)).unwrap();
            Verdict::Failed
        });
        let unit = Unit::of(customer_id(), "endless");
        readers.query(unit, work).await.unwrap();
        assert!(told.recv().unwrap());
    }
}
