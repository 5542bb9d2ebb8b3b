//! Use case: create a chat.

use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::Tick;
use crate::kernel::text::check_text;
use crate::talk::model::chat::{Chat, ChatKind, ChatStatus, DirectPair};
use crate::talk::model::event::Event;
use crate::talk::steps::direct::resume;
use crate::talk::steps::membership::{JoinError, admit, check_agents};
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateChat {
    /// The type.
    pub kind: ChatKind,
    /// For people; may be empty.
    pub name: String,
    /// For people; may be empty.
    pub detail: String,
    /// Further participants. The caller and repeated agents are ignored.
    pub others: Vec<AgentId>,
}

refusals! {
    /// Refusals of [`create_chat`].
    pub enum CreateChatError {
        NeedsOneOther = InvalidArgument "DIRECT_CHAT_NEEDS_ONE_OTHER"
            "a direct chat needs exactly one other agent",
        ..Join(JoinError),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates a chat with the caller as a participant (S-070), all or nothing. If the pair of a direct
/// chat has one already, that one is resumed.
///
/// # Errors
/// See [`CreateChatError`].
pub fn create_chat(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    command: &CreateChat,
) -> Result<Chat, CreateChatError> {
    check(cx, command)?;
    let others = others(cx, command);
    let pair = match (command.kind, others.as_slice()) {
        (ChatKind::Direct, [other]) => Some(DirectPair::new(cx.actor.agent, *other)),
        (ChatKind::Direct, _) => return Err(CreateChatError::NeedsOneOther),
        (ChatKind::Group | ChatKind::Talk, _) => None,
    };
    if let Some(pair) = pair
        && let Some(chat) = uow.chats().lock_direct(pair)?
    {
        return Ok(resume(uow, cx, chat, pair)?);
    }
    check_agents(uow, &others)?;
    let mut chat = new_chat(cx, command, pair);
    if !uow.chats().insert(&chat)? {
        return Err(StoreError::Conflict.into());
    }
    let founders = [&[cx.actor.agent], others.as_slice()].concat();
    record(uow, cx, &chat, Event::ChatCreated(&chat, &founders))?;
    for founder in founders {
        admit(uow, cx, &mut chat, founder)?;
    }
    Ok(chat)
}

fn check(cx: &Context, command: &CreateChat) -> Result<(), Invalid> {
    check_text("name", &command.name, cx.limits.name)?;
    check_text("detail", &command.detail, cx.limits.detail)?;
    if command.others.len() > cx.limits.participants {
        return Err(Invalid::too_long(
            "participants",
            cx.limits.participants,
            "participants",
        ));
    }
    Ok(())
}

fn others(cx: &Context, command: &CreateChat) -> Vec<AgentId> {
    let mut others = Vec::with_capacity(command.others.len());
    for &agent in &command.others {
        if agent != cx.actor.agent && !others.contains(&agent) {
            others.push(agent);
        }
    }
    others
}

fn new_chat(cx: &Context, command: &CreateChat, pair: Option<DirectPair>) -> Chat {
    Chat {
        id: cx.fresh(),
        customer: cx.actor.customer,
        kind: command.kind,
        name: command.name.clone(),
        detail: command.detail.clone(),
        status: ChatStatus::Active,
        creator: cx.actor.agent,
        pair,
        member_count: 0,
        last: Tick { seq: 1, at: cx.now },
        log_start: 0,
        created: cx.now,
        updated: cx.now,
        deleted: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::event::EventKind::{ChatCreated, ParticipantJoined};
    use crate::testing::{Scene, a_chat, agent_id, an_agent, context};

    fn command(kind: ChatKind, others: &[u128]) -> CreateChat {
        CreateChat {
            kind,
            name: "Q1".into(),
            detail: String::new(),
            others: others.iter().map(|n| agent_id(*n)).collect(),
        }
    }

    /// S-070.
    #[test]
    fn the_caller_becomes_a_participant_and_the_chat_comes_first_in_the_log() {
        let scene = Scene::new(a_chat());
        let command = command(ChatKind::Group, &[2, 3]);
        let chat = create_chat(&mut scene.unit(), &context(agent_id(1)), &command).unwrap();
        assert_eq!((chat.member_count, chat.last.seq), (3, 4));
        assert_eq!(
            scene.events(),
            [
                ChatCreated,
                ParticipantJoined,
                ParticipantJoined,
                ParticipantJoined
            ]
        );
        assert!(
            scene.announced().is_empty(),
            "founders are not announced (S-090)"
        );
    }

    /// S-073.
    #[test]
    fn naming_oneself_or_somebody_twice_is_harmless() {
        let scene = Scene::new(a_chat());
        let command = command(ChatKind::Group, &[1, 2, 2, 1]);
        let chat = create_chat(&mut scene.unit(), &context(agent_id(1)), &command).unwrap();
        assert_eq!(chat.member_count, 2);
    }

    /// CHAT-04: a direct chat is of exactly two.
    #[test]
    fn a_direct_chat_needs_exactly_one_other() {
        for others in [&[][..], &[1], &[2, 3]] {
            let scene = Scene::new(a_chat());
            let command = command(ChatKind::Direct, others);
            let refused = create_chat(&mut scene.unit(), &context(agent_id(1)), &command);
            assert!(
                matches!(refused, Err(CreateChatError::NeedsOneOther)),
                "{others:?}"
            );
            assert!(scene.events().is_empty());
        }
    }

    /// S-070: all or nothing.
    #[test]
    fn an_unknown_agent_makes_no_chat() {
        let scene = Scene::new(a_chat());
        let command = command(ChatKind::Group, &[2, 77]);
        let refused = create_chat(&mut scene.unit(), &context(agent_id(1)), &command);
        assert!(matches!(
            refused,
            Err(CreateChatError::Join(JoinError::AgentNotFound))
        ));
        assert!(scene.events().is_empty());
    }

    /// S-070.
    #[test]
    fn a_disabled_or_deleted_agent_is_brought_along_by_nobody() {
        let mut disabled = an_agent(2);
        disabled.status = crate::identity::agent::AgentStatus::Disabled;
        let mut deleted = an_agent(2);
        deleted.deleted = Some(deleted.created);
        for agent in [disabled, deleted] {
            let mut uow = crate::testing::MockUnitOfWork::default();
            uow.agents
                .expect_get()
                .returning(move |_| Ok(Some(agent.clone())));
            let command = command(ChatKind::Group, &[2]);
            let refused = create_chat(&mut uow, &context(agent_id(1)), &command);
            assert!(matches!(
                refused,
                Err(CreateChatError::Join(JoinError::AgentNotFound))
            ));
        }
    }

    /// API-18: limits name the field.
    #[test]
    fn limits_are_named() {
        let many: Vec<u128> = (10..511).collect();
        let long = CreateChat {
            name: "x".repeat(256),
            ..command(ChatKind::Talk, &[])
        };
        for (command, field, limit) in [
            (command(ChatKind::Group, &many), "participants", 500),
            (long, "name", 255),
        ] {
            let scene = Scene::new(a_chat());
            let refused = create_chat(&mut scene.unit(), &context(agent_id(1)), &command);
            let Err(CreateChatError::Invalid(invalid)) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!((&*invalid.field, invalid.limit), (field, Some(limit)));
        }
    }

    /// CHAT-04: the unique index decides, and the unit runs again.
    #[test]
    fn losing_the_race_for_a_pair_asks_for_another_run() {
        let mut uow = crate::testing::MockUnitOfWork::default();
        uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
        uow.chats.expect_lock_direct().returning(|_| Ok(None));
        uow.chats.expect_insert().returning(|_| Ok(false));
        let command = command(ChatKind::Direct, &[2]);
        let refused = create_chat(&mut uow, &context(agent_id(1)), &command);
        assert!(matches!(
            refused,
            Err(CreateChatError::Store(StoreError::Conflict))
        ));
    }

    /// API-18: a limit is still allowed.
    #[test]
    fn as_many_participants_as_the_limit_are_brought_along() {
        let mut cx = context(agent_id(1));
        cx.limits.participants = 2;
        let create = |others: &[u128]| {
            let command = command(ChatKind::Group, others);
            create_chat(&mut Scene::new(a_chat()).unit(), &cx, &command)
        };
        assert_eq!(create(&[2, 3]).unwrap().member_count, 3);
        assert!(matches!(
            create(&[2, 3, 4]),
            Err(CreateChatError::Invalid(_))
        ));
    }
}
