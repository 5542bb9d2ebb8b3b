//! The row of a chat, and the keys it is found by.

use diesel::prelude::*;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::{Chat, ChatKind, ChatStatus, DirectPair};

use crate::error::corrupt;
use crate::portable::rows::{at, bytes, id, number, optional_at, seq};
use crate::portable::schema::chats;
use crate::portable::search::search_key;

#[derive(Queryable, Selectable)]
#[diesel(table_name = chats)]
pub(crate) struct ChatRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    kind: String,
    name: String,
    detail: String,
    status: String,
    creator_id: Vec<u8>,
    direct_key: Option<Vec<u8>>,
    member_count: i64,
    last_seq: i64,
    last_at: i64,
    log_start: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

/// The row of a chat without the columns of retention.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = chats, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct NewChatRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    kind: &'static str,
    name: String,
    detail: String,
    status: &'static str,
    creator_id: Vec<u8>,
    direct_key: Option<Vec<u8>>,
    channel_of: Option<Vec<u8>>,
    search_key: Option<String>,
    member_count: i64,
    last_seq: i64,
    last_at: i64,
    log_start: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl From<&Chat> for NewChatRow {
    fn from(chat: &Chat) -> Self {
        // All fields are named, so that a new one cannot be forgotten here.
        let Chat {
            id,
            customer,
            kind,
            name,
            detail,
            status,
            creator,
            pair,
            member_count,
            last,
            log_start,
            created,
            updated,
            deleted,
        } = chat;
        let is_channel = *kind == ChatKind::Talk && deleted.is_none();
        Self {
            id: bytes(id.0),
            customer_id: bytes(customer.0),
            kind: kind.as_str(),
            name: name.clone(),
            detail: detail.clone(),
            status: status.as_str(),
            creator_id: bytes(creator.0),
            // After a deletion the pair may have a new chat.
            direct_key: pair.filter(|_| deleted.is_none()).map(direct_key),
            channel_of: is_channel.then(|| bytes(customer.0)),
            search_key: is_channel.then(|| search_key(name, detail)),
            member_count: i64::from(*member_count),
            last_seq: seq(last.seq),
            last_at: last.at.as_micros(),
            log_start: seq(*log_start),
            created_at: created.as_micros(),
            updated_at: updated.as_micros(),
            deleted_at: deleted.map(Timestamp::as_micros),
        }
    }
}

/// Concatenates the ids of both agents.
pub(crate) fn direct_key(pair: DirectPair) -> Vec<u8> {
    pair.agents()
        .iter()
        .flat_map(|a| a.0.into_bytes())
        .collect()
}

fn pair(key: &[u8]) -> Result<DirectPair, StoreError> {
    match key.split_at_checked(16) {
        Some((low, high)) => Ok(DirectPair::new(id(low)?, id(high)?)),
        None => Err(corrupt("a pair of a wrong length")),
    }
}

impl TryFrom<ChatRow> for Chat {
    type Error = StoreError;

    fn try_from(row: ChatRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            kind: ChatKind::parse(&row.kind).map_err(corrupt)?,
            name: row.name,
            detail: row.detail,
            status: ChatStatus::parse(&row.status).map_err(corrupt)?,
            creator: id(&row.creator_id)?,
            pair: row.direct_key.as_deref().map(pair).transpose()?,
            member_count: number(row.member_count)?,
            last: Tick {
                seq: number(row.last_seq)?,
                at: at(row.last_at)?,
            },
            log_start: number(row.log_start)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
            deleted: optional_at(row.deleted_at)?,
        })
    }
}
