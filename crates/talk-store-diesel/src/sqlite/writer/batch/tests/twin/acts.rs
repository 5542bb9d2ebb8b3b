//! The use cases that steps of a story call.

use std::fmt::Debug;
use talk_domain::identity::access_key::create::{CreateAccessKey, create_access_key};
use talk_domain::identity::access_key::delete::delete_access_key;
use talk_domain::identity::agent::delete::delete_agent;
use talk_domain::identity::agent::erase::{EraseAgent, erase_agent};
use talk_domain::identity::agent::update::{UpdateAgent, update_agent};
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::identity::customer::Customer;
use talk_domain::identity::customer::delete::delete_customer;
use talk_domain::identity::session::logout::logout;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::id::{ChatId, CustomerId, MessageId, TokenId};
use talk_domain::kernel::idempotency::{Answer, IdempotencyKey, StoredAnswer, replay};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::chat::close::close_chat;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::join::join_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::chat::reopen::reopen_chat;
use talk_domain::talk::chat::update::{UpdateChat, update_chat};
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::retention::Expiry;
use talk_domain::talk::participant::add::{AddParticipant, add_participant};
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::talk::reaction::remove::remove_reaction;
use talk_domain::talk::read::mark::{MarkRead, mark_read};
use talk_domain::talk::retention::expire::expire_messages;
use talk_domain::talk::retention::trim::trim_log;
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::{an_agent, at};
use uuid::Uuid;

use super::story::{AGENTS, Known, Step, What, agent, customer, pick};

impl Step {
    pub(super) fn act(self, uow: &mut dyn TalkUnit, cx: &Context, known: &Known) -> (bool, String) {
        let chat = pick(&known.chats, self.about);
        match self.what {
            What::Found => told(&found_customer(uow, cx.actor.customer)),
            What::CreateGroup => told(&create_chat(uow, cx, &self.chat(ChatKind::Group))),
            What::CreateChannel => told(&create_chat(uow, cx, &self.chat(ChatKind::Talk))),
            What::CreateDirect => told(&create_chat(uow, cx, &self.chat(ChatKind::Direct))),
            What::Join => told(&join_chat(uow, cx, chat)),
            What::Close => told(&close_chat(uow, cx, chat)),
            What::Reopen => told(&reopen_chat(uow, cx, chat)),
            What::DeleteChat => told(&delete_chat(uow, cx, chat)),
            What::RemoveChat => told(&remove_chat(uow, chat)),
            What::Expire => told(&expire_messages(uow, cx, &expiry(cx.now), chat)),
            What::Trim => told(&trim_log(uow, &expiry(cx.now), chat)),
            What::Rename => {
                let name = Some(format!("name {}", self.other));
                let detail = (self.other > 2).then(|| cx.now.as_micros().to_string());
                told(&update_chat(uow, cx, &UpdateChat { chat, name, detail }))
            }
            What::Read => {
                let seq = self.other as u64 + 1;
                told(&mark_read(uow, cx, &MarkRead { chat, seq }))
            }
            What::Add => {
                let agent = agent(self.other);
                told(&add_participant(uow, cx, &AddParticipant { chat, agent }))
            }
            What::Remove => {
                let member = uow.participants().find(chat, agent(self.other));
                match member {
                    Ok(Some(member)) => {
                        let participant = member.id;
                        let remove = RemoveParticipant { chat, participant };
                        told(&remove_participant(uow, cx, &remove))
                    }
                    none => told(&none.map(drop)),
                }
            }
            What::CleanUp => match &known.cleanup {
                Some(cleanup) if cleanup.customer == cx.actor.customer => {
                    told(&run_step(uow, cx, cleanup))
                }
                _ => (true, String::new()),
            },
            What::Look => (true, String::new()),
            _ => self.act_on_messages(uow, cx, known),
        }
    }

    fn act_on_messages(
        self,
        uow: &mut dyn TalkUnit,
        cx: &Context,
        known: &Known,
    ) -> (bool, String) {
        let message = pick(&known.messages, self.other);
        let chat = pick(&known.chats, self.about);
        let emoji = Emoji::parse(["👍", "🎉"][self.about % 2], 64).unwrap();
        match self.what {
            What::Post => told(&post_message(uow, cx, &said(chat, None))),
            What::Reply => told(&post_message(uow, cx, &said(chat, Some(message)))),
            What::Edit => {
                let edit = EditMessage {
                    message,
                    text: Some(format!("edited {}", self.about)),
                    medias: None,
                };
                told(&edit_message(uow, cx, &edit))
            }
            What::DeleteMessage => told(&delete_message(uow, cx, message)),
            What::React => told(&add_reaction(uow, cx, &React { message, emoji })),
            What::Unreact => told(&remove_reaction(uow, cx, &React { message, emoji })),
            _ => self.act_on_agents(uow, cx, known),
        }
    }

