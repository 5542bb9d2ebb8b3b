//! `/v1.0/customers` and `/v1.0/customer`: the caller's own customer.

pub(super) mod docs;

use talk_domain::customer::{self, show_customer};
use talk_wire::resource::{Customer, List};

use crate::api_error::ApiError;
use crate::caller::{Caller, Reply, ok};

pub(crate) async fn show(caller: Caller) -> Reply {
    Ok(ok(&Customer::from(&own(&caller).await?)))
}

/// A list of one.
pub(crate) async fn list(caller: Caller) -> Reply {
    caller.query()?.page()?;
    let own = own(&caller).await?;
    Ok(ok(&List {
        result: vec![Customer::from(&own)],
        next_page_token: String::new(),
    }))
}

async fn own(caller: &Caller) -> Result<customer::Customer, ApiError> {
    let read = caller.read("show_customer", move |snapshot, actor| {
        show_customer(snapshot, actor.customer)
    });
    read.await
}
