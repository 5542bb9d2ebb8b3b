//! The entity of an uploaded file and its ports.

use crate::kernel::error::Invalid;
use crate::kernel::id::{
    AgentId, ChatId, ConversationId, ConversationMessageId, CustomerId, FileId, MessageId,
};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The purpose of an upload, as the uploader declares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileKind {
    /// For messages of chats.
    #[default]
    Talk,
    /// For messages of conversations.
    Conversation,
}

impl FileKind {
    /// Returns the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Talk => "talk",
            Self::Conversation => "conversation",
        }
    }

    /// Parses the word on the wire.
    ///
    /// # Errors
    /// `INVALID_FILE_TYPE`.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        match word {
            "talk" => Ok(Self::Talk),
            "conversation" => Ok(Self::Conversation),
            _ => Err(Invalid::new(
                "type",
                "INVALID_FILE_TYPE",
                "must be talk or conversation",
            )),
        }
    }
}

/// An uploaded file. Its bytes never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Identity.
    pub id: FileId,
    /// Its customer.
    pub customer: CustomerId,
    /// The agent that uploaded it.
    pub owner: AgentId,
    /// Its purpose.
    pub kind: FileKind,
    /// The name that people see.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// The name to save it under: see [`filename`](crate::files::filename).
    pub filename: String,
    /// Number of bytes.
    pub size: u64,
    /// The MIME type found in its bytes, whatever the uploader declared.
    pub mime: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Time of the upload.
    pub created: Timestamp,
}

/// Raster images that browsers show and that contain no scripts.
const IMAGES: [&str; 6] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
];

/// Returns whether browsers may show a file of this type in place instead of saving it: raster
/// images, audio, video, PDF and plain text. HTML and SVG can contain scripts and are never shown
/// in place.
#[must_use]
pub fn is_inline(mime: &str) -> bool {
    IMAGES.contains(&mime)
        || mime.starts_with("audio/")
        || mime.starts_with("video/")
        || mime == "application/pdf"
        || mime == "text/plain"
}

/// Driven port: stores the rows of files and which messages carry them.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FileRepository {
    /// Finds a file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: FileId) -> Result<Option<File>, StoreError>;

    /// Returns whether `agent` participates in a chat, or owns or participates in a conversation with a
    /// person outside, in which a message carries the file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_shared_with(&mut self, id: FileId, agent: AgentId) -> Result<bool, StoreError>;

    /// Returns whether a message of a conversation with a person outside carries the file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_outside(&mut self, id: FileId) -> Result<bool, StoreError>;

    /// Returns the bytes of each file that came from outside in a conversation, of at most `limit` of them.
    ///
    /// # Errors
    /// Only when storage fails.
    fn received_in(&mut self, id: ConversationId, limit: u32) -> Result<Vec<u64>, StoreError>;

    /// Returns the number of bytes in all files of the customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn used(&mut self) -> Result<u64, StoreError>;

    /// Stores a new file. Its bytes MUST be durable already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, file: &File) -> Result<(), StoreError>;

    /// Deletes the row of a file. MUST record in the same transaction that its bytes are to be
    /// removed. The messages that carry it are not changed.
    ///
    /// # Errors
    /// Only when storage fails.
    fn delete(&mut self, file: &File) -> Result<(), StoreError>;

    /// Returns up to `limit` files, of one uploader or of all agents of the customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn some(&mut self, owner: Option<AgentId>, limit: u32) -> Result<Vec<File>, StoreError>;

    /// Stores that a message carries a file, unless that is stored already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn attach(&mut self, id: FileId, message: MessageId, chat: ChatId) -> Result<(), StoreError>;

    /// Stores that a message of a conversation with a person outside carries a file, unless that is stored
    /// already.
    ///
    /// # Errors
    /// Only when storage fails.
    fn attach_outside(
        &mut self,
        id: FileId,
        message: ConversationMessageId,
        conversation: ConversationId,
    ) -> Result<(), StoreError>;

    /// Stores that a message of a conversation with a person outside carries no files any more. Deletes
    /// those that no other message carries, and what is still to be fetched for it.
    ///
    /// # Errors
    /// Only when storage fails.
    fn release_outside(&mut self, message: ConversationMessageId) -> Result<(), StoreError>;

    /// Stores that a message no longer carries a file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn detach(&mut self, id: FileId, message: MessageId) -> Result<(), StoreError>;

    /// Returns up to `limit` messages that carry a file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn carriers(&mut self, id: FileId, limit: u32) -> Result<Vec<MessageId>, StoreError>;

    /// Deletes the records that the bytes of these deleted files are to be removed, after they were
    /// removed. Applies to files of all customers.
    ///
    /// # Errors
    /// Only when storage fails.
    fn removed(&mut self, files: &[StoredFile]) -> Result<(), StoreError>;
}

/// Driven port: reading the rows of files.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FileQueries {
    /// Finds a file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: FileId) -> Result<Option<File>, StoreError>;

    /// Returns whether `agent` participates in a chat, or owns or participates in a conversation with a
    /// person outside, in which a message carries the file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_shared_with(&mut self, id: FileId, agent: AgentId) -> Result<bool, StoreError>;

    /// Returns whether a message of a conversation with a person outside carries the file.
    ///
    /// # Errors
    /// Only when storage fails.
    fn is_outside(&mut self, id: FileId) -> Result<bool, StoreError>;

    /// Lists the uploads of an agent, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, owner: AgentId, request: PageRequest) -> Result<Page<File>, StoreError>;

    /// Returns up to `limit` deleted files of all customers whose bytes are still to be removed.
    ///
    /// # Errors
    /// Only when storage fails.
    fn to_remove(&mut self, limit: u32) -> Result<Vec<StoredFile>, StoreError>;

    /// Returns those of `files` that have no row, of all customers.
    ///
    /// # Errors
    /// Only when storage fails.
    fn unknown(&mut self, files: &[StoredFile]) -> Result<Vec<StoredFile>, StoreError>;

    /// Returns the next `limit` files of all customers after `after` in the order of their ids, for
    /// checks of the whole installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn all(
        &mut self,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Vec<(StoredFile, u64)>, StoreError>;
}

/// The identity of a file's bytes in the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredFile {
    /// The customer.
    pub customer: CustomerId,
    /// The file.
    pub id: FileId,
}

impl From<&File> for StoredFile {
    fn from(file: &File) -> Self {
        Self {
            customer: file.customer,
            id: file.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FILE-07.
    #[test]
    fn only_types_without_scripts_are_shown_in_place() {
        for mime in [
            "image/png",
            "audio/mpeg",
            "video/mp4",
            "application/pdf",
            "text/plain",
        ] {
            assert!(is_inline(mime), "{mime}");
        }
        for mime in [
            "text/html",
            "image/svg+xml",
            "text/xml",
            "application/zip",
            "image/x-unheard",
        ] {
            assert!(!is_inline(mime), "{mime}");
        }
    }

    /// FILE-01.
    #[test]
    fn a_kind_is_talk_or_conversation() {
        for kind in [FileKind::Talk, FileKind::Conversation] {
            assert_eq!(FileKind::parse(kind.word()), Ok(kind));
        }
        for word in ["", "rag", "Talk"] {
            assert_eq!(
                FileKind::parse(word).unwrap_err().reason,
                "INVALID_FILE_TYPE"
            );
        }
    }
}
