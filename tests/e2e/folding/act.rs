//! The commands of a story.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{DomainError, ErrorKind};
use talk_domain::kernel::id::{AgentId, ChatId, MessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::close::close_chat;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::join::join_chat;
use talk_domain::talk::chat::reopen::reopen_chat;
use talk_domain::talk::chat::update::{UpdateChat, update_chat};
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::participant::add::{AddParticipant, add_participant};
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::talk::reaction::remove::remove_reaction;
use talk_domain::talk::read::mark::{MarkRead, mark_read};
use talk_domain::talk::unit::TalkUnit;

/// Why a command has no effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("a rule refuses it")]
    Rule,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::FailedPrecondition
    }
    fn reason(&self) -> &'static str {
        "REFUSED"
    }
}

fn refused<T, E>(done: Result<T, E>) -> Result<(), Refused> {
    done.map(drop).map_err(|_| Refused::Rule)
}

/// One command of a story.
pub(super) fn act(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (chat, other, message): (ChatId, AgentId, Option<MessageId>),
    (choice, seq): (u64, u64),
) -> Result<(), Refused> {
    let post = |parent| PostMessage {
        chat,
        parent,
        text: format!("said {seq}"),
        medias: vec![],
    };
    let Some(message) = message else {
        return refused(post_message(uow, cx, &post(None)));
    };
    let emoji = ["👍", "🎉", "tada"][usize::try_from(seq % 3).expect("small")];
    let react = React {
        message,
        emoji: Emoji::parse(emoji, 64).expect("an emoji"),
    };
    match choice {
        0..=3 => refused(post_message(uow, cx, &post(None))),
        4..=6 => refused(post_message(uow, cx, &post(Some(message)))),
        7 | 8 => refused(edit_message(
            uow,
            cx,
            &EditMessage {
                message,
                text: Some(format!("edited {seq}")),
                medias: None,
            },
        )),
        9 => refused(delete_message(uow, cx, message)),
        10 | 11 => refused(add_reaction(uow, cx, &react)),
        12 => refused(remove_reaction(uow, cx, &react)),
        13 | 14 => refused(mark_read(uow, cx, &MarkRead { chat, seq })),
        15 => refused(add_participant(
            uow,
            cx,
            &AddParticipant { chat, agent: other },
        )),
        16 => refused(remove(uow, cx, chat, other)),
        17 => refused(update_chat(
            uow,
            cx,
            &UpdateChat {
                chat,
                name: Some(format!("N{}", seq % 2)),
                detail: None,
            },
        )),
        18 => match seq % 3 {
            0 => refused(close_chat(uow, cx, chat)),
            1 => refused(reopen_chat(uow, cx, chat)),
            _ => refused(join_chat(uow, cx, chat)),
        },
        _ if seq == 0 => refused(delete_chat(uow, cx, chat)),
        _ => refused(reopen_chat(uow, cx, chat)),
    }
}

fn remove(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: ChatId,
    agent: AgentId,
) -> Result<(), Refused> {
    let member = uow.participants().find(chat, agent)?.ok_or(Refused::Rule)?;
    let participant = member.id;
    refused(remove_participant(
        uow,
        cx,
        &RemoveParticipant { chat, participant },
    ))
}
