//! Chats and participants.

use talk_wire::request::{CreateChat, Owner};
use talk_wire::resource::{AGENT, List, OwnChat, Participant};

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::pages::Pages;

const CHATS: &[&str] = &["v1.0", "service_agents", "talk_chats"];

/// A chat to be created.
#[derive(Clone, Debug, Default)]
pub struct NewChat {
    kind: &'static str,
    name: String,
    detail: String,
    others: Vec<String>,
}

impl NewChat {
    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// A direct chat with `agent`. If the pair has one already, the server returns that one.
    #[must_use]
    pub fn direct(agent: impl Into<String>) -> Self {
        Self::of("direct").with(agent)
    }

    /// A private group.
    #[must_use]
    pub fn group(name: impl Into<String>) -> Self {
        Self::of("group").named(name)
    }

    /// A channel that everybody of the customer may join.
    #[must_use]
    pub fn channel(name: impl Into<String>) -> Self {
        Self::of("talk").named(name)
    }

    fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds an agent as a participant from the beginning.
    #[must_use]
    pub fn with(mut self, agent: impl Into<String>) -> Self {
        self.others.push(agent.into());
        self
    }

    fn request(self) -> CreateChat {
        let others = self.others.into_iter();
        CreateChat {
            kind: Some(self.kind.to_owned()),
            name: Some(self.name),
            detail: Some(self.detail),
            participants: Some(others.map(owner).collect()),
            participant_ids: None,
        }
    }
}

fn owner(agent: String) -> Owner {
    Owner {
        owner_type: Some(AGENT.to_owned()),
        owner_id: Some(agent),
    }
}

/// The segments of a path below a chat.
fn below<'a>(chat: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [CHATS, &[chat], rest].concat()
}

impl Client {
    /// Lists the chats the caller participates in.
    pub fn chats(&self) -> Pages<OwnChat> {
        Pages::new(self, CHATS)
    }

    /// A chat.
    ///
    /// # Errors
    /// `CHAT_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn chat(&self, chat: &str) -> Result<OwnChat, ClientError> {
        self.send(Call::get(&below(chat, &[]))).await
    }

    /// Creates a chat with the caller as a participant.
    ///
    /// # Errors
    /// `AGENT_NOT_FOUND` among others; see [`ClientError`].
    pub async fn create_chat(&self, new: NewChat) -> Result<OwnChat, ClientError> {
        self.send(Call::post(CHATS).json(&new.request())?).await
    }

    /// The participants of a chat.
    ///
    /// # Errors
    /// `CHAT_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn participants(&self, chat: &str) -> Result<Vec<Participant>, ClientError> {
        let mut participants = Vec::new();
        let mut token = String::new();
        loop {
            let mut call = Call::get(&below(chat, &["participants"])).with("page_size", &100);
            if !token.is_empty() {
                call = call.with("page_token", &token);
            }
            let page: List<Participant> = self.send(call).await?;
            participants.extend(page.result);
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(participants);
            }
        }
    }

    /// Adds an agent.
    ///
    /// # Errors
    /// `PARTICIPANT_ALREADY_EXISTS` among others; see [`ClientError`].
    pub async fn add_participant(
        &self,
        chat: &str,
        agent: &str,
    ) -> Result<Participant, ClientError> {
        let call = Call::post(&below(chat, &["participants"]));
        self.send(call.json(&owner(agent.to_owned()))?).await
    }

    /// Removes a participant, or leaves the chat. It is not sent again once it may have had its
    /// effect, since the second answer would be 404.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_participant(
        &self,
        chat: &str,
        participant: &str,
    ) -> Result<Participant, ClientError> {
        let call = Call::delete(&below(chat, &["participants", participant]));
        self.send(call.once()).await
    }

    /// Joins a channel.
    ///
    /// # Errors
    /// `CHAT_NOT_JOINABLE` among others; see [`ClientError`].
    pub async fn join(&self, chat: &str) -> Result<Participant, ClientError> {
        self.send(Call::post(&below(chat, &["join"]))).await
    }

    /// Closes a chat: it stays readable.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn close(&self, chat: &str) -> Result<OwnChat, ClientError> {
        self.send(Call::post(&below(chat, &["close"]))).await
    }

    /// Reopens a closed chat.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn reopen(&self, chat: &str) -> Result<OwnChat, ClientError> {
        self.send(Call::post(&below(chat, &["reopen"]))).await
    }

    /// Deletes a chat.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete_chat(&self, chat: &str) -> Result<OwnChat, ClientError> {
        self.send(Call::delete(&below(chat, &[]))).await
    }
}
