//! Uploaded files.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;
use talk_domain::files::model;
use uuid::Uuid;

use crate::resource::AGENT;
use crate::schema::written;
use crate::time;

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The agent that uploaded it.
    pub owner_id: String,
    /// Always `""`.
    pub reference_type: String,
    /// Always the nil id.
    pub reference_id: String,
    /// `talk` or `conversation`.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["talk", "conversation"]))]
    pub kind: String,
    /// The name that people see.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// The name to save it under.
    pub filename: String,
    /// Number of bytes.
    pub filesize: u64,
    /// A link to the bytes that needs no login; `""` if the server has no `public_url`.
    pub uri_download: String,
    /// The time after which the link is invalid; `""` without a link.
    pub tm_download_expire: String,
    /// Time of the upload.
    pub tm_create: String,
    /// Equals `tm_create`: a file never changes.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
    /// The MIME type found in its bytes, whatever was declared.
    pub mime: String,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

impl From<&model::File> for File {
    fn from(file: &model::File) -> Self {
        let created = time::format(file.created);
        Self {
            id: file.id.to_string(),
            customer_id: file.customer.to_string(),
            owner_type: AGENT.to_owned(),
            owner_id: file.owner.to_string(),
            reference_type: String::new(),
            reference_id: Uuid::nil().to_string(),
            kind: file.kind.word().to_owned(),
            name: file.name.clone(),
            detail: file.detail.clone(),
            filename: file.filename.clone(),
            filesize: file.size,
            uri_download: String::new(),
            tm_download_expire: String::new(),
            tm_update: created.clone(),
            tm_create: created,
            tm_delete: String::new(),
            mime: file.mime.clone(),
            sha256: hexadecimal(&file.sha256),
        }
    }
}

/// Formats bytes in lower-case hexadecimal.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}

/// The parts of an upload, for its description.
#[derive(Clone, Copy, Debug)]
pub enum UploadForm {}

impl JsonSchema for UploadForm {
    fn schema_name() -> Cow<'static, str> {
        "UploadForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        written(json!({
            "type": "object",
            "description": "A form with a file.",
            "required": ["file"],
            "properties": {
                "file": {"type": "string", "format": "binary", "description": "The bytes."},
                "type": {
                    "type": "string",
                    "enum": ["talk", "conversation"],
                    "description": "Its purpose; `talk` if absent.",
                },
                "name": {
                    "type": "string",
                    "x-limit": "name",
                    "description": "The name that people see; that of the file if absent.",
                },
                "detail": {"type": "string", "x-limit": "detail", "description": "Free text."},
            },
        }))
    }
}
