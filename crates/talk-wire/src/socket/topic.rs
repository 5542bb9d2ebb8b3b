//! Topics of subscriptions.

use std::fmt;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId};

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
}

impl Vocabulary {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Talk];

    /// `chat` or `talk`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|vocabulary| vocabulary.as_str() == word)
    }

    /// `chat` or `talk`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Talk => "talk",
        }
    }
}

/// `agent_id:<agent>:chat[:<chat_id>]` or `customer_id:<customer>:chat[:<chat_id>]`, or the same
/// with `talk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The owner.
    pub subject: Subject,
    /// The vocabulary of its events.
    pub vocabulary: Vocabulary,
    /// The chat; without one every chat the caller participates in.
    pub chat: Option<ChatId>,
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
        let chat = parts.next().map(|chat| id::parse("topic", chat));
        let chat = chat.transpose().ok()?;
        parts.next().is_none().then_some(Self {
            subject,
            vocabulary,
            chat,
        })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Agent(agent) => write!(f, "agent_id:{agent}:")?,
            Subject::Customer(customer) => write!(f, "customer_id:{customer}:")?,
        }
        f.write_str(self.vocabulary.as_str())?;
        match self.chat {
            Some(chat) => write!(f, ":{chat}"),
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
        ] {
            assert_eq!(parse(&text).unwrap().to_string(), text);
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
