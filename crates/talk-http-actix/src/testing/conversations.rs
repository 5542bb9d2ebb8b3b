//! A store without conversations, and no providers.

use conversation_domain::gateway::{Authentic, Checked, Gateway, HookRequest};
use conversation_domain::model::account::Account;
use conversation_domain::unit::Conversations;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::store::{Database, ReadWork, Store, Unit, Work};
use talk_domain::kernel::store_error::StoreError;

/// Requests about conversations are tested with the real store.
pub(super) struct NoConversations;

impl Store<Conversations> for NoConversations {
    fn execute(&self, _: Unit, _: Work<Conversations>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::Unavailable("no conversations".into())) })
    }

    fn query(&self, _: Unit, _: ReadWork<Conversations>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::Unavailable("no conversations".into())) })
    }
}

impl Database for NoConversations {
    fn epoch(&self) -> &'static str {
        "e-1"
    }
}

/// Requests of providers are tested with the real ones.
pub(super) struct NoProviders;

impl Gateway for NoProviders {
    fn verify(&self, _: &Account, _: &HookRequest) -> Option<Authentic> {
        None
    }

    fn check<'a>(&'a self, _: &'a Account) -> BoxFuture<'a, Checked> {
        panic!("there is no account")
    }

    fn wake_senders(&self) {}

    fn wake_readers(&self) {}
}
