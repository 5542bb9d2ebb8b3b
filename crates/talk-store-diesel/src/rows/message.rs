//! The rows of a message and of its earlier versions.

use diesel::prelude::*;
use talk_domain::id::MessageId;
use talk_domain::message::{Author, Message, Revision, SystemKind, SystemNote};
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use crate::error::corrupt;
use crate::rows::{at, bytes, id, media, number, optional_at, optional_id, seq};
use crate::schema::{messages, revisions};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
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

impl TryFrom<&Message> for MessageRow {
    type Error = StoreError;

    fn try_from(message: &Message) -> Result<Self, StoreError> {
        let (author, system) = match message.author {
            Author::Agent(agent) => (agent, None),
            Author::System(note) => (note.actor, Some(note.kind)),
        };
        let subject = system.and_then(SystemKind::subject);
        Ok(Self {
            id: bytes(message.id.0),
            customer_id: bytes(message.customer.0),
            chat_id: bytes(message.chat.0),
            seq: seq(message.seq),
            author_id: bytes(author.0),
            system_kind: system.map(|kind| kind.as_str().to_owned()),
            system_subject: subject.map(|agent| bytes(agent.0)),
            parent_id: message.parent.map(|parent| bytes(parent.0)),
            root_id: (message.root != message.id).then(|| bytes(message.root.0)),
            depth: i64::from(message.depth),
            text: message.text.clone(),
            medias: media::to_text(&message.medias)?,
            reply_count: i64::from(message.reply_count),
            reaction_count: 0,
            created_at: message.created.as_micros(),
            updated_at: message.updated.as_micros(),
            edited_at: message.edited.map(Timestamp::as_micros),
            deleted_at: message.deleted.map(Timestamp::as_micros),
        })
    }
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

/// The message without its reactions.
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
