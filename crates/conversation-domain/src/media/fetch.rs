//! Steps: fetch the bytes of a media from its provider.

use talk_domain::files::model::{File, StoredFile};
use talk_domain::files::outside::from_outside;
use talk_domain::files::storage::Measured;
use talk_domain::kernel::id::FileId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::account::Account;
use crate::model::fetch::Fetch;
use crate::model::media::MediaStatus;
use crate::steps::record::{Cause, record_progress};
use crate::unit::ConversationUnit;

/// The longest pause between two tries, in seconds.
const LONGEST_PAUSE: u32 = 900;

/// How long a media is tried, in seconds.
const PATIENCE: u32 = 86_400;

/// A leased fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedFetch {
    /// The fetch.
    pub fetch: Fetch,
    /// The account at the provider.
    pub account: Account,
}

/// Leases a due fetch for some seconds. Returns `None` if it is no longer there or not due, and if it was
/// given up because its account was deleted.
///
/// # Errors
/// Only when storage fails.
pub fn lease_fetch(
    uow: &mut dyn ConversationUnit,
    file: FileId,
    (now, seconds): (Timestamp, u32),
) -> Result<Option<LeasedFetch>, StoreError> {
    let found = uow.fetches().get(file)?;
    let Some(mut fetch) = found.filter(|fetch| fetch.due <= now) else {
        return Ok(None);
    };
    let Some(account) = uow.accounts().get(fetch.account)? else {
        end(uow, &fetch, (MediaStatus::Failed, None), now)?;
        return Ok(None);
    };
    fetch.tries = fetch.tries.saturating_add(1);
    fetch.due = now.plus_seconds(seconds);
    uow.fetches().update(&fetch)?;
    Ok(Some(LeasedFetch { fetch, account }))
}

/// The outcome of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes are stored and durable. The provider may have named the file.
    Stored {
        /// Their properties.
        measured: Measured,
        /// The name of the file; `""` if the provider names none.
        filename: String,
    },
    /// The provider has not given them for now.
    Later,
    /// The provider will never give them, or they are too large.
    Never,
}

/// A try that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedFetch {
    /// The file.
    pub file: FileId,
    /// The outcome.
    pub fetched: Fetched,
    /// Number of bytes that all files of the customer may have; `None` for no limit.
    pub quota: Option<u64>,
    /// Now.
    pub now: Timestamp,
}

/// Records a try. Returns whether the bytes belong to a file now; if not, they are to be removed.
///
/// # Errors
/// Only when storage fails.
pub fn settle_fetch(
    uow: &mut dyn ConversationUnit,
    ended: &EndedFetch,
) -> Result<bool, StoreError> {
    let Some(fetch) = uow.fetches().get(ended.file)? else {
        return Ok(false);
    };
    match &ended.fetched {
        Fetched::Stored { measured, filename } => {
            let used = uow.files().used()?.saturating_add(measured.size);
            if ended.quota.is_some_and(|quota| used > quota) {
                return end(uow, &fetch, (MediaStatus::Failed, None), ended.now);
            }
            let stored = StoredFile {
                customer: fetch.customer,
                id: fetch.file,
            };
            let file = from_outside(stored, (measured, filename), ended.now);
            end(uow, &fetch, (MediaStatus::Ready, Some(&file)), ended.now)
        }
        Fetched::Later => {
            let doublings = fetch.tries.saturating_sub(1).min(16);
            let due = ended.now.plus_seconds(LONGEST_PAUSE.min(1 << doublings));
            if due >= fetch.created.plus_seconds(PATIENCE) {
                return end(uow, &fetch, (MediaStatus::Failed, None), ended.now);
            }
            uow.fetches().update(&Fetch { due, ..fetch })?;
            Ok(false)
        }
        Fetched::Never => end(uow, &fetch, (MediaStatus::Failed, None), ended.now),
    }
}

/// Ends a fetch, and updates its message if it is still there. Returns whether it has the file.
fn end(
    uow: &mut dyn ConversationUnit,
    fetch: &Fetch,
    (status, file): (MediaStatus, Option<&File>),
    now: Timestamp,
) -> Result<bool, StoreError> {
    uow.fetches().delete(fetch.file)?;
    let conversation = uow.conversations().lock(fetch.conversation)?;
    let message = uow.conversation_messages().get(fetch.message)?;
    let (Some(mut conversation), Some(mut message)) = (conversation, message) else {
        return Ok(false);
    };
    let mut medias = message.medias.iter_mut();
    let Some(media) = medias.find(|media| media.file == fetch.file) else {
        return Ok(false);
    };
    media.status = status;
    if let Some(file) = file {
        (media.filename, media.mime) = (file.filename.clone(), file.mime.clone());
        media.size = file.size;
        uow.files().insert(file)?;
        uow.files()
            .attach_outside(file.id, message.id, conversation.id)?;
    }
    record_progress(uow, Cause::outside(now), &mut conversation, &mut message)?;
    Ok(file.is_some())
}

#[cfg(test)]
mod tests;
