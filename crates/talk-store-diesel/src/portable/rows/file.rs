//! The row of a file.

use diesel::prelude::*;
use talk_domain::files::model::{File, FileKind};
use talk_domain::kernel::store_error::StoreError;

use crate::error::corrupt;
use crate::portable::rows::{at, bytes, hash, id, number, size};
use crate::portable::schema::files;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = files)]
pub(crate) struct FileRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    owner_id: Vec<u8>,
    kind: String,
    name: String,
    detail: String,
    filename: String,
    size: i64,
    mime: String,
    sha256: Vec<u8>,
    created_at: i64,
}

impl From<&File> for FileRow {
    fn from(file: &File) -> Self {
        Self {
            id: bytes(file.id.0),
            customer_id: bytes(file.customer.0),
            owner_id: bytes(file.owner.0),
            kind: file.kind.word().to_owned(),
            name: file.name.clone(),
            detail: file.detail.clone(),
            filename: file.filename.clone(),
            size: size(file.size),
            mime: file.mime.clone(),
            sha256: file.sha256.to_vec(),
            created_at: file.created.as_micros(),
        }
    }
}

impl TryFrom<FileRow> for File {
    type Error = StoreError;

    fn try_from(row: FileRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            owner: id(&row.owner_id)?,
            kind: FileKind::parse(&row.kind).map_err(corrupt)?,
            name: row.name,
            detail: row.detail,
            filename: row.filename,
            size: number(row.size)?,
            mime: row.mime,
            sha256: hash(row.sha256)?,
            created: at(row.created_at)?,
        })
    }
}
