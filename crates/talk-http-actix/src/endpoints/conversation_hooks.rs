//! `/v1.0/conversation/accounts/{id}`: requests of providers.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use conversation_domain::account::list::find_account;
use conversation_domain::gateway::HookRequest;
use conversation_domain::model::receipt::{Receipt, ReceiptState};
use conversation_domain::receipt::store::store_receipt;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;

use crate::api_error::ApiError;
use crate::body::RawBody;
use crate::caller::Reply;
use crate::endpoint::{Endpoint, Id};
use crate::shared::Shared;
use crate::status::Status;

const HOOK: &str = "/v1.0/conversation/accounts/{account_id}";

/// The hooks, which are not in the document: their bodies are those of the providers.
pub(super) fn rows() -> Vec<Endpoint> {
    vec![Endpoint::hidden(Method::POST, HOOK, receive)]
}

/// Verifies a request of a provider, stores it, and answers. Nothing looks at it before it is verified,
/// and nothing is stored if it is not.
async fn receive(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(id): Id<AccountId>,
    RawBody(body, _share): RawBody,
) -> Reply {
    let api = &shared.api;
    let unit = Unit::installation("find_account").in_lane(ReadLane::Shared);
    let found = api
        .conversations
        .read(unit, move |snapshot| find_account(snapshot, id));
    let account = found.await.map_err(ApiError::from)?;
    let now = (api.clock)();
    let hook = HookRequest {
        url: address(&shared, &request),
        headers: headers(&request),
        body: body.into(),
        now,
    };
    let Some(authentic) = api.channels.verify(&account, &hook) else {
        let message = "the request has no valid signature of the provider";
        let status = Status::UNAUTHENTICATED;
        return Err(ApiError::new(status, "SIGNATURE_INVALID", message));
    };
    let receipt = Receipt {
        id: IdSource::new(now, (api.random)()).fresh().into(),
        customer: account.customer,
        account: account.id,
        event: authentic.event,
        body: authentic.body,
        state: ReceiptState::Stored,
        error: String::new(),
        segment_of: None,
        created: now,
    };
    let unit = Unit::of(account.customer, "store_receipt");
    let stored = api
        .conversations
        .write(unit, move |uow| store_receipt(uow, &receipt));
    let stored: Result<bool, StoreError> = stored.await;
    if stored? {
        api.channels.wake_readers();
    }
    Ok(HttpResponse::Ok().finish())
}

/// The address of a request, as the provider has it.
fn address(shared: &Shared, request: &HttpRequest) -> String {
    let path = request
        .uri()
        .path_and_query()
        .map_or("", |path| path.as_str());
    let base = shared.api.public_url.as_deref().unwrap_or_default();
    format!("{}{path}", base.trim_end_matches('/'))
}

fn headers(request: &HttpRequest) -> Vec<(String, String)> {
    let headers = request.headers().iter();
    let text = headers.filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
    text.map(|(name, value)| (name.as_str().to_owned(), value.to_owned()))
        .collect()
}
