//! `/v1.0/conversation_accounts`.

use actix_web::http::Method;
use conversation_domain::account::create::{CreateAccountError, create_account};
use conversation_domain::account::delete::delete_account;
use conversation_domain::account::list::{ShowAccountError, list_accounts, show_account};
use conversation_domain::account::update::{UpdateAccountError, update_account};
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::AccountSettings;
use talk_wire::resource::{ConversationAccount, List, ProviderData};

use crate::body::Body;
use crate::caller::{Administrator, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Queried};
use crate::service::once::PostResult;

const ALL: &str = "/v1.0/conversation_accounts";
const ONE: &str = "/v1.0/conversation_accounts/{account_id}";

pub(super) fn rows() -> Vec<Endpoint> {
    let new = AccountSettings {
        kind: Some("webchat".to_owned()),
        name: Some("Shop".to_owned()),
        provider_data: Some(ProviderData {
            origins: vec!["https://shop.example.com".to_owned()],
        }),
        ..AccountSettings::default()
    };
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
                 `data-widget=\"<id>\"`, if its origin is among the account's.",
            )
            .sends("a web chat", &new),
        Endpoint::new(Method::GET, ONE, show).named("showConversationAccount", "Shows an account"),
        Endpoint::new(Method::PUT, ONE, update)
            .named("updateConversationAccount", "Changes an account")
            .about("By admins and managers. What is absent stays.")
            .sends("another name", &renamed),
        Endpoint::new(Method::DELETE, ONE, remove)
            .named("deleteConversationAccount", "Deletes an account")
            .about(
                "By admins and managers. Its conversations stay, and nothing more is sent in them.",
            )
            .answers("The deleted account."),
    ]
}

async fn list(
    Administrator(caller): Administrator,
    Queried(page): Queried<PageRequest>,
) -> Answer<List<ConversationAccount>, ShowAccountError> {
    let read = caller.look("list_accounts", move |snapshot, actor| {
        list_accounts(snapshot, actor, page)
    });
    Ok(caller.page(&read.await?, |account| ConversationAccount::from(account)))
}

async fn show(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
) -> Answer<ConversationAccount, ShowAccountError> {
    let read = caller.look("show_account", move |snapshot, actor| {
        show_account(snapshot, actor, id)
    });
    Ok(ok(&ConversationAccount::from(&read.await?)))
}

async fn create(
    Administrator(caller): Administrator,
    body: Body<AccountSettings>,
) -> Answer<Kept<ConversationAccount>, CreateAccountError> {
    let command = body.value.create()?;
    let limit = caller.shared.api.conversation_limits.accounts;
    let posted = caller.change_once("create_account", &body.sent, move |uow, cx| {
        let account = create_account(uow, cx, &command, limit)?;
        Ok(PostResult::value(&ConversationAccount::from(&account)))
    });
    Ok(posted.await?.respond())
}

async fn update(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
    body: Body<AccountSettings>,
) -> Answer<ConversationAccount, UpdateAccountError> {
    let change = body.value.change()?;
    let write = caller.change("update_account", move |uow, cx| {
        update_account(uow, cx, id, &change)
    });
    Ok(ok(&ConversationAccount::from(&write.await?)))
}

async fn remove(
    Administrator(caller): Administrator,
    Id(id): Id<AccountId>,
) -> Answer<ConversationAccount, UpdateAccountError> {
    let write = caller.change("delete_account", move |uow, cx| delete_account(uow, cx, id));
    Ok(ok(&ConversationAccount::from(&write.await?)))
}
