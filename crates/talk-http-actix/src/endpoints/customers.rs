//! `/v1.0/customers` and `/v1.0/customer`: the caller's own customer.

use actix_web::http::Method;
use talk_domain::hooks::own::{SetOwnWebhook, SetOwnWebhookError, set_own_webhook};
use talk_domain::hooks::webhook::Webhook;
use talk_domain::identity::customer;
use talk_domain::identity::customer::show::{ShowCustomerError, show_customer};
use talk_domain::kernel::id::WebhookId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::UpdateCustomer;
use talk_wire::resource::{Customer, List};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Administrator, Caller, ok};
use crate::endpoint::{Answer, Endpoint, Queried, Refused};

pub(super) fn rows() -> Vec<Endpoint> {
    let hooked = UpdateCustomer {
        webhook_method: Some("POST".to_owned()),
        webhook_uri: Some("https://hooks.example.com/talk".to_owned()),
    };
    vec![
        Endpoint::new(Method::GET, "/v1.0/customers", list)
            .named("listCustomers", "Lists the own customer"),
        Endpoint::new(Method::GET, "/v1.0/customer", show)
            .named("showCustomer", "Shows the own customer"),
        Endpoint::new(Method::PUT, "/v1.0/customer", update)
            .named(
                "updateCustomer",
                "Sets where the customer's events are sent",
            )
            .about(
                "By admins and managers. The address is a webhook like others: it is listed there, \
                 and a rotation shows its secret. An empty `webhook_uri` deletes it.",
            )
            .sends("an address", &hooked),
    ]
}

async fn show(caller: Caller) -> Answer<Customer, ShowCustomerError> {
    Ok(ok(&own(&caller).await?))
}

/// A list of one.
async fn list(
    caller: Caller,
    _: Queried<PageRequest>,
) -> Answer<List<Customer>, ShowCustomerError> {
    let own = own(&caller).await?;
    Ok(ok(&List {
        result: vec![own],
        next_page_token: String::new(),
    }))
}

async fn update(
    Administrator(caller): Administrator,
    body: Body<UpdateCustomer>,
) -> Answer<Customer, SetOwnWebhookError> {
    let id: WebhookId = caller.cx.fresh();
    let secret = caller.shared.api.secrets.create(id.0.as_bytes()).ok();
    let command = SetOwnWebhook {
        method: body.value.method()?,
        uri: body.value.webhook_uri,
        id,
        secret: secret.map(|(_, sealed)| sealed),
    };
    let limits = caller.shared.api.hook_limits;
    let write = caller.write("set_own_webhook", move |uow, cx| {
        set_own_webhook(uow, cx, &command, limits)
    });
    let webhook = write.await?;
    let (customer, _) = own_customer(&caller).await.map_err(ApiError::from)?;
    Ok(ok(&shown(&customer, webhook.as_ref())))
}

/// The customer with its endpoint, which may hold a secret: only admins and managers see it.
async fn own(caller: &Caller) -> Result<Customer, Refused<ShowCustomerError>> {
    let (customer, webhook) = own_customer(caller).await?;
    let is_admin = caller.cx.actor.permission.administers();
    Ok(shown(&customer, webhook.as_ref().filter(|_| is_admin)))
}

fn shown(customer: &customer::Customer, webhook: Option<&Webhook>) -> Customer {
    let mut shown = Customer::from(customer);
    if let Some(webhook) = webhook {
        webhook
            .method
            .as_str()
            .clone_into(&mut shown.webhook_method);
        shown.webhook_uri.clone_from(&webhook.uri);
    }
    shown
}

async fn own_customer(
    caller: &Caller,
) -> Result<(customer::Customer, Option<Webhook>), Refused<ShowCustomerError>> {
    let read = caller.read("show_customer", move |snapshot, actor| {
        let customer = show_customer(snapshot, actor.customer)?;
        Ok((customer, snapshot.webhooks().own()?))
    });
    read.await
}
