//! The subscription of one connection: its topics.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use conversation_domain::model::conversation;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::live::{self, Resume, Scope, Subscribed};
use talk_domain::kernel::stream::StreamId;
use talk_domain::talk::model::chat::CHAT;

use talk_wire::id;
use talk_wire::socket::{ClientFrame, Range, Refused, ServerFrame, Topic, TopicError, Vocabulary};
use uuid::Uuid;

use crate::api_error::ApiError;

/// Maximum of topics in one frame, and of one connection.
pub(crate) const MAX_TOPICS: usize = 1_000;

/// The topics of one connection.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    topics: BTreeSet<Topic>,
    /// The chats and conversations covered, per vocabulary.
    scopes: BTreeMap<Vocabulary, Scope>,
    /// For chats that were subscribed to in the other vocabulary first: the last event that is not sent
    /// in this one.
    floors: HashMap<(Vocabulary, StreamId), u64>,
}

/// A requested subscription.
#[derive(Debug)]
pub(super) struct Pending {
    /// The id of the answer, if one is wanted.
    pub(super) id: Option<String>,
    /// The accepted topics, with their text.
    topics: Vec<(String, Topic)>,
    pub(super) refused: Vec<Refused>,
    pub(super) resume: Resume,
    /// Chats whose positions are ignored: see [`Subscription::hold_back`].
    pub(super) held: Vec<StreamId>,
}

impl Pending {
    /// Parses a `subscribe` frame.
    pub(super) fn read(
        frame: ClientFrame,
        actor: Actor,
        has_legacy: bool,
    ) -> Result<Self, ApiError> {
        let since = since(frame.since.unwrap_or_default())?;
        check_epoch(frame.epoch.as_deref(), &since)?;
        let mut pending = Self {
            id: frame.id,
            topics: Vec::new(),
            refused: Vec::new(),
            resume: Resume {
                epoch: frame.epoch.unwrap_or_default(),
                since: BTreeMap::new(),
            },
            held: Vec::new(),
        };
        for text in topics(frame.topics)? {
            let topic = Topic::parse(&text, actor).and_then(|topic| match topic.vocabulary {
                Vocabulary::Talk if !has_legacy => Err(TopicError::Malformed),
                Vocabulary::Talk | Vocabulary::Chat | Vocabulary::Conversation => Ok(topic),
            });
            match topic {
                Ok(topic) => pending.topics.push((text, topic)),
                Err(error) => pending.refused.push(Refused {
                    topic: text,
                    reason: error.reason().to_owned(),
                }),
            }
        }
        pending.resume.since = placed(since, &pending.scope());
        Ok(pending)
    }

    /// Returns the chats and conversations that it covers.
    pub(super) fn scope(&self) -> Scope {
        scope(self.topics.iter().map(|(_, topic)| topic))
    }

    /// Returns whether it covers a chat in a vocabulary.
    fn covers(&self, vocabulary: Vocabulary, stream: StreamId) -> bool {
        let mut topics = self.topics.iter();
        topics.any(|(_, topic)| topic.vocabulary == vocabulary && topic.covers(stream))
    }

    /// Moves the topics of chats that may not be subscribed to, to the refused ones.
    pub(super) fn refuse(&mut self, refused: live::Refused) {
        for (stream, reason) in refused {
            let lost = self
                .topics
                .extract_if(.., |(_, topic)| topic.stream() == Some(stream));
            self.refused.extend(lost.map(|(topic, _)| Refused {
                topic,
                reason: reason.to_owned(),
            }));
        }
    }

    /// Whether a topic is about conversations, also a refused one.
    fn is_about_conversations(&self) -> bool {
        let mut accepted = self.topics.iter();
        let mut refused = self.refused.iter();
        accepted.any(|(_, topic)| topic.vocabulary == Vocabulary::Conversation)
            || refused.any(|refused| refused.topic.contains(":conversation"))
    }

    /// Formats the answer to the frame `id`.
    pub(super) fn answer(&self, id: &str, epoch: &str, subscribed: &[Subscribed]) -> String {
        let range = |subscribed: &Subscribed| {
            let from = subscribed.after + 1;
            let head = subscribed.head;
            (subscribed.stream.to_string(), Range { from, head })
        };
        let (conversations, chats): (Vec<_>, Vec<_>) = subscribed
            .iter()
            .partition(|subscribed| subscribed.stream.realm == conversation::REALM);
        ServerFrame::Subscribed {
            id,
            epoch,
            chats: chats.into_iter().map(range).collect(),
            conversations: self
                .is_about_conversations()
                .then(|| conversations.into_iter().map(range).collect()),
            refused: self.refused.clone(),
        }
        .json()
    }
}

impl Subscription {
    /// Returns all chats and conversations that it covers.
    pub(super) fn scope(&self) -> Scope {
        scope(&self.topics)
    }

    /// Adds a subscription that has started.
    pub(super) fn add(&mut self, pending: Pending, subscribed: &[Subscribed]) {
        let topics = pending.topics.into_iter().map(|(_, topic)| topic);
        let topics: Vec<Topic> = topics.collect();
        for topic in &topics {
            let vocabulary = topic.vocabulary;
            let subscribed = subscribed
                .iter()
                .filter(|subscribed| topic.covers(subscribed.stream));
            for subscribed in subscribed {
                if self.comes_second(vocabulary, subscribed.stream) {
                    self.floors
                        .insert((vocabulary, subscribed.stream), subscribed.after);
                }
            }
        }
        self.topics.extend(topics);
        self.settle();
    }

