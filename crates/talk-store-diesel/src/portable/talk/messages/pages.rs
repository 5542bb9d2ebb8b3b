//! Pages of one chat, of a thread, and of a message's earlier versions.

use diesel::prelude::*;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::message::{Message, MessageFilter, Revision};

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::message::{MessageRow, RevisionRow};
use crate::portable::rows::{bytes, seq};
use crate::portable::schema::{events, messages, revisions};
use crate::portable::scope::{Scope, all};

/// A requested page.
struct Wanted {
    chat: ChatId,
    filter: MessageFilter,
    since: Option<Since>,
    request: PageRequest,
}

/// A `since_seq` filter: the `seq`, and the time of the last event up to it that is still in the
/// log.
struct Since {
    seq: i64,
    at: Option<i64>,
}

impl Scope<'_> {
    pub(crate) fn messages_in_chat(
        &mut self,
        chat: ChatId,
        filter: MessageFilter,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        // A thread is in one chat. Checking that separately makes SQLite use the thread's index.
        for thread in [filter.parent, filter.root].into_iter().flatten() {
            if self.chat_of_message(thread)? != Some(chat) {
                return Ok(Page::cut(Vec::new(), request.size, place));
            }
        }
        let since = filter
            .since_seq
            .map(|after| self.since(chat, after))
            .transpose()?;
        let wanted = Wanted {
            chat,
            filter,
            since,
            request,
        };
        let mut rows = self.rows_in_chat(&wanted)?;
        if let (None, Some(root)) = (filter.parent, filter.root) {
            self.add_root(&mut rows, root, &wanted)?;
        }
        let messages = self.with_reactions(rows)?;
        Ok(Page::cut(messages, request.size, place))
    }

    fn rows_in_chat(&mut self, wanted: &Wanted) -> Result<Vec<MessageRow>, StoreError> {
        let Wanted {
            chat,
            filter,
            since,
            request,
        } = wanted;
        let mut query = messages::table
            .filter(talk_in_time())
            .filter(messages::customer_id.eq(self.customer()))
            .select(MessageRow::as_select())
            .into_boxed::<MultiBackend>();
        if filter.parent.is_none() && filter.root.is_none() {
            query = query.filter(messages::chat_id.eq(bytes(chat.0)));
        }
        if let Some(parent) = filter.parent {
            query = query.filter(messages::parent_id.eq(bytes(parent.0)));
        }
        if let Some(root) = filter.root {
            query = query.filter(messages::root_id.eq(bytes(root.0)));
        }
        if let Some(since) = since {
            query = query.filter(messages::seq.gt(since.seq));
        }
        // Times rise with `seq`, and the index has the time.
        if let Some(at) = since.as_ref().and_then(|since| since.at) {
            query = query.filter(messages::created_at.gt(at));
        }
        let query = behind!(query, request, messages::created_at, messages::id);
        one_page!(query, request, messages::created_at)
            .load(self.conn)
            .map_err(fault)
    }

    fn since(&mut self, chat: ChatId, after: u64) -> Result<Since, StoreError> {
        let at = events::table
            .filter(events::stream_id.eq(bytes(chat.0)))
            .filter(events::seq.le(seq(after)))
            .order(events::seq.desc())
            .select(events::tm)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(Since {
            seq: seq(after),
            at,
        })
    }

    /// Adds the root, the oldest message of the thread, which is not in the thread's index.
    fn add_root(
        &mut self,
        rows: &mut Vec<MessageRow>,
        root: MessageId,
        wanted: &Wanted,
    ) -> Result<(), StoreError> {
        let Wanted { since, request, .. } = wanted;
        let root = self.message_row(root)?.filter(|root| {
            since.as_ref().is_none_or(|since| root.seq > since.seq) && is_behind(root, *request)
        });
        match (root, request.order) {
            (Some(root), Order::Ascending) => rows.insert(0, root),
            (Some(root), Order::Descending) if rows.len() <= usize::from(request.size) => {
                rows.push(root);
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn revisions_of(
        &mut self,
        id: MessageId,
        request: PageRequest,
    ) -> Result<Page<Revision>, StoreError> {
        let written = |revision: &Revision| Cursor {
            at: revision.written,
            id: None,
        };
        if self.chat_of_message(id)?.is_none() {
            return Ok(Page::cut(Vec::new(), request.size, written));
        }
        // No two versions of a message have the same time.
        let request = PageRequest {
            after: request.after.map(|cursor| Cursor { id: None, ..cursor }),
            ..request
        };
        let query = revisions::table
            .filter(revisions::message_id.eq(bytes(id.0)))
            .select(RevisionRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, revisions::written_at, revisions::message_id);
        let rows = one_page!(query, request, revisions::written_at)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, written))
    }
}

/// No two messages of a chat have the same time.
fn place(message: &Message) -> Cursor {
    Cursor {
        at: message.created,
        id: None,
    }
}

fn is_behind(row: &MessageRow, request: PageRequest) -> bool {
    let Some(Cursor { at, id }) = request.after else {
        return true;
    };
    let at = at.as_micros();
    let ties_behind = |is_behind: fn(&[u8], &[u8]) -> bool| {
        row.created_at == at && id.is_some_and(|id| is_behind(&row.id, id.as_bytes()))
    };
    match request.order {
        Order::Descending => row.created_at < at || ties_behind(|row, id| row < id),
        Order::Ascending => row.created_at > at || ties_behind(|row, id| row > id),
    }
}
