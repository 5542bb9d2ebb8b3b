//! Searching conversations: they are compared one by one in the order of the list, with their messages,
//! the newest first.
//!
//! Every search does a bounded amount of [work](WORK). One that has spent it, or has reached its
//! deadline, ends its page early, with a cursor after the last conversation that it has compared.

use conversation_domain::model::conversation::{Conversation, ConversationFilter, Search};
use diesel::prelude::*;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::conversations::schema::conversation_messages::{self, dsl};
use crate::portable::conversations::threads::last_event;
use crate::portable::deadline::{self, talk_in_time};
use crate::portable::rows::bytes;
use crate::portable::scope::Scope;

/// Maximum work of one search, in bytes of text compared. A conversation and a message cost
/// [`COMPARED`] more each.
const WORK: usize = 8 * 1024 * 1024;

/// Cost of reading a row, in bytes of text that could be compared meanwhile.
const COMPARED: usize = 512;

/// Conversations read at once.
const STEP: u16 = 32;

/// Messages read at once.
const MESSAGES: i64 = 64;

/// Messages of one conversation that are compared: its newest ones.
const NEWEST: usize = 10_000;

/// The work that a search may still do.
struct Left(usize);

impl Left {
    fn spend(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes + COMPARED);
    }
}

impl Scope<'_> {
    /// Returns a page of the conversations in which the searched text is.
    pub(super) fn conversations_containing(
        &mut self,
        (filter, search): (&ConversationFilter, &Search),
        request: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        let (mut found, mut left) = (Vec::new(), Left(WORK));
        let mut compared = None;
        loop {
            let step = PageRequest {
                size: STEP,
                after: compared.or(request.after),
                order: request.order,
            };
            let next = match self.next_conversations(filter, step) {
                // The page so far is returned.
                Err(StoreError::Timeout) if compared.is_some() => break,
                next => next?,
            };
            let is_end = next.next.is_none();
            for conversation in next.rows {
                if compared.is_some() && (left.0 == 0 || deadline::is_past()) {
                    return Ok(Page {
                        rows: found,
                        next: compared,
                    });
                }
                match self.is_containing(&conversation, search, &mut left) {
                    Err(StoreError::Timeout) if compared.is_some() => {
                        return Ok(Page {
                            rows: found,
                            next: compared,
                        });
                    }
                    is_match => {
                        compared = Some(last_event(&conversation));
                        found.extend(is_match?.then_some(conversation));
                    }
                }
                if found.len() > usize::from(request.size) {
                    return Ok(Page::cut(found, request.size, last_event));
                }
            }
            if is_end {
                return Ok(Page {
                    rows: found,
                    next: None,
                });
            }
        }
        Ok(Page {
            rows: found,
            next: compared,
        })
    }

    fn is_containing(
        &mut self,
        conversation: &Conversation,
        search: &Search,
        left: &mut Left,
    ) -> Result<bool, StoreError> {
        let peer = &conversation.room.peer;
        let card = [
            &conversation.name,
            &conversation.detail,
            &peer.target,
            &peer.target_name,
        ];
        left.spend(card.iter().map(|text| text.len()).sum());
        if card.iter().any(|text| search.needle.is_in(text)) {
            return Ok(true);
        }
        if !search.in_messages {
            return Ok(false);
        }
        self.has_message_containing(conversation.id, &search.needle, left)
    }

    fn has_message_containing(
        &mut self,
        conversation: ConversationId,
        needle: &Needle,
        left: &mut Left,
    ) -> Result<bool, StoreError> {
        let (mut before, mut count) = (i64::MAX, 0);
        while count < NEWEST {
            let texts: Vec<(i64, String)> = conversation_messages::table
                .filter(talk_in_time())
                .filter(dsl::conversation_id.eq(bytes(conversation.0)))
                .filter(dsl::customer_id.eq(self.customer()))
                .filter(dsl::seq.lt(before))
                .order(dsl::seq.desc())
                .limit(MESSAGES)
                .select((dsl::seq, dsl::body))
                .load(self.conn)
                .map_err(fault)?;
            for (_, text) in &texts {
                left.spend(text.len());
                if needle.is_in(text) {
                    return Ok(true);
                }
            }
            match texts.last() {
                Some((seq, _)) if i64::try_from(texts.len()) == Ok(MESSAGES) => before = *seq,
                _ => return Ok(false),
            }
            deadline::check()?;
            count += texts.len();
        }
        Ok(false)
    }
}
