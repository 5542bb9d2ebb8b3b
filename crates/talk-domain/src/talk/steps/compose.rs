//! Step: a message is composed, stored and logged.

use std::sync::Arc;

use crate::kernel::context::Context;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::model::media::Media;
use crate::talk::model::message::{Author, Message};
use crate::talk::steps::attachment::attach;
use crate::talk::steps::mention::mention;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// A message without a `seq` yet.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// The author of the message.
    pub(crate) author: Author,
    /// The message that it answers.
    pub(crate) parent: Option<&'a Message>,
    /// The text.
    pub(crate) text: String,
    /// The attachments.
    pub(crate) medias: Vec<Media>,
}

/// Posts a message in the locked chat: stores it with its mentions, counts it as a reply to its
/// parent, and logs it.
pub(crate) fn publish(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    draft: Draft<'_>,
) -> Result<(Message, Arc<Logged>), StoreError> {
    let parent = draft.parent;
    let message = compose(cx, chat, draft);
    uow.messages().insert(&message)?;
    attach(uow, &message)?;
    mention(uow, &message)?;
    if let Some(parent) = parent {
        let replies = parent.reply_count + 1;
        uow.messages().set_reply_count(parent.id, replies)?;
    }
    let event = record(uow, cx, chat, Event::MessagePosted(&message))?;
    Ok((message, event))
}

/// Gives a message its id, its place in the log of the chat and its place in the thread.
fn compose(cx: &Context, chat: &mut Chat, draft: Draft<'_>) -> Message {
    let (tick, id, parent) = (chat.tick(cx.now), cx.fresh(), draft.parent);
    Message {
        id,
        customer: chat.customer,
        chat: chat.id,
        seq: tick.seq,
        author: draft.author,
        parent: parent.map(|parent| parent.id),
        root: parent.map_or(id, |parent| parent.root),
        depth: parent.map_or(0, |parent| parent.depth + 1),
        text: draft.text,
        medias: draft.medias,
        reactions: Vec::new(),
        reply_count: 0,
        created: tick.at,
        updated: tick.at,
        edited: None,
        deleted: None,
    }
}
