//! The authenticated caller: an extractor in the signature of every handler that needs a login.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use talk_domain::identity::session::act::Requester;
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::error::{DomainError, ErrorKind};
use talk_domain::kernel::page::Page;
use talk_domain::kernel::store::{ReadLane, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::access::Placed;
use talk_domain::talk::unit::Talk;
use talk_domain::talk::unit::{TalkSnapshot, TalkUnit};
use talk_wire::json;
use talk_wire::resource::List;
use talk_wire::resource::list::{self, Row};

use crate::actor_cache::Session;
use crate::api_error::ApiError;
use crate::authentication::authenticate;
use crate::endpoint::{self as answer, JsonResponse, Refused};
use crate::shared::Shared;
use crate::status::Status;

/// The result of a handler.
pub(crate) type Reply = Result<HttpResponse, ApiError>;

/// An authenticated request.
pub(crate) struct Caller {
    /// The context for use cases.
    pub(crate) cx: Context,
    /// The credential.
    pub(crate) session: Session,
    pub(crate) request: HttpRequest,
    pub(crate) shared: web::Data<Shared>,
}

/// A [`Caller`] that is admin or manager of the customer.
pub(crate) struct Administrator(pub(crate) Caller);

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let shared = request.app_data::<web::Data<Shared>>().cloned();
            let shared = shared.ok_or_else(|| ApiError::internal("no application state"))?;
            let (actor, session) = authenticate(&shared, &request).await?;
            request.extensions_mut().insert(actor);
            shared.limiter.charge_actor(&request, actor, 1).await?;
            shared.unsent.check(actor)?;
            Ok(Self {
                cx: shared.context(actor),
                session,
                request,
                shared,
            })
        })
    }
}

impl FromRequest for Administrator {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            if caller.cx.actor.permission.administers() {
                return Ok(Self(caller));
            }
            Err(ApiError::new(
                Status::Domain(ErrorKind::PermissionDenied),
                "PERMISSION_DENIED",
                "only admins and managers may do this",
            ))
        })
    }
}

impl Caller {
    pub(crate) fn store(&self) -> &(dyn Store<Talk> + 'static) {
        &*self.shared.api.store
    }

    /// Creates a unit of the caller.
    pub(crate) fn unit(&self, name: &'static str) -> Unit {
        Unit::by(self.cx.actor, name)
    }

    /// Charges the caller for work that costs more than a request.
    ///
    /// # Errors
    /// `RATE_LIMITED` if the agent or its customer has no token left.
    pub(crate) async fn charge(&self, cost: u32) -> Result<(), ApiError> {
        let limiter = &self.shared.limiter;
        limiter
            .charge_actor(&self.request, self.cx.actor, cost)
            .await
    }

    /// Returns the caller as a [`Requester`] of a change.
    pub(crate) fn requester(&self) -> Requester {
        Requester {
            cx: self.cx.clone(),
            credential: self.session.credential,
            now: (self.shared.api.clock)(),
        }
    }

    /// Runs a use case that changes something.
    pub(crate) async fn write<T, E>(
        &self,
        name: &'static str,
        work: impl for<'a> FnMut(&mut (dyn TalkUnit + 'a), &Context) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let change = self.store().write_as(name, self.requester(), work);
        Ok(change.await.map_err(ApiError::from)?)
    }

    /// Runs a use case that only reads.
    pub(crate) async fn read<T, E>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut dyn TalkSnapshot, Actor) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        self.read_in(ReadLane::Shared, name, work).await
    }

    /// Runs a use case that only reads, in a read lane.
    pub(crate) async fn read_in<T, E>(
        &self,
        lane: ReadLane,
        name: &'static str,
        mut work: impl FnMut(&mut dyn TalkSnapshot, Actor) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refused<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let actor = self.cx.actor;
        let read = self
            .store()
            .read(self.unit(name).in_lane(lane), move |snapshot| {
                work(snapshot, actor)
            });
        read.await.map_err(Refused::by)
    }

    /// Formats the position of a read for `Talk-Position`.
    pub(crate) fn position<T>(&self, placed: &Placed<T>) -> String {
        format!("{};{}={}", self.store().epoch(), placed.chat, placed.seq)
    }

    /// Builds an answer about one chat with `Talk-Position`.
    pub(crate) fn placed<T: Serialize>(
        &self,
        placed: &Placed<impl Sized>,
        body: &T,
    ) -> JsonResponse<answer::Placed<T>> {
        self.placed_json(placed, json(body))
    }

    /// `json` is that of a `T`.
    pub(crate) fn placed_json<T>(
        &self,
        placed: &Placed<impl Sized>,
        json: String,
    ) -> JsonResponse<answer::Placed<T>> {
        let mut response = HttpResponse::Ok();
        response.insert_header(("talk-position", self.position(placed)));
        JsonResponse::from(response.content_type("application/json").body(json))
    }

    /// Builds the answer with a page.
    pub(crate) fn page<D: Row, T: Serialize>(
        &self,
        page: &Page<D>,
        show: impl FnMut(&D) -> T,
    ) -> JsonResponse<List<T>> {
        JsonResponse::of(self.page_json(page, show))
    }

    /// Builds the answer with a page of one chat and `Talk-Position`.
    pub(crate) fn placed_page<D: Row, T: Serialize>(
        &self,
        placed: &Placed<Page<D>>,
        show: impl FnMut(&D) -> T,
    ) -> JsonResponse<answer::Placed<List<T>>> {
        self.placed_json(placed, self.page_json(&placed.value, show))
    }

    /// Builds the answer with a page, and `Talk-Position` if it concerns one chat.
    pub(crate) fn listed<D: Row, T: Serialize>(
        &self,
        place: Option<Placed<impl Sized>>,
        page: &Page<D>,
        show: impl FnMut(&D) -> T,
    ) -> JsonResponse<answer::Placed<List<T>>> {
        let json = self.page_json(page, show);
        match place {
            Some(place) => self.placed_json(&place, json),
            None => JsonResponse::of(json),
        }
    }

    fn page_json<D: Row, T: Serialize>(&self, page: &Page<D>, show: impl FnMut(&D) -> T) -> String {
        list::encode(page, self.shared.api.page_bytes, show)
    }
}

/// An answer.
pub(crate) fn ok<T: Serialize>(body: &T) -> JsonResponse<T> {
    JsonResponse::of(json(body))
}

#[cfg(test)]
mod tests;
