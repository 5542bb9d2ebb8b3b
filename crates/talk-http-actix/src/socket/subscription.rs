//! What one connection follows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use talk_domain::context::Actor;
use talk_domain::error::{DomainError, Invalid};
use talk_domain::id::ChatId;
use talk_domain::live::{Begun, Followed, Resume, Scope};
use talk_wire::id;
use talk_wire::socket::{ClientFrame, Range, Refused, ServerFrame, Topic, TopicError, Vocabulary};

use crate::api_error::ApiError;

/// Topics of one frame, and of one connection.
const MAX_TOPICS: usize = 1_000;

/// The topics of one connection.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    topics: BTreeSet<Topic>,
    /// What they cover.
    scopes: BTreeMap<Vocabulary, Scope>,
    /// The last event not told in a vocabulary that came to chats followed already in the other.
    floors: HashMap<(Vocabulary, ChatId), u64>,
}

/// A subscription asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Those that may be followed, as they were sent.
    topics: Vec<(String, Topic)>,
    pub(super) refused: Vec<Refused>,
    pub(super) resume: Resume,
}

impl Asked {
    /// Reads a `subscribe`.
    pub(super) fn read(
        frame: ClientFrame,
        actor: Actor,
        has_legacy: bool,
    ) -> Result<Self, ApiError> {
        let mut asked = Self {
            topics: Vec::new(),
            refused: Vec::new(),
            resume: resume(frame.epoch, frame.since.unwrap_or_default())?,
        };
        for text in topics(frame.topics)? {
            let topic = Topic::parse(&text, actor).and_then(|topic| match topic.vocabulary {
                Vocabulary::Talk if !has_legacy => Err(TopicError::Malformed),
                Vocabulary::Talk | Vocabulary::Chat => Ok(topic),
            });
            match topic {
                Ok(topic) => asked.topics.push((text, topic)),
                Err(error) => asked.refused.push(Refused {
                    topic: text,
                    reason: error.reason().to_owned(),
                }),
            }
        }
        Ok(asked)
    }

    /// The chats it is about.
    pub(super) fn scope(&self) -> Scope {
        scope(self.topics.iter().map(|(_, topic)| topic))
    }

    /// Whether it covers a chat in a vocabulary.
    fn covers(&self, vocabulary: Vocabulary, chat: ChatId) -> bool {
        self.topics.iter().any(|(_, topic)| {
            topic.vocabulary == vocabulary && topic.chat.is_none_or(|of| of == chat)
        })
    }

    /// The answer, and the topics that are followed from now on.
    pub(super) fn settle(mut self, followed: &Followed) -> Settled {
        for (chat, refusal) in &followed.refused {
            let (lost, kept) = std::mem::take(&mut self.topics)
                .into_iter()
                .partition(|(_, topic)| topic.chat == Some(*chat));
            self.topics = kept;
            let lost: Vec<_> = lost;
            self.refused
                .extend(lost.into_iter().map(|(topic, _)| Refused {
                    topic,
                    reason: refusal.reason().to_owned(),
                }));
        }
        let chats = followed.begun.iter().map(|begun| {
            let from = begun.after + 1;
            let head = begun.head;
            (begun.chat.to_string(), Range { from, head })
        });
        Settled {
            chats: chats.collect(),
            refused: self.refused,
            topics: self.topics.into_iter().map(|(_, topic)| topic).collect(),
        }
    }
}

/// What came of a subscription.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) chats: BTreeMap<String, Range>,
    pub(super) refused: Vec<Refused>,
    topics: Vec<Topic>,
}

impl Settled {
    /// The answer to the frame `id`.
    pub(super) fn answer(&self, id: &str, epoch: &str) -> String {
        let (chats, refused) = (self.chats.clone(), self.refused.clone());
        ServerFrame::Subscribed {
            id,
            epoch,
            chats,
            refused,
        }
        .json()
    }
}

impl Subscription {
    /// Everything it is about.
    pub(super) fn scope(&self) -> Scope {
        scope(&self.topics)
    }

