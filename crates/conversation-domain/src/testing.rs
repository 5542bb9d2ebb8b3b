//! For tests: a unit of work and a snapshot made of mocks, and small builders.

mod delivery;

use std::sync::Arc;

use talk_domain::files::model::{FileRepository, MockFileRepository};
use talk_domain::files::unit::FileUnit;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::stream::Tick;
use talk_domain::testing::{at, customer_id};
use talk_domain::{mock_snapshot, mock_unit};
use uuid::Uuid;

use crate::account::create::Wanted;
use crate::model::account::{
    Account, AccountQueries, AccountRepository, AccountSecrets, Method, MockAccountQueries,
    MockAccountRepository, Problem,
};
use crate::model::address::{Address, AddressKind};
use crate::model::conversation::{
    Conversation, ConversationQueries, ConversationRepository, MockConversationQueries,
    MockConversationRepository, State,
};
use crate::model::event::{FrameEncoder, MessageLog, MockFrameEncoder, MockMessageLog};
use crate::model::fetch::{FetchQueries, FetchRepository, MockFetchQueries, MockFetchRepository};
use crate::model::inbox::{InboxRepository, MockInboxRepository};
use crate::model::job::{JobQueries, JobRepository, MockJobQueries, MockJobRepository};
use crate::model::message::{
    Delivery, Direction, Message, MessageQueries, MessageRepository, MockMessageQueries,
    MockMessageRepository,
};
use crate::model::origin::Origin;
use crate::model::part::{MockPartRepository, PartRepository};
use crate::model::participant::{
    MockParticipantQueries, MockParticipantRepository, Participant, ParticipantQueries,
    ParticipantRepository,
};
use crate::model::provider::Provider;
use crate::model::read::{
    MockReadQueries, MockReadRepository, ReadMark, ReadQueries, ReadRepository,
};
use crate::model::receipt::{
    MockReceiptQueries, MockReceiptRepository, ReceiptQueries, ReceiptRepository,
};
use crate::model::room::{MockRoomQueries, MockRoomRepository, Room, RoomQueries, RoomRepository};
use crate::model::smpp::SmppSettings;
use crate::unit::{ConversationSnapshot, ConversationUnit};
pub use delivery::{a_failure, a_fetch, a_job, a_part, a_pending_media, a_receipt, a_sent_file};

mock_unit! {
    /// A unit of work of mocked repositories; an unexpected call fails the test.
    MockUnit {
        FileUnit {
            files: MockFileRepository as FileRepository,
        }
        ConversationUnit {
            accounts: MockAccountRepository as AccountRepository,
            rooms: MockRoomRepository as RoomRepository,
            conversations: MockConversationRepository as ConversationRepository,
            conversation_messages: MockMessageRepository as MessageRepository,
            message_log: MockMessageLog as MessageLog,
            conversation_participants: MockParticipantRepository as ParticipantRepository,
            conversation_marks: MockReadRepository as ReadRepository,
            conversation_reads: MockReadQueries as ReadQueries,
            inbox: MockInboxRepository as InboxRepository,
            jobs: MockJobRepository as JobRepository,
            parts: MockPartRepository as PartRepository,
            receipts: MockReceiptRepository as ReceiptRepository,
            fetches: MockFetchRepository as FetchRepository,
            &frames: MockFrameEncoder as FrameEncoder,
        }
    }
}

mock_snapshot! {
    /// A snapshot of mocked queries; an unexpected call fails the test.
    MockSnapshot {
        ConversationSnapshot {
            accounts: MockAccountQueries as AccountQueries,
            rooms: MockRoomQueries as RoomQueries,
            conversations: MockConversationQueries as ConversationQueries,
            conversation_messages: MockMessageQueries as MessageQueries,
            conversation_participants: MockParticipantQueries as ParticipantQueries,
            conversation_reads: MockReadQueries as ReadQueries,
            jobs: MockJobQueries as JobQueries,
            receipts: MockReceiptQueries as ReceiptQueries,
            fetches: MockFetchQueries as FetchQueries,
        }
    }
}

/// Expects `times` events, all of this kind, and returns each as logged.
pub fn logs(uow: &mut MockUnit, kind: &'static str, times: usize) {
    let frames = uow.frames.expect_encode_conversation();
    frames.returning(|_, _, _| "{}".to_owned());
    let append = uow.events.expect_append().times(times);
    append
        .withf(move |_, _, _, entry| entry.kind.as_str() == kind)
        .returning(|stream, tick, _, entry| {
            Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
        });
}

