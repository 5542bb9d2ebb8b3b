//! Conversations of the customer.

use conversation_domain::model::conversation::{
    Conversation, ConversationFilter, ConversationQueries, ConversationRepository, OwnerFilter,
};
use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::conversations::rows::{ConversationRow, RoomRow, conversation};
use crate::portable::conversations::schema::{
    conversation_participants as participants, conversations, rooms,
};
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{bytes, id, number};
use crate::portable::scope::{Scope, changed};

/// The conversations that one query finds. Those that an agent reads are found by two, each along an
/// index: one query with `OR` would look through all conversations of the customer.
#[derive(Clone, Copy)]
enum Part {
    All,
    OwnedBy(AgentId),
    JoinedBy(AgentId),
}

/// The parts that make up the conversations that `reader` reads.
fn parts(reader: Option<AgentId>) -> Vec<Part> {
    match reader {
        None => vec![Part::All],
        Some(agent) => vec![Part::OwnedBy(agent), Part::JoinedBy(agent)],
    }
}

/// Narrows a boxed query to a part.
macro_rules! narrowed {
    ($scope:expr, $query:expr, $part:expr) => {
        match $part {
            Part::All => $query,
            Part::OwnedBy(agent) => $query.filter(conversations::owner_id.eq(bytes(agent.0))),
            Part::JoinedBy(agent) => {
                let joined = participants::table
                    .filter(participants::customer_id.eq($scope.customer()))
                    .filter(participants::agent_id.eq(bytes(agent.0)))
                    .select(participants::conversation_id);
                $query.filter(conversations::id.eq_any(joined))
            }
        }
    };
}

impl Scope<'_> {
    /// Loads up to a page of conversations of this part and one more.
    fn part_of_page(
        &mut self,
        filter: &ConversationFilter,
        part: Part,
        request: PageRequest,
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut query = conversations::table
            .inner_join(rooms::table)
            .filter(talk_in_time())
            .filter(conversations::customer_id.eq(self.customer()))
            .filter(conversations::deleted_at.is_null())
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
        let query = narrowed!(self, query, part);
        let query = behind!(query, request, conversations::last_at, conversations::id);
        let rows: Vec<(ConversationRow, RoomRow)> =
            one_page!(query, request, conversations::last_at, conversations::id)
                .load(self.conn)
                .map_err(fault)?;
        rows.into_iter().map(conversation).collect()
    }

    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let row = conversations::table
            .inner_join(rooms::table)
            .filter(conversations::id.eq(bytes(id.0)))
            .filter(conversations::customer_id.eq(self.customer()))
            .filter(conversations::deleted_at.is_null())
            .select((ConversationRow::as_select(), RoomRow::as_select()))
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(conversation).transpose()
    }
}

/// The place of a conversation in the list.
pub(super) fn last_event(conversation: &Conversation) -> Cursor {
    Cursor {
        at: conversation.last.at,
        id: Some(conversation.id.0),
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
            .filter(conversations::deleted_at.is_null())
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
        reader: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, u64)>, StoreError> {
        let mut found: Vec<(i64, Vec<u8>, i64)> = Vec::new();
        for part in parts(reader) {
            let query = conversations::table
                .inner_join(rooms::table)
                .filter(talk_in_time())
                .filter(conversations::customer_id.eq(self.customer()))
                .filter(conversations::deleted_at.is_null())
                .select((
                    conversations::last_at,
                    conversations::id,
                    conversations::last_seq,
                ))
                .order((conversations::last_at.desc(), conversations::id.desc()))
                .limit(i64::from(limit))
                .into_boxed::<MultiBackend>();
            let rows: Vec<_> = narrowed!(self, query, part)
                .load(self.conn)
                .map_err(fault)?;
            found.extend(rows);
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.dedup();
        found.truncate(limit as usize);
        let heads = found
            .into_iter()
            .map(|(_, conversation, seq)| Ok((id::<ConversationId>(&conversation)?, number(seq)?)));
        heads.collect()
    }

    fn page(
        &mut self,
        filter: &ConversationFilter,
        request: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        match &filter.search {
            Some(search) => self.conversations_containing((filter, search), request),
            None => self.next_conversations(filter, request),
        }
    }
}

impl Scope<'_> {
    /// Returns the next conversations of a list, whatever it searches for.
    pub(super) fn next_conversations(
        &mut self,
        filter: &ConversationFilter,
        request: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        let mut found = Vec::new();
        for part in parts(filter.reader) {
            let rows = self.part_of_page(filter, part, request)?;
            found.extend(rows);
        }
        let place = |row: &Conversation| (row.last.at, row.id);
        found.sort_by(|one, other| match request.order {
            Order::Descending => place(other).cmp(&place(one)),
            Order::Ascending => place(one).cmp(&place(other)),
        });
        found.dedup_by_key(|row| row.id);
        found.truncate(request.size as usize + 1);
        Ok(Page::cut(found, request.size, last_event))
    }
}
