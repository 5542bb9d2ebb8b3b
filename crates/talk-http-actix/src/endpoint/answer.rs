//! Return types of handlers.

use std::marker::PhantomData;

use actix_web::HttpResponse;
use serde::Serialize;
use talk_domain::identity::credentials::{PasswordError, TokenError};
use talk_domain::kernel::error::{DomainError, Invalid, Refusal, Refuses};
use talk_domain::kernel::secret::SecretError;
use talk_domain::kernel::store_error::StoreError;
use talk_wire::resource::List;
use talk_wire::schema::JsonSchema;

use crate::api_error::ApiError;
use crate::caller::Reply;
use crate::openapi::Operation;

/// The answer of a handler: JSON of `T`, or a refusal of the use case with the error `E`.
pub(crate) type Answer<T, E = StoreError> = Result<JsonResponse<T>, Refused<E>>;

/// A response whose body is JSON of `T`.
pub(crate) struct JsonResponse<T> {
    response: HttpResponse,
    shown: PhantomData<T>,
}

impl<T> JsonResponse<T> {
    /// `json` is the JSON of a `T`.
    pub(crate) fn of(json: String) -> Self {
        let mut response = HttpResponse::Ok();
        Self::from(response.content_type("application/json").body(json))
    }

    /// `response` has JSON of a `T` in it.
    pub(crate) fn from(response: HttpResponse) -> Self {
        Self {
            response,
            shown: PhantomData,
        }
    }
}

/// A refusal of the use case with the error `E`, or of what comes before it.
#[derive(Debug)]
pub(crate) struct Refused<E> {
    error: ApiError,
    case: PhantomData<E>,
}

impl<E: DomainError> Refused<E> {
    /// Converts a refusal of the use case.
    pub(crate) fn by(error: E) -> Self {
        ApiError::from(error).into()
    }
}

impl<E> From<ApiError> for Refused<E> {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            case: PhantomData,
        }
    }
}

impl<E> From<Refused<E>> for ApiError {
    fn from(refused: Refused<E>) -> Self {
        refused.error
    }
}

macro_rules! refused {
    ($($error:ty)*) => {
        $(impl<E> From<$error> for Refused<E> {
            fn from(error: $error) -> Self {
                ApiError::from(error).into()
            }
        })*
    };
}
refused!(Invalid StoreError TokenError PasswordError SecretError);

/// The error of a handler that refuses nothing.
pub(crate) enum Never {}

impl Refuses for Never {
    fn refusals() -> Vec<Refusal> {
        Vec::new()
    }
}

/// A return type of handlers.
pub(crate) trait IntoReply {
    /// The response or refusal.
    fn into_reply(self) -> Reply;

    /// Adds the response and the refusals to a description.
    fn describe(operation: Operation) -> Operation;
}

impl IntoReply for Reply {
    fn into_reply(self) -> Reply {
        self
    }

    fn describe(operation: Operation) -> Operation {
        operation
    }
}

impl<T: Described, E: Refuses> IntoReply for Answer<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(answer) => Ok(answer.response),
            Err(refused) => Err(refused.error),
        }
    }

    fn describe(operation: Operation) -> Operation {
        T::describe(operation.refuses::<E>())
    }
}

/// A type of response bodies.
pub(crate) trait Described {
    /// Adds it to a description.
    fn describe(operation: Operation) -> Operation;
}

/// A type of the wire that responses contain, alone or in pages.
pub(crate) trait Resource: JsonSchema + Serialize {
    /// The description of a response with one of them, for example "The chat."
    const ONE: &'static str;
    /// The description of a response with a page of them.
    const MANY: &'static str;

    /// An example.
    fn example() -> Self;
}

impl<T: Resource> Described for T {
    fn describe(operation: Operation) -> Operation {
        operation.answers(T::ONE, &T::example())
    }
}

/// An empty object.
impl Described for () {
    fn describe(operation: Operation) -> Operation {
        operation.answers_nothing()
    }
}

/// A page of resources.
impl<T: Resource> Described for List<T> {
    fn describe(operation: Operation) -> Operation {
        operation.lists(T::MANY, &T::example())
    }
}

/// A `T` with the position in the chat's log at which it was read.
pub(crate) struct Placed<T>(PhantomData<T>);

impl<T: Described> Described for Placed<T> {
    fn describe(operation: Operation) -> Operation {
        T::describe(operation).placed()
    }
}

/// A `T` that is stored under its `Idempotency-Key` and may be a repeated answer.
pub(crate) struct Kept<T>(PhantomData<T>);

impl<T: Described> Described for Kept<T> {
    fn describe(operation: Operation) -> Operation {
        T::describe(operation).once()
    }
}
