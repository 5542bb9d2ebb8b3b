//! Cleanups: the remaining work of deletions.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use talk_domain::kernel::cleanup::{Cleanup, CleanupQueries, CleanupRepository, Deleted};
use talk_domain::kernel::id::{ChatId, CustomerId, MessageId};
use talk_domain::kernel::store_error::StoreError;

use crate::error::{corrupt, fault};
use crate::portable::backend::Backend;
use crate::portable::rows::{bytes, id, number, optional_id, seq};
use crate::portable::schema::{agents, chats, cleanups};
use crate::portable::scope::Scope;

pub(crate) const MESSAGE: &str = "message";
pub(crate) const CHAT: &str = "chat";
const AGENT: &str = "agent";
const AUTHOR: &str = "author";
const FILE: &str = "file";
const ANSWERS: &str = "answers";
const CONVERSATION: &str = "conversation";
pub(crate) const CUSTOMER: &str = "customer";

/// Selects the chats of the customer that are deleted and have memberships left.
macro_rules! chats_left {
    ($scope:expr) => {
        crate::portable::schema::cleanups::table
            .filter(
                crate::portable::schema::cleanups::kind.eq(crate::portable::kernel::cleanups::CHAT),
            )
            .filter(crate::portable::schema::cleanups::customer_id.eq($scope.customer()))
            .select(crate::portable::schema::cleanups::subject)
    };
}
pub(crate) use chats_left;

/// Selects the cleanup of an agent's customer: a customer that is being removed.
macro_rules! removed_customer {
    () => {
        crate::portable::schema::cleanups::table
            .filter(
                crate::portable::schema::cleanups::kind
                    .eq(crate::portable::kernel::cleanups::CUSTOMER),
            )
            .filter(
                crate::portable::schema::cleanups::subject
                    .eq(crate::portable::schema::agents::customer_id),
            )
    };
}
pub(crate) use removed_customer;

impl Scope<'_> {
    /// Returns those of `messages` of a chat that are deleted and whose logged events may still
    /// have the text.
    pub(crate) fn messages_left(
        &mut self,
        chat: ChatId,
        messages: impl FnOnce() -> Vec<Vec<u8>>,
    ) -> Result<Vec<MessageId>, StoreError> {
        let any: Option<String> = cleanups::table
            .filter(cleanups::chat_id.eq(bytes(chat.0)))
            .select(cleanups::kind)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        if any.is_none() {
            return Ok(Vec::new());
        }
        let left: Vec<Vec<u8>> = cleanups::table
            .filter(cleanups::kind.eq(MESSAGE))
            .filter(cleanups::subject.eq_any(messages()))
            .filter(cleanups::customer_id.eq(self.customer()))
            .select(cleanups::subject)
            .load(self.conn)
            .map_err(fault)?;
        left.iter().map(|message| id(message)).collect()
    }

    /// Estimates the rows a customer has left: its agents, and the events of its chats.
    fn left_of_customer(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        let agents: i64 = agents::table
            .filter(agents::customer_id.eq(bytes(customer.0)))
            .count()
            .get_result(self.conn)
            .map_err(fault)?;
        let events: Option<i64> = self
            .chats()?
            .filter(chats::customer_id.eq(bytes(customer.0)))
            .select(sql::<Nullable<BigInt>>("SUM(last_seq - log_start + 1)"))
            .first(self.conn)
            .map_err(fault)?;
        number(agents + events.unwrap_or(0))
    }

    /// Finds the cleanup of a deletion, if it is not finished.
    fn cleanup_of(&mut self, columns: &DeletedColumns) -> Result<Option<CleanupRow>, StoreError> {
        cleanups::table
            .find((columns.kind, &columns.subject))
            .select(CleanupRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)
    }
}

/// The columns that identify a deletion.
struct DeletedColumns {
    kind: &'static str,
    subject: Vec<u8>,
    chat: Option<Vec<u8>>,
    actor: Option<Vec<u8>>,
}

impl From<Deleted> for DeletedColumns {
    fn from(deleted: Deleted) -> Self {
        let (kind, subject, chat, actor) = match deleted {
            Deleted::Message { id, chat } => (MESSAGE, id.0, Some(bytes(chat.0)), None),
            Deleted::Chat(id) => (CHAT, id.0, None, None),
            Deleted::Agent { id, by } => (AGENT, id.0, None, Some(bytes(by.0))),
            Deleted::File { id, by } => (FILE, id.0, None, Some(bytes(by.0))),
            Deleted::Author(id) => (AUTHOR, id.0, None, None),
            Deleted::Answers(id) => (ANSWERS, id.0, None, None),
            Deleted::Conversation(id) => (CONVERSATION, id.0, None, None),
            Deleted::Customer(id) => (CUSTOMER, id.0, None, None),
        };
        Self {
            kind,
            subject: bytes(subject),
            chat,
            actor,
        }
    }
}

