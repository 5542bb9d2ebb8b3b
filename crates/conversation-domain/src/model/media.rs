//! Medias of messages: files that go to and come from people outside.

use talk_domain::files::model::File;
use talk_domain::files::storage::Measured;
use talk_domain::kernel::id::FileId;

/// The most medias of an incoming message that are kept.
pub const MAX_MEDIAS: usize = 10;

/// Whether the bytes of a media are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaStatus {
    /// The bytes are still to be fetched from the provider.
    Pending,
    /// The bytes are stored as a file.
    Ready,
    /// The bytes could not be fetched.
    Failed,
}

impl MediaStatus {
    const ALL: [Self; 3] = [Self::Pending, Self::Ready, Self::Failed];

    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A media of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The file that has its bytes, or will have them.
    pub file: FileId,
    /// The name to save it under; may be empty while it is pending.
    pub filename: String,
    /// The MIME type; the one that the provider names while it is pending.
    pub mime: String,
    /// Number of bytes; 0 while it is pending.
    pub size: u64,
    /// Whether its bytes are there.
    pub status: MediaStatus,
}

impl From<&File> for Media {
    fn from(file: &File) -> Self {
        Self {
            file: file.id,
            filename: file.filename.clone(),
            mime: file.mime.clone(),
            size: file.size,
            status: MediaStatus::Ready,
        }
    }
}

/// A media of an incoming message, as the provider names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// The address of its bytes.
    pub url: String,
    /// The MIME type; may be empty.
    pub mime: String,
}

/// A file that a person outside sends, whose bytes are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The id under which the bytes are stored.
    pub id: FileId,
    /// Its name, as sent.
    pub filename: String,
    /// The properties of its bytes.
    pub measured: Measured,
    /// How much may be stored.
    pub room: FileRoom,
}

/// How many bytes of people outside are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRoom {
    /// Of one person.
    pub of_person: u64,
    /// Of all files of the customer, agents' included; `None` for any number. People outside use at most
    /// three quarters of it.
    pub of_customer: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_by_its_name() {
        for status in MediaStatus::ALL {
            assert_eq!(MediaStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(MediaStatus::parse(""), None);
    }
}
