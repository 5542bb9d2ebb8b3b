//! The cache that the units of one transaction share.

use std::collections::HashMap;

use talk_domain::identity::access_key::{AccessKey, KeyHash};
use talk_domain::identity::agent::Agent;
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId, TokenId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::participant::Participant;

/// Maximum number of cached rows of one kind that are kept for the next batch, if the rows are small.
const LARGEST: usize = 4_096;

/// The same for rows with texts.
const LARGEST_TEXTS: usize = 1_024;

/// A cache of chats, memberships, agents and credentials that the units of one transaction have
/// read or changed. Later units read them from here, and the row of a chat is written once per
/// batch instead of once per event. It outlives its transaction only if that commits and
/// no other connection writes meanwhile.
#[derive(Default)]
pub(crate) struct BatchCache {
    /// Whether the cache is switched off.
    is_plain: bool,
    chats: HashMap<ChatId, Chat>,
    /// The stored rows of dirty chats.
    stored: HashMap<ChatId, Chat>,
    /// The number of rows written by [`BatchCache::flush`].
    flushed: i64,
    members: HashMap<(ChatId, AgentId), Participant>,
    /// Agents as stored.
    agents: HashMap<AgentId, Agent>,
    /// Whether these tokens are revoked.
    tokens: HashMap<TokenId, bool>,
    /// Access keys as stored.
    keys: HashMap<KeyHash, AccessKey>,
    has_erased: bool,
    /// The number of the last event in the whole log, once it is known.
    last_serial: Option<i64>,
}

impl BatchCache {
    /// Marks that text was erased, which must be removed from the write-ahead log too.
    pub(crate) const fn mark_erased(&mut self) {
        self.has_erased = true;
    }

    /// Returns the cache for the batch after one that has committed. It holds a bounded number of
    /// rows.
    pub(crate) fn committed(mut self) -> Self {
        (self.has_erased, self.flushed, self.last_serial) = (false, 0, None);
        clear_if_large(&mut self.chats, LARGEST_TEXTS);
        clear_if_large(&mut self.members, LARGEST);
        clear_if_large(&mut self.agents, LARGEST_TEXTS);
        clear_if_large(&mut self.tokens, LARGEST);
        clear_if_large(&mut self.keys, LARGEST);
        self
    }

    /// The number of the last event in the whole log, if it is known.
    pub(crate) const fn last_serial(&self) -> Option<i64> {
        self.last_serial
    }

    /// Remembers the number of the last event in the whole log.
    pub(crate) const fn set_last_serial(&mut self, serial: i64) {
        self.last_serial = Some(serial);
    }

    /// Returns whether text was erased.
    pub(crate) const fn has_erased(&self) -> bool {
        self.has_erased
    }

    /// Creates a cache that is switched off.
    pub(crate) fn plain() -> Self {
        Self {
            is_plain: true,
            ..Self::default()
        }
    }

    /// Returns a cached chat of the customer.
    pub(crate) fn chat(&self, id: ChatId, customer: Option<CustomerId>) -> Option<&Chat> {
        let known = self.chats.get(&id);
        known.filter(|chat| Some(chat.customer) == customer)
    }

    /// Caches a chat as stored.
    pub(crate) fn put_chat(&mut self, chat: &Chat) {
        if !self.is_plain {
            self.chats.insert(chat.id, as_stored(chat));
        }
    }

    /// Changes a cached chat and marks it as dirty until the next [`BatchCache::flush`]. Returns
    /// `false` if the chat is not cached and must be written now.
    pub(crate) fn change_chat(&mut self, chat: &Chat) -> bool {
        let Some(known) = self.chats.get_mut(&chat.id) else {
            return false;
        };
        let before = std::mem::replace(known, as_stored(chat));
        self.stored.entry(chat.id).or_insert(before);
        true
    }

    /// Calls `write` for every dirty chat, with its stored row and the cached one.
    pub(crate) fn flush(
        &mut self,
        mut write: impl FnMut(&Chat, &Chat) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let held_back: Vec<ChatId> = self.stored.keys().copied().collect();
        for id in held_back {
            if let (Some(stored), Some(chat)) = (self.stored.get(&id), self.chats.get(&id))
                && stored != chat
            {
                write(stored, chat)?;
                self.flushed += 1;
            }
            self.stored.remove(&id);
        }
        Ok(())
    }

    /// The number of rows written by [`BatchCache::flush`] so far.
    pub(crate) const fn flushed(&self) -> i64 {
        self.flushed
    }

    /// Invalidates a chat that is about to be removed, with its memberships and pending changes.
    pub(crate) fn invalidate_chat(&mut self, id: ChatId) {
        self.chats.remove(&id);
        self.stored.remove(&id);
        self.invalidate_members(id);
    }

    /// Returns the agent's cached membership, if it is of the customer.
    pub(crate) fn member(
        &self,
        (chat, agent): (ChatId, AgentId),
        customer: Option<CustomerId>,
    ) -> Option<&Participant> {
        let member = self.members.get(&(chat, agent));
        member.filter(|member| Some(member.customer) == customer)
    }

    /// Caches a membership.
    pub(crate) fn put_member(&mut self, member: &Participant) {
        if !self.is_plain {
            let key = (member.chat, member.agent);
            self.members.insert(key, *member);
        }
    }

    /// Returns a cached agent.
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id)
    }

    /// Caches an agent as stored.
    pub(crate) fn put_agent(&mut self, agent: &Agent) {
        if !self.is_plain {
            self.agents.insert(agent.id, agent.clone());
        }
    }

    /// Invalidates an agent that is about to change.
    pub(crate) fn invalidate_agent(&mut self, id: AgentId) {
        self.agents.remove(&id);
    }

    /// Invalidates all agents, before a customer is removed with its agents.
    pub(crate) fn invalidate_agents(&mut self) {
        self.agents.clear();
    }

    /// Returns whether a token is revoked, if that is cached.
    pub(crate) fn is_revoked(&self, token: TokenId) -> Option<bool> {
        self.tokens.get(&token).copied()
    }

    /// Caches whether a token is revoked.
    pub(crate) fn put_token(&mut self, token: TokenId, is_revoked: bool) {
        if !self.is_plain {
            self.tokens.insert(token, is_revoked);
        }
    }

    /// Invalidates all tokens, before revocations change.
    pub(crate) fn invalidate_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Returns the cached access key with this hash.
    pub(crate) fn key(&self, hash: &KeyHash) -> Option<&AccessKey> {
        self.keys.get(hash)
    }

    /// Caches an access key as stored.
    pub(crate) fn put_key(&mut self, key: &AccessKey) {
        if !self.is_plain {
            self.keys.insert(key.hash, key.clone());
        }
    }

    /// Invalidates all access keys, before some change.
    pub(crate) fn invalidate_keys(&mut self) {
        self.keys.clear();
    }

    /// Invalidates the memberships of a chat.
    pub(crate) fn invalidate_members(&mut self, chat: ChatId) {
        self.members.retain(|(of, _), _| *of != chat);
    }
}

/// Returns a chat as it would be read from its row: that of a deleted direct chat has no pair.
fn as_stored(chat: &Chat) -> Chat {
    Chat {
        pair: chat.pair.filter(|_| chat.deleted.is_none()),
        ..chat.clone()
    }
}

fn clear_if_large<K, V>(rows: &mut HashMap<K, V>, most: usize) {
    if rows.len() > most {
        *rows = HashMap::new();
    }
}
