//! Random stories: units of work of many kinds, some of which are undone.

use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;
use talk_domain::kernel::cleanup::Cleanup;
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AccessKeyId, AgentId, ChatId, CustomerId, MessageId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{Unit, Verdict};
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::{agent_id, at, customer_id};
use uuid::Uuid;

use super::acts::{hash, token};

/// Agents of the first customer; one more is the second customer's.
pub(super) const AGENTS: usize = 4;

/// The kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Found,
    CreateGroup,
    CreateChannel,
    CreateDirect,
    Post,
    Reply,
    Edit,
    DeleteMessage,
    React,
    Unreact,
    Read,
    Join,
    Add,
    Remove,
    Rename,
    Close,
    Reopen,
    DeleteChat,
    RemoveChat,
    CleanUp,
    Expire,
    Trim,
    Logout,
    CreateKey,
    DeleteKey,
    UpdateAgent,
    DeleteAgent,
    EraseAgent,
    DeleteCustomer,
    Answer,
    Purge,
    Look,
}

/// Most steps are about chats, and few of them delete much.
const WHATS: [What; 44] = [
    What::CreateGroup,
    What::CreateGroup,
    What::CreateChannel,
    What::CreateDirect,
    What::Post,
    What::Post,
    What::Post,
    What::Post,
    What::Post,
    What::Reply,
    What::Reply,
    What::Edit,
    What::Edit,
    What::DeleteMessage,
    What::React,
    What::React,
    What::Unreact,
    What::Read,
    What::Read,
    What::Join,
    What::Add,
    What::Add,
    What::Remove,
    What::Remove,
    What::Rename,
    What::Rename,
    What::Close,
    What::Reopen,
    What::DeleteChat,
    What::RemoveChat,
    What::CleanUp,
    What::CleanUp,
    What::Expire,
    What::Trim,
    What::Logout,
    What::CreateKey,
    What::DeleteKey,
    What::UpdateAgent,
    What::DeleteAgent,
    What::EraseAgent,
    What::DeleteCustomer,
    What::Answer,
    What::Purge,
    What::Look,
];

/// The end of a step after its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By the result of the use case.
    Itself,
    Rollback,
    Retry,
    Panic,
}

/// A unit of work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) what: What,
    /// The index of its agent.
    by: usize,
    /// The index of its object.
    pub(super) about: usize,
    /// The index of a second object.
    pub(super) other: usize,
    end: End,
}

/// The ids that exist before a batch.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) chats: Vec<ChatId>,
    pub(super) messages: Vec<MessageId>,
    pub(super) keys: Vec<AccessKeyId>,
    pub(super) cleanup: Option<Cleanup>,
}

/// Ids in hexadecimal.
pub(super) fn found<T: From<Uuid>>(hex: &[String]) -> Vec<T> {
    let ids = hex.iter().map(|id| Uuid::parse_str(id).unwrap().into());
    ids.collect()
}

/// Batches of steps.
pub(super) fn stories() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let ends = prop_oneof![
        20 => Just(End::Itself),
        2 => Just(End::Rollback),
        1 => Just(End::Retry),
        1 => Just(End::Panic),
    ];
    let step = (select(&WHATS[..]), 0..=AGENTS, 0..6_usize, 0..6_usize, ends);
    let step = step.prop_map(|(what, by, about, other, end)| Step {
        what,
        by,
        about,
        other,
        end,
    });
    prop::collection::vec(prop::collection::vec(step, 1..8), 1..14)
}

fn other_customer() -> CustomerId {
    CustomerId(Uuid::from_u128(0xD))
}

pub(super) fn agent(n: usize) -> AgentId {
    agent_id((n % (AGENTS + 1)) as u128)
}

pub(super) fn customer(n: usize) -> CustomerId {
    if n % (AGENTS + 1) == AGENTS {
        return other_customer();
    }
    customer_id()
}

/// The `n`th from the end, so that new ones are chosen often.
pub(super) fn pick<T: Copy + From<Uuid>>(of: &[T], n: usize) -> T {
    let at = of.len().checked_sub(1 + n % of.len().max(1));
    at.map_or_else(|| Uuid::nil().into(), |at| of[at])
}

fn now(number: usize) -> Timestamp {
    at(1_000_000 + 1_000 * i64::try_from(number).unwrap())
}

impl Step {
    /// Makes the customers and their agents.
    pub(super) fn first() -> [Self; 2] {
        [0, AGENTS].map(|by| Self {
            what: What::Found,
            by,
            about: 0,
            other: 0,
            end: End::Itself,
        })
    }

    pub(super) fn unit(self) -> Unit {
        match self.what {
            What::Purge => Unit::installation("twin"),
            _ => Unit::of(customer(self.by), "twin"),
        }
    }

    /// Runs the step. Returns its end and what it read.
    pub(super) fn run(
        self,
        uow: &mut dyn TalkUnit,
        known: &Known,
        number: usize,
    ) -> (Verdict, String) {
        let actor = Actor {
            customer: customer(self.by),
            agent: agent(self.by),
            permission: Permission::Admin,
        };
        let ids = IdSource::new(now(number), u128::try_from(number).unwrap() << 32);
        let cx = Context::new(actor, now(number), Limits::default(), ids);
        let before = self.look(uow, known);
        let (is_done, outcome) = self.act(uow, &cx, known);
        let outcome = format!("{before} {outcome}");
        let verdict = match self.end {
            End::Itself if is_done => Verdict::Commit,
            End::Itself | End::Rollback => Verdict::Rollback,
            End::Retry => Verdict::Retry,
            // Without a message, unlike `panic!`.
            End::Panic => std::panic::resume_unwind(Box::new(number)),
        };
        (verdict, outcome)
    }

    /// Reads through the cache, as every request does before its change.
    fn look(self, uow: &mut dyn TalkUnit, known: &Known) -> String {
        let (chat, reader) = (pick(&known.chats, self.about), agent(self.by));
        let agent = uow.directory().agent(reader);
        let key = uow.directory().key(&hash(self.other));
        let is_revoked = uow.directory().is_revoked(token(self.about));
        let member = uow.participants().find(chat, reader);
        let locked = uow.chats().lock(chat);
        let left = uow.participants().left(chat, reader);
        format!("{agent:?} {key:?} {is_revoked:?} {member:?} {locked:?} {left:?}")
    }
}
