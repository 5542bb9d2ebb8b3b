//! The event log.

use std::sync::Arc;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use talk_domain::event::{
    Event, EventKind, EventQueries, FrameEncoder, LogEntry, LogPage, LoggedEvent, Portion,
};
use talk_domain::id::ChatId;
use talk_domain::message::Message;
use talk_domain::store::StoreError;

use super::{Scope, changed};
use crate::deadline::talk_in_time;
use crate::error::fault;
use crate::rows::event::{self, EventRow, kind};
use crate::rows::{bytes, seq};
use crate::schema::{chats, events, message_events};

impl Scope<'_> {
    /// Stores an entry with its frame.
    pub(crate) fn log(&mut self, entry: &LogEntry<'_>, frame: &str) -> Result<(), StoreError> {
        self.check_chat(entry.chat)?;
        event::insert(self.changing(), entry, frame)?;
        match entry.event {
            Event::MessageEdited(message)
            | Event::MessageDeleted(message)
            | Event::ReactionAdded(message, _)
            | Event::ReactionRemoved(message, _) => self.log_about(message, entry.tick.seq),
            Event::MessagePosted(_)
            | Event::ChatCreated(_)
            | Event::ChatUpdated(_)
            | Event::ChatDeleted(_)
            | Event::ParticipantJoined(_)
            | Event::ParticipantLeft(_)
            | Event::ChatRead(_) => Ok(()),
        }
    }

    /// Refuses to log in a chat of another customer. Use cases lock the chat first, so this asks
    /// the database hardly ever.
    fn check_chat(&mut self, chat: ChatId) -> Result<(), StoreError> {
        if self.memory.chat(chat, self.customer).is_some() {
            return Ok(());
        }
        changed(usize::from(self.chat(chat)?.is_some()))
    }

    fn log_about(&mut self, message: &Message, place: u64) -> Result<(), StoreError> {
        diesel::insert_into(message_events::table)
            .values((
                message_events::message_id.eq(bytes(message.id.0)),
                message_events::seq.eq(seq(place)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    /// Rewrites every logged event about `tombstone`; tells their places and new frames.
    pub(crate) fn redact(
        &mut self,
        tombstone: &Message,
        encoder: &dyn FrameEncoder,
    ) -> Result<Vec<(u64, Arc<str>)>, StoreError> {
        self.own(tombstone.customer)?;
        let later: Vec<i64> = message_events::table
            .filter(message_events::message_id.eq(bytes(tombstone.id.0)))
            .select(message_events::seq)
            .load(self.conn)
            .map_err(fault)?;
        let mut rewritten = Vec::with_capacity(later.len() + 1);
        for place in [seq(tombstone.seq)].into_iter().chain(later) {
            let Some(kind) = self.kind_at(tombstone.chat, place)? else {
                continue;
            };
            let at = u64::try_from(place).unwrap_or_default();
            let frame: Arc<str> = encoder.encode_redacted(kind, at, tombstone).into();
            self.rewrite(tombstone.chat, place, &frame)?;
            rewritten.push((at, frame));
        }
        Ok(rewritten)
    }

    fn kind_at(&mut self, chat: ChatId, place: i64) -> Result<Option<EventKind>, StoreError> {
        let name = events::table
            .filter(events::chat_id.eq(bytes(chat.0)))
            .filter(events::seq.eq(place))
            .select(events::kind)
            .first::<String>(self.conn)
            .optional()
            .map_err(fault)?;
        name.as_deref().map(kind).transpose()
    }

    fn rewrite(&mut self, chat: ChatId, place: i64, frame: &str) -> Result<(), StoreError> {
        let entry = events::table
            .filter(events::chat_id.eq(bytes(chat.0)))
            .filter(events::seq.eq(place));
        let rows = diesel::update(entry)
            .set(events::payload.eq(frame))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl EventQueries for Scope<'_> {
    fn after(&mut self, chat: ChatId, portion: Portion) -> Result<LogPage, StoreError> {
        let mut query = events::table
            .inner_join(chats::table.on(chats::id.eq(events::chat_id)))
            .filter(talk_in_time())
            .filter(chats::customer_id.eq(self.customer()))
            .filter(events::chat_id.eq(bytes(chat.0)))
            .filter(events::seq.gt(seq(portion.since)))
            .order(events::seq.asc())
            .limit(i64::from(portion.limit))
            .select(EventRow::as_select())
            .into_boxed();
        if portion.kinds != EventKind::ALL {
            query =
                query.filter(events::kind.eq_any(portion.kinds.iter().map(|kind| kind.as_str())));
        }
        let rows = query.load_iter::<EventRow, DefaultLoadingMode>(self.conn);
        let (mut events, mut left) = (Vec::new(), portion.bytes);
        for row in rows.map_err(fault)? {
            let event = LoggedEvent::try_from(row.map_err(fault)?)?;
            left = left.saturating_sub(event.frame.len());
            events.push(event);
            if left == 0 {
                break;
            }
        }
        let is_end = left > 0 && events.len() < portion.limit as usize;
        Ok(LogPage { events, is_end })
    }

    fn get(&mut self, chat: ChatId, place: u64) -> Result<Option<LoggedEvent>, StoreError> {
        let row = events::table
            .inner_join(chats::table.on(chats::id.eq(events::chat_id)))
            .filter(chats::customer_id.eq(self.customer()))
            .filter(events::chat_id.eq(bytes(chat.0)))
            .filter(events::seq.eq(seq(place)))
            .select(EventRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(LoggedEvent::try_from).transpose()
    }
}
