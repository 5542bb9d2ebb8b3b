//! Commands of one request.

use std::pin::pin;

use futures_util::StreamExt as _;
use talk_client::resource::{Media, Message};
use talk_client::{Client, Draft};

use crate::output::{self, Output};

pub(crate) async fn chats(client: &Client, out: Output) -> anyhow::Result<()> {
    let mut chats = pin!(client.chats().into_stream());
    while let Some(chat) = chats.next().await {
        let chat = chat?;
        out.print(&chat, &output::chat(&chat))?;
    }
    Ok(())
}

pub(crate) async fn reply(
    client: &Client,
    parent: &Message,
    (text, medias): (String, Vec<Media>),
    out: Output,
) -> anyhow::Result<()> {
    let mut draft = Draft::text(text).reply_to(&parent.id);
    for media in medias {
        draft = draft.media(media);
    }
    out.posted(client.post(&parent.chat_id, draft).await)
}

pub(crate) async fn react(
    client: &Client,
    (message, emoji): (String, String),
    out: Output,
) -> anyhow::Result<()> {
    let message = client.react(&message, &emoji).await?;
    let reactions = message.metadata.reactions.iter();
    let emoji: Vec<&str> = reactions.map(|reaction| &*reaction.emoji).collect();
    Ok(out.print(&message, &output::printable(&emoji.join(" ")))?)
}
