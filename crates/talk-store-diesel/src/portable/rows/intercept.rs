//! The rows of intercepts, of their decisions and of held messages.

use diesel::prelude::*;
use talk_domain::hooks::decision::{Decision, Verdict};
use talk_domain::hooks::intercept::{Intercept, OnError, Point};
use talk_domain::hooks::secret::EndpointSecrets;
use talk_domain::kernel::idempotency::IdempotencyKey;
use talk_domain::kernel::secret::Sealed;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::held::{HeldContent, HeldMessage};

use crate::error::corrupt;
use crate::portable::rows::{at, bytes, hash, id, media, number, optional_id};
use crate::portable::schema::{decisions, held_messages, intercepts};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = intercepts, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct InterceptRow {
    customer_id: Vec<u8>,
    point: String,
    uri: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<i64>,
    timeout_ms: i64,
    on_error: String,
    is_enabled: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<&Intercept> for InterceptRow {
    fn from(intercept: &Intercept) -> Self {
        let previous = intercept.secrets.previous.as_ref();
        Self {
            customer_id: bytes(intercept.customer.0),
            point: intercept.point.as_str().to_owned(),
            uri: intercept.uri.clone(),
            secret: intercept.secrets.current.0.clone(),
            previous_secret: previous.map(|(sealed, _)| sealed.0.clone()),
            previous_until: previous.map(|(_, until)| until.as_micros()),
            timeout_ms: i64::from(intercept.timeout_ms),
            on_error: intercept.on_error.as_str().to_owned(),
            is_enabled: i64::from(intercept.is_enabled),
            created_at: intercept.created.as_micros(),
            updated_at: intercept.updated.as_micros(),
        }
    }
}

impl TryFrom<InterceptRow> for Intercept {
    type Error = StoreError;

    fn try_from(row: InterceptRow) -> Result<Self, StoreError> {
        let previous = match (row.previous_secret, row.previous_until) {
            (Some(sealed), Some(until)) => Some((Sealed(sealed), at(until)?)),
            _ => None,
        };
        Ok(Self {
            customer: id(&row.customer_id)?,
            point: point(&row.point)?,
            uri: row.uri,
            secrets: EndpointSecrets {
                current: Sealed(row.secret),
                previous,
            },
            timeout_ms: number(row.timeout_ms)?,
            on_error: OnError::parse(&row.on_error).map_err(corrupt)?,
            is_enabled: row.is_enabled != 0,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
        })
    }
}

fn point(name: &str) -> Result<Point, StoreError> {
    Point::parse(name).ok_or_else(|| corrupt("an unknown point of an intercept"))
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = decisions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct DecisionRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    point: String,
    actor_id: Vec<u8>,
    stream_id: Vec<u8>,
    idempotency_key: Option<String>,
    fingerprint: Option<Vec<u8>>,
    verdict: String,
    reason: String,
    digest_before: String,
    digest_after: String,
    latency_ms: i64,
    created_at: i64,
    decided_by: Option<Vec<u8>>,
}

impl From<&Decision> for DecisionRow {
    fn from(decision: &Decision) -> Self {
        let key = decision.key.as_ref();
        Self {
            id: bytes(decision.id.0),
            customer_id: bytes(decision.customer.0),
            point: decision.point.as_str().to_owned(),
            actor_id: bytes(decision.actor.0),
            stream_id: bytes(decision.stream),
            idempotency_key: key.map(|key| key.key.clone()),
            fingerprint: key.map(|key| key.fingerprint.to_vec()),
            verdict: decision.verdict.as_str().to_owned(),
            reason: decision.reason.clone(),
            digest_before: decision.digest_before.clone(),
            digest_after: decision.digest_after.clone(),
            latency_ms: i64::from(decision.latency_ms),
            created_at: decision.created.as_micros(),
            decided_by: decision.decided_by.map(|admin| bytes(admin.0)),
        }
    }
}

impl TryFrom<DecisionRow> for Decision {
    type Error = StoreError;

    fn try_from(row: DecisionRow) -> Result<Self, StoreError> {
        let key = match (row.idempotency_key, row.fingerprint) {
            (Some(key), Some(fingerprint)) => Some(IdempotencyKey {
                key,
                fingerprint: hash(fingerprint)?,
            }),
            _ => None,
        };
        let verdict = Verdict::parse(&row.verdict);
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            point: point(&row.point)?,
            actor: id(&row.actor_id)?,
            stream: id(&row.stream_id)?,
            key,
            verdict: verdict.ok_or_else(|| corrupt("an unknown verdict of an intercept"))?,
            reason: row.reason,
            digest_before: row.digest_before,
            digest_after: row.digest_after,
            latency_ms: number(row.latency_ms)?,
            decided_by: optional_id(row.decided_by.as_deref())?,
            created: at(row.created_at)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = held_messages, treat_none_as_default_value = false)]
pub(crate) struct HeldRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    author_id: Vec<u8>,
    chat_id: Vec<u8>,
    message_id: Option<Vec<u8>>,
    parent_id: Option<Vec<u8>>,
    text: Option<String>,
    medias: Option<String>,
    reason: String,
    created_at: i64,
}

impl TryFrom<&HeldMessage> for HeldRow {
    type Error = StoreError;

    fn try_from(held: &HeldMessage) -> Result<Self, StoreError> {
        let (message, parent, text, medias) = match &held.content {
            HeldContent::Post {
                parent,
                text,
                medias,
            } => (None, *parent, Some(text), Some(medias)),
            HeldContent::Edit {
                message,
                text,
                medias,
            } => (Some(*message), None, text.as_ref(), medias.as_ref()),
        };
        Ok(Self {
            id: bytes(held.id.0),
            customer_id: bytes(held.customer.0),
            author_id: bytes(held.author.0),
            chat_id: bytes(held.chat.0),
            message_id: message.map(|message| bytes(message.0)),
            parent_id: parent.map(|parent| bytes(parent.0)),
            text: text.cloned(),
            medias: medias.map(|medias| media::to_text(medias)).transpose()?,
            reason: held.reason.clone(),
            created_at: held.created.as_micros(),
        })
    }
}

impl TryFrom<HeldRow> for HeldMessage {
    type Error = StoreError;

    fn try_from(row: HeldRow) -> Result<Self, StoreError> {
        let medias = row.medias.as_deref().map(media::from_text).transpose()?;
        let content = match optional_id(row.message_id.as_deref())? {
            Some(message) => HeldContent::Edit {
                message,
                text: row.text,
                medias,
            },
            None => HeldContent::Post {
                parent: optional_id(row.parent_id.as_deref())?,
                text: row.text.unwrap_or_default(),
                medias: medias.unwrap_or_default(),
            },
        };
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            author: id(&row.author_id)?,
            chat: id(&row.chat_id)?,
            content,
            reason: row.reason,
            created: at(row.created_at)?,
        })
    }
}
