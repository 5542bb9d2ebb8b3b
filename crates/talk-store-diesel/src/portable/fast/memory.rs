//! What the units of one transaction have in common.

use std::collections::HashMap;

use talk_domain::access_key::{AccessKey, KeyHash};
use talk_domain::agent::Agent;
use talk_domain::chat::Chat;
use talk_domain::id::{AgentId, ChatId, CustomerId, TokenId};
use talk_domain::participant::Participant;

/// A chat as it is within the transaction.
struct Known {
    chat: Chat,
    /// What every event changes of it is still to be written.
    is_behind: bool,
}

/// Chats, memberships, agents and credentials that units of one transaction found or changed: the
/// next unit need not read them again, and what each event changes of a chat is written once for all
/// of them. Ends with its transaction, or with the savepoint it began in: nothing else may write
/// meanwhile.
#[derive(Default)]
pub(crate) struct Memory {
    chats: HashMap<ChatId, Known>,
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

    /// The chat, if it is known and the customer's.
    pub(crate) fn chat(&self, id: ChatId, customer: Option<CustomerId>) -> Option<&Chat> {
        let known = self.chats.get(&id).map(|known| &known.chat);
        known.filter(|chat| Some(chat.customer) == customer)
    }

    /// Remembers a chat as the database has it.
    pub(crate) fn remember(&mut self, chat: &Chat) {
        let known = Known {
            chat: chat.clone(),
            is_behind: false,
        };
        self.chats.insert(chat.id, known);
    }

    /// Remembers a chat that the database is to be told of by [`Memory::behind`].
    pub(crate) fn advance(&mut self, chat: &Chat) {
        let known = Known {
            chat: chat.clone(),
            is_behind: true,
        };
        self.chats.insert(chat.id, known);
    }

    /// Forgets a chat that is about to be removed, with its memberships and its progress.
    pub(crate) fn forget_chat(&mut self, id: ChatId) {
        self.chats.remove(&id);
        self.forget_members(id);
    }

    /// The chats whose progress is to be written now.
    pub(crate) fn behind(&mut self) -> impl Iterator<Item = &Chat> {
        let behind = |known: &mut Known| std::mem::take(&mut known.is_behind);
        self.chats
            .values_mut()
            .filter_map(move |known| behind(known).then_some(&known.chat))
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
        let key = (member.chat, member.agent);
        self.members.insert(key, *member);
    }

    /// The agent, if it is known.
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id)
    }

    /// Remembers an agent as the database has it.
    pub(crate) fn remember_agent(&mut self, agent: &Agent) {
        self.agents.insert(agent.id, agent.clone());
    }

    /// Forgets an agent that is about to change.
    pub(crate) fn forget_agent(&mut self, id: AgentId) {
        self.agents.remove(&id);
    }

    /// Whether a token is revoked, if that is known.
    pub(crate) fn is_revoked(&self, token: TokenId) -> Option<bool> {
        self.tokens.get(&token).copied()
    }

    /// Remembers whether a token is revoked.
    pub(crate) fn remember_token(&mut self, token: TokenId, is_revoked: bool) {
        self.tokens.insert(token, is_revoked);
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
        self.keys.insert(key.hash, key.clone());
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
