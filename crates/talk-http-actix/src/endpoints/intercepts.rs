//! `/v1.0/intercepts`.

use actix_web::http::Method;
use talk_domain::hooks::intercept::secret_owner;
use talk_domain::hooks::set_intercept::{
    InterceptError, NewSecret, SetInterceptError, remove_intercept, set_intercept, show_intercept,
};
use talk_domain::intercepts::held::{HeldError, ReleaseError, Released, drop_held, release};
use talk_domain::kernel::id::DecisionId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::InterceptSettings;
use talk_wire::resource::{Decision, Held, HeldMessage, Intercept, List, Message};

use crate::api_error::ApiError;
use crate::body::{Body, NoBody};
use crate::caller::{Administrator, Caller, ok};
use crate::endpoint::{Answer, AtPoint, Endpoint, Id, Kept, Queried};
use crate::openapi::example;
use crate::service::once::PostResult;

const HELD: &str = "/v1.0/intercepts/held";
const RELEASE: &str = "/v1.0/intercepts/held/{held_id}/release";
const DROP: &str = "/v1.0/intercepts/held/{held_id}/drop";
const ONE: &str = "/v1.0/intercepts/{point}";
const DECISIONS: &str = "/v1.0/intercepts/{point}/decisions";

pub(super) fn rows() -> Vec<Endpoint> {
    let new = InterceptSettings {
        uri: Some("https://hooks.example.com/moderate".to_owned()),
        on_error: Some("hold".to_owned()),
        ..InterceptSettings::default()
    };
    let with_secret =
        example::intercept(Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwcD1hZGJjZGU="));
    vec![
        // Before the paths with a point, which it would match.
        Endpoint::new(Method::GET, HELD, held)
            .named("listHeldMessages", "Lists held messages")
            .about("By admins and managers. They are in no chat until they are released."),
        Endpoint::new(Method::POST, RELEASE, release_one)
            .named("releaseHeldMessage", "Releases a held message")
            .about(
                "By admins and managers. It is posted, or its edit is made, on behalf of its author \
                 with the time of the release. The rules of posting hold for the author as of now: \
                 if they refuse it, it stays held.",
            ),
        Endpoint::new(Method::POST, DROP, drop_one)
            .named("dropHeldMessage", "Drops a held message")
            .about("By admins and managers. Its author gets no notice."),
        Endpoint::new(Method::GET, ONE, show)
            .named("showIntercept", "Shows an intercept")
            .about("By admins and managers."),
        Endpoint::new(Method::PUT, ONE, set)
            .named("setIntercept", "Sets an intercept")
            .about(
                "By admins and managers. What is absent stays, or has its default at creation. From \
                 then on it is called before a message of an agent is posted or edited, with a \
                 request signed as Standard Webhooks. `secret` is in the answer only if it was made \
                 for this request.",
            )
            .sends("hold what it does not answer", &new)
            .reasons(&["SECRETS_KEY_MISSING"])
            .shows(&with_secret),
        Endpoint::new(Method::DELETE, ONE, remove)
            .named("deleteIntercept", "Deletes an intercept")
            .about("By admins and managers. It is called no more; what it held stays held.")
            .answers("The deleted intercept."),
        Endpoint::new(Method::GET, DECISIONS, decisions)
            .named("listDecisions", "Lists the decisions of an intercept")
            .about("By admins and managers. Without texts."),
    ]
}

async fn show(
    Administrator(caller): Administrator,
    AtPoint(point): AtPoint,
) -> Answer<Intercept, InterceptError> {
    let read = caller.read("show_intercept", move |snapshot, _| {
        show_intercept(snapshot, point)
    });
    Ok(ok(&Intercept::from(&read.await?)))
}

async fn set(
    Administrator(caller): Administrator,
    AtPoint(point): AtPoint,
    body: Body<InterceptSettings>,
) -> Answer<Intercept, SetInterceptError> {
    let secrets = &caller.shared.api.secrets;
    let owner = secret_owner(caller.cx.actor.customer, point);
    let (made, secret) = if let Some(given) = body.value.secret()? {
        (None, NewSecret::Given(secrets.seal(&owner, given)?))
    } else {
        let (text, sealed) = secrets.create(&owner)?;
        (Some(text), NewSecret::Made(sealed))
    };
    let command = body.value.command(point, secret)?;
    let allows_http = caller.shared.api.hook_limits.allows_http;
    let write = caller.write("set_intercept", move |uow, cx| {
        set_intercept(uow, cx, &command, allows_http)
    });
    let set = write.await?;
    refresh(&caller).await?;
    Ok(ok(&Intercept {
        secret: made.filter(|_| set.has_new_secret),
        ..Intercept::from(&set.intercept)
    }))
}

async fn remove(
    Administrator(caller): Administrator,
    AtPoint(point): AtPoint,
) -> Answer<Intercept, InterceptError> {
    let write = caller.write("delete_intercept", move |uow, cx| {
        remove_intercept(uow, cx, point)
    });
    let removed = write.await?;
    refresh(&caller).await?;
    Ok(ok(&Intercept::from(&removed)))
}

/// Makes a change take effect before it is answered.
async fn refresh(caller: &Caller) -> Result<(), ApiError> {
    let refreshed = caller.shared.api.intercepts.refresh();
    refreshed.await.map_err(ApiError::from)
}

async fn decisions(
    Administrator(caller): Administrator,
    AtPoint(point): AtPoint,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<Decision>> {
    let read = caller.read("list_decisions", move |snapshot, _| {
        snapshot.decisions().page(point, page)
    });
    Ok(caller.page(&read.await?, |decision| Decision::from(decision)))
}

async fn held(
    Administrator(caller): Administrator,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<HeldMessage>> {
    let read = caller.read("list_held_messages", move |snapshot, _| {
        snapshot.held().page(page)
    });
    Ok(caller.page(&read.await?, |held| HeldMessage::from(held)))
}

async fn release_one(
    Administrator(caller): Administrator,
    Id(id): Id<DecisionId>,
    body: NoBody,
) -> Answer<Kept<Message>, ReleaseError> {
    let posted = caller.post("release_held_message", &body.sent, move |uow, cx| {
        Ok(match release(uow, cx, id)? {
            Released::Event(event) => PostResult::event(event),
            Released::Unchanged(message) => PostResult::released(id, *message),
        })
    });
    Ok(posted.await?.respond())
}

async fn drop_one(
    Administrator(caller): Administrator,
    Id(id): Id<DecisionId>,
    body: NoBody,
) -> Answer<Kept<Held>, HeldError> {
    let posted = caller.post("drop_held_message", &body.sent, move |uow, cx| {
        drop_held(uow, cx, id)?;
        // Without the text, since the answer is stored.
        Ok(PostResult::value(&Held::dropped(id.to_string())))
    });
    Ok(posted.await?.respond())
}
