//! The repositories of files. Bytes of deleted files are listed until they are removed.

mod carriers;

use diesel::prelude::*;
use talk_domain::files::model::{File, FileQueries, FileRepository, StoredFile};
use talk_domain::files::outside::NOBODY;
use talk_domain::kernel::id::{
    AgentId, ChatId, ConversationId, ConversationMessageId, CustomerId, FileId, MessageId,
};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::conversations::schema::conversation_files;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::file::FileRow;
use crate::portable::rows::{bytes, id, number, size};
use crate::portable::schema::{file_usage, files, files_to_remove};
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    fn file(&mut self, file: FileId) -> Result<Option<File>, StoreError> {
        let row = files::table
            .filter(files::id.eq(bytes(file.0)))
            .filter(files::customer_id.eq(self.customer()))
            .select(FileRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(File::try_from).transpose()
    }

    /// Returns the number of bytes in the files of the customer; `None` before its first file.
    fn usage(&mut self) -> Result<Option<u64>, StoreError> {
        let usage: Option<i64> = file_usage::table
            .find(self.customer())
            .select(file_usage::bytes)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        usage.map(number).transpose()
    }

    fn set_usage(&mut self, used: u64) -> Result<(), StoreError> {
        let own = file_usage::table.find(self.customer());
        let rows = diesel::update(own)
            .set(file_usage::bytes.eq(size(used)))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl FileRepository for Scope<'_> {
    fn get(&mut self, file: FileId) -> Result<Option<File>, StoreError> {
        self.file(file)
    }

    fn is_shared_with(&mut self, file: FileId, agent: AgentId) -> Result<bool, StoreError> {
        Ok(self.is_carried_to(file, agent)? || self.is_in_conversation_of(file, agent)?)
    }

    fn is_outside(&mut self, file: FileId) -> Result<bool, StoreError> {
        self.is_in_conversation(file)
    }

    fn received_in(
        &mut self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<u64>, StoreError> {
        let carried = conversation_files::table
            .filter(conversation_files::conversation_id.eq(bytes(conversation.0)))
            .select(conversation_files::file_id);
        let sizes: Vec<i64> = files::table
            .filter(files::id.eq_any(carried))
            .filter(files::customer_id.eq(self.customer()))
            .filter(files::owner_id.eq(bytes(NOBODY.0)))
            .select(files::size)
            .limit(limit.into())
            .load(self.conn)
            .map_err(fault)?;
        sizes.into_iter().map(number).collect()
    }

    fn used(&mut self) -> Result<u64, StoreError> {
        Ok(self.usage()?.unwrap_or(0))
    }

    fn insert(&mut self, file: &File) -> Result<(), StoreError> {
        self.assert_same_customer(file.customer)?;
        diesel::insert_into(files::table)
            .values(FileRow::from(file))
            .execute(self.changing())
            .map_err(fault)?;
        if let Some(used) = self.usage()? {
            return self.set_usage(used.saturating_add(file.size));
        }
        diesel::insert_into(file_usage::table)
            .values((
                file_usage::customer_id.eq(self.customer()),
                file_usage::bytes.eq(size(file.size)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn delete(&mut self, file: &File) -> Result<(), StoreError> {
        // Names and details are personal data.
        self.cache.mark_erased();
        let row = files::table
            .filter(files::id.eq(bytes(file.id.0)))
            .filter(files::customer_id.eq(self.customer()));
        changed(
            diesel::delete(row)
                .execute(self.changing())
                .map_err(fault)?,
        )?;
        diesel::insert_into(files_to_remove::table)
            .values((
                files_to_remove::id.eq(bytes(file.id.0)),
                files_to_remove::customer_id.eq(self.customer()),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        let used = self.usage()?.unwrap_or(0);
        self.set_usage(used.saturating_sub(file.size))
    }

    fn some(&mut self, owner: Option<AgentId>, limit: u32) -> Result<Vec<File>, StoreError> {
        let of_customer = files::table
            .filter(files::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(FileRow::as_select());
        let rows = match owner {
            Some(owner) => of_customer
                .filter(files::owner_id.eq(bytes(owner.0)))
                .load(self.conn),
            None => of_customer.load(self.conn),
        };
        all(rows.map_err(fault)?)
    }

    fn attach(&mut self, file: FileId, to: MessageId, chat: ChatId) -> Result<(), StoreError> {
        self.add_carrier(file, (to, chat))
    }

    fn attach_outside(
        &mut self,
        file: FileId,
        message: ConversationMessageId,
        conversation: ConversationId,
    ) -> Result<(), StoreError> {
        self.add_to_conversation(file, (message, conversation))
    }

    fn release_outside(&mut self, message: ConversationMessageId) -> Result<(), StoreError> {
        self.drop_medias_of(&[bytes(message.0)])
    }

    fn detach(&mut self, file: FileId, from: MessageId) -> Result<(), StoreError> {
        self.drop_carrier(file, from)
    }

    fn carriers(&mut self, file: FileId, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        self.some_carriers(file, limit)
    }

    fn removed(&mut self, files: &[StoredFile]) -> Result<(), StoreError> {
        let ids = files.iter().map(|file| bytes(file.id.0));
        let gone = files_to_remove::table.filter(files_to_remove::id.eq_any(ids));
        diesel::delete(gone)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl FileQueries for Scope<'_> {
    fn get(&mut self, file: FileId) -> Result<Option<File>, StoreError> {
        self.file(file)
    }

    fn is_shared_with(&mut self, file: FileId, agent: AgentId) -> Result<bool, StoreError> {
        Ok(self.is_carried_to(file, agent)? || self.is_in_conversation_of(file, agent)?)
    }

    fn is_outside(&mut self, file: FileId) -> Result<bool, StoreError> {
        self.is_in_conversation(file)
    }

    fn page(&mut self, owner: AgentId, request: PageRequest) -> Result<Page<File>, StoreError> {
        let query = files::table
            .filter(talk_in_time())
            .filter(files::owner_id.eq(bytes(owner.0)))
            .filter(files::customer_id.eq(self.customer()))
            .select(FileRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, files::created_at, files::id);
        let rows = one_page!(query, request, files::created_at, files::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |file: &File| Cursor {
            at: file.created,
            id: Some(file.id.0),
        }))
    }

    fn to_remove(&mut self, limit: u32) -> Result<Vec<StoredFile>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = files_to_remove::table
            .order(files_to_remove::id.asc())
            .limit(i64::from(limit))
            .select((files_to_remove::customer_id, files_to_remove::id))
            .load(self.conn)
            .map_err(fault)?;
        rows.iter().map(stored).collect()
    }

    fn unknown(&mut self, sought: &[StoredFile]) -> Result<Vec<StoredFile>, StoreError> {
        let ids = sought.iter().map(|file| bytes(file.id.0));
        let rows: Vec<(Vec<u8>, Vec<u8>)> = files::table
            .filter(files::id.eq_any(ids))
            .select((files::customer_id, files::id))
            .load(self.conn)
            .map_err(fault)?;
        let known: Vec<StoredFile> = rows.iter().map(stored).collect::<Result<_, _>>()?;
        let unknown = sought.iter().filter(|file| !known.contains(file));
        Ok(unknown.copied().collect())
    }

    fn all(
        &mut self,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<(StoredFile, u64)>, StoreError> {
        let after = after.map_or_else(Vec::new, |file| bytes(file.0));
        let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = files::table
            .filter(files::id.gt(after))
            .order(files::id.asc())
            .limit(i64::from(limit))
            .select((files::customer_id, files::id, files::size))
            .load(self.conn)
            .map_err(fault)?;
        let rows = rows.into_iter();
        rows.map(|(customer, file, bytes)| Ok((stored(&(customer, file))?, number(bytes)?)))
            .collect()
    }
}

/// Converts the ids of a customer and a file.
fn stored((customer, file): &(Vec<u8>, Vec<u8>)) -> Result<StoredFile, StoreError> {
    Ok(StoredFile {
        customer: id::<CustomerId>(customer)?,
        id: id(file)?,
    })
}
