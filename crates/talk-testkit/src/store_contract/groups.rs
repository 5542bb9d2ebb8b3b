//! Units that share a commit: isolated failures, sequential effects.

use std::sync::{Arc, mpsc};

use talk_domain::identity::access_key::{AccessKey, KeyHash};
use talk_domain::identity::agent::{Agent, AgentStatus};
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::{AccessKeyId, ChatId, ParticipantId, TokenId};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::access::AccessError;
use talk_domain::talk::chat::update::{UpdateChat, UpdateChatError, update_chat};
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::{Chat, ChatKind};
use talk_domain::talk::model::participant::Participant;
use talk_domain::talk::participant::add::{AddParticipant, AddParticipantError, add_participant};
use talk_domain::talk::participant::remove::{
    RemoveParticipant, RemoveParticipantError, remove_participant,
};
use talk_domain::talk::unit::{Talk, TalkUnit};
use talk_domain::testing::{agent_id, an_agent, at, customer_id};
use uuid::Uuid;

use super::Factory;
use super::world::{World, other_customer};

/// Blocks the writer until the returned sender is dropped: units queued meanwhile form a group.
pub async fn hold(store: &Arc<dyn Store<Talk>>) -> mpsc::Sender<()> {
    let (gate, closed) = mpsc::channel::<()>();
    let (started, starts) = tokio::sync::oneshot::channel();
    let (store, mut started) = (Arc::clone(store), Some(started));
    tokio::spawn(async move {
        let held = store.write(Unit::installation("hold"), move |_| {
            started.take().map(|started| started.send(()));
            let _ = closed.recv();
            Ok::<_, StoreError>(())
        });
        held.await.unwrap();
    });
    starts.await.unwrap();
    gate
}

fn say(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: ChatId,
    text: &str,
) -> Result<u64, PostMessageError> {
    let command = PostMessage {
        chat,
        parent: None,
        text: text.into(),
        medias: vec![],
    };
    Ok(post_message(uow, cx, &command)?.message.seq)
}

/// Returns the texts in a chat's log.
async fn said(world: &World, chat: ChatId) -> Vec<String> {
    let log = world.log(chat).await;
    let texts = log
        .iter()
        .filter_map(|event| event.payload.splitn(3, ' ').nth(2));
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A unit that is refused or panics in the middle of a group is rolled back alone.
pub async fn neighbours_in_a_group_fail_alone(factory: Factory) {
    for panics in [false, true] {
        let world = World::open(factory).await;
        let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
        let post = |text: &'static str, fails: bool| {
            let cx = world.cx(1);
            world.write(move |uow| {
                let seq = say(uow, &cx, chat, text)?;
                assert!(!(fails && panics), "on purpose");
                if fails {
                    return Err(PostMessageError::Empty);
                }
                Ok(seq)
            })
        };
        let held = hold(&world.store).await;
        let (first, failed, last, ()) = tokio::join!(
            post("first", false),
            post("failed", true),
            post("last", false),
            async { drop(held) }
        );
        match failed.unwrap_err() {
            PostMessageError::Store(StoreError::Corrupt(_)) => assert!(panics),
            PostMessageError::Empty => assert!(!panics),
            other => panic!("{other}"),
        }
        let last = last.unwrap();
        assert_eq!(last, first.unwrap() + 1);
        assert_eq!(said(&world, chat).await, ["first", "last"]);
        assert_eq!(world.stored(chat).await.last.seq, last);
    }
}

async fn rename(world: &World, chat: ChatId) -> Result<Chat, UpdateChatError> {
    let cx = world.cx(1);
    let command = UpdateChat {
        chat,
        name: Some("Renamed".into()),
        detail: None,
    };
    world
        .write(move |uow| update_chat(uow, &cx, &command))
        .await
}

async fn remove(
    world: &World,
    chat: ChatId,
    participant: ParticipantId,
) -> Result<Participant, RemoveParticipantError> {
    let (cx, command) = (world.cx(1), RemoveParticipant { chat, participant });
    world
        .write(move |uow| remove_participant(uow, &cx, &command))
        .await
}

async fn add(world: &World, chat: ChatId) -> Result<Participant, AddParticipantError> {
    let agent = agent_id(2);
    let (cx, command) = (world.cx(1), AddParticipant { chat, agent });
    world
        .write(move |uow| add_participant(uow, &cx, &command))
        .await
}

