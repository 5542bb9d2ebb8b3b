//! Files from people outside, which no agent has uploaded.

use uuid::Uuid;

use crate::files::filename;
use crate::files::model::{File, FileKind, StoredFile};
use crate::files::storage::Measured;
use crate::kernel::id::AgentId;
use crate::kernel::time::Timestamp;

/// The owner of these files.
pub const NOBODY: AgentId = AgentId(Uuid::nil());

/// Returns the file with these stored bytes. Its name is made safe.
#[must_use]
pub fn from_outside(
    stored: StoredFile,
    (measured, name): (&Measured, &str),
    now: Timestamp,
) -> File {
    let filename = filename::safe(name);
    File {
        id: stored.id,
        customer: stored.customer,
        owner: NOBODY,
        kind: FileKind::Conversation,
        name: filename.clone(),
        detail: String::new(),
        filename,
        size: measured.size,
        mime: measured.mime.clone(),
        sha256: measured.sha256,
        created: now,
    }
}
