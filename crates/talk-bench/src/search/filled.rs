//! A store filled with messages, and what should be found in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use conversation_domain::model::event as conversation;
use talk_domain::kernel::fold::fold;
use talk_domain::kernel::id::{
    AgentId, ChatId, ConversationId, CustomerId, MessageId, ParticipantId,
};
use talk_domain::kernel::log::{Bell, Logged};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::{Chat, ChatKind, ChatStatus};
use talk_domain::talk::model::event::{Event, EventKind, FrameEncoder};
use talk_domain::talk::model::message::{Author, Message};
use talk_domain::talk::model::participant::Participant;
use talk_domain::talk::unit::Talk;

use talk_store_diesel::{StoreOptions, open};
use tempfile::TempDir;
use uuid::Uuid;

use super::corpus::{Corpus, Random};

/// Chats; every second one is the searcher's, every tenth another customer's.
const CHATS: usize = 40;
/// Messages stored by one unit.
const UNIT: usize = 500;
/// Microseconds from message to message.
const PACE: i64 = 500_000;

/// A bell without subscribers.
struct Deaf;

impl FrameEncoder for Deaf {
    fn encode(&self, _: ChatId, _: u64, _: Event<'_>) -> String {
        String::new()
    }
    fn encode_redacted(&self, _: EventKind, _: u64, _: &Message) -> String {
        String::new()
    }
}

impl conversation::FrameEncoder for Deaf {
    fn encode_conversation(&self, _: ConversationId, _: u64, _: conversation::Event<'_>) -> String {
        String::new()
    }
}

impl Bell for Deaf {
    fn ring(&self, _: &[Arc<Logged>]) {}
}

/// The store and its messages.
pub(crate) struct Filled {
    _data: TempDir,
    /// Its URL.
    pub(crate) url: String,
    /// The store.
    pub(crate) store: Arc<dyn Store<Talk>>,
    /// Everything, in the order of storing.
    pub(crate) said: Vec<Said>,
}

/// A message, and how it is compared.
pub(crate) struct Said {
    /// The message.
    pub(crate) message: Message,
    /// Its text, folded.
    pub(crate) folded: String,
}

impl Said {
    fn new(message: Message) -> Self {
        let folded = fold(&message.text);
        Self { message, folded }
    }
}

/// The customer of the searcher.
pub(crate) const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(0xC));
/// The searching agent.
pub(crate) const SEARCHER: AgentId = AgentId(Uuid::from_u128(0xA));

fn customer_of(chat: usize) -> CustomerId {
    if chat % 10 == 9 {
        CustomerId(Uuid::from_u128(0xD))
    } else {
        CUSTOMER
    }
}

/// Returns whether the searching agent is in this chat.
fn is_in(chat: usize) -> bool {
    chat.is_multiple_of(2)
}

fn id(kind: u128, n: usize) -> Uuid {
    Uuid::from_u128(kind << 64 | u128::try_from(n).unwrap_or(0))
}

fn at(micros: i64) -> Timestamp {
    let at = Timestamp::from_micros(1_700_000_000_000_000 + micros);
    at.unwrap_or_else(|| unreachable!("{micros} is out of range"))
}

impl Filled {
    /// Fills a new store below `dir` with `messages` messages.
    pub(crate) async fn with(messages: usize, dir: &Path) -> Result<Self> {
        let data = TempDir::with_prefix_in("search-", dir)?;
        let url = format!("sqlite:{}", data.path().join("talk.db").display());
        let store = open(
            &url,
            &StoreOptions::default(),
            Arc::new(Deaf),
            Arc::new(Deaf),
        )?;
        let mut filled = Self {
            _data: data,
            url,
            store,
            said: Vec::with_capacity(messages),
        };
        for chat in (0..CHATS).filter(|chat| is_in(*chat)) {
            filled.join(chat).await?;
        }
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        let corpus = Corpus::new(&mut random);
        for first in (0..messages).step_by(UNIT) {
            let said: Vec<Message> = (first..messages.min(first + UNIT))
                .map(|n| message(n, corpus.text(&mut random), &mut random))
                .collect();
            filled.say(said).await?;
        }
        Ok(filled)
    }

