//! The task that finds accounts with messages to be sent, and runs a task for each.

mod account;

use std::sync::Arc;
use std::time::Duration;

use conversation_domain::model::job::Waiting;
use talk_domain::kernel::id::{AccountId, CustomerId};
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_outgoing::{Dispatch, Permits, Targets};

use crate::channels::Channels;
use account::AccountSender;

/// Limits of sending.
#[derive(Clone, Copy, Debug)]
pub struct SendSettings {
    /// Requests under way for one account.
    pub parallel: usize,
    /// Requests under way for all accounts. One customer has an eighth of them.
    pub connections: usize,
    /// Seconds that a message is leased: longer than a request can take.
    pub lease_seconds: u32,
}

/// Shared by the tasks of accounts.
pub(crate) struct Shared {
    pub(crate) channels: Arc<Channels>,
    pub(crate) settings: SendSettings,
}

/// Sends messages; not running yet.
pub struct Sender(Accounts);

impl Sender {
    /// Creates a sender.
    #[must_use]
    pub fn new(channels: Arc<Channels>, settings: SendSettings) -> Self {
        Self(Accounts(Arc::new(Shared { channels, settings })))
    }

    /// Sends for as long as it is polled. A message whose request is broken off by the end of the
    /// process ends as unknown.
    pub async fn run(self) {
        let shared = &self.0.0;
        let (woken, connections) = (
            shared.channels.messages_to_send(),
            shared.settings.connections,
        );
        Dispatch::new(self.0, woken, connections).run().await;
    }
}

/// The accounts of all customers.
struct Accounts(Arc<Shared>);

impl Targets for Accounts {
    type Target = Waiting;
    type Id = AccountId;
    type Customer = CustomerId;
    type Error = StoreError;

    fn names(waiting: &Waiting) -> (AccountId, CustomerId) {
        (waiting.account, waiting.customer)
    }

    async fn waiting(&self) -> Result<Vec<(Waiting, Duration)>, StoreError> {
        let unit = Unit::installation("waiting_messages").in_lane(ReadLane::Shared);
        let ports = &self.0.channels.ports;
        let waiting = ports.store.read(unit, |snapshot| snapshot.jobs().waiting());
        let (waiting, now) = (waiting.await?, (ports.clock)());
        let until = |one: Waiting| (one, now.until(one.due));
        Ok(waiting.into_iter().map(until).collect())
    }

    fn send(
        &self,
        waiting: Waiting,
        permits: Permits,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let sender = AccountSender {
            shared: Arc::clone(&self.0),
            customer: waiting.customer,
            account: waiting.account,
            permits,
        };
        sender.run()
    }
}
