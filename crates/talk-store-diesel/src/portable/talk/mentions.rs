//! Mentions, by chat, agent and time of the message.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::mention::{Backlog, MentionQueries, MentionRepository};
use talk_domain::talk::model::message::Message;
use talk_domain::talk::model::participant::ParticipantRepository;

use crate::error::fault;
use crate::portable::backend::Backend;
use crate::portable::rows::{bytes, id};
use crate::portable::schema::{agents, mentions};
use crate::portable::scope::Scope;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns `text` with ASCII letters in lower case.
    fn lower(text: Text) -> Text;
}

impl MentionRepository for Scope<'_> {
    fn participants_named(
        &mut self,
        chat: ChatId,
        keys: &BTreeSet<String>,
    ) -> Result<Vec<(String, AgentId)>, StoreError> {
        // Looks up the keys, whose number is bounded, instead of all participants.
        let without_key = agents::username_key
            .is_null()
            .and(lower(agents::username).eq_any(keys));
        let having: Vec<(String, Vec<u8>)> = agents::table
            .filter(agents::username_key.eq_any(keys).or(without_key))
            .filter(agents::customer_id.eq(self.customer()))
            .select((agents::username, agents::id))
            .load(self.conn)
            .map_err(fault)?;
        let mut found = Vec::new();
        for (name, agent) in having {
            let agent = id(&agent)?;
            if ParticipantRepository::find(self, chat, agent)?.is_some() {
                found.push((name, agent));
            }
        }
        Ok(found)
    }

    fn replace(&mut self, message: &Message, agents: &BTreeSet<AgentId>) -> Result<(), StoreError> {
        self.assert_same_customer(message.customer)?;
        let (chat, created) = (bytes(message.chat.0), message.created.as_micros());
        let earlier = mentions::table
            .filter(mentions::chat_id.eq(&chat))
            .filter(mentions::created_at.eq(created));
        diesel::delete(earlier)
            .execute(self.changing())
            .map_err(fault)?;
        for agent in agents {
            diesel::insert_into(mentions::table)
                .values((
                    mentions::chat_id.eq(&chat),
                    mentions::created_at.eq(created),
                    mentions::agent_id.eq(bytes(agent.0)),
                ))
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(())
    }

    fn settle(&mut self, backlog: &Backlog) -> Result<(), StoreError> {
        self.settle_mentions(backlog.from)
    }
}

impl MentionQueries for Scope<'_> {
    fn backlog(&mut self, bound: Bound) -> Result<Option<Backlog>, StoreError> {
        self.mention_backlog(bound)
    }
}
