//! Attachments (X-13): only the fields of the kind are shown.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use talk_domain::kernel::error::Invalid;
use talk_domain::talk::model::media;

use crate::id;
use crate::object;
use crate::schema::{MIME, NOT_BLANK, URL, define, written};

/// An attachment, as it is shown and as it is sent; fields of other kinds are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `file`, `link`, `agent`, `address`, or a MIME type (the legacy form).
    #[serde(rename = "type", default)]
    pub kind: String,
    /// An uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// A link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_url: Option<String>,
    /// An agent's card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// An address.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional"
    )]
    pub address: Option<Address>,
    /// URL, in the legacy form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Display name, of a file and in the legacy form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// MIME type of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Number of bytes of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// `true` if the file was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

/// VoIPBIN's address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["type", "target"]))]
pub struct Address {
    /// `tel`, `email`, `sip` and so on.
    #[serde(rename = "type")]
    #[schemars(extend("x-limit" = "name", "pattern" = NOT_BLANK))]
    pub kind: String,
    /// The number or address.
    #[schemars(extend("x-limit" = "name", "pattern" = NOT_BLANK))]
    pub target: String,
    /// Name of the target.
    #[schemars(extend("x-limit" = "name"))]
    pub target_name: String,
    /// Label.
    pub name: String,
    /// Free text.
    pub detail: String,
}

/// The schema of an uploaded file.
fn file() -> Value {
    json!({
        "type": "object",
        "description": "An uploaded file. A request needs its id alone; answers add its properties at \
            the time of the post.",
        "required": ["type", "file_id"],
        "properties": {
            "type": {"type": "string", "const": "file"},
            "file_id": {"type": "string"},
            "name": {"type": ["string", "null"], "description": "The name that people see."},
            "mime": {
                "type": ["string", "null"],
                "description": "The MIME type found in its bytes.",
            },
            "size": {
                "type": ["integer", "null"],
                "format": "int64",
                "minimum": 0,
                "description": "Its number of bytes.",
            },
            "deleted": {
                "type": ["boolean", "null"],
                "description": "`true` if the file was deleted since.",
            },
        },
    })
}

impl JsonSchema for Media {
    fn schema_name() -> Cow<'static, str> {
        "Media".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let url = json!({"type": "string", "maxLength": media::URL, "pattern": URL});
        let address: Value = generator.subschema_for::<Address>().into();
        let kind = |about: &str, word: &str, field: &str, form: Value| {
            json!({
                "type": "object",
                "description": about,
                "required": ["type", field],
                "properties": {"type": {"type": "string", "const": word}, field: form},
            })
        };
        let id = || json!({"type": "string"});
        let kinds = [
            ("MediaFile", file()),
            (
                "MediaLink",
                kind("A link.", "link", "link_url", url.clone()),
            ),
            (
                "MediaAgent",
                kind("An agent's card.", "agent", "agent_id", id()),
            ),
            (
                "MediaAddress",
                kind("An address.", "address", "address", address),
            ),
            (
                "MediaRemote",
                json!({
                    "type": "object",
                    "description": "A URL with its MIME type: the legacy form.",
                    "required": ["type", "url"],
                    "properties": {
                        "type": {
                            "type": "string",
                            "maxLength": 255,
                            "pattern": MIME,
                            "description": "A MIME type.",
                        },
                        "url": url,
                        "name": {
                            "type": ["string", "null"],
                            "description": "What people call it.",
                        },
                    },
                }),
            ),
        ];
        let kinds = kinds.map(|(name, schema)| define(generator, name, schema));
        written(json!({
            "description": "An attachment: a file, a link, an agent's card, an address, or, in the \
                legacy form, a URL with its MIME type. Fields of other kinds are ignored.",
            "oneOf": kinds,
        }))
    }
}

