//! Answers of idempotency keys.

use diesel::migration::MigrationVersion;
use diesel_migrations::MigrationHarness;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::idempotency::Answer;
use talk_domain::testing::{agent_id, at, customer_id};
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::scope::Scope;
use crate::sqlite::connection;
use talk_domain::kernel::idempotency::{IdempotencyRepository as _, StoredAnswer};

/// A database of the version before finds its answers again, and one of this version too when
/// it goes back and forth.
#[test]
fn answers_outlive_the_change_of_their_table() {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    connection::migrate(&mut conn).unwrap();
    let kept: Vec<StoredAnswer> = (1..=3).map(answered).collect();
    let mut conn = AnyConnection::Sqlite(conn);
    let mut scope = scope(&mut conn);
    for kept in &kept {
        scope.insert(kept).unwrap();
    }

    let AnyConnection::Sqlite(own) = &mut conn;
    while own.applied_migrations().unwrap().contains(&version()) {
        own.revert_last_migration(connection::MIGRATIONS).unwrap();
    }
    connection::migrate(own).unwrap();

    let mut scope = self::scope(&mut conn);
    for kept in &kept {
        let found = scope.find(kept.agent, &kept.key).unwrap();
        assert_eq!(found.as_ref(), Some(kept));
    }
    assert_eq!(scope.purge(at(3), 1).unwrap(), 1);
    let left = kept
        .iter()
        .map(|kept| scope.find(kept.agent, &kept.key).unwrap().is_some());
    assert_eq!(left.collect::<Vec<_>>(), [false, true, true]);
}

fn version() -> MigrationVersion<'static> {
    "0005".into()
}

fn scope(conn: &mut AnyConnection) -> Scope<'_> {
    Scope::new(conn, Some(customer_id()), BatchCache::default())
}

/// The later, the lower its key.
fn answered(n: u8) -> StoredAnswer {
    StoredAnswer {
        agent: agent_id(1),
        key: format!("key-{}", 9 - n),
        fingerprint: [n; 32],
        answer: Answer::Event(ChatId(Uuid::from_u128(7)).into(), u64::from(n)),
        at: at(i64::from(n)),
    }
}
