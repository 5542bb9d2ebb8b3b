//! Messages, threads and reactions.

use talk_wire::request::{EditMessage, PostMessage, React};
use talk_wire::resource::{Media, Message};

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::pages::Pages;

const MESSAGES: &[&str] = &["v1.0", "service_agents", "talk_messages"];
const SEARCH: &[&str] = &["v1.0", "service_agents", "talk_search"];

/// A search; a `&str` or `String` converts into one.
#[derive(Clone, Debug)]
pub struct Search {
    query: Vec<(&'static str, String)>,
}

impl From<&str> for Search {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl Search {
    /// Finds messages that contain `text`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            query: vec![("q", text.into())],
        }
    }

    /// Only messages of this chat.
    #[must_use]
    pub fn chat(self, chat: impl Into<String>) -> Self {
        self.with("chat_id", chat.into())
    }

    /// Only messages of this agent.
    #[must_use]
    pub fn by(self, agent: impl Into<String>) -> Self {
        self.with("from", agent.into())
    }

    /// Only messages created after this time: `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, or RFC 3339.
    #[must_use]
    pub fn after(self, time: impl Into<String>) -> Self {
        self.with("after", time.into())
    }

    /// Only messages created before this time.
    #[must_use]
    pub fn before(self, time: impl Into<String>) -> Self {
        self.with("before", time.into())
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.query.push((name, value));
        self
    }
}

/// A message to be posted; a `&str` or `String` converts into one.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    text: String,
    parent: Option<String>,
    medias: Vec<Media>,
    key: Option<String>,
}

impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Draft {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Draft {
    /// Creates a draft with a text, which may be empty if there is a media.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Makes it a reply to a message of the same chat.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<String>) -> Self {
        self.parent = Some(message.into());
        self
    }

    /// Attaches a media.
    #[must_use]
    pub fn media(mut self, media: Media) -> Self {
        self.medias.push(media);
        self
    }

    /// Sets the idempotency key, 8 to 255 characters. Posting the draft again, also after a
    /// restart, returns the first message.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

fn below<'a>(message: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [MESSAGES, &[message], rest].concat()
}

impl Client {
    /// Lists the messages of a chat; deleted ones have no content.
    pub fn messages(&self, chat: &str) -> Pages<Message> {
        Pages::new(self, MESSAGES).with("chat_id", &chat)
    }

    /// Lists a whole thread; `root` is its first message.
    pub fn thread(&self, root: &str) -> Pages<Message> {
        Pages::new(self, MESSAGES).with("root_id", &root)
    }

    /// Searches the chats of the caller, without case and accents.
    pub fn search(&self, search: impl Into<Search>) -> Pages<Message> {
        let search: Search = search.into();
        let mut pages = Pages::new(self, SEARCH);
        for (name, value) in search.query {
            pages = pages.with(name, &value);
        }
        pages
    }

    /// Searches one chat.
    pub fn search_in(&self, chat: &str, text: &str) -> Pages<Message> {
        self.search(Search::text(text).chat(chat))
    }

    /// A message.
    ///
    /// # Errors
    /// `MESSAGE_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn message(&self, message: &str) -> Result<Message, ClientError> {
        self.send(Call::get(&below(message, &[]))).await
    }

    /// Posts a message. Retries post it only once.
    ///
    /// # Errors
    /// `CHAT_CLOSED` or `PERMISSION_DENIED` among others, and [`ClientError::Held`] if an intercept of the
    /// customer holds it; see [`ClientError`].
    pub async fn post(&self, chat: &str, draft: impl Into<Draft>) -> Result<Message, ClientError> {
        let draft: Draft = draft.into();
        let request = PostMessage {
            chat_id: Some(chat.to_owned()),
            kind: None,
            text: Some(draft.text),
            parent_id: draft.parent,
            medias: Some(draft.medias),
        };
        let mut call = Call::post(MESSAGES).json(&request)?;
        if let Some(key) = draft.key {
            call = call.keyed(key);
        }
        self.send(call).await
    }

    /// Edits a message of the caller.
    ///
    /// # Errors
    /// `MESSAGE_DELETED` among others, and [`ClientError::Held`]; see [`ClientError`].
    pub async fn edit(
        &self,
        message: &str,
        text: impl Into<String>,
    ) -> Result<Message, ClientError> {
        let request = EditMessage {
            text: Some(text.into()),
            medias: None,
        };
        self.send(Call::put(&below(message, &[])).json(&request)?)
            .await
    }

    /// Deletes a message of the caller.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete(&self, message: &str) -> Result<Message, ClientError> {
        self.send(Call::delete(&below(message, &[]))).await
    }

    /// Reacts with an emoji or a short name.
    ///
    /// # Errors
    /// `EMOJI_INVALID` among others; see [`ClientError`].
    pub async fn react(&self, message: &str, emoji: &str) -> Result<Message, ClientError> {
        let request = React {
            emoji: Some(emoji.to_owned()),
        };
        let call = Call::post(&below(message, &["reactions"]));
        self.send(call.json(&request)?).await
    }

    /// Removes a reaction of the caller.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn unreact(&self, message: &str, emoji: &str) -> Result<Message, ClientError> {
        let call = Call::delete(&below(message, &["reactions"]));
        self.send(call.with("emoji", &emoji)).await
    }
}
