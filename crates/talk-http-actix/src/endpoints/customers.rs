//! `/v1.0/customers` and `/v1.0/customer`: the caller's own customer.

use actix_web::http::Method;
use talk_domain::identity::customer;
use talk_domain::identity::customer::show::{ShowCustomerError, show_customer};
use talk_domain::kernel::page::PageRequest;
use talk_wire::resource::{Customer, List};

use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Queried, Refused};

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1.0/customers", list)
            .named("listCustomers", "Lists the own customer"),
        Endpoint::new(Method::GET, "/v1.0/customer", show)
            .named("showCustomer", "Shows the own customer"),
    ]
}

async fn show(caller: Caller) -> Answer<Customer, ShowCustomerError> {
    Ok(ok(&Customer::from(&own(&caller).await?)))
}

/// A list of one.
async fn list(
    caller: Caller,
    _: Queried<PageRequest>,
) -> Answer<List<Customer>, ShowCustomerError> {
    let own = own(&caller).await?;
    Ok(ok(&List {
        result: vec![Customer::from(&own)],
        next_page_token: String::new(),
    }))
}

async fn own(caller: &Caller) -> Result<customer::Customer, Refused<ShowCustomerError>> {
    let read = caller.read("show_customer", move |snapshot, actor| {
        show_customer(snapshot, actor.customer)
    });
    read.await
}
