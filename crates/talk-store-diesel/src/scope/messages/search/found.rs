//! The best matches so far, and which messages can be one.

use std::collections::BTreeMap;

use talk_domain::message::search::MessageSearch;
use talk_domain::page::{Cursor, Order, PageRequest};
use talk_domain::time::Timestamp;

use crate::index::entries_at;

/// Where a message stands in the list: its time and its id.
pub(super) type Place = (i64, Vec<u8>);

/// The times a message must be from.
pub(super) struct Window {
    /// The first of them.
    pub(super) low: i64,
    /// The last of them.
    pub(super) high: i64,
    request: PageRequest,
}

impl Window {
    pub(super) fn new(search: &MessageSearch, request: PageRequest) -> Self {
        let mut low = search.after.map_or(i64::MIN, |after| next(after, 1));
        let mut high = search.before.map_or(i64::MAX, |before| next(before, -1));
        if let Some(Cursor { at, id }) = request.after {
            let step = i64::from(id.is_none());
            match request.order {
                Order::Descending => high = high.min(next(at, -step)),
                Order::Ascending => low = low.max(next(at, step)),
            }
        }
        Self { low, high, request }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// Whether a message of this place is behind the request's cursor, and of these times.
    pub(super) fn admits(&self, created: i64, id: &[u8]) -> bool {
        let is_behind = match self.request.after {
            Some(Cursor { at, id: Some(tie) }) if at.as_micros() == created => {
                match self.request.order {
                    Order::Descending => id < tie.as_bytes().as_slice(),
                    Order::Ascending => id > tie.as_bytes().as_slice(),
                }
            }
            _ => true,
        };
        is_behind && self.low <= created && created <= self.high
    }

    /// The entries that can stand for such messages, and a few more.
    pub(super) const fn entries(&self) -> (i64, i64) {
        (entries_at(self.low).0, entries_at(self.high).1)
    }
}

const fn next(at: Timestamp, step: i64) -> i64 {
    at.as_micros().saturating_add(step)
}

/// A page of matches and one more, which tells whether there is another page.
pub(super) struct Found {
    /// Of the list.
    pub(super) order: Order,
    most: usize,
    best: BTreeMap<Place, i64>,
}

impl Found {
    pub(super) const fn new(request: PageRequest) -> Self {
        Self {
            order: request.order,
            most: request.size as usize + 1,
            best: BTreeMap::new(),
        }
    }

    /// Keeps a match if it is among the best.
    pub(super) fn offer(&mut self, place: Place, serial: i64) {
        self.best.insert(place, serial);
        if self.best.len() > self.most {
            match self.order {
                Order::Descending => self.best.pop_first(),
                Order::Ascending => self.best.pop_last(),
            };
        }
    }

    /// As many matches as can be kept.
    pub(super) fn room(&self) -> i64 {
        i64::try_from(self.most).unwrap_or(i64::MAX)
    }

    /// Whether no entry after `entry` can stand for one of the best.
    pub(super) fn is_beyond(&self, entry: i64) -> bool {
        if self.best.len() < self.most {
            return false;
        }
        match self.order {
            Order::Descending => {
                let worst = self.best.keys().next();
                worst.is_some_and(|(created, _)| entry < entries_at(*created).0)
            }
            Order::Ascending => {
                let worst = self.best.keys().next_back();
                worst.is_some_and(|(created, _)| entry > entries_at(*created).1)
            }
        }
    }

    pub(super) fn serials(&self) -> Vec<i64> {
        self.best.values().copied().collect()
    }
}
