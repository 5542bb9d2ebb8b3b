//! `/v1.0/conversation_accounts`.

use actix_web::http::Method;
use conversation_domain::account::check::{account_to_check, clear_problem};
use conversation_domain::account::create::{CreateAccountError, create_account};
use conversation_domain::account::delete::delete_account;
use conversation_domain::account::list::{ShowAccountError, list_accounts, show_account};
use conversation_domain::account::update::{UpdateAccountError, update_account};
use conversation_domain::model::account::Account;
use conversation_domain::model::receipt::ReceiptState;
use conversation_domain::receipt::list::list_receipts;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::{AccountSettings, GivenSecrets};
use talk_wire::resource::{
    AccountCheck, AccountReceipt, ConversationAccount, List, Password, ProviderData,
};

use crate::api_error::ApiError;
use crate::body::{Body, NoBody};
use crate::caller::{Administrator, Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Queried, QueryReader,
};
use crate::service::once::PostResult;

const ALL: &str = "/v1.0/conversation_accounts";
const ONE: &str = "/v1.0/conversation_accounts/{account_id}";
const CHECK: &str = "/v1.0/conversation_accounts/{account_id}/check";
const RECEIPTS: &str = "/v1.0/conversation_accounts/{account_id}/receipts";

pub(super) fn rows() -> Vec<Endpoint> {
    let renamed = AccountSettings {
        name: Some("Support".to_owned()),
        ..AccountSettings::default()
    };
    vec![
        Endpoint::new(Method::GET, ALL, list)
            .named("listConversationAccounts", "Lists the accounts"),
        Endpoint::new(Method::POST, ALL, create)
            .named("createConversationAccount", "Creates an account")
            .about(
                "By admins and managers. A page embeds a web chat by the script `/webchat.js` with \
                 `data-widget=\"<id>\"`, if its origin is among the account's. For SMS, the answer \
                 names the `hook_url` to enter at the provider. Secrets are never shown.",
            )
            .sends("a web chat", &a_web_chat())
            .sends("SMS by Twilio", &sms_by_twilio())
            .sends("SMS by SMPP", &sms_by_smpp())
            .reasons(&["SECRETS_KEY_MISSING"]),
        Endpoint::new(Method::GET, ONE, show).named("showConversationAccount", "Shows an account"),
        Endpoint::new(Method::PUT, ONE, update)
            .named("updateConversationAccount", "Changes an account")
            .about("By admins and managers. What is absent stays.")
            .sends("another name", &renamed)
            .reasons(&["SECRETS_KEY_MISSING"]),
        Endpoint::new(Method::DELETE, ONE, remove)
            .named("deleteConversationAccount", "Deletes an account")
            .about(
                "By admins and managers. Its conversations stay, and nothing more is sent in them.",
            )
            .answers("The deleted account."),
        Endpoint::new(Method::POST, CHECK, check)
            .named("checkConversationAccount", "Asks the provider whether an account works")
            .about(
                "By admins and managers. Nothing is sent to anybody. If the account works, its \
                 `problem` is removed.",
            ),
        Endpoint::new(Method::GET, RECEIPTS, receipts)
            .named("listAccountReceipts", "Lists what an account has received from its provider")
            .about(
                "By admins and managers. Without contents. A request that cannot be read is `failed`.",
            ),
    ]
}

/// The example of a new account of a message centre.
fn sms_by_smpp() -> AccountSettings {
    AccountSettings {
        kind: Some("sms".to_owned()),
        name: Some("Support".to_owned()),
        provider_data: Some(ProviderData {
            provider: "smpp".to_owned(),
            host: "smsc.example.com".to_owned(),
            port: 3_550,
            tls: true,
            system_id: "talk".to_owned(),
            password: Password("2f9a1c07".to_owned()),
            numbers: vec!["+15550100".to_owned()],
            ..ProviderData::default()
        }),
        ..AccountSettings::default()
    }
}

/// The example of a new web chat.
fn a_web_chat() -> AccountSettings {
    AccountSettings {
        kind: Some("webchat".to_owned()),
        name: Some("Shop".to_owned()),
        provider_data: Some(ProviderData {
            origins: vec!["https://shop.example.com".to_owned()],
            ..ProviderData::default()
        }),
        ..AccountSettings::default()
    }
}

