//! `/v1.0/webhooks`.

use actix_web::http::Method;
use talk_domain::hooks::create::{CreateWebhook, CreateWebhookError, create_webhook};
use talk_domain::hooks::delivery::{Listed, Status};
use talk_domain::hooks::list::{ShowWebhookError, list_deliveries, show_webhook};
use talk_domain::hooks::remove::remove_webhook;
use talk_domain::hooks::replay::{ReplayError, replay, send_test};
use talk_domain::hooks::rotate::rotate_secret;
use talk_domain::hooks::update::{UpdateWebhookError, update_webhook};
use talk_domain::kernel::id::WebhookId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::json;
use talk_wire::request::{self, ReplayWebhook, UpdateWebhook};
use talk_wire::resource::{Delivery, List, Replayed, Webhook};

use crate::api_error::ApiError;
use crate::body::{Body, NoBody};
use crate::caller::{Administrator, Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Queried, QueryReader,
};
use crate::openapi::example;
use crate::service::once::{PostAnswer, PostResult};

const ALL: &str = "/v1.0/webhooks";
const ONE: &str = "/v1.0/webhooks/{webhook_id}";
const ROTATE: &str = "/v1.0/webhooks/{webhook_id}/rotate";
const TEST: &str = "/v1.0/webhooks/{webhook_id}/test";
const REPLAY: &str = "/v1.0/webhooks/{webhook_id}/replay";
const DELIVERIES: &str = "/v1.0/webhooks/{webhook_id}/deliveries";

