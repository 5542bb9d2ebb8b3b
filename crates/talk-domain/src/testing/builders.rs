//! Small builders: one customer, numbered agents, one group chat.

use std::sync::Arc;

use uuid::Uuid;

use crate::files::model::{File, FileKind};
use crate::hooks::create::Wanted;
use crate::hooks::decision::{Decision, Verdict};
use crate::hooks::delivery::{Delivery, Status};
use crate::hooks::filter::EventFilter;
use crate::hooks::intercept::{Intercept, OnError, Point};
use crate::hooks::secret::EndpointSecrets;
use crate::hooks::webhook::{DeliveryOrder, Method, Webhook};
use crate::identity::access_key::AccessKey;
use crate::identity::agent::{Agent, AgentStatus};
use crate::kernel::context::{Actor, Context, IdSource, Permission};
use crate::kernel::id::{AgentId, ChatId, CustomerId, MessageId, ParticipantId};
use crate::kernel::log::{Kind, Logged};
use crate::kernel::positions::Position;
use crate::kernel::secret::Sealed;
use crate::kernel::stream::{Change, StreamId, Tick};
use crate::talk::model::event::EventKind;

use crate::kernel::time::Timestamp;
use crate::talk::model::chat::{Chat, ChatKind, ChatStatus};

use crate::kernel::limits::Limits;
use crate::talk::model::message::{Author, Message};
use crate::talk::model::participant::Participant;

/// The instant `micros` after 1970.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or_else(|| unreachable!("{micros} is out of range"))
}

/// The one customer of the tests.
#[must_use]
pub fn customer_id() -> CustomerId {
    CustomerId(Uuid::from_u128(0xC))
}

/// The `n`th agent.
#[must_use]
pub fn agent_id(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(0xA_0000 + n))
}

/// The `n`th chat.
#[must_use]
pub fn chat_id(n: u128) -> ChatId {
    ChatId(Uuid::from_u128(0xB_0000 + n))
}

/// The stream of the `n`th chat.
#[must_use]
pub fn stream_id(n: u128) -> StreamId {
    chat_id(n).into()
}

/// An event in the log, of a kind that no domain knows.
#[must_use]
pub fn logged(stream: StreamId, seq: u64, changes: &[Change], payload: &str) -> Arc<Logged> {
    Arc::new(Logged {
        customer: customer_id(),
        stream,
        seq,
        kind: Kind::new("happened"),
        subject: Uuid::nil(),
        changes: changes.to_vec(),
        payload: payload.into(),
    })
}

/// A message that was posted, as the log of its chat has it.
#[must_use]
pub fn posted(stream: StreamId, seq: u64, payload: &str) -> Arc<Logged> {
    let mut event = Logged::clone(&logged(stream, seq, &[], payload));
    (event.kind, event.subject) = (EventKind::MessagePosted.name(), stream.id);
    Arc::new(event)
}

/// The `n`th message.
#[must_use]
pub fn message_id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(0xE_0000 + n))
}

/// A plain agent as actor.
#[must_use]
pub fn actor(agent: AgentId) -> Actor {
    Actor {
        customer: customer_id(),
        agent,
        permission: Permission::Agent,
    }
}

/// A request of a plain agent at second 1.
#[must_use]
pub fn context(agent: AgentId) -> Context {
    let now = at(1_000_000);
    Context::new(actor(agent), now, Limits::default(), IdSource::new(now, 7))
}

/// A request of an admin at second 1.
#[must_use]
pub fn admin_context(agent: AgentId) -> Context {
    let mut cx = context(agent);
    cx.actor.permission = Permission::Admin;
    cx
}

