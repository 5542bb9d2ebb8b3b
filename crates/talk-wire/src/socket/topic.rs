//! Topics of subscriptions.

use std::fmt;

use conversation_domain::model::conversation;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::stream::{Realm, StreamId};
use talk_domain::talk::model::chat::CHAT;
use uuid::Uuid;

use crate::id;

/// The owner in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An agent.
    Agent(AgentId),
    /// A customer.
    Customer(CustomerId),
}

/// A vocabulary of event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vocabulary {
    /// Today's names, for example `chatmessage_created`.
    Chat,
    /// The older names, for example `message_created`.
    Talk,
    /// The names of the events of conversations, for example `conversation_message_created`.
    Conversation,
}

impl Vocabulary {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Talk, Self::Conversation];

    /// The vocabulary with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|vocabulary| vocabulary.as_str() == word)
    }

    /// `chat`, `talk` or `conversation`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Talk => "talk",
            Self::Conversation => "conversation",
        }
    }

    /// The realm of the streams whose events it names.
    #[must_use]
    pub const fn realm(self) -> Realm {
        match self {
            Self::Chat | Self::Talk => CHAT,
            Self::Conversation => conversation::REALM,
        }
    }
}

/// `agent_id:<agent>:chat[:<chat_id>]` or `customer_id:<customer>:chat[:<chat_id>]`, or the same
/// with `talk`, or with `conversation` and the id of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The owner.
    pub subject: Subject,
    /// The vocabulary of its events.
    pub vocabulary: Vocabulary,
    /// The chat or conversation; without one every chat or conversation that the caller may read.
    pub object: Option<Uuid>,
}

/// Reasons to refuse a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The syntax is wrong.
    #[error(
        "a topic is agent_id:<agent>:chat[:<chat_id>] or customer_id:<customer>:chat[:<chat_id>]"
    )]
    Malformed,
    /// The topic names another agent or customer.
    #[error("a topic names the caller or the caller's customer")]
    Foreign,
}

impl TopicError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "TOPIC_INVALID",
            Self::Foreign => "PERMISSION_DENIED",
        }
    }
}

impl Topic {
    /// Parses a topic of `actor`.
    ///
    /// # Errors
    /// See [`TopicError`].
    pub fn parse(text: &str, actor: Actor) -> Result<Self, TopicError> {
        let topic = Self::read(text).ok_or(TopicError::Malformed)?;
        match topic.subject {
            Subject::Agent(agent) if agent != actor.agent => Err(TopicError::Foreign),
            Subject::Customer(customer) if customer != actor.customer => Err(TopicError::Foreign),
            Subject::Agent(_) | Subject::Customer(_) => Ok(topic),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let subject = match (parts.next()?, parts.next()?) {
            ("agent_id", agent) => Subject::Agent(id::parse("topic", agent).ok()?),
            ("customer_id", customer) => Subject::Customer(id::parse("topic", customer).ok()?),
            _ => return None,
        };
        let vocabulary = Vocabulary::parse(parts.next()?)?;
        let object = parts.next().map(|object| id::parse("topic", object));
        let object = object.transpose().ok()?;
        parts.next().is_none().then_some(Self {
            subject,
            vocabulary,
            object,
        })
    }

    /// The one stream that it names, if it does.
    #[must_use]
    pub fn stream(&self) -> Option<StreamId> {
        let realm = self.vocabulary.realm();
        self.object.map(|id| StreamId { realm, id })
    }

    /// Whether it names a stream, or all of its realm.
    #[must_use]
    pub fn covers(&self, stream: StreamId) -> bool {
        self.vocabulary.realm() == stream.realm && self.object.is_none_or(|id| id == stream.id)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Agent(agent) => write!(f, "agent_id:{agent}:")?,
            Subject::Customer(customer) => write!(f, "customer_id:{customer}:")?,
        }
        f.write_str(self.vocabulary.as_str())?;
        match self.object {
            Some(object) => write!(f, ":{object}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{actor, agent_id, chat_id, customer_id};

    fn parse(text: &str) -> Result<Topic, TopicError> {
        Topic::parse(text, actor(agent_id(1)))
    }

    /// WS-02.
    #[test]
    fn a_topic_is_read_and_written_the_same() {
        let (agent, customer, chat) = (agent_id(1), customer_id(), chat_id(3));
        for text in [
            format!("agent_id:{agent}:chat"),
            format!("agent_id:{agent}:chat:{chat}"),
            format!("customer_id:{customer}:chat"),
            format!("customer_id:{customer}:chat:{chat}"),
            format!("agent_id:{agent}:talk"),
            format!("customer_id:{customer}:talk:{chat}"),
            format!("agent_id:{agent}:conversation"),
            format!("customer_id:{customer}:conversation:{chat}"),
        ] {
            assert_eq!(parse(&text).unwrap().to_string(), text);
        }
    }

    /// CONV-13: a chat and a conversation are different streams, whatever their ids.
    #[test]
    fn a_topic_covers_streams_of_its_realm() {
        let (agent, id) = (agent_id(1), chat_id(3));
        let stream = |realm| StreamId { realm, id: id.0 };
        let [chat, conversation] = [CHAT, conversation::REALM].map(stream);
        for (text, expected) in [
            (format!("agent_id:{agent}:chat:{id}"), [true, false]),
            (format!("agent_id:{agent}:talk"), [true, false]),
            (format!("agent_id:{agent}:conversation"), [false, true]),
            (format!("agent_id:{agent}:conversation:{id}"), [false, true]),
            (format!("agent_id:{agent}:chat:{agent}"), [false, false]),
        ] {
            let topic = parse(&text).unwrap();
            assert_eq!(
                [chat, conversation].map(|stream| topic.covers(stream)),
                expected
            );
            assert_eq!(topic.stream().is_some(), topic.object.is_some(), "{text}");
        }
    }

    /// Case 29: an id is matched whole, never as a prefix.
    #[test]
    fn what_is_no_topic_of_the_caller_is_refused() {
        let (agent, other) = (agent_id(1), agent_id(2));
        for text in [
            String::new(),
            "agent_id".into(),
            format!("agent_id:{agent}"),
            format!("agent_id:{agent}:"),
            format!("agent_id:{agent}:cha"),
            format!("agent_id:{agent}:chats"),
            format!("agent_id:{agent}:talks"),
            format!("agent_id:{agent}:conversations"),
            format!("agent_id:{agent}:chat:"),
            format!("agent_id:{agent}:chat:{agent}:"),
            format!("agent_id:{agent}:chat:*"),
            format!("queue_id:{agent}:chat"),
            "agent_id:1:chat".into(),
        ] {
            assert!(matches!(parse(&text), Err(TopicError::Malformed)), "{text}");
        }
        for text in [
            format!("agent_id:{other}:chat"),
            format!("customer_id:{other}:chat"),
        ] {
            assert!(matches!(parse(&text), Err(TopicError::Foreign)), "{text}");
        }
    }
}
