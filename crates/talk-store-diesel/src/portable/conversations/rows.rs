//! The rows of conversations, rooms and messages.

use conversation_domain::model::account::Method;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::model::conversation::{Conversation, State};
use conversation_domain::model::message::{Delivery, Direction, Failure, Message};
use conversation_domain::model::room::{Room, RoomKey};
use diesel::prelude::*;
use talk_domain::kernel::id::{ConversationId, CustomerId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;

use crate::error::corrupt;
use crate::portable::conversations::medias;
use crate::portable::conversations::schema::{conversation_messages, conversations, rooms};
use crate::portable::rows::{at, bytes, id, number, optional_at, optional_id, seq};

/// Reads the name of a method.
pub(crate) fn method(name: &str) -> Result<Method, StoreError> {
    Method::parse(name).ok_or_else(|| corrupt("an unknown method"))
}

fn address(kind: &str, target: String, target_name: String) -> Result<Address, StoreError> {
    Ok(Address {
        kind: AddressKind::parse(kind).ok_or_else(|| corrupt("an unknown type of address"))?,
        target,
        target_name,
    })
}

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = conversations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct ConversationRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    room_id: Vec<u8>,
    owner_id: Option<Vec<u8>>,
    name: String,
    detail: String,
    state: String,
    participants: i64,
    last_seq: i64,
    last_at: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl From<&Conversation> for ConversationRow {
    fn from(conversation: &Conversation) -> Self {
        Self {
            id: bytes(conversation.id.0),
            customer_id: bytes(conversation.customer.0),
            room_id: bytes(conversation.room.id.0),
            owner_id: conversation.owner.map(|owner| bytes(owner.0)),
            name: conversation.name.clone(),
            detail: conversation.detail.clone(),
            state: conversation.state.as_str().to_owned(),
            participants: i64::from(conversation.participants),
            last_seq: seq(conversation.last.seq),
            last_at: conversation.last.at.as_micros(),
            created_at: conversation.created.as_micros(),
            updated_at: conversation.updated.as_micros(),
            deleted_at: conversation.deleted.map(Timestamp::as_micros),
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rooms, treat_none_as_default_value = false)]
pub(crate) struct RoomRow {
    pub(super) id: Vec<u8>,
    pub(super) customer_id: Vec<u8>,
    conversation_id: Vec<u8>,
    account_id: Vec<u8>,
    method: String,
    own_kind: String,
    own_target: String,
    own_name: String,
    peer_kind: String,
    peer_target: String,
    peer_name: String,
    pub(super) room_key: Option<Vec<u8>>,
    created_at: i64,
    opted_out_at: Option<i64>,
}

impl RoomRow {
    pub(crate) fn new(
        customer: CustomerId,
        conversation: ConversationId,
        room: &Room,
        key: RoomKey,
    ) -> Self {
        let (own, peer) = (&room.own, &room.peer);
        Self {
            id: bytes(room.id.0),
            customer_id: bytes(customer.0),
            conversation_id: bytes(conversation.0),
            account_id: bytes(room.account.0),
            method: room.method.as_str().to_owned(),
            own_kind: own.kind.as_str().to_owned(),
            own_target: own.target.clone(),
            own_name: own.target_name.clone(),
            peer_kind: peer.kind.as_str().to_owned(),
            peer_target: peer.target.clone(),
            peer_name: peer.target_name.clone(),
            room_key: Some(key.0.to_vec()),
            created_at: room.created.as_micros(),
            opted_out_at: room.opted_out.map(Timestamp::as_micros),
        }
    }
}

impl TryFrom<RoomRow> for Room {
    type Error = StoreError;

    fn try_from(row: RoomRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            account: id(&row.account_id)?,
            method: method(&row.method)?,
            own: address(&row.own_kind, row.own_target, row.own_name)?,
            peer: address(&row.peer_kind, row.peer_target, row.peer_name)?,
            opted_out: row.opted_out_at.map(at).transpose()?,
            created: at(row.created_at)?,
        })
    }
}

/// Builds a conversation from its row and that of its first room.
pub(crate) fn conversation(
    (row, room): (ConversationRow, RoomRow),
) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: id(&row.id)?,
        customer: id(&row.customer_id)?,
        room: room.try_into()?,
        owner: optional_id(row.owner_id.as_deref())?,
        name: row.name,
        detail: row.detail,
        state: State::parse(&row.state).ok_or_else(|| corrupt("an unknown state"))?,
        participants: u32::try_from(row.participants)
            .map_err(|_| corrupt("a number of participants"))?,
        last: Tick {
            seq: number(row.last_seq)?,
            at: at(row.last_at)?,
        },
        created: at(row.created_at)?,
        updated: at(row.updated_at)?,
        deleted: row.deleted_at.map(at).transpose()?,
    })
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = conversation_messages, treat_none_as_default_value = false)]
pub(crate) struct MessageRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    conversation_id: Vec<u8>,
    room_id: Vec<u8>,
    direction: String,
    author_id: Option<Vec<u8>>,
    reference: String,
    body: String,
    medias: String,
    delivery: String,
    failure_code: Option<String>,
    failure_reason: Option<String>,
    is_permanent: i64,
    seq: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl From<&Message> for MessageRow {
    fn from(message: &Message) -> Self {
        let failure = message.failure.as_ref();
        Self {
            id: bytes(message.id.0),
            customer_id: bytes(message.customer.0),
            conversation_id: bytes(message.conversation.0),
            room_id: bytes(message.room.0),
            direction: message.direction.as_str().to_owned(),
            author_id: message.author.map(|author| bytes(author.0)),
            reference: message.reference.clone(),
            body: message.text.clone(),
            medias: medias::to_text(&message.medias),
            delivery: message.delivery.as_str().to_owned(),
            failure_code: failure.map(|failure| failure.code.clone()),
            failure_reason: failure.map(|failure| failure.reason.clone()),
            is_permanent: failure.is_some_and(|failure| failure.is_permanent).into(),
            seq: seq(message.seq),
            created_at: message.created.as_micros(),
            updated_at: message.updated.as_micros(),
            deleted_at: message.deleted.map(Timestamp::as_micros),
        }
    }
}

impl TryFrom<MessageRow> for Message {
    type Error = StoreError;

    fn try_from(row: MessageRow) -> Result<Self, StoreError> {
        let direction = Direction::parse(&row.direction);
        let delivery = Delivery::parse(&row.delivery);
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            conversation: id(&row.conversation_id)?,
            room: id(&row.room_id)?,
            direction: direction.ok_or_else(|| corrupt("an unknown direction"))?,
            author: optional_id(row.author_id.as_deref())?,
            reference: row.reference,
            text: row.body,
            medias: medias::from_text(&row.medias)?,
            delivery: delivery.ok_or_else(|| corrupt("an unknown step of a delivery"))?,
            failure: failure(row.failure_code, row.failure_reason, row.is_permanent),
            seq: number(row.seq)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
            deleted: optional_at(row.deleted_at)?,
        })
    }
}

/// Makes a failure of its columns.
pub(crate) fn failure(
    code: Option<String>,
    reason: Option<String>,
    is_permanent: i64,
) -> Option<Failure> {
    code.map(|code| Failure {
        code,
        reason: reason.unwrap_or_default(),
        is_permanent: is_permanent != 0,
    })
}
