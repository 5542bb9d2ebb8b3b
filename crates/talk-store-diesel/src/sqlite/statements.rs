//! Tests of the statements that a post runs: each costs every post.

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection as _, InstrumentationEvent};
use talk_domain::identity::agent::PasswordHash;
use talk_domain::identity::credentials::{TokenClaims, VerifiedToken};
use talk_domain::identity::session::Credential;
use talk_domain::identity::session::act::Requester;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::idempotency::{IdempotencyKey, Once};
use talk_domain::kernel::store::{Database, ReadWork, Store, Unit, Work};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::reply::Reply;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{agent_id, an_agent, at, context, customer_id};
use uuid::Uuid;

use super::connection;
use super::plans::Plain;
use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::unit::DieselUnit;

/// A store that runs each unit at once.
struct Direct(Mutex<AnyConnection>);

impl Database for Direct {
    fn epoch(&self) -> &'static str {
        "e-1"
    }
}

impl Store<Talk> for Direct {
    fn execute(&self, unit: Unit, mut work: Work<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut conn = self.0.lock().unwrap();
        let mut uow = DieselUnit::new(&mut conn, unit, &Plain, BatchCache::default());
        work(&mut uow);
        let mut done = uow.into_done();
        flush(&mut conn, &mut done.cache).unwrap();
        Box::pin(async { Ok(()) })
    }

    fn query(&self, _: Unit, _: ReadWork<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        panic!("a post is one unit that writes")
    }
}

/// The statements of a post with an idempotency key, in their order.
const STATEMENTS: &[&str] = &[
    "SELECT talk_revoked_tokens",
    "SELECT talk_agents",
    "SELECT talk_idempotency",
    "SELECT talk_chats",
    "SELECT talk_participants",
    "INSERT talk_messages",
    // The number of the last event, once in a batch.
    "SELECT talk_events",
    "INSERT talk_events",
    "INSERT talk_idempotency",
    "UPDATE talk_chats",
];

/// The verb of a statement and its table.
fn summary(sql: &str) -> String {
    let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut words = words.filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    let table = words.find(|word| word.starts_with("talk_"));
    format!("{verb} {}", table.unwrap_or_default())
}

fn requester() -> Requester {
    let claims = TokenClaims {
        agent: agent_id(1),
        token: Uuid::from_u128(1).into(),
        generation: 0,
        expires: at(9_000_000),
    };
    Requester {
        cx: context(agent_id(1)),
        credential: Credential::Token(VerifiedToken::Local(claims)),
        now: at(1_000_000),
    }
}

async fn chat(store: &(dyn Store<Talk> + 'static)) -> ChatId {
    let unit = Unit::of(customer_id(), "create_chat");
    let write = store.write(unit, |uow| {
        let password = PasswordHash("hash".into());
        uow.agents().insert(&an_agent(1), &password)?;
        let command = CreateChat {
            kind: ChatKind::Group,
            name: "chat".into(),
            detail: String::new(),
            others: vec![],
        };
        Ok::<_, CreateChatError>(create_chat(uow, &context(agent_id(1)), &command)?.id)
    });
    write.await.unwrap()
}

/// INT-14: none of them is about intercepts.
#[tokio::test]
async fn a_post_without_an_intercept_runs_these_statements_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    connection::migrate(&mut conn).unwrap();
    let direct = Direct(Mutex::new(AnyConnection::Sqlite(conn)));
    let store: &(dyn Store<Talk> + 'static) = &direct;
    let command = PostMessage {
        chat: chat(store).await,
        parent: None,
        text: "hello".into(),
        medias: vec![],
    };
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let note = move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            notes.lock().unwrap().push(summary(&query.to_string()));
        }
    };
    direct.0.lock().unwrap().set_instrumentation(note);
    let key = IdempotencyKey {
        key: "key-0001".into(),
        fingerprint: [1; 32],
    };
    let once = (requester(), Some(key));
    let post = store.write_once("post_message", once, move |uow, cx| {
        let posted = post_message(uow, cx, &command)?;
        Ok::<_, PostMessageError>(Reply::Event(posted.event))
    });
    assert!(matches!(post.await.unwrap(), Once::New(_)));
    let heard = heard.lock().unwrap();
    assert_eq!(*heard, STATEMENTS);
}
