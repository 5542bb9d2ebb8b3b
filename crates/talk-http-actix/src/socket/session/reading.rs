//! Handles frames of the client.

use std::time::Instant;

use bytes::Bytes;
use bytestring::ByteString;
use conversation_domain::access::AccessError as OutsideError;
use conversation_domain::live::typing;
use conversation_domain::model::conversation;
use serde::Deserialize;
use talk_domain::identity::session::act::Requester;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::{ChatId, ConversationId};
use talk_domain::kernel::live::Subscribed;
use talk_domain::kernel::store::Unit;
use talk_domain::talk::access::AccessError;
use talk_domain::talk::live::typing::check_typist;

use talk_socket::Received;
use talk_wire::socket::{ALREADY_FOLLOWED, ClientFrame, Of, ServerFrame, Typist};
use talk_wire::{id, resource};

use super::{BAD_FRAMES, Farewell, Session};
use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::service;
use crate::service::conversations::typing_frame;
use crate::service::once::check_key_text;
use crate::socket::MAX_FRAME;
use crate::socket::subscription::Pending;

/// Close code for a frame that is too big.
const TOO_BIG: u16 = 1009;

/// Maximum bytes of an id, which is repeated in the answer.
const MAX_ID: usize = 255;

impl Session {
    pub(super) async fn receive(&mut self, received: Received) -> Result<(), Farewell> {
        self.heard_at = Instant::now();
        match received {
            Received::Text(text) => {
                self.connection.mark_active();
                self.read(&text).await
            }
            Received::Binary(_) => Err(Farewell::because(1003, "frames are JSON text")),
            Received::Ping(payload) => {
                self.count()?;
                self.outgoing.pong(&payload);
                Ok(())
            }
            Received::Pong => self.count(),
            Received::Close(code) => Err(Farewell::Answer(code)),
            Received::Fault(code, reason) => Err(Farewell::because(code, reason)),
            Received::Gone => Err(Farewell::Cut),
        }
    }

    pub(super) fn count(&mut self) -> Result<(), Farewell> {
        if self.frames.take(Instant::now()) {
            return Ok(());
        }
        Err(Farewell::because(4429, "too many frames"))
    }

    /// Charges a post of `size` bytes. It runs in any case; if a bucket is in debt then, no frame
    /// is read until that is paid off.
    fn pay(&mut self, size: usize) {
        let wait = self
            .shared
            .limiter
            .charge_frame(self.actor, self.address, size);
        if !wait.is_zero() {
            self.paused_until = Some(Instant::now() + wait);
        }
    }

    pub(super) async fn read(&mut self, text: &ByteString) -> Result<(), Farewell> {
        let parsed = parsed(text);
        if text.len() > MAX_FRAME {
            if !parsed.as_ref().is_ok_and(|frame| frame.kind == "subscribe") {
                return Err(Farewell::because(TOO_BIG, "the frame is too big"));
            }
            // A large frame counts as several small ones.
            for _ in 0..text.len() / MAX_FRAME {
                self.count()?;
            }
        }
        let frame = match parsed {
            Ok(frame) => frame,
            Err(error) => {
                self.count()?;
                return self.bad(id_of(text).as_deref(), &error);
            }
        };
        if frame.kind == "post" {
            self.pay(text.len());
        } else {
            self.count()?;
        }
        let id = frame.id.clone();
        self.is_modern |= id.is_some() || frame.epoch.is_some();
        if let Some(long) = id.as_ref().filter(|id| id.len() > MAX_ID) {
            self.count()?;
            let too_long = Invalid::too_long("id", MAX_ID, "bytes").into();
            let is_key = frame.kind == "post";
            let error = is_key.then(|| check_key_text(long).err()).flatten();
            return self.bad(None, &error.unwrap_or(too_long));
        }
        let obeyed = match &*frame.kind {
            "subscribe" => self.subscribe(frame).await,
            "unsubscribe" => self.unsubscribe(frame),
            "post" => self.post(frame),
            "typing" => self.typing(frame).await,
            _ => Err(ApiError::invalid(
                "type",
                "FRAME_TYPE_INVALID",
                "must be subscribe, unsubscribe, post or typing",
            )),
        };
        match obeyed {
            Ok(()) => Ok(()),
            Err(error) if error.is_mistake() => self.bad(id.as_deref(), &error),
            Err(error) => {
                self.outgoing.text(&refusal(id.as_deref(), &error));
                Ok(())
            }
        }
    }

    /// Answers a bad frame with its fault; the third one closes the connection.
    pub(super) fn bad(&mut self, id: Option<&str>, error: &ApiError) -> Result<(), Farewell> {
        self.outgoing.text(&refusal(id, error));
        self.bad_frames += 1;
        if self.bad_frames < BAD_FRAMES {
            return Ok(());
        }
        Err(Farewell::because(4400, "too many bad frames"))
    }

    /// Starts a subscription. Its answer is sent when it starts among the notices.
    async fn subscribe(&mut self, frame: ClientFrame) -> Result<(), ApiError> {
        let mut pending = Pending::read(frame, self.actor, self.shared.api.has_legacy)?;
        self.subscription.check_space(&pending)?;
        self.subscription.hold_back(&mut pending);
        let (known, more) = (self.subscription.scope(), pending.scope());
        let subscribed = self.connection.subscribe(&known, &more, &pending.resume);
        let refused = subscribed.await?;
        pending.refuse(refused);
        self.pending = Some(pending);
        Ok(())
    }

