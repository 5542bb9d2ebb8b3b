//! Medias to be fetched, and which messages of conversations carry which files.

use conversation_domain::model::fetch::{Fetch, FetchQueries, FetchRepository};
use diesel::prelude::*;
use talk_domain::files::model::FileRepository;
use talk_domain::kernel::id::{AgentId, ConversationId, ConversationMessageId, FileId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::conversations::schema::{
    conversation_files, conversation_participants, conversations, media_fetches,
};
use crate::portable::rows::{at, bytes, id, number};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = media_fetches)]
struct FetchRow {
    file_id: Vec<u8>,
    customer_id: Vec<u8>,
    account_id: Vec<u8>,
    conversation_id: Vec<u8>,
    message_id: Vec<u8>,
    url: String,
    tries: i64,
    due_at: i64,
    created_at: i64,
}

impl From<&Fetch> for FetchRow {
    fn from(fetch: &Fetch) -> Self {
        Self {
            file_id: bytes(fetch.file.0),
            customer_id: bytes(fetch.customer.0),
            account_id: bytes(fetch.account.0),
            conversation_id: bytes(fetch.conversation.0),
            message_id: bytes(fetch.message.0),
            url: fetch.url.clone(),
            tries: fetch.tries.into(),
            due_at: fetch.due.as_micros(),
            created_at: fetch.created.as_micros(),
        }
    }
}

impl TryFrom<FetchRow> for Fetch {
    type Error = StoreError;

    fn try_from(row: FetchRow) -> Result<Self, StoreError> {
        Ok(Self {
            file: id(&row.file_id)?,
            customer: id(&row.customer_id)?,
            account: id(&row.account_id)?,
            conversation: id(&row.conversation_id)?,
            message: id(&row.message_id)?,
            url: row.url,
            tries: number(row.tries)?,
            due: at(row.due_at)?,
            created: at(row.created_at)?,
        })
    }
}

impl FetchRepository for Scope<'_> {
    fn get(&mut self, file: FileId) -> Result<Option<Fetch>, StoreError> {
        let row = media_fetches::table
            .filter(media_fetches::file_id.eq(bytes(file.0)))
            .filter(media_fetches::customer_id.eq(self.customer()))
            .select(FetchRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Fetch::try_from).transpose()
    }

    fn insert(&mut self, fetch: &Fetch) -> Result<(), StoreError> {
        self.assert_same_customer(fetch.customer)?;
        diesel::insert_into(media_fetches::table)
            .values(FetchRow::from(fetch))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, fetch: &Fetch) -> Result<(), StoreError> {
        let known = media_fetches::table
            .filter(media_fetches::file_id.eq(bytes(fetch.file.0)))
            .filter(media_fetches::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                media_fetches::tries.eq(i64::from(fetch.tries)),
                media_fetches::due_at.eq(fetch.due.as_micros()),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn delete(&mut self, file: FileId) -> Result<(), StoreError> {
        let known = media_fetches::table
            .filter(media_fetches::file_id.eq(bytes(file.0)))
            .filter(media_fetches::customer_id.eq(self.customer()));
        let rows = diesel::delete(known)
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl FetchQueries for Scope<'_> {
    fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Fetch>, StoreError> {
        let customers: Vec<Vec<u8>> = media_fetches::table
            .filter(media_fetches::due_at.le(now.as_micros()))
            .select(media_fetches::customer_id)
            .distinct()
            .load(self.conn)
            .map_err(fault)?;
        let mut due = Vec::new();
        for customer in customers {
            let rows = media_fetches::table
                .filter(media_fetches::customer_id.eq(customer))
                .filter(media_fetches::due_at.le(now.as_micros()))
                .order(media_fetches::due_at.asc())
                .limit(i64::from(limit))
                .select(FetchRow::as_select())
                .load(self.conn)
                .map_err(fault)?;
            due.extend(all::<_, Fetch>(rows)?);
        }
        Ok(due)
    }
}

impl Scope<'_> {
    /// Returns whether a message of a conversation carries the file.
    pub(crate) fn is_in_conversation(&mut self, file: FileId) -> Result<bool, StoreError> {
        let found: Option<Vec<u8>> = conversation_files::table
            .filter(conversation_files::file_id.eq(bytes(file.0)))
            .filter(conversation_files::customer_id.eq(self.customer()))
            .select(conversation_files::message_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    /// Returns whether `agent` owns or participates in a conversation that is not deleted and in which a
    /// message carries the file.
    pub(crate) fn is_in_conversation_of(
        &mut self,
        file: FileId,
        agent: AgentId,
    ) -> Result<bool, StoreError> {
        let agent = bytes(agent.0);
        let takes_part = conversation_participants::table
            .filter(conversation_participants::conversation_id.eq(conversations::id))
            .filter(conversation_participants::agent_id.eq(&agent));
        let found: Option<Vec<u8>> = conversation_files::table
            .inner_join(
                conversations::table.on(conversations::id.eq(conversation_files::conversation_id)),
            )
            .filter(conversation_files::file_id.eq(bytes(file.0)))
            .filter(conversation_files::customer_id.eq(self.customer()))
            .filter(conversations::deleted_at.is_null())
            .filter(
                conversations::owner_id
                    .eq(&agent)
                    .or(diesel::dsl::exists(takes_part).nullable()),
            )
            .select(conversation_files::message_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    pub(crate) fn add_to_conversation(
        &mut self,
        file: FileId,
        (message, conversation): (ConversationMessageId, ConversationId),
    ) -> Result<(), StoreError> {
        let known = conversation_files::table
            .find((bytes(message.0), bytes(file.0)))
            .select(conversation_files::file_id)
            .first::<Vec<u8>>(self.conn)
            .optional()
            .map_err(fault)?;
        if known.is_some() {
            return Ok(());
        }
        diesel::insert_into(conversation_files::table)
            .values((
                conversation_files::message_id.eq(bytes(message.0)),
                conversation_files::file_id.eq(bytes(file.0)),
                conversation_files::customer_id.eq(self.customer()),
                conversation_files::conversation_id.eq(bytes(conversation.0)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    /// Deletes the fetches of removed messages, the records of the files that they carried, and the files
    /// that no other message carries.
    pub(crate) fn drop_medias_of(&mut self, messages: &[Vec<u8>]) -> Result<(), StoreError> {
        let fetches = media_fetches::table
            .filter(media_fetches::message_id.eq_any(messages))
            .filter(media_fetches::customer_id.eq(self.customer()));
        diesel::delete(fetches)
            .execute(self.changing())
            .map_err(fault)?;
        let carried = conversation_files::table
            .filter(conversation_files::message_id.eq_any(messages))
            .filter(conversation_files::customer_id.eq(self.customer()))
            .select(conversation_files::file_id)
            .load::<Vec<u8>>(self.conn)
            .map_err(fault)?;
        if carried.is_empty() {
            return Ok(());
        }
        let rows = conversation_files::table
            .filter(conversation_files::message_id.eq_any(messages))
            .filter(conversation_files::customer_id.eq(self.customer()));
        diesel::delete(rows)
            .execute(self.changing())
            .map_err(fault)?;
        for file in &carried {
            let file = id(file)?;
            let is_carried = self.is_in_conversation(file)?
                || !FileRepository::carriers(self, file, 1)?.is_empty();
            if !is_carried && let Some(file) = FileRepository::get(self, file)? {
                FileRepository::delete(self, &file)?;
            }
        }
        Ok(())
    }
}
