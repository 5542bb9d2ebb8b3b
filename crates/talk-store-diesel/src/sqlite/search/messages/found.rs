//! The matches so far, and which messages can be one.

use talk_domain::message::search::MessageSearch;
use talk_domain::page::{Cursor, Order, PageRequest};
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use super::source::{Candidate, Times};
use crate::portable::rows::{at, id};

/// The times a message must be from.
pub(super) struct Window {
    pub(super) times: Times,
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
        let times = Times { low, high };
        Self { times, request }
    }

    /// Whether a candidate of these times is behind the request's cursor.
    pub(super) fn admits(&self, candidate: &Candidate) -> bool {
        match self.request.after {
            Some(Cursor { at, id: Some(tie) }) if at.as_micros() == candidate.created_at => {
                match self.request.order {
                    Order::Descending => candidate.id.as_slice() < tie.as_bytes().as_slice(),
                    Order::Ascending => candidate.id.as_slice() > tie.as_bytes().as_slice(),
                }
            }
            _ => true,
        }
    }
}

const fn next(at: Timestamp, step: i64) -> i64 {
    at.as_micros().saturating_add(step)
}

/// A page of matches and one more, which tells whether there is another page.
pub(super) struct Found {
    most: usize,
    serials: Vec<i64>,
    last: Option<Candidate>,
}

impl Found {
    pub(super) const fn new(size: u16) -> Self {
        Self {
            most: size as usize + 1,
            serials: Vec::new(),
            last: None,
        }
    }

    /// Notes the next candidate in the order of the list; false once there are enough matches.
    pub(super) fn compared(&mut self, candidate: Candidate, is_match: bool) -> bool {
        if is_match {
            self.serials.push(candidate.serial);
        }
        self.last = Some(candidate);
        !self.is_full()
    }

    pub(super) fn is_full(&self) -> bool {
        self.serials.len() >= self.most
    }

    /// Where a page that ends early goes on, when the next candidate may be of the time `next`:
    /// behind the last candidate of that time, or before all of it.
    pub(super) fn passed(&self, next: i64, order: Order) -> Result<Cursor, StoreError> {
        match &self.last {
            Some(last) if last.created_at == next => Ok(Cursor {
                at: at(last.created_at)?,
                id: Some(id(&last.id)?),
            }),
            _ => Ok(Cursor {
                at: at(match order {
                    Order::Descending => next.saturating_add(1),
                    Order::Ascending => next.saturating_sub(1),
                })?,
                id: None,
            }),
        }
    }

    pub(super) fn into_serials(self) -> Vec<i64> {
        self.serials
    }
}
