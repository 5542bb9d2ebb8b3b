//! Current and former memberships.

use diesel::dsl;
use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ChatId, ParticipantId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::participant::{
    ChatLog, Participant, ParticipantQueries, ParticipantRepository,
};

use crate::connection::{MultiBackend, natively};
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::kernel::cleanups::{CHAT, chats_left};
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::participant::{FormerRow, NewParticipantRow, ParticipantRow};
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::{chats, cleanups, former_participants, participants, read_marks};
use crate::portable::scope::{Scope, all};

impl Scope<'_> {
    fn participant(
        &mut self,
        chat: ChatId,
        agent: AgentId,
    ) -> Result<Option<Participant>, StoreError> {
        let is_left = cleanups::table
            .filter(cleanups::kind.eq(CHAT))
            .filter(cleanups::subject.eq(participants::chat_id));
        let query = participants::table
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(dsl::not(dsl::exists(is_left)))
            .select(ParticipantRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(Participant::try_from).transpose()
    }

    /// Returns the `seq` of the event that ended the agent's last ended membership.
    fn left_with(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError> {
        // Rows of memberships of a deleted chat remain for a while, but they ended with the chat.
        let deletion: Option<i64> = participants::table
            .inner_join(self.chats()?.on(chats::id.eq(participants::chat_id)))
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(chats::deleted_at.is_not_null())
            .select(chats::last_seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        if let Some(deletion) = deletion {
            return number(deletion).map(Some);
        }
        let left: Option<i64> = former_participants::table
            .filter(former_participants::chat_id.eq(bytes(chat.0)))
            .filter(former_participants::agent_id.eq(bytes(agent.0)))
            .filter(former_participants::customer_id.eq(self.customer()))
            .select(former_participants::left_seq)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        left.map(number).transpose()
    }

    /// Stores a former membership, replacing an earlier one of the same agent.
    fn record_left(&mut self, participant: &Participant, tick: Tick) -> Result<(), StoreError> {
        let (chat, agent) = (bytes(participant.chat.0), bytes(participant.agent.0));
        let earlier = former_participants::table
            .filter(former_participants::chat_id.eq(&chat))
            .filter(former_participants::agent_id.eq(&agent));
        diesel::delete(earlier)
            .execute(self.changing())
            .map_err(fault)?;
        diesel::insert_into(former_participants::table)
            .values((
                former_participants::chat_id.eq(&chat),
                former_participants::agent_id.eq(&agent),
                former_participants::customer_id.eq(bytes(participant.customer.0)),
                former_participants::participant_id.eq(bytes(participant.id.0)),
                former_participants::joined_at.eq(participant.joined.as_micros()),
                former_participants::left_at.eq(tick.at.as_micros()),
                former_participants::left_seq.eq(seq(tick.seq)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

/// Returns the cursor after a participant.
fn cursor(participant: &Participant) -> Cursor {
    Cursor {
        at: participant.joined,
        id: Some(participant.id.0),
    }
}

impl ParticipantRepository for Scope<'_> {
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError> {
        if let Some(known) = self.cache.member((chat, agent), self.customer) {
            return Ok(Some(*known));
        }
        let found = self.participant(chat, agent)?;
        Ok(found.inspect(|member| self.cache.put_member(member)))
    }

    fn get(
        &mut self,
        chat: ChatId,
        participant: ParticipantId,
    ) -> Result<Option<Participant>, StoreError> {
        let row = participants::table
            .filter(participants::id.eq(bytes(participant.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .select(ParticipantRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let found = row.map(Participant::try_from).transpose()?;
        Ok(found.filter(|found| found.chat == chat))
    }

    fn insert(&mut self, chat: &Chat, participant: &Participant) -> Result<bool, StoreError> {
        self.assert_same_customer(participant.customer)?;
        let row = NewParticipantRow::new(chat, participant);
        self.insert_if_absent(|conn| {
            diesel::insert_into(participants::table)
                .values(row)
                .execute(conn)
        })
    }

    fn remove(&mut self, participant: &Participant, tick: Tick) -> Result<bool, StoreError> {
        let membership = participants::table
            .filter(participants::id.eq(bytes(participant.id.0)))
            .filter(participants::customer_id.eq(self.customer()));
        let rows = diesel::delete(membership)
            .execute(self.changing())
            .map_err(fault)?;
        if rows == 0 {
            return Ok(false);
        }
        self.cache.invalidate_members(participant.chat);
        let mark = read_marks::table
            .filter(read_marks::chat_id.eq(bytes(participant.chat.0)))
            .filter(read_marks::agent_id.eq(bytes(participant.agent.0)));
        diesel::delete(mark)
            .execute(self.changing())
            .map_err(fault)?;
        self.record_left(participant, tick)?;
        Ok(true)
    }

    fn remove_some(&mut self, chat: ChatId, tick: Tick, limit: u32) -> Result<bool, StoreError> {
        let rows: Vec<ParticipantRow> = participants::table
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .order(participants::agent_id.asc())
            .limit(i64::from(limit))
            .select(ParticipantRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        let is_more = rows.len() >= limit as usize;
        for participant in all::<_, Participant>(rows)? {
            ParticipantRepository::remove(self, &participant, tick)?;
        }
        self.cache.invalidate_members(chat);
        Ok(is_more)
    }

    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError> {
        self.left_with(chat, agent)
    }

    fn some_chats_of(&mut self, agent: AgentId, limit: u32) -> Result<Vec<ChatId>, StoreError> {
        let rows: Vec<Vec<u8>> = participants::table
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(participants::chat_id.ne_all(chats_left!(self)))
            .order((
                participants::chat_created_at.asc(),
                participants::chat_id.asc(),
            ))
            .limit(i64::from(limit))
            .select(participants::chat_id)
            .load(self.conn)
            .map_err(fault)?;
        rows.iter().map(|chat| id(chat)).collect()
    }
}

impl ParticipantQueries for Scope<'_> {
    fn find(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<Participant>, StoreError> {
        self.participant(chat, agent)
    }

    fn page(
        &mut self,
        chat: ChatId,
        request: PageRequest,
    ) -> Result<Page<Participant>, StoreError> {
        let query = participants::table
            .filter(participants::chat_id.eq(bytes(chat.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .select(ParticipantRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, participants::joined_at, participants::id);
        let rows = one_page!(query, request, participants::joined_at, participants::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, cursor))
    }

    fn former(
        &mut self,
        chat: ChatId,
        request: PageRequest,
    ) -> Result<Page<Participant>, StoreError> {
        let is_back = participants::table
            .filter(participants::chat_id.eq(former_participants::chat_id))
            .filter(participants::agent_id.eq(former_participants::agent_id));
        let query = former_participants::table
            .filter(talk_in_time())
            .filter(former_participants::chat_id.eq(bytes(chat.0)))
            .filter(former_participants::customer_id.eq(self.customer()))
            .filter(dsl::not(dsl::exists(is_back)))
            .select(FormerRow::as_select())
            .into_boxed::<MultiBackend>();
        let (at, id) = (
            former_participants::joined_at,
            former_participants::participant_id,
        );
        let query = behind!(query, request, at, id);
        let rows = one_page!(query, request, at, id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, cursor))
    }

    fn logs(&mut self, agent: AgentId) -> Result<Vec<ChatLog>, StoreError> {
        let rows: Vec<(Vec<u8>, i64, i64)> = participants::table
            .inner_join(self.chats()?.on(chats::id.eq(participants::chat_id)))
            .filter(talk_in_time())
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(chats::deleted_at.is_null())
            .select((participants::chat_id, chats::log_start, chats::last_seq))
            .load(self.conn)
            .map_err(fault)?;
        let log = |(chat, start, head): &(Vec<u8>, i64, i64)| {
            Ok(ChatLog {
                chat: id(chat)?,
                start: number(*start)?,
                head: number(*head)?,
            })
        };
        rows.iter().map(log).collect()
    }

    fn left(&mut self, chat: ChatId, agent: AgentId) -> Result<Option<u64>, StoreError> {
        self.left_with(chat, agent)
    }
}
