//! Messages of all chats of an agent, merged.
//!
//! One index lookup per chat finds the time of its next message. Chats are read in that order, each
//! only as far as its messages can still be on the page.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::message::Message;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::{self, talk_in_time};
use crate::portable::kernel::cleanups::chats_left;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::bytes;
use crate::portable::rows::message::MessageRow;
use crate::portable::schema::{messages, participants};
use crate::portable::scope::Scope;

/// A chat and the time of its next message.
type Head = (Vec<u8>, i64);

impl Scope<'_> {
    pub(crate) fn messages_of_agent(
        &mut self,
        agent: AgentId,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        let last = usize::from(request.size);
        let mut rows: Vec<MessageRow> = Vec::new();
        for (chat, head) in self.heads(agent, request)? {
            let worst = rows.get(last).map(|row| row.created_at);
            if worst.is_some_and(|worst| is_worse(head, worst, request.order)) {
                break;
            }
            deadline::check()?;
            rows.extend(self.rows_up_to(&chat, worst, request)?);
            rows.sort_by(|a, b| {
                let order = (a.created_at, &a.id).cmp(&(b.created_at, &b.id));
                match request.order {
                    Order::Ascending => order,
                    Order::Descending => order.reverse(),
                }
            });
            rows.truncate(last + 1);
        }
        let messages = self.with_reactions(rows)?;
        Ok(Page::cut(messages, request.size, |message| Cursor {
            at: message.created,
            id: Some(message.id.0),
        }))
    }

    /// Returns the agent's chats that have a message after the cursor, in the order of the list.
    fn heads(&mut self, agent: AgentId, request: PageRequest) -> Result<Vec<Head>, StoreError> {
        let (at, id) = bounds(request);
        let chats = participants::table
            .filter(talk_in_time())
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(participants::chat_id.ne_all(chats_left!(self)));
        let own = messages::table.filter(messages::chat_id.eq(participants::chat_id));
        let heads: Vec<(Vec<u8>, Option<i64>)> = match request.order {
            Order::Descending => {
                let head = own
                    .filter(messages::created_at.le(at))
                    .filter(messages::created_at.lt(at).or(messages::id.lt(id)))
                    .select(max(messages::created_at))
                    .single_value();
                chats.select((participants::chat_id, head)).load(self.conn)
            }
            Order::Ascending => {
                let head = own
                    .filter(messages::created_at.ge(at))
                    .filter(messages::created_at.gt(at).or(messages::id.gt(id)))
                    .select(min(messages::created_at))
                    .single_value();
                chats.select((participants::chat_id, head)).load(self.conn)
            }
        }
        .map_err(fault)?;
        let mut heads: Vec<Head> = heads
            .into_iter()
            .filter_map(|(chat, head)| Some((chat, head?)))
            .collect();
        heads.sort_by_key(|(_, head)| *head);
        if request.order == Order::Descending {
            heads.reverse();
        }
        Ok(heads)
    }

    /// Reads a chat's rows after the cursor, at most a page. `worst` is the time of the last row of
    /// the page so far: later rows in the order of the list cannot be on the page.
    fn rows_up_to(
        &mut self,
        chat: &[u8],
        worst: Option<i64>,
        request: PageRequest,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut query = messages::table
            .filter(messages::customer_id.eq(self.customer()))
            .filter(messages::chat_id.eq(chat))
            .select(MessageRow::as_select())
            .into_boxed::<MultiBackend>();
        if let Some(worst) = worst {
            query = match request.order {
                Order::Descending => query.filter(messages::created_at.ge(worst)),
                Order::Ascending => query.filter(messages::created_at.le(worst)),
            };
        }
        let query = behind!(query, request, messages::created_at, messages::id);
        one_page!(query, request, messages::created_at)
            .load(self.conn)
            .map_err(fault)
    }
}

fn is_worse(head: i64, worst: i64, order: Order) -> bool {
    match order {
        Order::Descending => head < worst,
        Order::Ascending => head > worst,
    }
}

/// Converts the cursor into values of the statement: without a cursor before every row, without a
/// tie-breaker after every id.
fn bounds(request: PageRequest) -> (i64, Vec<u8>) {
    let beyond_ids = match request.order {
        Order::Descending => Vec::new(),
        Order::Ascending => vec![0xff; 17],
    };
    match (request.after, request.order) {
        (Some(Cursor { at, id: Some(id) }), _) => (at.as_micros(), bytes(id)),
        (Some(Cursor { at, id: None }), _) => (at.as_micros(), beyond_ids),
        (None, Order::Descending) => (i64::MAX, beyond_ids),
        (None, Order::Ascending) => (i64::MIN, beyond_ids),
    }
}
