//! What the units of one transaction have in common.

use std::collections::HashMap;

use talk_domain::chat::Chat;
use talk_domain::id::{AgentId, ChatId, CustomerId};
use talk_domain::participant::Participant;

/// A chat as it is within the transaction.
struct Known {
    chat: Chat,
    /// What every event changes of it is still to be written.
    is_behind: bool,
}

/// Chats and memberships that units of one transaction found or changed: the next unit need not
/// read them again, and what each event changes of a chat is written once for all of them. Ends
/// with its transaction, or with the savepoint it began in: nothing else may write meanwhile.
#[derive(Default)]
pub(crate) struct Memory {
    chats: HashMap<ChatId, Known>,
    members: HashMap<(ChatId, AgentId), Participant>,
}

impl Memory {
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

    /// Memberships of a chat have ended.
    pub(crate) fn forget_members(&mut self, chat: ChatId) {
        self.members.retain(|(of, _), _| *of != chat);
    }
}
