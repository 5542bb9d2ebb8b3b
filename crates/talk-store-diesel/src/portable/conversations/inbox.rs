//! The ids of events that accounts have received from outside.

use conversation_domain::model::inbox::InboxRepository;
use diesel::prelude::*;
use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::conversations::schema::inbox;
use crate::portable::rows::{bytes, id};
use crate::portable::scope::Scope;

impl InboxRepository for Scope<'_> {
    fn find(
        &mut self,
        account: AccountId,
        event: &str,
    ) -> Result<Option<ConversationMessageId>, StoreError> {
        let found: Option<Vec<u8>> = inbox::table
            .filter(inbox::account_id.eq(bytes(account.0)))
            .filter(inbox::event.eq(event))
            .filter(inbox::customer_id.eq(self.customer()))
            .select(inbox::message_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        found.as_deref().map(id).transpose()
    }

    fn insert(
        &mut self,
        account: AccountId,
        event: &str,
        message: ConversationMessageId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = (
            inbox::account_id.eq(bytes(account.0)),
            inbox::event.eq(event),
            inbox::customer_id.eq(self.customer()),
            inbox::message_id.eq(bytes(message.0)),
            inbox::received_at.eq(at.as_micros()),
        );
        self.insert_if_absent(|conn| diesel::insert_into(inbox::table).values(row).execute(conn))
    }
}