    /// Answers the pending subscription.
    pub(super) fn confirm(&mut self, subscribed: &[Subscribed]) -> Result<(), Farewell> {
        let Some(pending) = self.pending.take() else {
            return Ok(());
        };
        for subscribed in subscribed {
            self.positions.set(subscribed.stream, subscribed.after);
        }
        match (&pending.id, pending.refused.first()) {
            (Some(id), _) => {
                let epoch = self.shared.api.store.epoch();
                self.outgoing.text(&pending.answer(id, epoch, subscribed));
            }
            (None, Some(refused)) => return Err(Farewell::because(1008, &refused.reason)),
            (None, None) => {}
        }
        for subscribed in subscribed
            .iter()
            .filter(|b| pending.held.contains(&b.stream))
        {
            let reset = ServerFrame::Reset {
                of: Of::from(subscribed.stream),
                reason: ALREADY_FOLLOWED,
                head: subscribed.after,
            };
            self.outgoing.text(&reset.json());
        }
        self.subscription.add(pending, subscribed);
        Ok(())
    }

    pub(super) fn unsubscribe(&mut self, frame: ClientFrame) -> Result<(), ApiError> {
        let id = frame.id.clone();
        self.subscription.remove(frame, self.actor)?;
        let scope = self.subscription.scope();
        self.connection.unsubscribe(&scope);
        self.positions.keep(|stream| scope.contains(stream));
        if let Some(id) = id {
            let topics = self.subscription.topics();
            self.outgoing
                .text(&ServerFrame::Unsubscribed { id: &id, topics }.json());
        }
        Ok(())
    }

    /// Starts a post, which runs concurrently; it is answered once it is durable.
    pub(super) fn post(&mut self, frame: ClientFrame) -> Result<(), ApiError> {
        let missing = |field| ApiError::invalid(field, "FIELD_REQUIRED", "must be given");
        let id = frame.id.ok_or_else(|| missing("id"))?;
        let message = frame.message.ok_or_else(|| missing("message"))?;
        let (shared, actor, credential) = (self.shared.clone(), self.actor, self.login.credential);
        self.posts.push(Box::pin(async move {
            let cx = shared.context(actor);
            let now = cx.now;
            let requester = Requester {
                cx,
                credential,
                now,
            };
            let sent = JsonBody(Bytes::from(String::from(Box::<str>::from(message))));
            let posted = service::messages::post_frame(&shared, requester, &id, &sent).await;
            match posted.and_then(|posted| posted.as_frame(&id)) {
                Ok(answer) => answer,
                Err(error) => {
                    error.log(&id);
                    refusal(Some(&id), &error)
                }
            }
        }));
        Ok(())
    }

    pub(super) async fn typing(&mut self, frame: ClientFrame) -> Result<(), ApiError> {
        if let Some(conversation) = &frame.conversation_id {
            return self
                .typing_outside(id::parse("conversation_id", conversation)?)
                .await;
        }
        let chat: ChatId = id::parse_required("chat_id", frame.chat_id.as_deref())?;
        let (actor, unit) = (self.actor, Unit::by(self.actor, "typing"));
        let store = &*self.shared.api.store;
        let check: Result<(), AccessError> = store
            .read(unit, move |snapshot| check_typist(snapshot, actor, chat))
            .await;
        check?;
        let data = Typist {
            owner_type: resource::AGENT.to_owned(),
            owner_id: actor.agent.to_string(),
        };
        let chat_id = chat.to_string();
        let frame = ServerFrame::ChatTyping { data, chat_id }.json();
        self.connection.send_ephemeral(chat.into(), frame.into());
        Ok(())
    }

    async fn typing_outside(&mut self, conversation: ConversationId) -> Result<(), ApiError> {
        let (actor, unit) = (self.actor, Unit::by(self.actor, "typing"));
        let store = &*self.shared.api.conversations;
        let check: Result<(), OutsideError> = store
            .read(unit, move |snapshot| {
                typing::check_typist(snapshot, actor, conversation)
            })
            .await;
        check?;
        let frame = typing_frame(conversation, Some(actor.agent));
        let stream = conversation::stream(conversation);
        self.connection.send_ephemeral(stream, frame);
        self.shared.visitors.show_typing(conversation.0);
        Ok(())
    }
}

/// Parses a frame. The message of a post is checked later, so that its refusal has the id of the
/// frame.
fn parsed(text: &ByteString) -> Result<ClientFrame, ApiError> {
    let sent = JsonBody(text.clone().into_bytes());
    let frame: ClientFrame = sent.json_with_nul()?;
    if frame.kind != "post" {
        sent.check_nul()?;
    }
    Ok(frame)
}

/// Returns the id of an invalid frame, if it has a valid one.
fn id_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Given {
        id: String,
    }
    let given: Given = serde_json::from_str(text).ok()?;
    (given.id.len() <= MAX_ID).then_some(given.id)
}

fn refusal(id: Option<&str>, error: &ApiError) -> String {
    let (reason, message) = (error.reason(), error.message());
    ServerFrame::Error {
        id,
        reason,
        message,
    }
    .json()
}
