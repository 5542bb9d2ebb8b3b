//! Conversations of the customer.

use conversation_domain::model::conversation::{
    Conversation, ConversationFilter, ConversationQueries, ConversationRepository, OwnerFilter,
};
use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::conversations::rows::{ConversationRow, RoomRow, conversation};
use crate::portable::conversations::schema::{conversations, rooms};
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{bytes, id, number};
use crate::portable::scope::{Scope, changed};

impl Scope<'_> {
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let row = conversations::table
            .inner_join(rooms::table)
            .filter(conversations::id.eq(bytes(id.0)))
            .filter(conversations::customer_id.eq(self.customer()))
            .select((ConversationRow::as_select(), RoomRow::as_select()))
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(conversation).transpose()
    }
}

impl ConversationRepository for Scope<'_> {
    fn lock(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.conversation(id)
    }

    fn owned_by(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        let rows: Vec<Vec<u8>> = conversations::table
            .filter(conversations::customer_id.eq(self.customer()))
            .filter(conversations::owner_id.eq(bytes(agent.0)))
            .limit(i64::from(limit))
            .select(conversations::id)
            .load(self.conn)
            .map_err(fault)?;
        rows.iter().map(|row| id(row)).collect()
    }

    fn insert(&mut self, conversation: &Conversation) -> Result<(), StoreError> {
        self.assert_same_customer(conversation.customer)?;
        diesel::insert_into(conversations::table)
            .values(ConversationRow::from(conversation))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, conversation: &Conversation) -> Result<(), StoreError> {
        self.assert_same_customer(conversation.customer)?;
        let known = conversations::table
            .filter(conversations::id.eq(bytes(conversation.id.0)))
            .filter(conversations::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(ConversationRow::from(conversation))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl ConversationQueries for Scope<'_> {
    fn get(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.conversation(id)
    }

    fn heads(
        &mut self,
        owner: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, u64)>, StoreError> {
        let mut query = conversations::table
            .inner_join(rooms::table)
            .filter(talk_in_time())
            .filter(conversations::customer_id.eq(self.customer()))
            .select((conversations::id, conversations::last_seq))
            .order((conversations::last_at.desc(), conversations::id.desc()))
            .limit(i64::from(limit))
            .into_boxed::<MultiBackend>();
        if let Some(owner) = owner {
            query = query.filter(conversations::owner_id.eq(bytes(owner.0)));
        }
        let rows: Vec<(Vec<u8>, i64)> = query.load(self.conn).map_err(fault)?;
        let heads = rows
            .into_iter()
            .map(|(conversation, seq)| Ok((id::<ConversationId>(&conversation)?, number(seq)?)));
        heads.collect()
    }

    fn page(
        &mut self,
        filter: &ConversationFilter,
        request: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        let mut query = conversations::table
            .inner_join(rooms::table)
            .filter(talk_in_time())
            .filter(conversations::customer_id.eq(self.customer()))
            .select((ConversationRow::as_select(), RoomRow::as_select()))
            .into_boxed::<MultiBackend>();
        match filter.owner {
            Some(OwnerFilter::Agent(owner)) => {
                query = query.filter(conversations::owner_id.eq(bytes(owner.0)));
            }
            Some(OwnerFilter::Nobody) => {
                query = query.filter(conversations::owner_id.is_null());
            }
            None => {}
        }
        if let Some(state) = filter.state {
            query = query.filter(conversations::state.eq(state.as_str()));
        }
        if let Some(account) = filter.account {
            query = query.filter(rooms::account_id.eq(bytes(account.0)));
        }
        if let Some(method) = filter.method {
            query = query.filter(rooms::method.eq(method.as_str()));
        }
        if let Some(peer) = &filter.peer {
            query = query.filter(rooms::peer_target.eq(peer.clone()));
        }
        let query = behind!(query, request, conversations::last_at, conversations::id);
        let rows: Vec<(ConversationRow, RoomRow)> =
            one_page!(query, request, conversations::last_at, conversations::id)
                .load(self.conn)
                .map_err(fault)?;
        let rows: Result<Vec<_>, _> = rows.into_iter().map(conversation).collect();
        Ok(Page::cut(rows?, request.size, |row: &Conversation| {
            Cursor {
                at: row.last.at,
                id: Some(row.id.0),
            }
        }))
    }
}
