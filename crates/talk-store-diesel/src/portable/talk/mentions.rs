//! Mentions, by chat, agent and time of the message.

use std::collections::BTreeSet;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::Text;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId, MessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::mention::{Backlog, MentionQueries, MentionRepository, names_in};
use talk_domain::talk::model::message::Message;
use talk_domain::talk::model::participant::ParticipantRepository;

use crate::error::{corrupt, fault};
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::{agents, mentions, messages, meta};
use crate::portable::scope::Scope;

/// Key in `talk_meta` of the progress: the serial number of the first message that is settled.
const BACKLOG: &str = "mentions_before";

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
        let place = meta::table.filter(meta::key.eq(BACKLOG));
        diesel::update(place)
            .set(meta::value.eq(backlog.from.to_string()))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl MentionQueries for Scope<'_> {
    fn backlog(&mut self, bound: Bound) -> Result<Option<Backlog>, StoreError> {
        let before: Option<String> = meta::table
            .filter(meta::key.eq(BACKLOG))
            .select(meta::value)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some(before) = before else {
            return Ok(None);
        };
        let before: u64 = before
            .parse()
            .map_err(|_| corrupt("the place of the mentions is no number"))?;
        let rows = messages::table
            .filter(messages::serial.lt(seq(before)))
            .order(messages::serial.desc())
            .limit(i64::from(bound.rows))
            .select((
                messages::serial,
                messages::customer_id,
                messages::id,
                messages::text,
            ))
            .load_iter::<(i64, Vec<u8>, Vec<u8>, String), DefaultLoadingMode>(self.conn);
        let mut found = Backlog {
            messages: Vec::new(),
            from: before,
        };
        let mut left = bound.bytes;
        for row in rows.map_err(fault)? {
            let (serial, customer, message, text) = row.map_err(fault)?;
            found.from = number(serial)?;
            if !names_in(&text).is_empty() {
                let (customer, message): (CustomerId, MessageId) = (id(&customer)?, id(&message)?);
                found.messages.push((customer, message));
            }
            left = left.saturating_sub(text.len() as u64);
            if left == 0 {
                break;
            }
        }
        Ok((found.from < before).then_some(found))
    }
}
