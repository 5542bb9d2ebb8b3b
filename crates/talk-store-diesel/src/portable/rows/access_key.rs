//! The row of an access key.

use diesel::prelude::*;
use talk_domain::identity::access_key::AccessKey;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::portable::rows::{at, bytes, hash, id, optional_at};
use crate::portable::schema::access_keys;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = access_keys, treat_none_as_default_value = false)]
pub(crate) struct AccessKeyRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    agent_id: Vec<u8>,
    name: String,
    detail: String,
    hash: Vec<u8>,
    prefix: String,
    expires_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    is_derived: i64,
}

impl From<&AccessKey> for AccessKeyRow {
    fn from(key: &AccessKey) -> Self {
        Self {
            id: bytes(key.id.0),
            customer_id: bytes(key.customer.0),
            agent_id: bytes(key.agent.0),
            name: key.name.clone(),
            detail: key.detail.clone(),
            hash: key.hash.to_vec(),
            prefix: key.prefix.clone(),
            expires_at: key.expires.map(Timestamp::as_micros),
            created_at: key.created.as_micros(),
            updated_at: key.updated.as_micros(),
            deleted_at: key.deleted.map(Timestamp::as_micros),
            is_derived: i64::from(key.is_derived),
        }
    }
}

impl TryFrom<AccessKeyRow> for AccessKey {
    type Error = StoreError;

    fn try_from(row: AccessKeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            agent: id(&row.agent_id)?,
            name: row.name,
            detail: row.detail,
            hash: hash(row.hash)?,
            prefix: row.prefix,
            is_derived: row.is_derived != 0,
            expires: optional_at(row.expires_at)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
            deleted: optional_at(row.deleted_at)?,
        })
    }
}
