//! The demo's web chat, for visitors of a page.

use std::sync::Arc;

use conversation_domain::account::create::{
    CreateAccount, CreateAccountError, Wanted, create_account,
};
use conversation_domain::account::list::{ShowAccountError, list_accounts};
use conversation_domain::model::account::AccountSecrets;
use conversation_domain::model::provider::Provider;
use conversation_domain::unit::Conversations;
use talk_domain::identity::agent::Agent;
use talk_domain::kernel::context::{Context, IdSource};
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store::{Store, Unit};

use super::actor;
use crate::failure::Failure;
use crate::installation::{now, random, refused};

/// The oldest account of the demo.
const FIRST: PageRequest = PageRequest {
    size: 1,
    after: None,
    order: Order::Ascending,
};

/// Returns the oldest account of an admin's customer; creates a web chat if there is none.
pub(crate) async fn web_chat(
    store: &Arc<dyn Store<Conversations>>,
    admin: &Agent,
    limits: Limits,
) -> Result<AccountId, Failure> {
    let actor = actor(admin);
    let unit = Unit::by(actor, "demo_web_chat");
    let found = store.read(unit, move |snapshot| list_accounts(snapshot, actor, FIRST));
    let found: Result<_, ShowAccountError> = found.await;
    if let Some(account) = found.map_err(refused)?.rows.first() {
        return Ok(account.id);
    }
    let now = now();
    let cx = Context::new(actor, now, limits, IdSource::new(now, random()));
    let command = CreateAccount {
        id: cx.fresh(),
        wanted: Wanted {
            name: "Demo".to_owned(),
            detail: String::new(),
            origins: Vec::new(),
            provider: Provider::Widget,
            numbers: Vec::new(),
            secrets: AccountSecrets::default(),
        },
    };
    let made = store.write(unit, move |uow| create_account(uow, &cx, &command, 1));
    let made: Result<_, CreateAccountError> = made.await;
    Ok(made.map_err(refused)?.id)
}