    fn act_on_agents(self, uow: &mut dyn TalkUnit, cx: &Context, known: &Known) -> (bool, String) {
        let limits = Limits::default();
        let about = agent(self.other);
        match self.what {
            What::Logout => {
                let token = (token(self.about), at(9_000_000));
                told(&logout(uow, (cx.actor.agent, cx.now), token))
            }
            What::CreateKey => {
                let create = CreateAccessKey {
                    id: cx.fresh(),
                    customer: cx.actor.customer,
                    agent: cx.actor.agent,
                    name: "key".into(),
                    detail: String::new(),
                    lifetime: None,
                    ends_by: None,
                    hash: hash(self.other),
                    prefix: "talk".into(),
                };
                told(&create_access_key(uow, &create, (cx.now, &limits)))
            }
            What::DeleteKey => {
                let key = pick(&known.keys, self.about);
                told(&delete_access_key(uow, None, key, cx.now))
            }
            What::UpdateAgent => {
                let status = [AgentStatus::Active, AgentStatus::Disabled][self.about % 2];
                let update = UpdateAgent {
                    agent: about,
                    name: Some(format!("name {}", self.about)),
                    detail: None,
                    permission: None,
                    status: Some(status),
                    even_last_admin: true,
                };
                told(&update_agent(uow, None, &update, (cx.now, &limits)))
            }
            What::DeleteAgent => told(&delete_agent(uow, cx, about)),
            What::EraseAgent => {
                let erase = EraseAgent {
                    agent: about,
                    alias: cx.fresh(),
                    even_last_admin: true,
                };
                told(&erase_agent(uow, &erase, cx.now))
            }
            What::DeleteCustomer => told(&delete_customer(uow, cx.actor.customer)),
            What::Answer => self.answer(uow, cx),
            _ => told(&uow.sessions().purge(cx.now, 2)),
        }
    }

    /// Keeps an answer unless there is one.
    fn answer(self, uow: &mut dyn TalkUnit, cx: &Context) -> (bool, String) {
        let key = IdempotencyKey {
            key: format!("key {}", self.about),
            fingerprint: [7; 32],
        };
        let kept = replay(uow.idempotency(), cx.actor.agent, cx.now, &key);
        let answered = StoredAnswer {
            agent: cx.actor.agent,
            key: key.key,
            fingerprint: key.fingerprint,
            answer: Answer::Body(format!("{kept:?}")),
            at: cx.now,
        };
        told(&uow.idempotency().insert(&answered))
    }

    fn chat(self, kind: ChatKind) -> CreateChat {
        CreateChat {
            kind,
            name: "chat".into(),
            detail: String::new(),
            others: vec![agent(self.other)],
        }
    }
}

fn told<T: Debug, E: Debug>(result: &Result<T, E>) -> (bool, String) {
    (result.is_ok(), format!("{result:?}"))
}

fn said(chat: ChatId, parent: Option<MessageId>) -> PostMessage {
    PostMessage {
        chat,
        parent,
        text: "hello @agent-2".into(),
        medias: vec![],
    }
}

/// The `n`th token.
pub(super) fn token(n: usize) -> TokenId {
    TokenId(Uuid::from_u128(0x70 + n as u128))
}

/// The hash of the `n`th access key.
pub(super) fn hash(n: usize) -> [u8; 32] {
    [u8::try_from(n).unwrap(); 32]
}

/// Expires everything older than 20 milliseconds.
fn expiry(now: Timestamp) -> Expiry {
    let upto = Some(at(now.as_micros() - 20_000));
    Expiry {
        messages: upto,
        deleted_chats: upto,
        log: upto,
        log_events: 2,
    }
}

/// Makes a customer and its agents.
fn found_customer(uow: &mut dyn TalkUnit, id: CustomerId) -> Result<(), StoreError> {
    let customer = Customer::new(id, "customer", at(0)).unwrap();
    uow.customers().insert(&customer)?;
    for n in (0..=AGENTS).filter(|n| self::customer(*n) == id) {
        let agent = Agent {
            customer: id,
            ..an_agent(n as u128)
        };
        uow.agents().insert(&agent, &PasswordHash("hash".into()))?;
    }
    Ok(())
}
