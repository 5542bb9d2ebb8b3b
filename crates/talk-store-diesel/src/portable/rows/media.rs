//! Attachments as JSON text.

use serde::{Deserialize, Serialize};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::media::{Address, FileMedia, Media};
use uuid::Uuid;

use crate::error::corrupt;

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MediaRow {
    File {
        id: String,
        name: String,
        mime: String,
        size: u64,
        is_deleted: bool,
    },
    Link {
        url: String,
    },
    Agent {
        id: String,
    },
    Address {
        of: String,
        target: String,
        target_name: String,
        name: String,
        detail: String,
    },
    Remote {
        mime: String,
        url: String,
        name: String,
    },
}

/// Serializes attachments.
pub(crate) fn to_text(medias: &[Media]) -> Result<String, StoreError> {
    if medias.is_empty() {
        return Ok("[]".to_owned());
    }
    let rows: Vec<MediaRow> = medias.iter().map(MediaRow::from).collect();
    serde_json::to_string(&rows).map_err(corrupt)
}

/// Parses stored attachments.
pub(crate) fn from_text(text: &str) -> Result<Vec<Media>, StoreError> {
    if text == "[]" {
        return Ok(Vec::new());
    }
    let rows: Vec<MediaRow> = serde_json::from_str(text).map_err(corrupt)?;
    rows.into_iter().map(Media::try_from).collect()
}

impl From<&Media> for MediaRow {
    fn from(media: &Media) -> Self {
        match media.clone() {
            Media::File(file) => Self::File {
                id: file.id.to_string(),
                name: file.name,
                mime: file.mime,
                size: file.size,
                is_deleted: file.is_deleted,
            },
            Media::Link(url) => Self::Link { url },
            Media::Agent(id) => Self::Agent { id: id.to_string() },
            Media::Address(address) => Self::Address {
                of: address.kind,
                target: address.target,
                target_name: address.target_name,
                name: address.name,
                detail: address.detail,
            },
            Media::Remote { mime, url, name } => Self::Remote { mime, url, name },
        }
    }
}

impl TryFrom<MediaRow> for Media {
    type Error = StoreError;

    fn try_from(row: MediaRow) -> Result<Self, StoreError> {
        Ok(match row {
            MediaRow::File {
                id,
                name,
                mime,
                size,
                is_deleted,
            } => Self::File(FileMedia {
                id: parse(&id)?,
                name,
                mime,
                size,
                is_deleted,
            }),
            MediaRow::Link { url } => Self::Link(url),
            MediaRow::Agent { id } => Self::Agent(parse(&id)?),
            MediaRow::Address {
                of,
                target,
                target_name,
                name,
                detail,
            } => Self::Address(Address {
                kind: of,
                target,
                target_name,
                name,
                detail,
            }),
            MediaRow::Remote { mime, url, name } => Self::Remote { mime, url, name },
        })
    }
}

fn parse<T: From<Uuid>>(id: &str) -> Result<T, StoreError> {
    Uuid::parse_str(id).map(T::from).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use talk_domain::kernel::id::{AgentId, FileId};

    use super::*;

    #[test]
    fn attachments_of_every_kind_survive_the_way_there_and_back() {
        let medias = vec![
            Media::File(FileMedia {
                id: FileId(Uuid::from_u128(1)),
                name: "가.png".into(),
                mime: "image/png".into(),
                size: 7,
                is_deleted: true,
            }),
            Media::Link("https://example.org/?a=\"b\"".into()),
            Media::Agent(AgentId(Uuid::from_u128(2))),
            Media::Address(Address {
                kind: "tel".into(),
                target: "+82".into(),
                ..Address::default()
            }),
            Media::Remote {
                mime: "image/png".into(),
                url: "https://example.org/a.png".into(),
                name: "가.png".into(),
            },
        ];
        assert_eq!(from_text(&to_text(&medias).unwrap()).unwrap(), medias);
        assert_eq!(to_text(&[]).unwrap(), "[]");
    }

    #[test]
    fn unreadable_attachments_are_an_error() {
        assert!(matches!(
            from_text("[{\"kind\":\"hologram\"}]"),
            Err(StoreError::Corrupt(_))
        ));
    }
}