impl CleanupRepository for Scope<'_> {
    fn add(&mut self, deleted: Deleted) -> Result<(), StoreError> {
        let columns = DeletedColumns::from(deleted);
        if self.cleanup_of(&columns)?.is_some() {
            return Ok(());
        }
        // From now on, lookups must not find the agents or memberships of the deleted object.
        match deleted {
            Deleted::Customer(_) => self.cache.invalidate_agents(),
            Deleted::Chat(id) => self.cache.invalidate_members(id),
            _ => {}
        }
        diesel::insert_into(cleanups::table)
            .values((
                cleanups::customer_id.eq(self.customer()),
                cleanups::kind.eq(columns.kind),
                cleanups::subject.eq(columns.subject),
                cleanups::chat_id.eq(columns.chat),
                cleanups::actor.eq(columns.actor),
                cleanups::position.eq(0),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn advance(&mut self, deleted: Deleted, position: u64) -> Result<(), StoreError> {
        let columns = DeletedColumns::from(deleted);
        let own = cleanups::table
            .find((columns.kind, columns.subject))
            .filter(cleanups::customer_id.eq(self.customer()));
        diesel::update(own)
            .set(cleanups::position.eq(seq(position)))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn finish(&mut self, deleted: Deleted) -> Result<(), StoreError> {
        // Text deleted earlier, perhaps by another process, is in the write-ahead log too.
        self.cache.mark_erased();
        let columns = DeletedColumns::from(deleted);
        let done = cleanups::table
            .find((columns.kind, columns.subject))
            .filter(cleanups::customer_id.eq(self.customer()));
        diesel::delete(done)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = cleanups)]
struct CleanupRow {
    customer_id: Vec<u8>,
    kind: String,
    subject: Vec<u8>,
    chat_id: Option<Vec<u8>>,
    actor: Option<Vec<u8>>,
    position: i64,
}

impl CleanupQueries for Scope<'_> {
    fn after(&mut self, last: Option<Deleted>) -> Result<Option<Cleanup>, StoreError> {
        let cleanups = cleanups::table
            .order((cleanups::kind.asc(), cleanups::subject.asc()))
            .select(CleanupRow::as_select());
        let row = match last.map(DeletedColumns::from) {
            None => cleanups.first(self.conn).optional(),
            Some(last) => {
                let of_kind = cleanups
                    .filter(cleanups::kind.eq(last.kind))
                    .filter(cleanups::subject.gt(last.subject));
                match of_kind.first(self.conn).optional() {
                    Ok(None) => cleanups
                        .filter(cleanups::kind.gt(last.kind))
                        .first(self.conn)
                        .optional(),
                    found => found,
                }
            }
        };
        row.map_err(fault)?.map(Cleanup::try_from).transpose()
    }

    fn left(&mut self, deleted: Deleted) -> Result<Option<u64>, StoreError> {
        let Some(row) = self.cleanup_of(&DeletedColumns::from(deleted))? else {
            return Ok(None);
        };
        let position = number(row.position)?;
        let left = match deleted {
            Deleted::Author(_) => self.messages_behind(position)?,
            Deleted::Answers(_) => self.answers_behind(position)?,
            Deleted::Customer(customer) => self.left_of_customer(customer)?,
            Deleted::Message { .. }
            | Deleted::Chat(_)
            | Deleted::Agent { .. }
            | Deleted::Conversation(_)
            | Deleted::File { .. } => 0,
        };
        Ok(Some(left.max(1)))
    }
}

impl TryFrom<CleanupRow> for Cleanup {
    type Error = StoreError;

    fn try_from(row: CleanupRow) -> Result<Self, StoreError> {
        let chat = optional_id(row.chat_id.as_deref())?;
        let actor = optional_id(row.actor.as_deref())?;
        let deleted = match (&*row.kind, chat, actor) {
            (MESSAGE, Some(chat), None) => Deleted::Message {
                id: id(&row.subject)?,
                chat,
            },
            (CHAT, None, None) => Deleted::Chat(id(&row.subject)?),
            (AGENT, None, Some(by)) => Deleted::Agent {
                id: id(&row.subject)?,
                by,
            },
            (FILE, None, Some(by)) => Deleted::File {
                id: id(&row.subject)?,
                by,
            },
            (AUTHOR, None, None) => Deleted::Author(id(&row.subject)?),
            (ANSWERS, None, None) => Deleted::Answers(id(&row.subject)?),
            (CONVERSATION, None, None) => Deleted::Conversation(id(&row.subject)?),
            (CUSTOMER, None, None) => Deleted::Customer(id(&row.subject)?),
            _ => return Err(corrupt("an unknown kind of cleanup")),
        };
        Ok(Self {
            customer: id(&row.customer_id)?,
            deleted,
            position: number(row.position)?,
        })
    }
}