impl Media {
    /// Converts it into the domain's type; `path` is the path of the element, for example
    /// `medias[1]`. The domain checks everything but ids.
    ///
    /// # Errors
    /// If an id is malformed or missing.
    pub fn parse(self, path: &str) -> Result<media::Media, Invalid> {
        Ok(match &*self.kind {
            "file" => {
                let field = format!("{path}.file_id");
                let id = id::parse_required(&field, self.file_id.as_deref())?;
                media::Media::File(media::FileMedia::named(id))
            }
            "agent" => {
                let field = format!("{path}.agent_id");
                media::Media::Agent(id::parse_required(&field, self.agent_id.as_deref())?)
            }
            "link" => media::Media::Link(self.link_url.unwrap_or_default()),
            "address" => {
                let address = self.address.unwrap_or_default();
                media::Media::Address(media::Address {
                    kind: address.kind,
                    target: address.target,
                    target_name: address.target_name,
                    name: address.name,
                    detail: address.detail,
                })
            }
            _ => media::Media::Remote {
                mime: self.kind,
                url: self.url.unwrap_or_default(),
                name: self.name.unwrap_or_default(),
            },
        })
    }
}

impl From<&media::Media> for Media {
    fn from(media: &media::Media) -> Self {
        let mut shown = Self::default();
        match media {
            media::Media::File(file) => {
                "file".clone_into(&mut shown.kind);
                shown.file_id = Some(file.id.to_string());
                shown.name = Some(file.name.clone());
                shown.mime = Some(file.mime.clone());
                shown.size = Some(file.size);
                shown.deleted = file.is_deleted.then_some(true);
            }
            media::Media::Link(url) => {
                "link".clone_into(&mut shown.kind);
                shown.link_url = Some(url.clone());
            }
            media::Media::Agent(id) => {
                "agent".clone_into(&mut shown.kind);
                shown.agent_id = Some(id.to_string());
            }
            media::Media::Address(address) => {
                "address".clone_into(&mut shown.kind);
                shown.address = Some(Address::from(address));
            }
            media::Media::Remote { mime, url, name } => {
                shown.kind.clone_from(mime);
                shown.url = Some(url.clone());
                shown.name = Some(name.clone());
            }
        }
        shown
    }
}

impl From<&media::Address> for Address {
    fn from(address: &media::Address) -> Self {
        Self {
            kind: address.kind.clone(),
            target: address.target.clone(),
            target_name: address.target_name.clone(),
            name: address.name.clone(),
            detail: address.detail.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_echoes_its_own_fields_and_no_others() {
        for (sent, shown) in [
            (
                r#"{"type":"file","file_id":"00000000-0000-0000-0000-00000000000A","name":"x"}"#,
                concat!(
                    r#"{"type":"file","file_id":"00000000-0000-0000-0000-00000000000a","#,
                    r#""name":"","mime":"","size":0}"#
                ),
            ),
            (
                r#"{"type":"link","link_url":"https://e.test","file_id":"","address":null}"#,
                r#"{"type":"link","link_url":"https://e.test"}"#,
            ),
            (
                r#"{"type":"agent","agent_id":"00000000-0000-0000-0000-00000000000a"}"#,
                r#"{"type":"agent","agent_id":"00000000-0000-0000-0000-00000000000a"}"#,
            ),
            (
                r#"{"type":"address","address":{"type":"tel","target":"+1"}}"#,
                concat!(
                    r#"{"type":"address","address":{"type":"tel","target":"+1","#,
                    r#""target_name":"","name":"","detail":""}}"#
                ),
            ),
            (
                r#"{"type":"image/png","url":"https://e.test/a.png"}"#,
                r#"{"type":"image/png","url":"https://e.test/a.png","name":""}"#,
            ),
        ] {
            let media: Media = serde_json::from_str(sent).unwrap();
            let media = media.parse("medias[0]").unwrap();
            let echoed = serde_json::to_string(&Media::from(&media)).unwrap();
            assert_eq!(echoed, shown);
        }
    }

    #[test]
    fn a_malformed_id_is_named_with_its_element() {
        let media: Media = serde_json::from_str(r#"{"type":"file","file_id":"7"}"#).unwrap();
        assert_eq!(
            media.parse("medias[3]").unwrap_err().field,
            "medias[3].file_id"
        );
    }
}