/// The example of a new account of SMS.
fn sms_by_twilio() -> AccountSettings {
    AccountSettings {
        kind: Some("sms".to_owned()),
        name: Some("Support".to_owned()),
        token: Some("9f86d081884c7d659a2feaa0c55ad015".to_owned()),
        provider_data: Some(ProviderData {
            provider: "twilio".to_owned(),
            account_sid: "AC9f86d081884c7d659a2feaa0c55ad015".to_owned(),
            numbers: vec!["+15550100".to_owned()],
            ..ProviderData::default()
        }),
        ..AccountSettings::default()
    }
}

/// Returns an account as JSON, with the address for its provider.
fn shown(caller: &Caller, account: &Account) -> ConversationAccount {
    ConversationAccount::new(account, caller.shared.api.public_url.as_deref())
}

/// Seals the secrets of a request for an account.
fn sealed(
    caller: &Caller,
    id: AccountId,
    settings: &AccountSettings,
) -> Result<GivenSecrets, ApiError> {
    let secrets = &caller.shared.api.secrets;
    settings.seal(|text| Ok(secrets.seal(id.0.as_bytes(), text)?))
}

async fn list(
    Administrator(caller): Administrator,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<ConversationAccount>, ShowAccountError> {
    let read = caller.look("list_accounts", move |snapshot, actor| {
        list_accounts(snapshot, actor, page)
    });
    Ok(caller.page(&read.await?, |account| shown(&caller, account)))
}

async fn show(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
) -> Answer<ConversationAccount, ShowAccountError> {
    let read = caller.look("show_account", move |snapshot, actor| {
        show_account(snapshot, actor, id)
    });
    Ok(ok(&shown(&caller, &read.await?)))
}

async fn create(
    Administrator(caller): Administrator,
    body: Body<AccountSettings>,
) -> Answer<Kept<ConversationAccount>, CreateAccountError> {
    let id: AccountId = caller.cx.fresh();
    let secrets = sealed(&caller, id, &body.value)?;
    let command = body.value.create(id, secrets)?;
    let limit = caller.shared.api.conversation_limits.accounts;
    let public_url = caller.shared.api.public_url.clone();
    let posted = caller.change_once("create_account", &body.sent, move |uow, cx| {
        let account = create_account(uow, cx, &command, limit)?;
        let shown = ConversationAccount::new(&account, public_url.as_deref());
        Ok(PostResult::value(&shown))
    });
    Ok(posted.await?.respond())
}

async fn update(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
    body: Body<AccountSettings>,
) -> Answer<ConversationAccount, UpdateAccountError> {
    let secrets = sealed(&caller, id, &body.value)?;
    let change = body.value.change(secrets)?;
    let write = caller.change("update_account", move |uow, cx| {
        update_account(uow, cx, id, &change)
    });
    Ok(ok(&shown(&caller, &write.await?)))
}

async fn remove(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
) -> Answer<ConversationAccount, UpdateAccountError> {
    let write = caller.change("delete_account", move |uow, cx| delete_account(uow, cx, id));
    Ok(ok(&shown(&caller, &write.await?)))
}

async fn check(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
    _: NoBody,
) -> Answer<AccountCheck, ShowAccountError> {
    // In a unit of work, which needs the session and the permission of this moment.
    let read = caller.change("check_account", move |uow, cx| {
        account_to_check(uow, cx, id)
    });
    let account = read.await?;
    let checked = caller.shared.api.channels.check(&account).await;
    if checked.is_ok && account.problem.is_some() {
        let write = caller.change("clear_problem", move |uow, cx| {
            clear_problem(uow, cx, &account)
        });
        write.await?;
    }
    Ok(ok(&AccountCheck::from(checked)))
}

/// A page of receipts.
struct Wanted {
    page: PageRequest,
    state: Option<ReceiptState>,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let words = Form::Words(&["stored", "done", "ignored", "failed"]);
        let state = Parameter::new("state", words, "Receipts in this state.");
        let parse = |text: &str| {
            let message = "must be stored, done, ignored or failed";
            let unknown = || ApiError::invalid("state", "STATUS_INVALID", message);
            ReceiptState::parse(text).ok_or_else(unknown)
        };
        Ok(Self {
            page: query.page()?,
            state: query.parsed(state.refused(&["STATUS_INVALID"]), parse)?,
        })
    }
}

async fn receipts(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
    Queried(wanted): Queried<Wanted>,
) -> Answer<List<AccountReceipt>, ShowAccountError> {
    let read = caller.look("list_receipts", move |snapshot, actor| {
        list_receipts(snapshot, actor, (id, wanted.state), wanted.page)
    });
    Ok(caller.page(&read.await?, |receipt| AccountReceipt::from(receipt)))
}
