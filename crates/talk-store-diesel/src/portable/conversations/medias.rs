//! Medias of messages of conversations as text: one per line, with file, status, size, MIME type and name,
//! separated by spaces. Only the name may contain spaces.

use conversation_domain::model::media::{Media, MediaStatus};
use talk_domain::kernel::store_error::StoreError;
use uuid::Uuid;

use crate::error::corrupt;

/// Formats medias.
pub(crate) fn to_text(medias: &[Media]) -> String {
    let line = |media: &Media| {
        let (status, size) = (media.status.as_str(), media.size);
        let mime = media.mime.replace(char::is_whitespace, "");
        let name = media.filename.replace(char::is_control, "");
        format!("{} {status} {size} {mime} {name}\n", media.file)
    };
    medias.iter().map(line).collect()
}

/// Parses stored medias.
pub(crate) fn from_text(text: &str) -> Result<Vec<Media>, StoreError> {
    let parse = |line| media(line).ok_or_else(|| corrupt("a media"));
    text.lines().map(parse).collect()
}

fn media(line: &str) -> Option<Media> {
    let mut words = line.splitn(5, ' ');
    let file: Uuid = words.next()?.parse().ok()?;
    Some(Media {
        file: file.into(),
        status: MediaStatus::parse(words.next()?)?,
        size: words.next()?.parse().ok()?,
        mime: words.next()?.to_owned(),
        filename: words.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_medias_are_read_as_they_were() {
        let medias = [
            ("a photo.png", "image/png", MediaStatus::Ready),
            ("", "", MediaStatus::Pending),
        ];
        let medias = medias.map(|(name, mime, status)| Media {
            file: Uuid::from_u128(7).into(),
            filename: name.into(),
            mime: mime.into(),
            size: 12,
            status,
        });
        assert_eq!(from_text(&to_text(&medias)).unwrap(), medias);
        assert_eq!(from_text("").unwrap(), []);
        assert!(from_text("no media").is_err());
    }

    /// A name or a type cannot make a line of its own.
    #[test]
    fn medias_are_one_line_each() {
        let media = Media {
            file: Uuid::from_u128(7).into(),
            filename: "a\nb".into(),
            mime: "x\n y".into(),
            size: 1,
            status: MediaStatus::Failed,
        };
        let read = from_text(&to_text(&[media])).unwrap();
        assert_eq!(
            (read.len(), &*read[0].filename, &*read[0].mime),
            (1, "ab", "xy")
        );
    }
}
