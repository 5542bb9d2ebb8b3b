//! Conversations with people outside.

use talk_wire::request::{ClaimConversation, FileReference, SendMessage};
use talk_wire::resource::{Conversation, ConversationAccount, ConversationMessage};

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::pages::Pages;

const CONVERSATIONS: &[&str] = &["v1.0", "conversations"];
const ACCOUNTS: &[&str] = &["v1.0", "conversation_accounts"];

fn below<'a>(conversation: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [CONVERSATIONS, &[conversation], rest].concat()
}

impl Pages<Conversation> {
    /// Only conversations of this agent, or those without an owner for `none`.
    pub fn owned_by(self, agent: &str) -> Self {
        self.with("owner_id", &agent)
    }

    /// Only conversations in which this text is.
    pub fn containing(self, text: &str) -> Self {
        self.with("q", &text)
    }

    /// Only conversations in this state: `active` or `closed`.
    pub fn in_state(self, state: &str) -> Self {
        self.with("state", &state)
    }
}

impl Client {
    /// Lists the caller's conversations with people outside, or all for admins and managers.
    pub fn conversations(&self) -> Pages<Conversation> {
        Pages::new(self, CONVERSATIONS)
    }

    /// A conversation.
    ///
    /// # Errors
    /// `CONVERSATION_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn conversation(&self, conversation: &str) -> Result<Conversation, ClientError> {
        self.send(Call::get(&below(conversation, &[]))).await
    }

    /// Becomes the owner of a conversation without an owner.
    ///
    /// # Errors
    /// `OWNER_CHANGED` if another agent has claimed it; see [`ClientError`].
    pub async fn claim(&self, conversation: &str) -> Result<Conversation, ClientError> {
        let call = Call::post(&below(conversation, &["claim"])).once();
        self.send(call.json(&ClaimConversation::default())?).await
    }

    /// Sends a message to the person outside. Retries send it only once.
    ///
    /// # Errors
    /// `ACCOUNT_DISABLED` or `PERMISSION_DENIED` among others; see [`ClientError`].
    pub async fn answer(
        &self,
        conversation: &str,
        text: impl Into<String>,
    ) -> Result<ConversationMessage, ClientError> {
        self.answer_with_files(conversation, text, &[]).await
    }

    /// Like [`answer`](Self::answer), with uploaded files, named by their ids.
    ///
    /// # Errors
    /// `MEDIA_FILE_NOT_FOUND` among others; see [`ClientError`].
    pub async fn answer_with_files(
        &self,
        conversation: &str,
        text: impl Into<String>,
        files: &[&str],
    ) -> Result<ConversationMessage, ClientError> {
        let media = |id: &&str| FileReference {
            kind: Some("file".to_owned()),
            file_id: Some((*id).to_owned()),
        };
        let medias: Vec<_> = files.iter().map(media).collect();
        let message = SendMessage {
            text: text.into(),
            medias: (!medias.is_empty()).then_some(medias),
        };
        let call = Call::post(&below(conversation, &["messages"]));
        self.send(call.json(&message)?).await
    }

    /// Deletes a message of either side. If it was sent, the person outside may keep it.
    ///
    /// # Errors
    /// `MESSAGE_NOT_FOUND` or `PERMISSION_DENIED` among others; see [`ClientError`].
    pub async fn delete_answer(
        &self,
        conversation: &str,
        message: &str,
    ) -> Result<ConversationMessage, ClientError> {
        let path = below(conversation, &["messages", message]);
        self.send(Call::delete(&path)).await
    }

    /// Lists the accounts of the caller's customer, for admins and managers.
    pub fn conversation_accounts(&self) -> Pages<ConversationAccount> {
        Pages::new(self, ACCOUNTS)
    }
}
