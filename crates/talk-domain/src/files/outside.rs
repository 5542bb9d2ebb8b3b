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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_file, at};

    /// CONV-70 and CONV-73: no agent owns it.
    #[test]
    fn a_file_from_outside_belongs_to_nobody_and_has_a_safe_name() {
        let known = a_file(1);
        let measured = Measured {
            size: known.size,
            sha256: known.sha256,
            mime: known.mime.clone(),
        };
        let file = from_outside(StoredFile::from(&known), (&measured, "../a.png"), at(7));
        let expected = File {
            owner: NOBODY,
            kind: FileKind::Conversation,
            name: "a.png".to_owned(),
            detail: String::new(),
            filename: "a.png".to_owned(),
            created: at(7),
            ..known
        };
        assert_eq!(file, expected);
    }
}
