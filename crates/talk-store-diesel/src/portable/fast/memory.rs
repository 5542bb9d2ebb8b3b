//! What the units of one transaction have in common.

use std::collections::HashMap;

use talk_domain::access_key::{AccessKey, KeyHash};
use talk_domain::agent::Agent;
use talk_domain::chat::Chat;
use talk_domain::id::{AgentId, ChatId, CustomerId, TokenId};
use talk_domain::participant::Participant;
use talk_domain::store::StoreError;

/// Chats, memberships, agents and credentials that units of one transaction found or changed: the
/// next unit need not read them again, and what each event changes of a chat is written once for all
/// of them. Ends with its transaction, or with the savepoint it began in: nothing else may write
/// meanwhile.
#[derive(Default)]
pub(crate) struct Memory {
    /// Whether nothing is cached and nothing held back.
    is_plain: bool,
    chats: HashMap<ChatId, Chat>,
    /// The rows of chats that are held back, as the database has them.
    stored: HashMap<ChatId, Chat>,
    /// The number of rows written by [`Memory::flush`].
    flushed: i64,
    members: HashMap<(ChatId, AgentId), Participant>,
    /// As the database has them.
    agents: HashMap<AgentId, Agent>,
    /// Whether these tokens are revoked.
    tokens: HashMap<TokenId, bool>,
    /// As the database has them.
    keys: HashMap<KeyHash, AccessKey>,
    has_erased: bool,
}

impl Memory {
    /// Notes that text was erased, which must not stay in the write-ahead log either.
    pub(crate) const fn mark_erased(&mut self) {
        self.has_erased = true;
    }

    /// Whether text was erased.
    pub(crate) const fn has_erased(&self) -> bool {
        self.has_erased
    }

    /// Creates a cache that keeps nothing and holds nothing back.
    pub(crate) fn plain() -> Self {
        Self {
            is_plain: true,
            ..Self::default()
        }
    }

    /// The chat, if it is known and the customer's.
    pub(crate) fn chat(&self, id: ChatId, customer: Option<CustomerId>) -> Option<&Chat> {
        let known = self.chats.get(&id);
        known.filter(|chat| Some(chat.customer) == customer)
    }

    /// Remembers a chat as the database has it.
    pub(crate) fn remember(&mut self, chat: &Chat) {
        if !self.is_plain {
            self.chats.insert(chat.id, as_stored(chat));
        }
    }

    /// Holds a change of a chat back until the next [`Memory::flush`]. Returns `false` if the chat is
    /// not known, so that it must be written now.
    pub(crate) fn advance(&mut self, chat: &Chat) -> bool {
        let Some(known) = self.chats.get_mut(&chat.id) else {
            return false;
        };
        let before = std::mem::replace(known, as_stored(chat));
        self.stored.entry(chat.id).or_insert(before);
        true
    }

    /// Writes every chat that is held back with `write`, which gets the row's chat and the cached
    /// one.
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

    /// The number of rows written by [`Memory::flush`] so far.
    pub(crate) const fn flushed(&self) -> i64 {
        self.flushed
    }

    /// Forgets a chat that is about to be removed, with its memberships and its progress.
    pub(crate) fn forget_chat(&mut self, id: ChatId) {
        self.chats.remove(&id);
        self.stored.remove(&id);
        self.forget_members(id);
    }

    /// The agent's membership, if it is known and the customer's.
    pub(crate) fn member(
        &self,
        (chat, agent): (ChatId, AgentId),
        customer: Option<CustomerId>,
    ) -> Option<&Participant> {
        let member = self.members.get(&(chat, agent));
        member.filter(|member| Some(member.customer) == customer)
    }

    /// Remembers a membership.
    pub(crate) fn remember_member(&mut self, member: &Participant) {
        if !self.is_plain {
            let key = (member.chat, member.agent);
            self.members.insert(key, *member);
        }
    }

    /// The agent, if it is known.
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id)
    }

    /// Remembers an agent as the database has it.
    pub(crate) fn remember_agent(&mut self, agent: &Agent) {
        if !self.is_plain {
            self.agents.insert(agent.id, agent.clone());
        }
    }

    /// Forgets an agent that is about to change.
    pub(crate) fn forget_agent(&mut self, id: AgentId) {
        self.agents.remove(&id);
    }

    /// Forgets all agents: a customer is about to be removed, and its agents with it.
    pub(crate) fn forget_agents(&mut self) {
        self.agents.clear();
    }

    /// Whether a token is revoked, if that is known.
    pub(crate) fn is_revoked(&self, token: TokenId) -> Option<bool> {
        self.tokens.get(&token).copied()
    }

    /// Remembers whether a token is revoked.
    pub(crate) fn remember_token(&mut self, token: TokenId, is_revoked: bool) {
        if !self.is_plain {
            self.tokens.insert(token, is_revoked);
        }
    }

    /// Forgets all tokens: which are revoked is about to change.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// The access key with this hash, if it is known.
    pub(crate) fn key(&self, hash: &KeyHash) -> Option<&AccessKey> {
        self.keys.get(hash)
    }

    /// Remembers an access key as the database has it.
    pub(crate) fn remember_key(&mut self, key: &AccessKey) {
        if !self.is_plain {
            self.keys.insert(key.hash, key.clone());
        }
    }

    /// Forgets all access keys: some are about to change.
    pub(crate) fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// Memberships of a chat have ended.
    pub(crate) fn forget_members(&mut self, chat: ChatId) {
        self.members.retain(|(of, _), _| *of != chat);
    }
}

/// A chat as it would be read: the row of a deleted direct chat has no pair.
fn as_stored(chat: &Chat) -> Chat {
    Chat {
        pair: chat.pair.filter(|_| chat.deleted.is_none()),
        ..chat.clone()
    }
}