    /// Removes from `pending` the positions in chats subscribed to already in the other
    /// vocabulary: a replay would repeat events there.
    pub(super) fn hold_back(&self, pending: &mut Pending) {
        let since = std::mem::take(&mut pending.resume.since);
        let (held, kept): (BTreeMap<_, _>, _) = since.into_iter().partition(|(stream, _)| {
            let is_held = |asks, has| pending.covers(asks, *stream) && self.covers(has, *stream);
            is_held(Vocabulary::Chat, Vocabulary::Talk)
                || is_held(Vocabulary::Talk, Vocabulary::Chat)
        });
        pending.resume.since = kept;
        pending.held = held.into_keys().collect();
    }

    fn covers(&self, vocabulary: Vocabulary, stream: StreamId) -> bool {
        let scope = self.scopes.get(&vocabulary);
        scope.is_some_and(|scope| scope.contains(stream))
    }

    /// Returns whether the client subscribed to a chat.
    pub(super) fn includes(&self, stream: StreamId) -> bool {
        let mut vocabularies = Vocabulary::ALL.into_iter();
        vocabularies.any(|vocabulary| self.covers(vocabulary, stream))
    }

    /// Returns whether a chat is subscribed to in the other vocabulary only.
    fn comes_second(&self, vocabulary: Vocabulary, stream: StreamId) -> bool {
        !self.covers(vocabulary, stream) && self.includes(stream)
    }

    /// Returns whether the client gets this event in a vocabulary.
    pub(super) fn delivers(&self, vocabulary: Vocabulary, stream: StreamId, seq: u64) -> bool {
        self.covers(vocabulary, stream)
            && (self.floors.is_empty()
                || self
                    .floors
                    .get(&(vocabulary, stream))
                    .is_none_or(|floor| seq > *floor))
    }

    fn settle(&mut self) {
        self.scopes.clear();
        for topic in &self.topics {
            cover(self.scopes.entry(topic.vocabulary).or_default(), topic);
        }
        let scopes = &self.scopes;
        self.floors.retain(|(vocabulary, stream), _| {
            scopes
                .get(vocabulary)
                .is_some_and(|scope| scope.contains(*stream))
        });
    }

    /// Refuses `pending` if there would be too many topics.
    pub(super) fn check_space(&self, pending: &Pending) -> Result<(), ApiError> {
        let more = pending.topics.iter().map(|(_, topic)| topic);
        let more = more.filter(|topic| !self.topics.contains(topic)).count();
        if self.topics.len() + more > MAX_TOPICS {
            return Err(Invalid::too_long("topics", MAX_TOPICS, "per connection").into());
        }
        Ok(())
    }

    /// Handles an `unsubscribe` frame; topics that are not subscribed to are ignored.
    pub(super) fn remove(&mut self, frame: ClientFrame, actor: Actor) -> Result<(), ApiError> {
        for text in topics(frame.topics)? {
            if let Ok(topic) = Topic::parse(&text, actor) {
                self.topics.remove(&topic);
            }
        }
        self.settle();
        Ok(())
    }

    /// Removes a chat that is no longer delivered.
    pub(super) fn remove_stream(&mut self, stream: StreamId) {
        self.topics.retain(|topic| topic.stream() != Some(stream));
        self.floors.retain(|(_, floor), _| *floor != stream);
        self.settle();
    }

    /// Returns the topics as text.
    pub(super) fn topics(&self) -> Vec<String> {
        self.topics.iter().map(Topic::to_string).collect()
    }
}

fn scope<'a>(topics: impl IntoIterator<Item = &'a Topic>) -> Scope {
    let mut scope = Scope::default();
    for topic in topics {
        cover(&mut scope, topic);
    }
    scope
}

fn cover(scope: &mut Scope, topic: &Topic) {
    match topic.stream() {
        Some(stream) => scope.streams.insert(stream),
        None => scope.realms.insert(topic.vocabulary.realm()),
    };
}

fn topics(given: Option<Vec<String>>) -> Result<Vec<String>, ApiError> {
    let given = given.unwrap_or_default();
    if given.is_empty() {
        return Err(ApiError::invalid(
            "topics",
            "TOPICS_REQUIRED",
            "must name at least one",
        ));
    }
    if given.len() > MAX_TOPICS {
        return Err(Invalid::too_long("topics", MAX_TOPICS, "topics").into());
    }
    Ok(given)
}

fn check_epoch(epoch: Option<&str>, since: &BTreeMap<Uuid, u64>) -> Result<(), ApiError> {
    if epoch.is_none() && !since.is_empty() {
        return Err(ApiError::invalid(
            "epoch",
            "EPOCH_REQUIRED",
            "positions belong to an epoch",
        ));
    }
    Ok(())
}

fn since(given: BTreeMap<String, u64>) -> Result<BTreeMap<Uuid, u64>, Invalid> {
    let parsed = given
        .into_iter()
        .map(|(id, seq)| Ok((id::parse("since", &id)?, seq)));
    parsed.collect()
}

/// Returns the client's positions by stream. A client sends ids, which are the same for chats and
/// conversations. So each id becomes a position in a chat and one in a conversation, as far as both are
/// subscribed to, and the domain that has no such stream ignores its position.
fn placed(since: BTreeMap<Uuid, u64>, scope: &Scope) -> BTreeMap<StreamId, u64> {
    let streams = since.into_iter().flat_map(|(id, seq)| {
        let realms = [CHAT, conversation::REALM].into_iter();
        realms.map(move |realm| (StreamId { realm, id }, seq))
    });
    streams
        .filter(|(stream, _)| scope.contains(*stream))
        .collect()
}
