//! The rows of a message and of its earlier versions.

use diesel::prelude::*;
use talk_domain::kernel::id::MessageId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::message::{Author, Message, Revision};
use talk_domain::talk::model::note::{SystemKind, SystemNote};

use crate::connection::AnyConnection;
use crate::error::{corrupt, fault};
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::{at, bytes, id, media, number, optional_at, optional_id, seq};
use crate::portable::schema::{messages, revisions};

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    pub(crate) id: Vec<u8>,
    customer_id: Vec<u8>,
    chat_id: Vec<u8>,
    pub(crate) seq: i64,
    author_id: Vec<u8>,
    system_kind: Option<String>,
    system_subject: Option<Vec<u8>>,
    parent_id: Option<Vec<u8>>,
    root_id: Option<Vec<u8>>,
    depth: i64,
    text: String,
    medias: String,
    reply_count: i64,
    pub(crate) reaction_count: i64,
    pub(crate) created_at: i64,
    updated_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
}

/// Stores a new message without reactions.
pub(crate) fn insert(conn: &mut AnyConnection, message: &Message) -> Result<(), StoreError> {
    let (author, system) = match message.author {
        Author::Agent(agent) => (agent, None),
        Author::System(note) => (note.actor, Some(note.kind)),
    };
    let subject = system.and_then(SystemKind::subject);
    let root = (message.root != message.id).then_some(message.root);
    let medias = media::to_text(&message.medias)?;
    prepared!(
        "INSERT INTO talk_messages (id, customer_id, chat_id, seq, author_id, system_kind, \
         system_subject, parent_id, root_id, depth, text, medias, reply_count, reaction_count, \
         created_at, updated_at, edited_at, deleted_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        [
            Value::Bytes(message.id.0.as_bytes()),
            Value::Bytes(message.customer.0.as_bytes()),
            Value::Bytes(message.chat.0.as_bytes()),
            Value::Number(seq(message.seq)),
            Value::Bytes(author.0.as_bytes()),
            Value::OptionalText(system.map(SystemKind::as_str)),
            Value::OptionalBytes(subject.as_ref().map(|agent| agent.0.as_bytes().as_slice())),
            Value::OptionalBytes(message.parent.as_ref().map(|id| id.0.as_bytes().as_slice())),
            Value::OptionalBytes(root.as_ref().map(|id| id.0.as_bytes().as_slice())),
            Value::Number(i64::from(message.depth)),
            Value::Text(&message.text),
            Value::Text(&medias),
            Value::Number(i64::from(message.reply_count)),
            Value::Number(message.created.as_micros()),
            Value::Number(message.updated.as_micros()),
            Value::Optional(message.edited.map(Timestamp::as_micros)),
            Value::Optional(message.deleted.map(Timestamp::as_micros)),
        ]
    )
    .run(conn)
    .map(drop)
    .map_err(fault)
}

impl MessageRow {
    fn author(&self) -> Result<Author, StoreError> {
        let author = id(&self.author_id)?;
        let Some(kind) = &self.system_kind else {
            return Ok(Author::Agent(author));
        };
        let subject = optional_id(self.system_subject.as_deref())?;
        let kind = SystemKind::parse(kind, subject)
            .ok_or_else(|| corrupt("an unknown kind of system message"))?;
        Ok(Author::System(SystemNote {
            kind,
            actor: author,
        }))
    }
}

/// Converts the row into the message without its reactions.
impl TryFrom<MessageRow> for Message {
    type Error = StoreError;

    fn try_from(row: MessageRow) -> Result<Self, StoreError> {
        let own: MessageId = id(&row.id)?;
        Ok(Self {
            id: own,
            customer: id(&row.customer_id)?,
            chat: id(&row.chat_id)?,
            seq: number(row.seq)?,
            author: row.author()?,
            parent: optional_id(row.parent_id.as_deref())?,
            root: optional_id(row.root_id.as_deref())?.unwrap_or(own),
            depth: number(row.depth)?,
            text: row.text,
            medias: media::from_text(&row.medias)?,
            reactions: Vec::new(),
            reply_count: number(row.reply_count)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
            edited: optional_at(row.edited_at)?,
            deleted: optional_at(row.deleted_at)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions)]
pub(crate) struct RevisionRow {
    message_id: Vec<u8>,
    written_at: i64,
    text: String,
    medias: String,
}

impl TryFrom<&Revision> for RevisionRow {
    type Error = StoreError;

    fn try_from(revision: &Revision) -> Result<Self, StoreError> {
        Ok(Self {
            message_id: bytes(revision.message.0),
            written_at: revision.written.as_micros(),
            text: revision.text.clone(),
            medias: media::to_text(&revision.medias)?,
        })
    }
}

impl TryFrom<RevisionRow> for Revision {
    type Error = StoreError;

    fn try_from(row: RevisionRow) -> Result<Self, StoreError> {
        Ok(Self {
            message: id(&row.message_id)?,
            text: row.text,
            medias: media::from_text(&row.medias)?,
            written: at(row.written_at)?,
        })
    }
}
