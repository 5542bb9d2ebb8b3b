//! The event log.

use std::sync::Arc;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ChatId, MessageId};
use talk_domain::kernel::log::{Entry, EventQueries, Kind, LogPage, Logged, Portion};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{StreamId, Tick};
use talk_domain::talk::model::event::{FrameEncoder, content_of};
use talk_domain::talk::model::message::{Message, MessageQueries};
use uuid::Uuid;

use crate::error::{corrupt, fault};
use crate::portable::backend::Backend as _;
use crate::portable::deadline::talk_in_time;
use crate::portable::rows::event::{EventRow, kind};
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::{events, message_events};
use crate::portable::scope::{Scope, changed, octet_length};

/// `seq`, time, kind, subject and bytes of an event.
type TrimRow = (i64, i64, String, Vec<u8>, i64);

/// Makes the payload of an event of its kind and `seq`.
type FrameOf<'a> = dyn Fn(&str, u64) -> Result<String, StoreError> + 'a;

/// An item whose content is in events of a stream.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    /// The item.
    pub(crate) item: Uuid,
    /// The stream.
    pub(crate) stream: Uuid,
    /// `seq` of its first event, which is not listed in `talk_message_events`.
    pub(crate) first: u64,
}

impl Scope<'_> {
    /// Stores an event with its `seq`; see
    /// [`EventLog::append`](talk_domain::kernel::log::EventLog::append).
    pub(crate) fn append(
        &mut self,
        stream: StreamId,
        tick: Tick,
        actor: Option<AgentId>,
        entry: Entry,
    ) -> Result<Arc<Logged>, StoreError> {
        self.check_next(stream, tick.seq)?;
        let customer = self
            .customer
            .ok_or_else(|| corrupt("a log of no customer"))?;
        let content_of = entry.content_of;
        let logged = Arc::new(entry.logged(customer, stream, tick.seq));
        // The column is for agents; the nil id stands for none.
        let actor = actor.unwrap_or(AgentId(Uuid::nil()));
        self.store_event(&logged, (actor, tick.at))?;
        if let Some(item) = content_of {
            self.log_about(item, tick.seq)?;
        }
        Ok(logged)
    }

    /// Refuses to append an event that does not follow the last one of its stream.
    fn check_next(&mut self, stream: StreamId, place: u64) -> Result<(), StoreError> {
        let follows = match ChatId::of(stream) {
            Some(chat) => match (self.head(chat)?, place) {
                // The row of a new chat is already stored with the `seq` of the event that creates
                // it.
                (1, 1) => true,
                (head, place) => place == head + 1,
            },
            None => self.is_next(stream, place)?,
        };
        if follows {
            return Ok(());
        }
        Err(corrupt(
            "the event does not follow the last one of its stream",
        ))
    }

    /// Returns the `seq` of the last event of a chat of the customer. Use cases lock the chat
    /// first, so that it is nearly always cached.
    fn head(&mut self, chat: ChatId) -> Result<u64, StoreError> {
        let head = match self.cache.chat(chat, self.customer) {
            Some(chat) => Some(chat.last.seq),
            None => self.chat(chat)?.map(|chat| chat.last.seq),
        };
        head.ok_or_else(|| corrupt("the chat of the event is not there"))
    }

    /// Returns whether the event before this `seq` is logged. The primary key refuses a second
    /// event with the same `seq`.
    fn is_next(&mut self, stream: StreamId, place: u64) -> Result<bool, StoreError> {
        let before = match place {
            0 => return Ok(false),
            1 => return Ok(true),
            place => place - 1,
        };
        let event = events::table
            .filter(events::stream_id.eq(bytes(stream.id)))
            .filter(events::seq.eq(seq(before)));
        diesel::select(diesel::dsl::exists(event))
            .get_result(self.conn)
            .map_err(fault)
    }

    fn log_about(&mut self, item: Uuid, place: u64) -> Result<(), StoreError> {
        diesel::insert_into(message_events::table)
            .values((
                message_events::message_id.eq(bytes(item)),
                message_events::seq.eq(seq(place)),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    /// Replaces the content by the tombstone in the message's first event and in its next other
    /// events, up to `bound`. The other events are found in `talk_message_events`, from which
    /// rewritten ones are removed. Returns whether there may be more.
    pub(crate) fn redact(
        &mut self,
        tombstone: &Message,
        encoder: &dyn FrameEncoder,
        bound: Bound,
    ) -> Result<bool, StoreError> {
        self.assert_same_customer(tombstone.customer)?;
        let content = Content {
            item: tombstone.id.0,
            stream: tombstone.chat.0,
            first: tombstone.seq,
        };
        self.rewrite_content(content, bound, &|name, place| {
            Ok(encoder.encode_redacted(kind(name)?, place, tombstone))
        })
    }

    /// Replaces the payloads of the first event about an item and of its next other events, up to
    /// `bound`, by what `frame` makes of their kinds and places. Returns whether there may be more.
    pub(crate) fn rewrite_content(
        &mut self,
        content: Content,
        bound: Bound,
        frame: &FrameOf<'_>,
    ) -> Result<bool, StoreError> {
        self.cache.mark_erased();
        self.rewrite(content.stream, seq(content.first), frame)?;
        let next: Vec<i64> = message_events::table
            .filter(message_events::message_id.eq(bytes(content.item)))
            .order(message_events::seq.asc())
            .limit(i64::from(bound.rows))
            .select(message_events::seq)
            .load(self.conn)
            .map_err(fault)?;
        let (mut done, mut left) = (0, bound.bytes);
        for place in &next {
            left = left.saturating_sub(self.rewrite(content.stream, *place, frame)?);
            self.delete_about(content.item, *place)?;
            done += 1;
            if left == 0 {
                break;
            }
        }
        Ok(done < next.len() || next.len() >= bound.rows as usize)
    }

    fn delete_about(&mut self, item: Uuid, place: i64) -> Result<(), StoreError> {
        let entry = message_events::table
            .filter(message_events::message_id.eq(bytes(item)))
            .filter(message_events::seq.eq(place));
        diesel::delete(entry)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    /// Replaces the payload of a logged event, if the event exists. Returns the number of bytes of the
    /// old payload.
    fn rewrite(
        &mut self,
        stream: Uuid,
        place: i64,
        frame: &FrameOf<'_>,
    ) -> Result<u64, StoreError> {
        let entry = events::table
            .filter(events::stream_id.eq(bytes(stream)))
            .filter(events::customer_id.eq(self.customer()))
            .filter(events::seq.eq(place));
        let found: Option<(String, i64)> = entry
            .clone()
            .select((events::kind, octet_length(events::payload)))
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let Some((name, length)) = found else {
            return Ok(0);
        };
        let frame = frame(&name, number(place)?)?;
        let rows = diesel::update(entry)
            .set(events::payload.eq(frame))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)?;
        number(length)
    }

    /// Deletes the first events of a log up to a `seq` and a time; see
    /// [`ChatLog::trim`](talk_domain::talk::model::event::ChatLog::trim).
    pub(crate) fn trim(
        &mut self,
        chat: ChatId,
        upto: Tick,
        bound: Bound,
    ) -> Result<Option<u64>, StoreError> {
        self.head(chat)?;
        let of_chat = events::table.filter(events::stream_id.eq(bytes(chat.0)));
        let next: Vec<TrimRow> = of_chat
            .clone()
            .filter(events::seq.le(seq(upto.seq)))
            .order(events::seq.asc())
            .limit(i64::from(bound.rows))
            .select((
                events::seq,
                events::tm,
                events::kind,
                events::subject,
                octet_length(events::payload),
            ))
            .load(self.conn)
            .map_err(fault)?;
        let (mut last, mut left) = (None, bound.bytes);
        for (place, tm, name, subject, length) in next {
            if left == 0 || tm > upto.at.as_micros() {
                break;
            }
            if kind(&name)?.has_content() {
                self.delete_about(id::<MessageId>(&subject)?.0, place)?;
            }
            last = Some(place);
            left = left.saturating_sub(number(length)?);
        }
        let Some(last) = last else { return Ok(None) };
        self.mark_gaps(&bytes(chat.0), number(last)?)?;
        self.cache.mark_erased();
        diesel::delete(of_chat.filter(events::seq.le(last)))
            .execute(self.changing())
            .map_err(fault)?;
        number(last).map(Some)
    }

    /// Replaces deleted messages by tombstones in events that a cleanup has not rewritten yet.
    pub(crate) fn hide_deleted(
        &mut self,
        stream: StreamId,
        events: &mut [Arc<Logged>],
        encoder: &dyn FrameEncoder,
    ) -> Result<(), StoreError> {
        let Some(chat) = ChatId::of(stream) else {
            return Ok(());
        };
        let with_content = || {
            let messages = events.iter().filter_map(|event| content_of(event));
            messages.map(|(_, message)| bytes(message.0)).collect()
        };
        for id in self.messages_left(chat, with_content)? {
            let Some(tombstone) = MessageQueries::get(self, id)? else {
                continue;
            };
            for event in events.iter_mut() {
                redact(event, &tombstone, encoder);
            }
        }
        Ok(())
    }
}

/// Replaces the frame of an event that carries content of a deleted message.
pub(crate) fn redact(event: &mut Arc<Logged>, tombstone: &Message, encoder: &dyn FrameEncoder) {
    if let Some((kind, message)) = content_of(event)
        && message == tombstone.id
    {
        let frame = encoder.encode_redacted(kind, event.seq, tombstone);
        Arc::make_mut(event).payload = frame.into();
    }
}

impl EventQueries for Scope<'_> {
    fn after(&mut self, stream: StreamId, portion: Portion) -> Result<LogPage, StoreError> {
        let mut query = events::table
            .filter(talk_in_time())
            .filter(events::stream_id.eq(bytes(stream.id)))
            .filter(events::customer_id.eq(self.customer()))
            .filter(events::seq.gt(seq(portion.since)))
            .order(events::seq.asc())
            .limit(i64::from(portion.limit))
            .select(EventRow::as_select())
            .into_boxed();
        if let Some(kinds) = portion.kinds {
            query = query.filter(events::kind.eq_any(kinds.iter().map(Kind::as_str)));
        }
        let rows = query.load_iter::<EventRow, DefaultLoadingMode>(self.conn);
        let (mut events, mut left) = (Vec::new(), portion.bytes);
        for row in rows.map_err(fault)? {
            let event = Logged::try_from(row.map_err(fault)?)?;
            left = left.saturating_sub(event.payload.len());
            events.push(Arc::new(event));
            if left == 0 {
                break;
            }
        }
        let is_end = left > 0 && events.len() < portion.limit as usize;
        Ok(LogPage { events, is_end })
    }

    fn get(&mut self, stream: StreamId, place: u64) -> Result<Option<Arc<Logged>>, StoreError> {
        let row = events::table
            .filter(events::stream_id.eq(bytes(stream.id)))
            .filter(events::customer_id.eq(self.customer()))
            .filter(events::seq.eq(seq(place)))
            .select(EventRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(|row| Logged::try_from(row).map(Arc::new))
            .transpose()
    }
}
