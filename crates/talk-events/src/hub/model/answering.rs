//! Reads of the log, answered in random order.

use std::sync::Arc;

use talk_domain::kernel::live::Gap;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::StreamId;

use super::{Read, World};
use crate::hub::{Page, SubscriberId};

/// Maximum number of events in a page.
const PAGE: usize = 3;

impl World {
    pub(super) fn answer_read(&mut self) {
        if self.out.reads.is_empty() {
            return;
        }
        let place = self.random.below(self.out.reads.len() as u64) as usize;
        let mut read = self.out.reads.swap_remove(place);
        // A read for a removed link is answered again, but only once.
        for _ in 0..2 {
            let notices_before = self.out.notices.len();
            self.answer(read);
            let again = |new: &Read| (new.0, new.1, new.2) == (read.0, read.1, read.2);
            let Some(place) = self.out.reads.iter().position(again) else {
                return;
            };
            if self.out.notices.len() > notices_before {
                return;
            }
            read = self.out.reads.swap_remove(place);
        }
        panic!("the same is read again and again");
    }

    /// Returns the state of the subscriber after a gap, as the snapshot of the read shows it.
    fn gap(&self, id: SubscriberId, stream: StreamId) -> Gap {
        let agent = self.clients.get(&id).map(|client| client.agent);
        let members = &self.log.members[&stream];
        match agent.filter(|agent| !self.is_trusting && !members.contains(agent)) {
            Some(agent) => {
                let left = self.log.left[&(stream, agent)];
                let head = self.log.events[&stream].len() as u64;
                if left > self.log.start(stream) {
                    Gap::Leaving { left, head }
                } else {
                    Gap::Left { left, head }
                }
            }
            None => Gap::Trimmed,
        }
    }

    fn answer(&mut self, (id, stream, since, bytes): Read) {
        let log = self.log.events.get(&stream);
        let log = log.map(Vec::as_slice).unwrap_or_default();
        let start = self.log.start(stream);
        let rest = &log[(since.max(start) as usize).min(log.len())..];
        let mut left = bytes;
        let fits = |event: &&Arc<Logged>| {
            let is_wanted = left > 0;
            left = left.saturating_sub(event.payload.len());
            is_wanted
        };
        let count = rest.iter().take(PAGE).take_while(fits).count();
        let page = Page {
            stream,
            since,
            events: &rest[..count],
            is_end: count == rest.len() && count < PAGE,
            gap: (since < start).then(|| self.gap(id, stream)),
        };
        self.hub.page(id, &page, &mut self.out);
    }
}
