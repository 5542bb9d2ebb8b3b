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
use crate::talk::model::chat::{ChatQueries, ChatRepository, MockChatQueries, MockChatRepository};
use crate::talk::model::event::{ChatLog, FrameEncoder, MockChatLog, MockFrameEncoder};
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

/// Defines a structure of mocked ports, each a field of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! mocked_ports {
    ($(#[$doc:meta])* $name:ident {
        $($port:path {
            $($field:ident: $mock:ty as $trait:path,)*
            $(& $shared:ident: $shared_mock:ty as $shared_trait:path,)*
        })*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        #[allow(missing_docs, reason = "each field is the port of its name")]
        pub struct $name {
            $(
                $(pub $field: $mock,)*
                $(pub $shared: $shared_mock,)*
            )*
        }

        $(impl $port for $name {
            $(fn $field(&mut self) -> &mut dyn $trait {
                &mut self.$field
            })*
            $(fn $shared(&self) -> &dyn $shared_trait {
                &self.$shared
            })*
        })*
    };
}

/// Defines a unit of work of mocked repositories: those of the kernel and of identity, and those of a
/// domain. An unexpected call fails the test.
#[macro_export]
macro_rules! mock_unit {
    ($(#[$doc:meta])* $name:ident { $($ports:tt)* }) => {
        $crate::mocked_ports! {
            $(#[$doc])*
            $name {
                $crate::kernel::unit::UnitOfWork {
                    idempotency: $crate::kernel::idempotency::MockIdempotencyRepository
                        as $crate::kernel::idempotency::IdempotencyRepository,
                    cleanups: $crate::kernel::cleanup::MockCleanupRepository
                        as $crate::kernel::cleanup::CleanupRepository,
                    events: $crate::kernel::log::MockEventLog as $crate::kernel::log::EventLog,
                    log: $crate::kernel::positions::MockLogQueries
                        as $crate::kernel::positions::LogQueries,
                    consumers: $crate::kernel::positions::MockConsumerRepository
                        as $crate::kernel::positions::ConsumerRepository,
                }
                $crate::identity::unit::IdentityUnit {
                    agents: $crate::identity::agent::MockAgentRepository
                        as $crate::identity::agent::AgentRepository,
                    keys: $crate::identity::access_key::MockAccessKeyRepository
                        as $crate::identity::access_key::AccessKeyRepository,
                    sessions: $crate::identity::session::MockSessionRepository
                        as $crate::identity::session::SessionRepository,
                    customers: $crate::identity::customer::MockCustomerRepository
                        as $crate::identity::customer::CustomerRepository,
                    customer_removal: $crate::identity::customer::MockCustomerRemoval
                        as $crate::identity::customer::CustomerRemoval,
                    directory: $crate::identity::session::MockDirectory
                        as $crate::identity::session::Directory,
                    products: $crate::identity::departure::MockDeparture
                        as $crate::identity::departure::Departure,
                }
                $($ports)*
            }
        }
    };
}

/// Defines a snapshot of mocked queries: those of the kernel and of identity, and those of a domain. An
/// unexpected call fails the test.
#[macro_export]
macro_rules! mock_snapshot {
    ($(#[$doc:meta])* $name:ident { $($ports:tt)* }) => {
        $crate::mocked_ports! {
            $(#[$doc])*
            $name {
                $crate::kernel::unit::Snapshot {
                    events: $crate::kernel::log::MockEventQueries
                        as $crate::kernel::log::EventQueries,
                    cleanups: $crate::kernel::cleanup::MockCleanupQueries
                        as $crate::kernel::cleanup::CleanupQueries,
                    log: $crate::kernel::positions::MockLogQueries
                        as $crate::kernel::positions::LogQueries,
                }
                $crate::identity::unit::IdentitySnapshot {
                    agents: $crate::identity::agent::MockAgentQueries
                        as $crate::identity::agent::AgentQueries,
                    keys: $crate::identity::access_key::MockAccessKeyQueries
                        as $crate::identity::access_key::AccessKeyQueries,
                    directory: $crate::identity::session::MockDirectory
                        as $crate::identity::session::Directory,
                }
                $($ports)*
            }
        }
    };
}

mock_unit! {
    /// A unit of work of mocked repositories; an unexpected call fails the test.
    MockUnitOfWork {
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
            chat_log: MockChatLog as ChatLog,
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
            &frames: MockFrameEncoder as FrameEncoder,
        }
    }
}

mock_snapshot! {
    /// A snapshot of mocked queries; an unexpected call fails the test.
    MockSnapshot {
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
