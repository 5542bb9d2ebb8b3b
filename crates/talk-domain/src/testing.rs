//! For tests: a unit of work and a snapshot made of mocks, and small builders.

use uuid::Uuid;

use crate::access_key::{
    AccessKeyQueries, AccessKeyRepository, MockAccessKeyQueries, MockAccessKeyRepository,
};
use crate::agent::{
    Agent, AgentQueries, AgentRepository, AgentStatus, MockAgentQueries, MockAgentRepository,
    Permission,
};
use crate::chat::{
    Chat, ChatKind, ChatQueries, ChatRepository, ChatStatus, MockChatQueries, MockChatRepository,
    Tick,
};
use crate::context::{Actor, Context, IdSource};
use crate::event::{EventLog, EventQueries, MockEventLog, MockEventQueries};
use crate::id::{AgentId, ChatId, CustomerId, MessageId, ParticipantId};
use crate::idempotency::{IdempotencyRepository, MockIdempotencyRepository};
use crate::limits::Limits;
use crate::media::{FileRepository, MockFileRepository};
use crate::message::{
    Author, Message, MessageQueries, MessageRepository, MockMessageQueries, MockMessageRepository,
};
use crate::participant::{
    MockParticipantQueries, MockParticipantRepository, Participant, ParticipantQueries,
    ParticipantRepository,
};
use crate::reaction::{MockReactionRepository, ReactionRepository};
use crate::session::{Directory, MockDirectory, MockSessionRepository, SessionRepository};
use crate::store::{CustomerRepository, MockCustomerRepository, Snapshot, UnitOfWork};
use crate::time::Timestamp;

macro_rules! mocks {
    ($(#[$doc:meta])* $name:ident: $port:ident { $($field:ident: $mock:ident as $trait:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name {
            $(
                #[doc = concat!("See [`", stringify!($trait), "`].")]
                pub $field: $mock,
            )*
        }

        impl $port for $name {
            $(fn $field(&mut self) -> &mut dyn $trait {
                &mut self.$field
            })*
        }
    };
}

mocks! {
    /// A unit of work of mocked repositories; an unexpected call fails the test.
    MockUnitOfWork: UnitOfWork {
        chats: MockChatRepository as ChatRepository,
        participants: MockParticipantRepository as ParticipantRepository,
        messages: MockMessageRepository as MessageRepository,
        reactions: MockReactionRepository as ReactionRepository,
        files: MockFileRepository as FileRepository,
        agents: MockAgentRepository as AgentRepository,
        keys: MockAccessKeyRepository as AccessKeyRepository,
        sessions: MockSessionRepository as SessionRepository,
        customers: MockCustomerRepository as CustomerRepository,
        idempotency: MockIdempotencyRepository as IdempotencyRepository,
        events: MockEventLog as EventLog,
        directory: MockDirectory as Directory,
    }
}

mocks! {
    /// A snapshot of mocked queries; an unexpected call fails the test.
    MockSnapshot: Snapshot {
        chats: MockChatQueries as ChatQueries,
        participants: MockParticipantQueries as ParticipantQueries,
        messages: MockMessageQueries as MessageQueries,
        agents: MockAgentQueries as AgentQueries,
        keys: MockAccessKeyQueries as AccessKeyQueries,
        events: MockEventQueries as EventQueries,
        directory: MockDirectory as Directory,
    }
}

/// The instant `micros` after 1970.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or_else(|| unreachable!("{micros} is out of range"))
}

/// The one customer of the tests.
#[must_use]
pub fn customer_id() -> CustomerId {
    CustomerId(Uuid::from_u128(0xC))
}

/// The `n`th agent.
#[must_use]
pub fn agent_id(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(0xA_0000 + n))
}

/// The `n`th chat.
#[must_use]
pub fn chat_id(n: u128) -> ChatId {
    ChatId(Uuid::from_u128(0xB_0000 + n))
}

/// The `n`th message.
#[must_use]
pub fn message_id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(0xE_0000 + n))
}

/// A plain agent as actor.
#[must_use]
pub fn actor(agent: AgentId) -> Actor {
    Actor {
        customer: customer_id(),
        agent,
        permission: Permission::Agent,
    }
}

/// A request of a plain agent at second 1.
#[must_use]
pub fn context(agent: AgentId) -> Context {
    let now = at(1_000_000);
    Context::new(actor(agent), now, Limits::default(), IdSource::new(now, 7))
}

/// A request of an admin at second 1.
#[must_use]
pub fn admin_context(agent: AgentId) -> Context {
    let mut cx = context(agent);
    cx.actor.permission = Permission::Admin;
    cx
}

/// Agent `n`, called `agent-<n>`.
#[must_use]
pub fn an_agent(n: u128) -> Agent {
    Agent {
        id: agent_id(n),
        customer: customer_id(),
        username: format!("agent-{n}"),
        name: String::new(),
        detail: String::new(),
        permission: Permission::Agent,
        status: AgentStatus::Active,
        token_generation: 0,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// An open group chat of agent 1 with two participants and ten events.
#[must_use]
pub fn a_chat() -> Chat {
    Chat {
        id: chat_id(1),
        customer: customer_id(),
        kind: ChatKind::Group,
        name: "Project".into(),
        detail: String::new(),
        status: ChatStatus::Active,
        creator: agent_id(1),
        pair: None,
        member_count: 2,
        last: Tick {
            seq: 10,
            at: at(10),
        },
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// The membership of `agent` in chat 1.
#[must_use]
pub fn a_participant(agent: AgentId) -> Participant {
    Participant {
        id: ParticipantId(Uuid::from_u128(agent.0.as_u128() + 0xF_0000)),
        customer: customer_id(),
        chat: chat_id(1),
        agent,
        joined: at(0),
    }
}

/// The `n`th message of chat 1, by agent 1, saying "hello".
#[must_use]
pub fn a_message(n: u128) -> Message {
    Message {
        id: message_id(n),
        customer: customer_id(),
        chat: chat_id(1),
        seq: 5,
        author: Author::Agent(agent_id(1)),
        parent: None,
        root: message_id(n),
        depth: 0,
        text: "hello".into(),
        medias: Vec::new(),
        reactions: Vec::new(),
        reply_count: 0,
        created: at(5),
        updated: at(5),
        edited: None,
        deleted: None,
    }
}
