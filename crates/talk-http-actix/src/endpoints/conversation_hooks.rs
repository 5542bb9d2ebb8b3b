//! `/v1.0/conversation/accounts/{id}`: requests of providers, and messages that are sent again.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use conversation_domain::account::list::find_account;
use conversation_domain::delivery::retry::{RetryError, retry_message};
use conversation_domain::gateway::HookRequest;
use conversation_domain::model::receipt::{Receipt, ReceiptState};
use conversation_domain::receipt::store::store_receipt;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::{AccountId, ConversationId, ConversationMessageId};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_wire::resource::ConversationMessage;

use crate::api_error::ApiError;
use crate::body::{NoBody, RawBody};
use crate::caller::{Caller, Reply};
use crate::endpoint::{Answer, Endpoint, Id, Kept};
use crate::service::once::PostResult;
use crate::shared::Shared;
use crate::status::Status;

const HOOK: &str = "/v1.0/conversation/accounts/{account_id}";
const RETRY: &str = "/v1.0/conversations/{conversation_id}/messages/{message_id}/retry";
const AGENT_RETRY: &str =
    "/v1.0/service_agents/conversations/{conversation_id}/messages/{message_id}/retry";

/// The hooks, which are not in the document: their bodies are those of the providers.
pub(super) fn rows() -> Vec<Endpoint> {
    vec![Endpoint::hidden(Method::POST, HOOK, receive)]
}

/// The endpoints for messages that were not delivered.
pub(super) fn retries() -> Vec<Endpoint> {
    let row = |path, name| {
        Endpoint::new(Method::POST, path, retry)
            .named(name, "Sends a message again that was not delivered")
            .about(
                "By the owner, admins and managers, if the message has failed or its delivery is \
                 unknown. A message that was received after all arrives twice.",
            )
    };
    vec![
        row(RETRY, "retryConversationMessage"),
        row(AGENT_RETRY, "retryAgentConversationMessage"),
    ]
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

async fn retry(
    caller: Caller,
    Id(conversation): Id<ConversationId>,
    Id(id): Id<ConversationMessageId>,
    body: NoBody,
) -> Answer<Kept<ConversationMessage>, RetryError> {
    let posted = caller.change_once("retry_message", &body.sent, move |uow, cx| {
        let logged = retry_message(uow, cx, (conversation, id))?;
        Ok(PostResult::logged(logged))
    });
    let posted = posted.await?;
    caller.shared.api.channels.wake_senders();
    Ok(posted.respond())
}
