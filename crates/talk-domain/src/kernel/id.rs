//! Typed identifiers, so that ids of different types cannot be confused.

use std::fmt;

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    )+};
}

ids! {
    /// A customer, the tenant that owns all other objects.
    CustomerId,
    /// An agent: a person or program of a customer who can log in.
    AgentId,
    /// A chat.
    ChatId,
    /// A participant: one membership of one agent in one chat, from joining to leaving.
    ParticipantId,
    /// A message.
    MessageId,
    /// An uploaded file.
    FileId,
    /// An access key.
    AccessKeyId,
    /// An issued login token (`jti`).
    TokenId,
    /// An endpoint of webhooks.
    WebhookId,
    /// A delivery of an event to an endpoint.
    DeliveryId,
    /// A customer's access to one method of talking with people outside.
    AccountId,
    /// A room: one method between one own address and one outside address.
    RoomId,
    /// A conversation with a person outside.
    ConversationId,
    /// A message of a conversation.
    ConversationMessageId,
    /// A verified request of a provider.
    ReceiptId,
    /// A decision of an intercept.
    DecisionId,
}