/// Units of a group see the effects of those before them: the chat, its members, its head. A
/// refusal that changed nothing, and units of another customer, do not matter.
pub async fn a_group_is_a_sequence(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let find = world.read(move |snapshot| snapshot.participants().find(chat, agent_id(2)));
    let participant = find.await.unwrap().id;
    let post = |n: u128, text: &'static str| {
        let cx = world.cx(n);
        world.write(move |uow| say(uow, &cx, chat, text))
    };
    let strangers = world.strangers_cx();
    let strange = world.write_as(other_customer(), move |uow| {
        say(uow, &strangers, chat, "strange")
    });
    let held = hold(&world.store).await;
    let (first, strange, renamed, removed, outside, added, last, ()) = tokio::join!(
        post(2, "first"),
        strange,
        rename(&world, chat),
        remove(&world, chat, participant),
        post(2, "outside"),
        add(&world, chat),
        post(2, "last"),
        async { drop(held) }
    );
    let nothing_there = PostMessageError::from(AccessError::NoSuchChat);
    assert_eq!(strange.unwrap_err().to_string(), nothing_there.to_string());
    assert!(renamed.unwrap().last.seq > first.unwrap());
    removed.unwrap();
    let not_a_member = PostMessageError::from(AccessError::NotAParticipant);
    assert_eq!(outside.unwrap_err().to_string(), not_a_member.to_string());
    added.unwrap();
    let expected = [
        "first",
        "agent-1 renamed the conversation to \"Renamed\".",
        "agent-2 left the conversation.",
        "agent-2 joined the conversation.",
        "last",
    ];
    assert_eq!(said(&world, chat).await, expected);
    let stored = world.stored(chat).await;
    assert_eq!((&*stored.name, stored.member_count), ("Renamed", 2));
    assert_eq!(stored.last.seq, last.unwrap());
    let seqs: Vec<u64> = world
        .log(chat)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    assert!(seqs.into_iter().eq(1..=stored.last.seq));
}

/// A key of agent 1 that never ends.
fn key(hash: KeyHash) -> AccessKey {
    AccessKey {
        id: AccessKeyId(Uuid::from_u128(5)),
        customer: customer_id(),
        agent: agent_id(1),
        name: String::new(),
        detail: String::new(),
        hash,
        prefix: String::new(),
        is_derived: false,
        expires: None,
        created: at(1),
        updated: at(1),
        deleted: None,
    }
}

/// Case 48: a session that a unit of a group ends is refused in later units, also if earlier ones
/// used it.
pub async fn a_group_sees_who_has_ended_in_it(factory: Factory) {
    let world = World::open(factory).await;
    let (token, hash) = (TokenId(Uuid::from_u128(5)), [5; 32]);
    let key = key(hash);
    let stored = world.write(move |uow| uow.keys().insert(&key));
    stored.await.unwrap();
    let look = || {
        world.write(move |uow| {
            let directory = uow.directory();
            let is_active = directory
                .agent(agent_id(1))?
                .is_some_and(|agent| agent.is_active());
            let is_valid = directory.key(&hash)?.is_some_and(|key| key.is_valid(at(9)));
            Ok::<_, StoreError>((is_active, is_valid, !directory.is_revoked(token)?))
        })
    };
    let disable = world.write(|uow| {
        let disabled = Agent {
            status: AgentStatus::Disabled,
            ..an_agent(1)
        };
        uow.agents().update(&disabled)
    });
    let end_keys = world.write(|uow| uow.keys().end_all(agent_id(1), at(8)));
    let revoke = world.write(move |uow| uow.sessions().revoke(token, at(99)));
    let held = hold(&world.store).await;
    let (before, disabled, first, ended, second, revoked, third, ()) = tokio::join!(
        look(),
        disable,
        look(),
        end_keys,
        look(),
        revoke,
        look(),
        async { drop(held) }
    );
    disabled.unwrap();
    ended.unwrap();
    revoked.unwrap();
    let seen = [before, first, second, third].map(Result::unwrap);
    let expected = [
        (true, true, true),
        (false, true, true),
        (false, false, true),
        (false, false, false),
    ];
    assert_eq!(seen, expected);
}
