//! The task that keeps one session for each account with a message centre.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conversation_domain::model::account::Account;
use conversation_domain::model::provider::Provider;
use conversation_domain::model::smpp::SmppSettings;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_outgoing::Target;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::inbox::{Inbox, Receipts};
use super::link::{Link, Terms, is_true};
use crate::channels::Channels;
use conversation_domain::gateway::Gateway as _;

/// Time between two looks at the accounts.
const LOOK: Duration = Duration::from_secs(1);

/// The most sessions of a server.
const MOST: usize = 1_000;

/// Accounts that are read: one more than there are sessions, to notice that.
const READ: u32 = 1_001;

/// Time for the end of all sessions.
const END: Duration = Duration::from_secs(5);

/// The sessions, for those that send messages.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<AccountId, Arc<Link>>>);

impl Links {
    /// Returns the session of an account.
    pub(crate) fn get(&self, account: AccountId) -> Option<Arc<Link>> {
        self.all().get(&account).cloned()
    }

    pub(super) fn all(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Link>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the sessions; not running yet.
pub struct Sessions {
    channels: Arc<Channels>,
    stop: watch::Receiver<bool>,
    tasks: JoinSet<()>,
    running: HashMap<AccountId, AbortHandle>,
}

impl Sessions {
    /// Creates the task.
    #[must_use]
    pub fn new(channels: Arc<Channels>) -> Self {
        let stop = channels.sessions_to_stop();
        Self {
            channels,
            stop,
            tasks: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// Keeps the sessions until [`Channels::end_sessions`] ends them. Accounts that were created, changed
    /// or deleted are noticed within a second.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "accounts of message centres were not read; they are read again soon");
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = is_true(&mut stop) => break,
                () = sleep(LOOK) => {}
            }
        }
        for link in self.channels.links.all().values() {
            link.stop();
        }
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let _ = timeout(END, ended).await;
        self.channels.mark_sessions_ended();
        // The server ends its tasks itself.
        std::future::pending::<()>().await;
    }

    /// Starts the sessions of new accounts, and ends those of accounts that were changed or deleted.
    async fn look(&mut self) -> Result<(), StoreError> {
        while self.tasks.try_join_next().is_some() {}
        let unit = Unit::installation("smpp_accounts").in_lane(ReadLane::Shared);
        let accounts = self.channels.ports.store.read(unit, |snapshot| {
            snapshot.accounts().of_provider("smpp", READ)
        });
        let mut accounts = accounts.await?;
        if accounts.len() > MOST {
            tracing::error!(
                most = MOST,
                "there are more accounts of message centres than sessions"
            );
            accounts.truncate(MOST);
        }
        let wanted: HashMap<_, _> = accounts
            .iter()
            .map(|account| (account.id, account.updated))
            .collect();
        self.channels.links.all().retain(|account, link| {
            let is_current = wanted.get(account) == Some(&link.version);
            if !is_current {
                link.stop();
            }
            is_current
        });
        self.running.retain(|_, task| !task.is_finished());
        for account in accounts {
            // An earlier session of the account ends first.
            if !self.running.contains_key(&account.id) {
                self.start(&account);
            }
        }
        Ok(())
    }

    fn start(&mut self, account: &Account) {
        let Provider::Smpp(settings) = &account.provider else {
            return;
        };
        let password = match self.channels.token(account) {
            Ok(password) => password,
            Err(error) => {
                tracing::error!(%error, account = %account.id, "a secret of an account cannot be used");
                return;
            }
        };
        let channels = Arc::clone(&self.channels);
        let terms = terms(settings, password, channels.http.client().timeout());
        let random = (channels.ports.random)().to_be_bytes();
        let [reference, ..] = random;
        let link = Arc::new(Link::new(account.updated, reference));
        channels.links.all().insert(account.id, Arc::clone(&link));
        let waking = Arc::clone(&channels);
        let receipts = Receipts {
            ports: channels.ports.clone(),
            customer: account.customer,
            account: account.id,
            wake: Box::new(move || waking.wake_readers()),
        };
        let task = self.tasks.spawn(async move {
            let mut inbox = Inbox::new(receipts);
            link.keep(channels.http.client(), &terms, &mut inbox).await;
        });
        self.running.insert(account.id, task);
    }
}

fn terms(settings: &SmppSettings, password: String, time: Duration) -> Terms {
    Terms {
        target: Target {
            host: settings.host.clone(),
            port: settings.port,
            tls: settings.tls,
        },
        system_id: settings.system_id.clone(),
        password,
        system_type: settings.system_type.clone(),
        window: settings.window,
        enquire_link: Duration::from_secs(settings.enquire_link_seconds.into()),
        time,
    }
}
