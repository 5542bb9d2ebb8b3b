//! For tests: a unit of work and a snapshot made of mocks, small builders, and a scene to play in.

mod builders;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod seen;

use crate::files::model::{FileQueries, FileRepository, MockFileQueries, MockFileRepository};
use crate::files::unit::{FileSnapshot, FileUnit};
use crate::hooks::decision::{
    DecisionQueries, DecisionRepository, MockDecisionQueries, MockDecisionRepository,
};
use crate::hooks::delivery::{
    DeliveryQueries, DeliveryRepository, MockDeliveryQueries, MockDeliveryRepository,
};
use crate::hooks::intercept::{
    InterceptQueries, InterceptRepository, MockInterceptQueries, MockInterceptRepository,
};
use crate::hooks::unit::{HooksSnapshot, HooksUnit};
use crate::hooks::webhook::{
    MockWebhookQueries, MockWebhookRepository, WebhookQueries, WebhookRepository,
};
use crate::identity::access_key::{
    AccessKeyQueries, AccessKeyRepository, MockAccessKeyQueries, MockAccessKeyRepository,
};
use crate::identity::agent::{
    AgentQueries, AgentRepository, MockAgentQueries, MockAgentRepository,
};
use crate::identity::customer::{
    CustomerRemoval, CustomerRepository, MockCustomerRemoval, MockCustomerRepository,
};
use crate::identity::departure::{Departure, MockDeparture};
use crate::identity::session::{
    Directory, MockDirectory, MockSessionRepository, SessionRepository,
};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};
use crate::kernel::cleanup::{
    CleanupQueries, CleanupRepository, MockCleanupQueries, MockCleanupRepository,
};
use crate::kernel::idempotency::{IdempotencyRepository, MockIdempotencyRepository};
use crate::kernel::log::{EventQueries, MockEventQueries};
use crate::kernel::positions::{
    ConsumerRepository, LogQueries, MockConsumerRepository, MockLogQueries,
};
use crate::kernel::unit::{Snapshot, UnitOfWork};

use crate::talk::model::chat::{ChatQueries, ChatRepository, MockChatQueries, MockChatRepository};
use crate::talk::model::event::{EventLog, MockEventLog};
use crate::talk::model::held::{HeldQueries, HeldRepository, MockHeldQueries, MockHeldRepository};
use crate::talk::model::mention::{
    MentionQueries, MentionRepository, MockMentionQueries, MockMentionRepository,
};
use crate::talk::model::message::{
    MessageQueries, MessageRepository, MockMessageQueries, MockMessageRepository,
};
use crate::talk::model::participant::{
    MockParticipantQueries, MockParticipantRepository, ParticipantQueries, ParticipantRepository,
};
use crate::talk::model::reaction::{MockReactionRepository, ReactionRepository};
use crate::talk::model::read::{MockReadQueries, MockReadRepository, ReadQueries, ReadRepository};
use crate::talk::model::removal::{ChatRemoval, MockChatRemoval};
use crate::talk::model::retention::{
    MockRetentionQueries, MockRetentionRepository, RetentionQueries, RetentionRepository,
};
use crate::talk::unit::{TalkSnapshot, TalkUnit};
pub use builders::*;
#[cfg(test)]
pub(crate) use scene::Scene;
#[cfg(test)]
pub(crate) use seen::{FIRST, seen};

macro_rules! mocks {
    ($(#[$doc:meta])* $name:ident {
        $($port:ident { $($field:ident: $mock:ident as $trait:ident,)* })*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name {
            $($(
                #[doc = concat!("See [`", stringify!($trait), "`].")]
                pub $field: $mock,
            )*)*
        }

        $(impl $port for $name {
            $(fn $field(&mut self) -> &mut dyn $trait {
                &mut self.$field
            })*
        })*
    };
}

mocks! {
    /// A unit of work of mocked repositories; an unexpected call fails the test.
    MockUnitOfWork {
        UnitOfWork {
            idempotency: MockIdempotencyRepository as IdempotencyRepository,
            cleanups: MockCleanupRepository as CleanupRepository,
            log: MockLogQueries as LogQueries,
            consumers: MockConsumerRepository as ConsumerRepository,
        }
        IdentityUnit {
            agents: MockAgentRepository as AgentRepository,
            keys: MockAccessKeyRepository as AccessKeyRepository,
            sessions: MockSessionRepository as SessionRepository,
            customers: MockCustomerRepository as CustomerRepository,
            customer_removal: MockCustomerRemoval as CustomerRemoval,
            directory: MockDirectory as Directory,
            products: MockDeparture as Departure,
        }
        FileUnit {
            files: MockFileRepository as FileRepository,
        }
        HooksUnit {
            webhooks: MockWebhookRepository as WebhookRepository,
            deliveries: MockDeliveryRepository as DeliveryRepository,
            intercepts: MockInterceptRepository as InterceptRepository,
            decisions: MockDecisionRepository as DecisionRepository,
        }
        TalkUnit {
            events: MockEventLog as EventLog,
            chats: MockChatRepository as ChatRepository,
            participants: MockParticipantRepository as ParticipantRepository,
            messages: MockMessageRepository as MessageRepository,
            mentions: MockMentionRepository as MentionRepository,
            reactions: MockReactionRepository as ReactionRepository,
            read_marks: MockReadRepository as ReadRepository,
            reads: MockReadQueries as ReadQueries,
            held: MockHeldRepository as HeldRepository,
            removal: MockChatRemoval as ChatRemoval,
            retention: MockRetentionRepository as RetentionRepository,
        }
    }
}

mocks! {
    /// A snapshot of mocked queries; an unexpected call fails the test.
    MockSnapshot {
        Snapshot {
            events: MockEventQueries as EventQueries,
            cleanups: MockCleanupQueries as CleanupQueries,
            log: MockLogQueries as LogQueries,
        }
        IdentitySnapshot {
            agents: MockAgentQueries as AgentQueries,
            keys: MockAccessKeyQueries as AccessKeyQueries,
            directory: MockDirectory as Directory,
        }
        FileSnapshot {
            files: MockFileQueries as FileQueries,
        }
        HooksSnapshot {
            webhooks: MockWebhookQueries as WebhookQueries,
            deliveries: MockDeliveryQueries as DeliveryQueries,
            intercepts: MockInterceptQueries as InterceptQueries,
            decisions: MockDecisionQueries as DecisionQueries,
        }
        TalkSnapshot {
            chats: MockChatQueries as ChatQueries,
            participants: MockParticipantQueries as ParticipantQueries,
            messages: MockMessageQueries as MessageQueries,
            mentions: MockMentionQueries as MentionQueries,
            reads: MockReadQueries as ReadQueries,
            held: MockHeldQueries as HeldQueries,
            retention: MockRetentionQueries as RetentionQueries,
        }
    }
}
