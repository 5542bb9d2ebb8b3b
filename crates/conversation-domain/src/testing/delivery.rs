//! Builders of messages on their way: jobs, parts, receipts and medias.

use talk_domain::files::storage::Measured;
use talk_domain::kernel::id::{ConversationMessageId, FileId};
use talk_domain::testing::{at, customer_id};
use uuid::Uuid;

use super::{a_conversation, a_message, a_room, account_id};
use crate::model::fetch::Fetch;
use crate::model::job::Job;
use crate::model::media::{FileRoom, Media, MediaStatus, SentFile};
use crate::model::message::{Delivery, Failure};
use crate::model::part::Part;
use crate::model::receipt::{Receipt, ReceiptState};

/// The job of the `n`th message, which is due.
#[must_use]
pub fn a_job(n: u128) -> Job {
    Job {
        message: a_message(n).id,
        customer: customer_id(),
        account: account_id(1),
        conversation: a_conversation().id,
        room: a_room().id,
        seq: 2,
        tries: 0,
        is_leased: false,
        due: Some(at(5)),
        created: at(5),
    }
}

/// A part that the provider calls `SM1`.
#[must_use]
pub fn a_part(message: Option<ConversationMessageId>, delivery: Delivery) -> Part {
    Part {
        account: account_id(1),
        provider_id: "SM1".into(),
        message,
        delivery,
        failure: None,
        created: at(5),
    }
}

/// A failure.
#[must_use]
pub fn a_failure() -> Failure {
    Failure {
        code: "21211".into(),
        reason: "the number is not valid".into(),
        is_permanent: true,
    }
}

/// A receipt that waits.
#[must_use]
pub fn a_receipt() -> Receipt {
    Receipt {
        id: Uuid::from_u128(0xF3).into(),
        customer: customer_id(),
        account: account_id(1),
        event: "event-1".into(),
        body: b"Body=Hello".to_vec(),
        state: ReceiptState::Stored,
        error: String::new(),
        segment_of: None,
        created: at(5),
    }
}

/// A media whose bytes are still at the provider.
#[must_use]
pub fn a_pending_media() -> Media {
    Media {
        file: a_fetch().file,
        filename: String::new(),
        mime: "image/png".into(),
        size: 0,
        status: MediaStatus::Pending,
    }
}

/// A file of ten bytes that a person outside sends.
#[must_use]
pub fn a_sent_file() -> SentFile {
    SentFile {
        id: FileId(Uuid::from_u128(0x11_0002)),
        filename: "../cat.gif".into(),
        measured: Measured {
            size: 10,
            sha256: [7; 32],
            mime: "image/gif".into(),
        },
        room: FileRoom {
            of_person: 100,
            of_customer: None,
        },
    }
}

/// The fetch of the media of the first message.
#[must_use]
pub fn a_fetch() -> Fetch {
    Fetch {
        file: Uuid::from_u128(0xF4).into(),
        customer: customer_id(),
        account: account_id(1),
        conversation: a_conversation().id,
        message: a_message(1).id,
        url: "https://twilio.test/media/1".into(),
        tries: 0,
        due: at(5),
        created: at(5),
    }
}