pub(super) fn rows() -> Vec<Endpoint> {
    let new = request::CreateWebhook {
        uri: Some("https://hooks.example.com/talk".to_owned()),
        events: Some(vec!["chatmessage_*".to_owned()]),
        ..request::CreateWebhook::default()
    };
    let disabled = UpdateWebhook {
        enabled: Some(false),
        ..UpdateWebhook::default()
    };
    let with_secret = example::webhook(Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwcD1hZGJjZGU="));
    let mut rows = vec![
        Endpoint::new(Method::GET, ALL, list).named("listWebhooks", "Lists the webhooks"),
        Endpoint::new(Method::POST, ALL, create)
            .named("createWebhook", "Creates a webhook")
            .about(
                "By admins and managers. It gets the events from now on, as `{\"type\", \"data\"}`, \
                 signed as Standard Webhooks. `secret` is in this answer and in that of a rotation \
                 only.",
            )
            .sends("messages", &new)
            .reasons(&["SECRETS_KEY_MISSING"])
            .shows(&with_secret),
        Endpoint::new(Method::GET, ONE, show).named("showWebhook", "Shows a webhook"),
        Endpoint::new(Method::PUT, ONE, update)
            .named("updateWebhook", "Changes a webhook")
            .about(
                "By admins and managers. What is absent stays. Deliveries that wait go on when it is \
                 enabled again.",
            )
            .sends("disable", &disabled),
        Endpoint::new(Method::DELETE, ONE, remove)
            .named("deleteWebhook", "Deletes a webhook")
            .about("By admins and managers. Nothing that waits is sent any more.")
            .answers("The deleted webhook."),
    ];
    rows.extend(actions(&with_secret));
    rows
}

fn actions(with_secret: &Webhook) -> Vec<Endpoint> {
    let dead = ReplayWebhook {
        only: Some(talk_wire::request::Selection::State("dead".to_owned())),
        ..ReplayWebhook::default()
    };
    vec![
        Endpoint::new(Method::POST, ROTATE, rotate)
            .named("rotateWebhookSecret", "Replaces the secret of a webhook")
            .about("By admins and managers. Both secrets sign for 24 hours.")
            .reasons(&["SECRETS_KEY_MISSING"])
            .shows(with_secret),
        Endpoint::new(Method::POST, TEST, test)
            .named("testWebhook", "Sends a test event to a webhook")
            .about("By admins and managers. Its type is `webhook_test`."),
        Endpoint::new(Method::POST, REPLAY, replay_some)
            .named("replayWebhook", "Sends deliveries again")
            .about(
                "By admins and managers. They keep their `webhook-id` and the order of their chat. At \
                 most 1,000 at a time, the oldest first.",
            )
            .sends("what is dead", &dead),
        Endpoint::new(Method::GET, DELIVERIES, deliveries)
            .named("listDeliveries", "Lists the deliveries of a webhook")
            .about("By admins and managers. With the answers of the endpoint."),
    ]
}

async fn list(
    Administrator(caller): Administrator,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<Webhook>> {
    let read = caller.read("list_webhooks", move |snapshot, _| {
        snapshot.webhooks().page(page)
    });
    Ok(caller.page(&read.await?, |webhook| Webhook::from(webhook)))
}

async fn show(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
) -> Answer<Webhook, ShowWebhookError> {
    let read = caller.read("show_webhook", move |snapshot, _| {
        show_webhook(snapshot, id)
    });
    Ok(ok(&Webhook::from(&read.await?)))
}

/// The answer is stored without the secret. A repetition shows the current one.
async fn create(
    Administrator(caller): Administrator,
    body: Body<request::CreateWebhook>,
) -> Answer<Kept<Webhook>, CreateWebhookError> {
    let wanted = body.value.wanted()?;
    let id: WebhookId = caller.cx.fresh();
    let (_, secret) = caller.shared.api.secrets.create(id.0.as_bytes())?;
    let limits = caller.shared.api.hook_limits;
    let command = CreateWebhook { id, wanted, secret };
    let posted = caller.post("create_webhook", &body.sent, move |uow, cx| {
        let webhook = create_webhook(uow, cx, &command, limits)?;
        Ok(PostResult::value(&Webhook::from(&webhook)))
    });
    Ok(with_secret(&caller, posted.await?).await?.respond())
}

async fn update(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
    body: Body<UpdateWebhook>,
) -> Answer<Webhook, UpdateWebhookError> {
    let (settings, limits) = (body.value, caller.shared.api.hook_limits);
    let write = caller.write("update_webhook", move |uow, cx| {
        let change = |webhook: &_| settings.clone().change(webhook);
        update_webhook(uow, cx, (id, &change), limits)
    });
    Ok(ok(&Webhook::from(&write.await?)))
}

async fn remove(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
) -> Answer<Webhook, UpdateWebhookError> {
    let write = caller.write("delete_webhook", move |uow, cx| remove_webhook(uow, cx, id));
    Ok(ok(&Webhook::from(&write.await?)))
}

async fn rotate(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
    body: NoBody,
) -> Answer<Kept<Webhook>, UpdateWebhookError> {
    let (_, secret) = caller.shared.api.secrets.create(id.0.as_bytes())?;
    let posted = caller.post("rotate_webhook", &body.sent, move |uow, cx| {
        let webhook = rotate_secret(uow, cx, (id, secret.clone()))?;
        Ok(PostResult::value(&Webhook::from(&webhook)))
    });
    Ok(with_secret(&caller, posted.await?).await?.respond())
}

async fn test(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
    body: NoBody,
) -> Answer<Kept<Delivery>, ReplayError> {
    let delivery = caller.cx.fresh();
    let posted = caller.post("test_webhook", &body.sent, move |uow, cx| {
        let delivery = send_test(uow, cx, (id, delivery))?;
        let listed = Listed {
            delivery,
            attempts: Vec::new(),
        };
        Ok(PostResult::value(&Delivery::from(&listed)))
    });
    Ok(posted.await?.respond())
}

async fn replay_some(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
    body: Body<ReplayWebhook>,
) -> Answer<Kept<Replayed>, ReplayError> {
    let command = body.value.command(id)?;
    let posted = caller.post("replay_webhook", &body.sent, move |uow, cx| {
        let replayed = replay(uow, cx, &command)?;
        Ok(PostResult::value(&Replayed { replayed }))
    });
    Ok(posted.await?.respond())
}

/// A page of deliveries in a state.
struct Wanted {
    page: PageRequest,
    status: Option<Status>,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let words = Form::Words(&["pending", "delivered", "failed", "dead"]);
        let status = Parameter::new("status", words, "Deliveries in this state.");
        let parse = |text: &str| {
            let unknown = || {
                let message = "must be pending, delivered, failed or dead";
                ApiError::invalid("status", "STATUS_INVALID", message)
            };
            Status::parse(text).ok_or_else(unknown)
        };
        Ok(Self {
            page: query.page()?,
            status: query.parsed(status.refused(&["STATUS_INVALID"]), parse)?,
        })
    }
}

async fn deliveries(
    Administrator(caller): Administrator,
    Id(id): Id<WebhookId>,
    Queried(wanted): Queried<Wanted>,
) -> Answer<List<Delivery>, ShowWebhookError> {
    let read = caller.read("list_deliveries", move |snapshot, _| {
        list_deliveries(snapshot, id, (wanted.status, wanted.page))
    });
    Ok(caller.page(&read.await?, |listed| Delivery::from(listed)))
}

/// Adds the current secret to the answer to a creation or rotation.
async fn with_secret(
    caller: &Caller,
    mut posted: PostAnswer<Webhook>,
) -> Result<PostAnswer<Webhook>, ApiError> {
    let unreadable = |what: String| ApiError::internal(format!("a kept answer has {what}"));
    let mut shown: Webhook =
        serde_json::from_str(&posted.body).map_err(|error| unreadable(error.to_string()))?;
    let id: WebhookId =
        talk_wire::id::parse("id", &shown.id).map_err(|error| unreadable(error.to_string()))?;
    let store = caller.store();
    let read = store.read(caller.unit("show_secret"), move |snapshot| {
        snapshot.webhooks().get(id)
    });
    // A repetition may come after the endpoint was deleted.
    if let Some(webhook) = read.await? {
        let opened = caller
            .shared
            .api
            .secrets
            .open(id.0.as_bytes(), &webhook.secrets.current);
        shown.secret = Some(opened?);
        posted.body = json(&shown);
    }
    Ok(posted)
}
