//! Stored answers to requests of the customer's agents.

use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::idempotency::{Answered, IdempotencyRepository};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::{corrupt, fault};
use crate::portable::connection::natively;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::idempotency::{AnsweredRow, put};
use crate::portable::rows::{bytes, number, seq};
use crate::portable::schema::idempotency;
use crate::portable::scope::Scope;

impl IdempotencyRepository for Scope<'_> {
    fn find(&mut self, agent: AgentId, key: &str) -> Result<Option<Answered>, StoreError> {
        let query = idempotency::table
            .filter(idempotency::agent_id.eq(bytes(agent.0)))
            .filter(idempotency::key.eq(key))
            .filter(idempotency::customer_id.eq(self.customer()))
            .select(AnsweredRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(Answered::try_from).transpose()
    }

    fn put(&mut self, answered: &Answered) -> Result<(), StoreError> {
        let customer = self
            .customer
            .ok_or_else(|| corrupt("an answer without a customer"))?;
        put(self.changing(), customer, answered)
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let oldest: Vec<(i64, Vec<u8>, i64)> = idempotency::table
            .filter(idempotency::serial.gt(0))
            .order(idempotency::serial.asc())
            .limit(i64::from(limit))
            .select((
                idempotency::serial,
                idempotency::customer_id,
                idempotency::answered_at,
            ))
            .load(self.conn)
            .map_err(fault)?;
        let is_own = |customer: &Vec<u8>| self.customer.is_none() || *customer == self.customer();
        let is_over = |at: i64| at < before.as_micros();
        let over: Vec<i64> = oldest
            .iter()
            .filter(|(_, customer, at)| is_own(customer) && is_over(*at))
            .map(|(serial, ..)| *serial)
            .collect();
        for serial in &over {
            prepared!(
                "DELETE FROM talk_idempotency WHERE serial = ?",
                [Value::Number(*serial)]
            )
            .run(self.changing())
            .map_err(fault)?;
        }
        Ok(over.len())
    }

    fn forget_about(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Option<u64>, StoreError> {
        let serials: Vec<i64> = idempotency::table
            .filter(idempotency::serial.gt(seq(after)))
            .order(idempotency::serial.asc())
            .limit(i64::from(limit))
            .select(idempotency::serial)
            .load(self.conn)
            .map_err(fault)?;
        let Some(last) = serials.last() else {
            return Ok(None);
        };
        self.memory.mark_erased();
        // Only the JSON of an agent has a username, and its id is text there.
        prepared!(
            "DELETE FROM talk_idempotency WHERE serial > ? AND serial <= ? AND customer_id = ? AND \
             (agent_id = ? OR (instr(body, '\"username\"') AND instr(body, ?)))",
            [
                Value::Number(seq(after)),
                Value::Number(*last),
                Value::Bytes(&self.customer()),
                Value::Bytes(agent.0.as_bytes()),
                Value::Text(&agent.to_string()),
            ]
        )
        .run(self.changing())
        .map_err(fault)?;
        number(*last).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use diesel::migration::MigrationVersion;
    use diesel_migrations::MigrationHarness;
    use talk_domain::kernel::id::ChatId;
    use talk_domain::kernel::idempotency::Answer;
    use talk_domain::testing::{agent_id, at, customer_id};
    use uuid::Uuid;

    use super::*;
    use crate::portable::connection::AnyConnection;
    use crate::portable::fast::memory::Memory;
    use crate::sqlite::connection;

    /// Stored answers survive the migration and its reversal.
    #[test]
    fn answers_outlive_the_change_of_their_table() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
        connection::migrate(&mut conn).unwrap();
        let kept: Vec<Answered> = (1..=3).map(answered).collect();
        let mut conn = AnyConnection::Sqlite(conn);
        let mut scope = scope(&mut conn);
        for kept in &kept {
            scope.put(kept).unwrap();
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
        Scope::new(conn, Some(customer_id()), Memory::default())
    }

    /// The later, the lower its key.
    fn answered(n: u8) -> Answered {
        Answered {
            agent: agent_id(1),
            key: format!("key-{}", 9 - n),
            fingerprint: [n; 32],
            answer: Answer::Event(ChatId(Uuid::from_u128(7)), u64::from(n)),
            at: at(i64::from(n)),
        }
    }
}
