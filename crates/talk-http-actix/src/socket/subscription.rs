//! What one connection follows.

use std::collections::{BTreeMap, BTreeSet};

use talk_domain::context::Actor;
use talk_domain::error::{DomainError, Invalid};
use talk_domain::id::ChatId;
use talk_domain::live::{Followed, Resume, Scope};
use talk_wire::id;
use talk_wire::socket::{ClientFrame, Range, Refused, ServerFrame, Topic};

use crate::api_error::ApiError;

/// Topics of one frame, and of one connection.
const MAX_TOPICS: usize = 1_000;

/// The topics of one connection.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    topics: BTreeSet<Topic>,
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
    pub(super) fn read(frame: ClientFrame, actor: Actor) -> Result<Self, ApiError> {
        let mut asked = Self {
            topics: Vec::new(),
            refused: Vec::new(),
            resume: resume(frame.epoch, frame.since.unwrap_or_default())?,
        };
        for text in topics(frame.topics)? {
            match Topic::parse(&text, actor) {
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

    /// Follows more.
    pub(super) fn add(&mut self, settled: Settled) {
        self.topics.extend(settled.topics);
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
        Ok(())
    }

    /// Forgets a chat that is no longer delivered.
    pub(super) fn forget(&mut self, chat: ChatId) {
        self.topics.retain(|topic| topic.chat != Some(chat));
    }

    /// What it names, as text.
    pub(super) fn topics(&self) -> Vec<String> {
        self.topics.iter().map(Topic::to_string).collect()
    }
}

fn scope<'a>(topics: impl IntoIterator<Item = &'a Topic>) -> Scope {
    let mut scope = Scope::default();
    for topic in topics {
        match topic.chat {
            Some(chat) => {
                scope.chats.insert(chat);
            }
            None => scope.is_all = true,
        }
    }
    scope
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
