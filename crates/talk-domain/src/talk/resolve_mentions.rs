//! Use case of the server: find the mentions of messages that are older than mentions.

use crate::kernel::id::MessageId;
use crate::kernel::store_error::StoreError;
use crate::talk::steps::mention::mention;
use crate::talk::unit::TalkUnit;

/// Use case: resolves mentions in messages that were written before mentions were stored, if they
/// still exist. May run twice.
///
/// # Errors
/// Only when storage fails.
pub fn resolve(uow: &mut dyn TalkUnit, messages: &[MessageId]) -> Result<(), StoreError> {
    for id in messages {
        let message = uow.messages().get(*id)?;
        if let Some(message) = message.filter(|message| message.deleted.is_none()) {
            mention(uow, &message)?;
        }
    }
    Ok(())
}
