//! The relation between messages and the files that they carry.

use diesel::dsl;
use diesel::prelude::*;
use talk_domain::files::model::FileRepository as _;
use talk_domain::kernel::id::{AgentId, ChatId, FileId, MessageId};
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::kernel::cleanups::CHAT;
use crate::portable::rows::{bytes, id};
use crate::portable::schema::{cleanups, file_carriers, participants};
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// Returns whether `agent` participates in a chat in which a message carries the file. Rows of
    /// memberships of a deleted chat that remain for a while do not count.
    pub(super) fn is_carried_to(
        &mut self,
        file: FileId,
        agent: AgentId,
    ) -> Result<bool, StoreError> {
        let is_left = cleanups::table
            .filter(cleanups::kind.eq(CHAT))
            .filter(cleanups::subject.eq(participants::chat_id));
        let found: Option<Vec<u8>> = file_carriers::table
            .inner_join(participants::table.on(participants::chat_id.eq(file_carriers::chat_id)))
            .filter(file_carriers::file_id.eq(bytes(file.0)))
            .filter(file_carriers::customer_id.eq(self.customer()))
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(dsl::not(dsl::exists(is_left)))
            .select(file_carriers::chat_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    pub(super) fn add_carrier(
        &mut self,
        file: FileId,
        (message, chat): (MessageId, ChatId),
    ) -> Result<(), StoreError> {
        let known = file_carriers::table
            .find((bytes(message.0), bytes(file.0)))
            .select(file_carriers::chat_id)
            .first::<Vec<u8>>(self.conn)
            .optional()
            .map_err(fault)?;
        if known.is_some() {
            return Ok(());
        }
        diesel::insert_into(file_carriers::table)
            .values((
                file_carriers::message_id.eq(bytes(message.0)),
                file_carriers::file_id.eq(bytes(file.0)),
                file_carriers::customer_id.eq(self.customer()),
                file_carriers::chat_id.eq(bytes(chat.0)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    pub(super) fn drop_carrier(
        &mut self,
        file: FileId,
        message: MessageId,
    ) -> Result<(), StoreError> {
        let gone = file_carriers::table
            .find((bytes(message.0), bytes(file.0)))
            .filter(file_carriers::customer_id.eq(self.customer()));
        diesel::delete(gone)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    pub(super) fn some_carriers(
        &mut self,
        file: FileId,
        limit: u32,
    ) -> Result<Vec<MessageId>, StoreError> {
        let messages: Vec<Vec<u8>> = file_carriers::table
            .filter(file_carriers::file_id.eq(bytes(file.0)))
            .filter(file_carriers::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(file_carriers::message_id)
            .load(self.conn)
            .map_err(fault)?;
        messages.iter().map(|message| id(message)).collect()
    }

    /// Deletes the records of the files that a removed message carried, and the files that no other
    /// message carries. Returns the number of these records.
    pub(crate) fn drop_files_of(&mut self, message: MessageId) -> Result<usize, StoreError> {
        let carried = file_carriers::table
            .filter(file_carriers::message_id.eq(bytes(message.0)))
            .filter(file_carriers::customer_id.eq(self.customer()))
            .select(file_carriers::file_id)
            .load::<Vec<u8>>(self.conn)
            .map_err(fault)?;
        for file in &carried {
            let file: FileId = id(file)?;
            self.drop_carrier(file, message)?;
            if self.some_carriers(file, 1)?.is_empty()
                && !self.is_in_conversation(file)?
                && let Some(file) = self.file(file)?
            {
                self.delete(&file)?;
            }
        }
        Ok(carried.len())
    }
}