/// Agent `n`, called `agent-<n>`.
#[must_use]
pub fn an_agent(n: u128) -> Agent {
    Agent {
        id: agent_id(n),
        customer: customer_id(),
        username: format!("agent-{n}"),
        name: String::new(),
        detail: String::new(),
        permission: Permission::Agent,
        status: AgentStatus::Active,
        token_generation: 0,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// An agent that is disabled, and is otherwise [`an_agent`].
#[must_use]
pub fn a_disabled_agent(n: u128) -> Agent {
    Agent {
        status: AgentStatus::Disabled,
        ..an_agent(n)
    }
}

/// An agent that was deleted at 1, and is otherwise [`an_agent`].
#[must_use]
pub fn a_deleted_agent(n: u128) -> Agent {
    Agent {
        deleted: Some(at(1)),
        ..an_agent(n)
    }
}

/// An open group chat of agent 1 with two participants and ten events.
#[must_use]
pub fn a_chat() -> Chat {
    Chat {
        id: chat_id(1),
        customer: customer_id(),
        kind: ChatKind::Group,
        name: "Project".into(),
        detail: String::new(),
        status: ChatStatus::Active,
        creator: agent_id(1),
        pair: None,
        member_count: 2,
        last: Tick {
            seq: 10,
            at: at(10),
        },
        log_start: 0,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// The membership of `agent` in chat 1.
#[must_use]
pub fn a_participant(agent: AgentId) -> Participant {
    Participant {
        id: ParticipantId(Uuid::from_u128(agent.0.as_u128() + 0xF_0000)),
        customer: customer_id(),
        chat: chat_id(1),
        agent,
        joined: at(0),
    }
}

/// The `n`th message of chat 1, by agent 1, saying "hello".
#[must_use]
pub fn a_message(n: u128) -> Message {
    Message {
        id: message_id(n),
        customer: customer_id(),
        chat: chat_id(1),
        seq: 5,
        author: Author::Agent(agent_id(1)),
        parent: None,
        root: message_id(n),
        depth: 0,
        text: "hello".into(),
        medias: Vec::new(),
        reactions: Vec::new(),
        reply_count: 0,
        created: at(5),
        updated: at(5),
        edited: None,
        deleted: None,
    }
}

/// File n, of agent 1: a picture of ten bytes.
#[must_use]
pub fn a_file(n: u128) -> File {
    File {
        id: Uuid::from_u128(0xF_0000 + n).into(),
        customer: customer_id(),
        owner: agent_id(1),
        kind: FileKind::Talk,
        name: "a.png".into(),
        detail: String::new(),
        filename: "a.png".into(),
        size: 10,
        mime: "image/png".into(),
        sha256: [1; 32],
        created: at(0),
    }
}

/// An access key of agent 2 that never ends.
#[must_use]
pub fn a_key() -> AccessKey {
    AccessKey {
        id: Uuid::from_u128(0xD_0000).into(),
        customer: customer_id(),
        agent: agent_id(2),
        name: String::new(),
        detail: String::new(),
        hash: [1; 32],
        prefix: "vb_12345678".into(),
        is_derived: false,
        expires: None,
        created: at(0),
        updated: at(0),
        deleted: None,
    }
}

/// An endpoint that wants everything.
#[must_use]
pub fn a_webhook() -> Webhook {
    Webhook {
        id: Uuid::from_u128(0xE).into(),
        customer: customer_id(),
        is_own: false,
        uri: "https://hooks.test/".into(),
        method: Method::Post,
        events: EventFilter::default(),
        stream: None,
        disabled: None,
        order: DeliveryOrder::Stream,
        secrets: EndpointSecrets::first(Sealed(vec![1])),
        since: Position::default(),
        missed: None,
        has_gap: false,
        failing_since: None,
        created: at(0),
        updated: at(0),
    }
}

/// The settings of [`a_webhook`].
#[must_use]
pub fn a_wanted() -> Wanted {
    let webhook = a_webhook();
    Wanted {
        uri: webhook.uri,
        method: webhook.method,
        events: webhook.events,
        stream: webhook.stream,
        is_enabled: true,
        order: webhook.order,
    }
}

/// A delivery that is due at once, of an event of the first stream.
#[must_use]
pub fn a_delivery(id: u128, seq: u64) -> Delivery {
    Delivery {
        id: Uuid::from_u128(0xD_0000 + id).into(),
        customer: customer_id(),
        webhook: a_webhook().id,
        stream: stream_id(1),
        seq,
        event: format!("evt_{seq}"),
        kind: "happened".into(),
        status: Status::Pending,
        tries: 0,
        due: Some(at(0)),
        created: at(0),
    }
}

/// An enabled intercept of posts and edits.
#[must_use]
pub fn an_intercept() -> Intercept {
    Intercept {
        customer: customer_id(),
        point: Point::TalkMessage,
        uri: "https://hooks.test/".into(),
        secrets: EndpointSecrets::first(Sealed(vec![1])),
        timeout_ms: 1_500,
        on_error: OnError::Allow,
        is_enabled: true,
        created: at(0),
        updated: at(0),
    }
}

/// A decision on a message of the first agent in [`a_chat`].
#[must_use]
pub fn a_decision(verdict: Verdict) -> Decision {
    Decision {
        id: Uuid::from_u128(0xDEC).into(),
        customer: customer_id(),
        point: Point::TalkMessage,
        actor: agent_id(1),
        stream: a_chat().id.0,
        key: None,
        verdict,
        reason: "because".into(),
        digest_before: "before".into(),
        digest_after: "after".into(),
        latency_ms: 3,
        decided_by: None,
        created: at(0),
    }
}
