//! A store without conversations.

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
