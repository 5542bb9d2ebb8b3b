//! Rooms of the customer.

use conversation_domain::model::room::{Room, RoomKey, RoomQueries, RoomRepository};
use diesel::prelude::*;
use talk_domain::kernel::id::{ConversationId, RoomId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::{corrupt, fault};
use crate::portable::conversations::rows::RoomRow;
use crate::portable::conversations::schema::rooms;
use crate::portable::rows::{bytes, id};
use crate::portable::scope::{Scope, changed};

impl Scope<'_> {
    fn conversation_of(&mut self, key: RoomKey) -> Result<Option<ConversationId>, StoreError> {
        let found: Option<Vec<u8>> = rooms::table
            .filter(rooms::room_key.eq(key.0.to_vec()))
            .filter(rooms::customer_id.eq(self.customer()))
            .select(rooms::conversation_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        found.as_deref().map(id).transpose()
    }
}

impl RoomRow {
    /// Returns whether the key, if there is one, is that of the addresses.
    pub(crate) fn has_its_key(self) -> Result<bool, StoreError> {
        let (key, customer) = (self.room_key.clone(), id(&self.customer_id)?);
        let room = Room::try_from(self)?;
        Ok(key.is_none_or(|key| key == room.key(customer).0))
    }

    /// Identity, as it is stored.
    pub(crate) fn stored_id(&self) -> &[u8] {
        &self.id
    }
}

impl RoomRepository for Scope<'_> {
    fn by_key(&mut self, key: RoomKey) -> Result<Option<ConversationId>, StoreError> {
        self.conversation_of(key)
    }

    fn insert(
        &mut self,
        conversation: ConversationId,
        room: &Room,
        key: RoomKey,
    ) -> Result<bool, StoreError> {
        let customer = self.customer;
        let customer = customer.ok_or_else(|| corrupt("a room of no customer"))?;
        let row = RoomRow::new(customer, conversation, room, key);
        self.insert_if_absent(|conn| diesel::insert_into(rooms::table).values(row).execute(conn))
    }

    fn set_opt_out(&mut self, id: RoomId, since: Option<Timestamp>) -> Result<(), StoreError> {
        let known = rooms::table
            .filter(rooms::id.eq(bytes(id.0)))
            .filter(rooms::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(rooms::opted_out_at.eq(since.map(Timestamp::as_micros)))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn free(&mut self, conversation: ConversationId) -> Result<(), StoreError> {
        let of = rooms::table
            .filter(rooms::conversation_id.eq(bytes(conversation.0)))
            .filter(rooms::customer_id.eq(self.customer()));
        diesel::update(of)
            .set(rooms::room_key.eq(None::<Vec<u8>>))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl RoomQueries for Scope<'_> {
    fn by_key(&mut self, key: RoomKey) -> Result<Option<ConversationId>, StoreError> {
        self.conversation_of(key)
    }
}