    /// Follows more, from where it has begun.
    pub(super) fn add(&mut self, settled: Settled, begun: &[Begun]) {
        for topic in &settled.topics {
            let vocabulary = topic.vocabulary;
            let begun = begun
                .iter()
                .filter(|begun| topic.chat.is_none_or(|chat| chat == begun.chat));
            for begun in begun {
                if self.comes_second(vocabulary, begun.chat) {
                    self.floors.insert((vocabulary, begun.chat), begun.after);
                }
            }
        }
        self.topics.extend(settled.topics);
        self.settle();
    }

    /// Takes out of `asked` the positions in chats that are followed already in the other
    /// vocabulary only: replaying them would repeat events to it.
    pub(super) fn hold_back(&self, asked: &mut Asked) -> Vec<ChatId> {
        let since = std::mem::take(&mut asked.resume.since);
        let (held, kept) = since.into_iter().partition(|(chat, _)| {
            Vocabulary::ALL.into_iter().any(|vocabulary| {
                asked.covers(vocabulary, *chat) && self.comes_second(vocabulary, *chat)
            })
        });
        asked.resume.since = kept;
        let held: BTreeMap<_, _> = held;
        held.into_keys().collect()
    }

    /// Whether a chat is followed in the other vocabulary only.
    fn comes_second(&self, vocabulary: Vocabulary, chat: ChatId) -> bool {
        let covers = |of| {
            self.scopes
                .get(&of)
                .is_some_and(|scope| scope.contains(chat))
        };
        !covers(vocabulary) && Vocabulary::ALL.into_iter().any(covers)
    }

    /// Whether the client is told this event in a vocabulary.
    pub(super) fn hears(&self, vocabulary: Vocabulary, chat: ChatId, seq: u64) -> bool {
        let scope = self.scopes.get(&vocabulary);
        scope.is_some_and(|scope| scope.contains(chat))
            && (self.floors.is_empty()
                || self
                    .floors
                    .get(&(vocabulary, chat))
                    .is_none_or(|floor| seq > *floor))
    }

    fn settle(&mut self) {
        self.scopes.clear();
        for topic in &self.topics {
            cover(self.scopes.entry(topic.vocabulary).or_default(), topic);
        }
        let scopes = &self.scopes;
        self.floors.retain(|(vocabulary, chat), _| {
            scopes
                .get(vocabulary)
                .is_some_and(|scope| scope.contains(*chat))
        });
    }

    /// Whether `asked` would make it too large.
    pub(super) fn check_space(&self, asked: &Asked) -> Result<(), ApiError> {
        if self.topics.len() + asked.topics.len() > MAX_TOPICS {
            return Err(Invalid::too_long("topics", MAX_TOPICS, "per connection").into());
        }
        Ok(())
    }

    /// Reads an `unsubscribe`; what was not followed is no mistake.
    pub(super) fn remove(&mut self, frame: ClientFrame, actor: Actor) -> Result<(), ApiError> {
        for text in topics(frame.topics)? {
            if let Ok(topic) = Topic::parse(&text, actor) {
                self.topics.remove(&topic);
            }
        }
        self.settle();
        Ok(())
    }

    /// Forgets a chat that is no longer delivered.
    pub(super) fn forget(&mut self, chat: ChatId) {
        self.topics.retain(|topic| topic.chat != Some(chat));
        self.floors.retain(|(_, floor), _| *floor != chat);
        self.settle();
    }

    /// What it names, as text.
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
    match topic.chat {
        Some(chat) => {
            scope.chats.insert(chat);
        }
        None => scope.is_all = true,
    }
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

fn resume(epoch: Option<String>, since: BTreeMap<String, u64>) -> Result<Resume, ApiError> {
    if epoch.is_none() && !since.is_empty() {
        return Err(ApiError::invalid(
            "epoch",
            "EPOCH_REQUIRED",
            "positions belong to an epoch",
        ));
    }
    let since: Result<_, Invalid> = since
        .into_iter()
        .map(|(chat, seq)| Ok((id::parse::<ChatId>("since", &chat)?, seq)))
        .collect();
    Ok(Resume {
        epoch: epoch.unwrap_or_default(),
        since: since?,
    })
}
