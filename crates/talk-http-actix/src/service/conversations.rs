//! Units of work and reads of conversations on behalf of a caller.

use std::sync::Arc;

use conversation_domain::unit::{ConversationSnapshot, ConversationUnit, Conversations};
use serde::de::DeserializeOwned;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::DomainError;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::idempotency::{Answer, Once};
use talk_domain::kernel::store::{ReadLane, Store};
use talk_domain::kernel::store_error::StoreError;
use talk_wire::frame;
use talk_wire::resource::AGENT;
use talk_wire::socket::{ServerFrame, Typist};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::endpoint::Refused;
use crate::service::once::{PostAnswer, PostResult};

impl Caller {
    fn conversations(&self) -> &(dyn Store<Conversations> + 'static) {
        &*self.shared.api.conversations
    }

    /// Runs a use case that changes conversations.
    pub(crate) async fn change<T, E>(
        &self,
        name: &'static str,
        work: impl for<'a> FnMut(&mut (dyn ConversationUnit + 'a), &Context) -> Result<T, E>
        + Send
        + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let change = self.conversations().write_as(name, self.requester(), work);
        Ok(change.await.map_err(ApiError::from)?)
    }

    /// Runs a use case that reads conversations, on a snapshot.
    pub(crate) async fn look<T, E>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut dyn ConversationSnapshot, Actor) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        self.look_in(ReadLane::Shared, name, work).await
    }

    /// Runs a use case that reads conversations, on a snapshot in a read lane.
    pub(crate) async fn look_in<T, E>(
        &self,
        lane: ReadLane,
        name: &'static str,
        mut work: impl FnMut(&mut dyn ConversationSnapshot, Actor) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let actor = self.cx.actor;
        let store = self.conversations();
        let unit = self.unit(name).in_lane(lane);
        let read = store.read(unit, move |snapshot| work(snapshot, actor));
        read.await.map_err(Refused::by)
    }

    /// Runs a use case that changes conversations once: a repetition with the same key gets the
    /// stored answer.
    pub(crate) async fn change_once<T, E>(
        &self,
        name: &'static str,
        sent: &JsonBody,
        work: impl for<'a> FnMut(&mut (dyn ConversationUnit + 'a), &Context) -> Result<PostResult<T>, E>
        + Send
        + 'static,
    ) -> Result<PostAnswer<T>, Refused<E>>
    where
        T: DeserializeOwned + Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let once = (self.requester(), self.key(sent)?);
        let done = self.conversations().write_once(name, once, work).await;
        match done.map_err(ApiError::from)? {
            Once::New(result) => Ok(PostAnswer::ran(result)?),
            Once::Repeated(answer) => Ok(PostAnswer::repeated(self.stored(answer).await?)?),
        }
    }

    /// Returns the body of a stored answer.
    async fn stored(&self, answer: Answer) -> Result<String, ApiError> {
        let lost = || ApiError::internal("a stored answer is not there");
        match answer {
            Answer::Body(body) => Ok(body),
            Answer::Event(stream, seq) => {
                let read = self
                    .conversations()
                    .read(self.unit("replay_answer"), move |snapshot| {
                        snapshot.events().get(stream, seq)
                    });
                let found: Result<_, StoreError> = read.await;
                let event = found?.ok_or_else(lost)?;
                let data = frame::data(&event.payload).map(str::to_owned);
                data.ok_or_else(lost)
            }
            Answer::Message(_) | Answer::Held(_) | Answer::Released(..) | Answer::Blocked(..) => {
                Err(lost())
            }
        }
    }
}

/// Returns the frame that says that an agent, or the person outside, types in a conversation.
pub(crate) fn typing_frame(conversation: ConversationId, agent: Option<AgentId>) -> Arc<str> {
    let data = Typist {
        owner_type: agent.map_or("", |_| AGENT).to_owned(),
        owner_id: agent.map_or(Uuid::nil(), |agent| agent.0).to_string(),
    };
    let conversation_id = conversation.to_string();
    let frame = ServerFrame::ConversationTyping {
        data,
        conversation_id,
    };
    frame.json().into()
}
