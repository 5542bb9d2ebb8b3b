//! Extractors: the argument types of handlers.

use actix_web::dev::Payload;
use actix_web::{FromRequest as _, HttpRequest, web};
use talk_domain::hooks::intercept::Point;
use talk_domain::kernel::id::{
    AccessKeyId, AccountId, AgentId, ChatId, ConversationId, ConversationMessageId, DecisionId,
    FileId, MessageId, ParticipantId, WebhookId,
};
use uuid::Uuid;

use super::routes::{Matched, parameter};
use crate::api_error::ApiError;
use crate::caller::{Administrator, Caller};
use crate::openapi::Operation;
use crate::shared::Shared;
use crate::status::Status;

/// A request while the arguments of its handler are extracted.
pub(crate) struct Incoming {
    pub(crate) request: HttpRequest,
    payload: Payload,
}

impl Incoming {
    pub(super) fn new(request: HttpRequest, payload: web::Payload) -> Self {
        Self {
            request,
            payload: payload.into_inner(),
        }
    }

    /// Takes the body, which can be read once.
    pub(crate) fn take_payload(&mut self) -> Payload {
        self.payload.take()
    }

    /// Returns a parameter of the path; `None` if the path has no such parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let path = self.request.match_info().as_str();
        parameter(Matched::of(&self.request), path, name)
    }

    /// Returns the state shared by all requests.
    pub(crate) fn shared(&self) -> Result<&web::Data<Shared>, ApiError> {
        let shared = self.request.app_data::<web::Data<Shared>>();
        shared.ok_or_else(|| ApiError::internal("the application has no state"))
    }
}

/// A type that is extracted from a request as an argument of a handler.
pub(crate) trait Extract: Sized {
    /// Extracts it.
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError>;

    /// Adds the parameters and the refusals to a description.
    fn describe(operation: Operation) -> Operation;
}

impl Extract for Caller {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        Self::from_request(&incoming.request, &mut Payload::None).await
    }

    fn describe(operation: Operation) -> Operation {
        operation.authenticated()
    }
}

impl Extract for Administrator {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        Self::from_request(&incoming.request, &mut Payload::None).await
    }

    fn describe(operation: Operation) -> Operation {
        operation.authenticated().reasons(&["PERMISSION_DENIED"])
    }
}

impl Extract for HttpRequest {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        Ok(incoming.request.clone())
    }

    fn describe(operation: Operation) -> Operation {
        operation
    }
}

impl<T: 'static> Extract for web::Data<T> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let data = incoming.request.app_data::<Self>().cloned();
        data.ok_or_else(|| ApiError::internal("the application has no such state"))
    }

    fn describe(operation: Operation) -> Operation {
        operation
    }
}

/// An id in the path; its type is its parameter.
pub(crate) struct Id<T>(pub(crate) T);

/// A type of id with the name of its parameter in paths.
pub(crate) trait PathId: From<Uuid> {
    /// The parameter.
    const NAME: &'static str;
}

impl PathId for ChatId {
    const NAME: &'static str = "chat_id";
}

impl PathId for MessageId {
    const NAME: &'static str = "message_id";
}

impl PathId for ParticipantId {
    const NAME: &'static str = "participant_id";
}

impl PathId for FileId {
    const NAME: &'static str = "file_id";
}

impl PathId for AgentId {
    const NAME: &'static str = "agent_id";
}

impl PathId for AccessKeyId {
    const NAME: &'static str = "accesskey_id";
}

impl PathId for AccountId {
    const NAME: &'static str = "account_id";
}

impl PathId for ConversationId {
    const NAME: &'static str = "conversation_id";
}

impl PathId for ConversationMessageId {
    const NAME: &'static str = "message_id";
}

impl PathId for WebhookId {
    const NAME: &'static str = "webhook_id";
}

/// The path parameter is that of held messages, which have the ids of decisions.
impl PathId for DecisionId {
    const NAME: &'static str = "held_id";
}

/// The point of an intercept in the path.
pub(crate) struct AtPoint(pub(crate) Point);

impl Extract for AtPoint {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let name = incoming.parameter("point");
        name.and_then(Point::parse).map(Self).ok_or_else(|| {
            let message = "there is no such point for intercepts";
            ApiError::new(Status::NOT_FOUND, "INTERCEPT_POINT_NOT_FOUND", message)
        })
    }

    fn describe(operation: Operation) -> Operation {
        operation.takes_point()
    }
}

impl<T: PathId> Extract for Id<T> {
    async fn extract(incoming: &mut Incoming) -> Result<Self, ApiError> {
        let text = incoming.parameter(T::NAME);
        let text = text.ok_or_else(|| ApiError::internal(format!("no {} in the path", T::NAME)))?;
        Ok(Self(talk_wire::id::parse(T::NAME, text)?))
    }

    fn describe(operation: Operation) -> Operation {
        operation.takes_id(T::NAME)
    }
}
