//! The commands of a story.

use talk_domain::chat::close::close_chat;
use talk_domain::chat::delete::delete_chat;
use talk_domain::chat::join::join_chat;
use talk_domain::chat::reopen::reopen_chat;
use talk_domain::chat::update::{UpdateChat, update_chat};
use talk_domain::context::Context;
use talk_domain::emoji::Emoji;
use talk_domain::error::{DomainError, ErrorKind};
use talk_domain::id::{AgentId, ChatId, MessageId};
use talk_domain::message::delete::delete_message;
use talk_domain::message::edit::{EditMessage, edit_message};
use talk_domain::message::post::{PostMessage, post_message};
use talk_domain::participant::add::{AddParticipant, add_participant};
use talk_domain::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::reaction::add::{React, add_reaction};
use talk_domain::reaction::remove::remove_reaction;
use talk_domain::read::mark::{MarkRead, mark_read};
use talk_domain::store::{StoreError, UnitOfWork};

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
    uow: &mut dyn UnitOfWork,
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
    uow: &mut dyn UnitOfWork,
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
