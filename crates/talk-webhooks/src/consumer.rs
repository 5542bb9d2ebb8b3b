//! Conversion of logged events into those that deliveries are made from.

use talk_domain::hooks::take::Happened;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;

use crate::body::kind;

/// Characters of the epoch in the identity of an event. After the restore of a backup, numbers of a
/// stream are given again, to other events.
const EPOCH: usize = 8;

/// Converts a logged event of the log `epoch`. Its identity is the same whenever it is converted.
///
/// # Errors
/// If the payload has no type.
pub fn happened(event: &Logged, epoch: &str) -> Result<Happened, StoreError> {
    let kind = kind(&event.payload).map_err(|error| StoreError::Corrupt(error.into()))?;
    let epoch: String = epoch.chars().take(EPOCH).collect();
    Ok(Happened {
        stream: event.stream,
        seq: event.seq,
        kind,
        event: format!("evt_{epoch}_{}_{}", event.stream.id.simple(), event.seq),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{logged, stream_id};

    /// HOOK-07: a receiver recognises an event that comes again by its identity.
    #[test]
    fn an_event_has_one_identity_in_each_history() {
        let payload = r#"{"type":"chat_created","data":{}}"#;
        let event = logged(stream_id(1), 7, &[], payload);
        let first = happened(&event, "0190aaaa-bbbb").unwrap();
        assert_eq!(
            first.event,
            "evt_0190aaaa_000000000000000000000000000b0001_7"
        );
        assert_eq!((&*first.kind, first.seq), ("chat_created", 7));
        assert_eq!(happened(&event, "0190aaaa-bbbb").unwrap(), first);
        assert_ne!(
            happened(&event, "0190cccc-bbbb").unwrap().event,
            first.event
        );
        assert!(happened(&logged(stream_id(1), 7, &[], "{}"), "e").is_err());
    }
}
