//! Lists of chats and of their participants.

use talk_domain::kernel::id::{ChatId, ParticipantId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::chat::{Chat, ChatFilter, ChatKind};
use talk_domain::talk::model::participant::Participant;
use talk_domain::testing::{a_chat, a_participant, agent_id, at, chat_id};
use uuid::Uuid;

use super::{first, fresh, instant, passed, walks_exactly};
use crate::store_contract::Factory;
use crate::store_contract::world::{World, other_customer};

/// Builds a chat of this kind, created at this time.
pub(super) fn some_chat(id: ChatId, created: Timestamp, kind: ChatKind) -> Chat {
    Chat {
        id,
        kind,
        created,
        updated: created,
        member_count: 0,
        last: Tick {
            seq: 1,
            at: created,
        },
        ..a_chat()
    }
}

/// Stores a chat with agent 1 in it.
pub(super) async fn add_chat(world: &World, chat: Chat) {
    let participant = Participant {
        id: ParticipantId(fresh()),
        chat: chat.id,
        ..a_participant(agent_id(1))
    };
    world
        .write(move |uow| {
            assert!(uow.chats().insert(&chat)?);
            assert!(uow.participants().insert(&chat, &participant)?);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

/// Walks chats of this kind, as channels that contain `search` if it is given.
async fn walks_chats(factory: Factory, kind: ChatKind, search: Option<&'static str>) {
    let world = &World::open(factory).await;
    let rows: Vec<Chat> = (0..11)
        .map(|n| some_chat(chat_id(100 - n), instant(n), kind))
        .collect();
    for chat in &rows {
        add_chat(world, chat.clone()).await;
    }
    let page = |request| {
        world.read(move |snapshot| {
            if let Some(search) = search {
                return snapshot.chats().channels(search, request);
            }
            let filter = ChatFilter::default();
            snapshot.chats().of_agent(agent_id(1), filter, request)
        })
    };
    let insert = |order| add_chat(world, some_chat(ChatId(fresh()), passed(order), kind));
    walks_exactly(rows, |chat| (chat.created, chat.id.0), page, insert).await;
}

/// See the module.
pub async fn chats_of_an_agent_page_exactly(factory: Factory) {
    walks_chats(factory, ChatKind::Group, None).await;
}

/// See the module.
pub async fn channels_page_exactly(factory: Factory) {
    walks_chats(factory, ChatKind::Talk, Some("")).await;
}

/// See the module.
pub async fn channels_found_page_exactly(factory: Factory) {
    walks_chats(factory, ChatKind::Talk, Some("ROJEC ")).await;
}

/// See the module.
pub async fn participants_page_exactly(factory: Factory) {
    walks_participants(factory, false).await;
}

/// See the module. Who came back is not among them.
pub async fn former_participants_page_exactly(factory: Factory) {
    walks_participants(factory, true).await;
}

fn member(n: u128, joined: Timestamp) -> Participant {
    Participant {
        id: ParticipantId(Uuid::from_u128(1_000 - n)),
        joined,
        ..a_participant(agent_id(n))
    }
}

async fn walks_participants(factory: Factory, former: bool) {
    let world = &World::open(factory).await;
    let chat = some_chat(chat_id(1), at(0), ChatKind::Group);
    let rows: Vec<Participant> = (0..11).map(|n| member(n, instant(n))).collect();
    let add = |participant: Participant| {
        let chat = chat.clone();
        let left = Tick { seq: 9, at: at(99) };
        world.write(move |uow| {
            let members = uow.participants();
            assert!(members.insert(&chat, &participant)?);
            if former {
                assert!(members.remove(&participant, left)?);
            }
            Ok::<_, StoreError>(())
        })
    };
    let stored = chat.clone();
    world
        .write(move |uow| uow.chats().insert(&stored))
        .await
        .unwrap();
    for participant in &rows {
        add(*participant).await.unwrap();
    }
    let back = member(99, instant(4));
    add(back).await.unwrap();
    let again = chat.clone();
    let toggle = world.write(move |uow| {
        let tick = Tick { seq: 9, at: at(99) };
        if former {
            uow.participants().insert(&again, &back)
        } else {
            uow.participants().remove(&back, tick)
        }
    });
    assert!(toggle.await.unwrap());
    let page = |request| {
        world.read(move |snapshot| {
            let members = snapshot.participants();
            if former {
                members.former(chat_id(1), request)
            } else {
                members.page(chat_id(1), request)
            }
        })
    };
    let foreign = world.read_as(other_customer(), move |snapshot| {
        snapshot.participants().former(chat_id(1), first(10))
    });
    assert_eq!(foreign.await.rows, vec![]);
    let insert = |order| async move {
        let late = Participant {
            id: ParticipantId(fresh()),
            agent: fresh().into(),
            ..member(0, passed(order))
        };
        add(late).await.unwrap();
    };
    walks_exactly(rows, |member| (member.joined, member.id.0), page, insert).await;
}
