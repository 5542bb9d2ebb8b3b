//! The matches of a page, and the time range of a search.

use talk_domain::kernel::page::{Cursor, Order, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::needle::MessageSearch;

use super::source::{Candidate, Times};
use crate::portable::rows::{at, id};

/// The time range of a search.
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

    /// Returns whether a candidate is in the range and after the cursor.
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

/// A page of matches and one more, which shows whether there is another page.
pub(super) struct Found {
    most: usize,
    ids: Vec<Vec<u8>>,
    last: Option<Candidate>,
}

impl Found {
    pub(super) const fn new(size: u16) -> Self {
        Self {
            most: size as usize + 1,
            ids: Vec::new(),
            last: None,
        }
    }

    /// Records the next candidate in the order of the list. Returns `false` once there are enough
    /// matches.
    pub(super) fn compared(&mut self, candidate: Candidate, is_match: bool) -> bool {
        if is_match {
            self.ids.push(candidate.id.clone());
        }
        self.last = Some(candidate);
        !self.is_full()
    }

    pub(super) fn is_full(&self) -> bool {
        self.ids.len() >= self.most
    }

    /// Returns the cursor of a page that ends early, if the next candidate may have the time
    /// `next`: after the last compared candidate of that time, or before all of them.
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

    pub(super) fn into_ids(self) -> Vec<Vec<u8>> {
        self.ids
    }
}