    async fn join(&self, n: usize) -> Result<()> {
        let chat = chat(n);
        let member = Participant {
            id: ParticipantId(id(3, n)),
            customer: chat.customer,
            chat: chat.id,
            agent: SEARCHER,
            joined: at(0),
        };
        let join = self
            .store
            .write(Unit::of(chat.customer, "join"), move |uow| {
                uow.participants().insert(&chat, &member)
            });
        join.await
            .map(drop)
            .map_err(|error: StoreError| error.into())
    }

    /// Stores messages, of one customer a unit.
    async fn say(&mut self, said: Vec<Message>) -> Result<()> {
        for customer in [customer_of(0), customer_of(9)] {
            let own = said.iter().filter(|message| message.customer == customer);
            let own: Vec<Message> = own.cloned().collect();
            let say = self.store.write(Unit::of(customer, "say"), move |uow| {
                own.iter()
                    .try_for_each(|message| uow.messages().insert(message))
            });
            say.await.map_err(|error: StoreError| error)?;
        }
        self.said.extend(said.into_iter().map(Said::new));
        Ok(())
    }

    /// Edits every `every`th message and deletes the one after it.
    pub(crate) async fn change(&mut self, every: usize) -> Result<()> {
        let said = self.said.len();
        for n in (0..said).step_by(every.max(2)) {
            let other = self
                .said
                .get(said - 1 - n)
                .context("a message")?
                .message
                .text
                .clone();
            for (n, text) in [(n, other), (n + 1, String::new())] {
                let Some(place) = self.said.get_mut(n) else {
                    continue;
                };
                let mut message = place.message.clone();
                message.deleted = text.is_empty().then_some(message.created);
                message.text = text;
                *place = Said::new(message.clone());
                let unit = Unit::of(message.customer, "change");
                let change = self
                    .store
                    .write(unit, move |uow| uow.messages().update(&message));
                change.await.map_err(|error: StoreError| error)?;
            }
        }
        Ok(())
    }

    /// The expected results, newest first.
    pub(crate) fn expected(&self, needle: &str) -> Vec<MessageId> {
        let matches = self.said.iter().filter(|said| {
            let chat = usize::try_from(said.message.chat.0.as_u128() & 0xffff).unwrap_or(0);
            is_in(chat) && customer_of(chat) == CUSTOMER && said.folded.contains(needle)
        });
        let mut places: Vec<_> = matches
            .map(|said| (said.message.created, said.message.id))
            .collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.into_iter().map(|(_, id)| id).collect()
    }
}

fn chat(n: usize) -> Chat {
    Chat {
        id: ChatId(id(2, n)),
        customer: customer_of(n),
        kind: ChatKind::Group,
        name: String::new(),
        detail: String::new(),
        status: ChatStatus::Active,
        creator: SEARCHER,
        pair: None,
        member_count: 1,
        last: Tick { seq: 1, at: at(0) },
        log_start: 0,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// The `n`th message: not quite in the order of time, and sometimes at the instant of another.
fn message(n: usize, text: String, random: &mut Random) -> Message {
    let chat = random.below(CHATS);
    let pace = i64::try_from(n).unwrap_or(0) * PACE;
    let early = i64::try_from(random.below(4)).unwrap_or(0) * PACE;
    let created = at(pace - early);
    let id = MessageId(id(1, n));
    Message {
        id,
        customer: customer_of(chat),
        chat: ChatId(self::id(2, chat)),
        seq: 1,
        author: Author::Agent(SEARCHER),
        parent: None,
        root: id,
        depth: 0,
        text,
        medias: Vec::new(),
        reactions: Vec::new(),
        reply_count: 0,
        created,
        updated: created,
        edited: None,
        deleted: None,
    }
}