/// The `n`th account.
#[must_use]
pub fn account_id(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(0xD_0000 + n))
}

/// The settings of a web chat.
#[must_use]
pub fn a_wanted_account() -> Wanted {
    Wanted {
        name: "Help".into(),
        detail: String::new(),
        origins: Origin::parse("https://shop.test").into_iter().collect(),
        provider: Provider::Widget,
        numbers: Vec::new(),
        secrets: AccountSecrets::default(),
    }
}

/// Twilio.
#[must_use]
pub fn a_twilio() -> Provider {
    Provider::Twilio {
        account_sid: "AC1".into(),
        base_url: "https://twilio.test".into(),
    }
}

/// Telnyx.
#[must_use]
pub fn a_telnyx() -> Provider {
    Provider::Telnyx {
        public_key: "key".into(),
        base_url: "https://telnyx.test".into(),
    }
}

/// A message centre.
#[must_use]
pub fn an_smpp() -> Provider {
    Provider::Smpp(SmppSettings {
        host: "smsc.test".into(),
        port: 2_775,
        tls: false,
        system_id: "talk".into(),
        system_type: String::new(),
        window: 10,
        enquire_link_seconds: 30,
    })
}

/// An account of Twilio with the number +15550100.
#[must_use]
pub fn an_sms_account() -> Account {
    Account {
        method: Method::Message,
        origins: Vec::new(),
        provider: a_twilio(),
        numbers: vec!["+15550100".into()],
        ..an_account()
    }
}

/// A web chat.
#[must_use]
pub fn an_account() -> Account {
    let wanted = a_wanted_account();
    Account {
        id: account_id(1),
        customer: customer_id(),
        method: Method::Webchat,
        name: wanted.name,
        detail: wanted.detail,
        origins: wanted.origins,
        provider: wanted.provider,
        numbers: wanted.numbers,
        secrets: wanted.secrets,
        problem: None,
        created: at(1),
        updated: at(1),
    }
}

/// The `n`th visitor of the web chat.
#[must_use]
pub fn visitor(n: u128) -> Address {
    Address {
        kind: AddressKind::Webchat,
        target: format!("visitor-{n}"),
        target_name: String::new(),
    }
}

/// The room of the first visitor.
#[must_use]
pub fn a_room() -> Room {
    let account = an_account();
    Room {
        id: Uuid::from_u128(0xF1).into(),
        account: account.id,
        method: account.method,
        own: account.own_address(),
        peer: visitor(1),
        opted_out: None,
        created: at(5),
    }
}

/// The conversation with the first visitor, which has no owner.
#[must_use]
pub fn a_conversation() -> Conversation {
    Conversation {
        id: Uuid::from_u128(0xF2).into(),
        customer: customer_id(),
        room: a_room(),
        owner: None,
        name: "Chat · visitor-1".into(),
        detail: String::new(),
        state: State::Active,
        participants: 0,
        last: Tick { seq: 5, at: at(5) },
        created: at(5),
        updated: at(5),
        deleted: None,
    }
}

/// The participation of the `n`th agent in the conversation.
#[must_use]
pub fn a_participant(n: u128) -> Participant {
    Participant {
        customer: customer_id(),
        conversation: a_conversation().id,
        agent: talk_domain::testing::agent_id(n),
        added: at(5),
    }
}

/// The read mark of the `n`th agent in the conversation.
#[must_use]
pub fn a_mark(n: u128) -> ReadMark {
    ReadMark {
        customer: customer_id(),
        conversation: a_conversation().id,
        agent: talk_domain::testing::agent_id(n),
        seq: 2,
        updated: at(5),
    }
}

/// The `n`th message of the conversation: an answer.
#[must_use]
pub fn a_message(n: u128) -> Message {
    Message {
        id: Uuid::from_u128(0xF_0000 + n).into(),
        customer: customer_id(),
        conversation: a_conversation().id,
        room: a_room().id,
        direction: Direction::Outgoing,
        author: Some(talk_domain::testing::agent_id(1)),
        reference: String::new(),
        text: format!("message {n}"),
        medias: Vec::new(),
        delivery: Delivery::Accepted,
        failure: None,
        seq: 2,
        created: at(5),
        updated: at(5),
        deleted: None,
    }
}

/// The problem of an account whose token is wrong.
#[must_use]
pub fn a_problem() -> Problem {
    Problem {
        code: "20003".into(),
        reason: "Authenticate".into(),
        noticed: at(5),
    }
}
