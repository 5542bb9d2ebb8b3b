//! Searching channels by name and detail.
//!
//! Channels are compared one after the other in the order of the list, a few at a time, each in
//! time linear in its length. A search that reaches its deadline ends the page early, with a cursor
//! at the last channel it has compared.

use diesel::prelude::*;
use memchr::memmem::Finder;
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::chat::ChatRow;
use crate::portable::rows::{at, id};
use crate::portable::schema::chats;
use crate::portable::scope::{Scope, all};
use crate::portable::search::search_key;
use crate::portable::talk::chats::place;
use crate::sqlite::search::index;

/// Channels read at a time; their texts take about a megabyte of memory at most.
const STEP: u16 = 64;

/// A channel and the folded text it is searched by.
type Channel = (Vec<u8>, i64, Option<String>);

impl Scope<'_> {
    /// Returns a page of the channels whose folded text contains `needle`, which is folded and not
    /// empty.
    pub(crate) fn channels_containing(
        &mut self,
        needle: &str,
        request: PageRequest,
    ) -> Result<Page<Chat>, StoreError> {
        let finder = Finder::new(needle);
        let is_stale = index::channels::is_behind(self.conn).map_err(fault)?;
        let enough = usize::from(request.size) + 1;
        let mut found = Vec::new();
        let mut compared: Option<Cursor> = None;
        loop {
            if compared.is_some() && deadline::is_past() {
                return Ok(Page {
                    rows: self.channels_found(found, request.order)?,
                    next: compared,
                });
            }
            let after = compared.or(request.after);
            let request = PageRequest { after, ..request };
            let channels = if is_stale {
                self.next_channels_folded(request)?
            } else {
                self.next_channels(request)?
            };
            let is_end = channels.len() < usize::from(STEP);
            for (channel, created, text) in channels {
                compared = Some(Cursor {
                    at: at(created)?,
                    id: Some(id(&channel)?),
                });
                let is_match = text.is_some_and(|text| finder.find(text.as_bytes()).is_some());
                if is_match && found.len() < enough {
                    found.push(channel);
                }
            }
            if is_end || found.len() == enough {
                let rows = self.channels_found(found, request.order)?;
                return Ok(Page::cut(rows, request.size, place));
            }
        }
    }

    /// Reads the next [`STEP`] channels after the cursor.
    fn next_channels(&mut self, request: PageRequest) -> Result<Vec<Channel>, StoreError> {
        let request = PageRequest {
            size: STEP - 1,
            ..request
        };
        let query = self
            .chats()?
            .filter(chats::channel_of.eq(self.customer()))
            .select((chats::id, chats::created_at, chats::search_key))
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, chats::created_at, chats::id);
        one_page!(query, request, chats::created_at, chats::id)
            .load(self.conn)
            .map_err(fault)
    }

    /// Reads the next channels and folds them now, since the stored texts were folded by another
    /// version.
    fn next_channels_folded(&mut self, request: PageRequest) -> Result<Vec<Channel>, StoreError> {
        let request = PageRequest {
            size: STEP - 1,
            ..request
        };
        let query = self
            .chats()?
            .filter(chats::channel_of.eq(self.customer()))
            .select((chats::id, chats::created_at, chats::name, chats::detail))
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, chats::created_at, chats::id);
        let channels: Vec<(Vec<u8>, i64, String, String)> =
            one_page!(query, request, chats::created_at, chats::id)
                .load(self.conn)
                .map_err(fault)?;
        let folded = |(id, created, name, detail): (_, _, String, String)| {
            (id, created, Some(search_key(&name, &detail)))
        };
        Ok(channels.into_iter().map(folded).collect())
    }

    /// Reads the channels with these ids, in the order of the list.
    fn channels_found(
        &mut self,
        found: Vec<Vec<u8>>,
        order: Order,
    ) -> Result<Vec<Chat>, StoreError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self
            .chats()?
            .filter(chats::id.eq_any(found))
            .select(ChatRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        let mut channels: Vec<Chat> = all(rows)?;
        channels.sort_by_key(|chat| (chat.created, chat.id.0));
        if order == Order::Descending {
            channels.reverse();
        }
        Ok(channels)
    }
}
