//! The part of the providers that the API uses.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conversation_domain::gateway::{Authentic, Checked, Gateway, HookRequest};
use conversation_domain::model::account::Account;
use conversation_domain::unit::Conversations;
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::secret::{SecretError, Secrets};
use talk_domain::kernel::store::Store;
use talk_domain::kernel::time::Timestamp;
use talk_outgoing::Client;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::adapter::{Adapter, Opened, adapter};
use crate::http::Http;
use crate::smpp::Links;

/// The longest identity of a request, in bytes. A longer one is replaced by its digest.
const LONGEST_EVENT: usize = 255;

/// The ports of the workers.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store<Conversations>>,
    /// Opens secrets.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Makes a link to the bytes of a file; `None` if the server has no public address.
    pub link: Arc<dyn Fn(StoredFile) -> Option<String> + Send + Sync>,
    /// Random bits for ids.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

/// The providers of messages.
pub struct Channels {
    pub(crate) ports: Ports,
    pub(crate) http: Http,
    /// The address under which providers reach the server; `""` if it is not known.
    public_url: String,
    to_send: watch::Sender<()>,
    to_read: watch::Sender<()>,
    /// The sessions with message centres.
    pub(crate) links: Links,
    /// Whether the sessions are to end.
    to_stop: watch::Sender<bool>,
    /// Whether they have ended.
    have_ended: watch::Sender<bool>,
    to_fetch: watch::Sender<()>,
}

impl Channels {
    /// Creates the providers. `client` sends requests to them, and they send theirs below `public_url`.
    #[must_use]
    pub fn new(ports: Ports, client: Client, public_url: Option<String>) -> Self {
        Self {
            ports,
            http: Http::new(client),
            public_url: public_url.unwrap_or_default(),
            to_send: watch::Sender::new(()),
            to_read: watch::Sender::new(()),
            links: Links::default(),
            to_stop: watch::Sender::new(false),
            have_ended: watch::Sender::new(false),
            to_fetch: watch::Sender::new(()),
        }
    }

    /// The store of conversations.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store<Conversations>> {
        Arc::clone(&self.ports.store)
    }

    pub(crate) fn messages_to_send(&self) -> watch::Receiver<()> {
        self.to_send.subscribe()
    }

    pub(crate) fn receipts_to_read(&self) -> watch::Receiver<()> {
        self.to_read.subscribe()
    }

    pub(crate) fn medias_to_fetch(&self) -> watch::Receiver<()> {
        self.to_fetch.subscribe()
    }

    /// Says that there may be medias to fetch.
    pub(crate) fn wake_fetchers(&self) {
        self.to_fetch.send_replace(());
    }

    /// Opens the secrets of an account, and returns its adapter; `None` for our own widget.
    pub(crate) fn adapter<'a>(
        &'a self,
        account: &'a Account,
    ) -> Result<Option<Box<dyn Adapter + 'a>>, SecretError> {
        let token = self.token(account)?;
        Ok(adapter(Opened::new(account, token), &self.links))
    }

    /// Opens the token of an account; `""` if there is none.
    pub(crate) fn token(&self, account: &Account) -> Result<String, SecretError> {
        let owner = account.id.0.as_bytes();
        match &account.secrets.token {
            Some(sealed) => self.ports.secrets.open(owner, sealed),
            None => Ok(String::new()),
        }
    }

    pub(crate) fn sessions_to_stop(&self) -> watch::Receiver<bool> {
        self.to_stop.subscribe()
    }

    pub(crate) fn mark_sessions_ended(&self) {
        self.have_ended.send_replace(true);
    }

    /// Ends the sessions with message centres in order. Waits for at most `time`.
    pub async fn end_sessions(&self, time: Duration) {
        self.to_stop.send_replace(true);
        let mut have_ended = self.have_ended.subscribe();
        if timeout(time, have_ended.wait_for(|ended| *ended))
            .await
            .is_err()
        {
            tracing::warn!("sessions with message centres were broken off");
        }
    }

    /// Returns the address of an account for requests of its provider.
    pub(crate) fn hook_url(&self, account: AccountId) -> String {
        let base = self.public_url.trim_end_matches('/');
        if base.is_empty() {
            return String::new();
        }
        format!("{base}/v1.0/conversation/accounts/{account}")
    }
}

impl Gateway for Channels {
    fn verify(&self, account: &Account, request: &HookRequest) -> Option<Authentic> {
        let adapter = self.adapter(account).inspect_err(|error| {
            tracing::error!(%error, account = %account.id, "a secret of an account cannot be used");
        });
        let adapter = adapter.ok()??;
        let verified = adapter.verify(request)?;
        let event = adapter.event(&verified);
        let event = event.filter(|event| event.len() <= LONGEST_EVENT && !event.contains('\0'));
        let event = event.unwrap_or_else(|| digest_of(verified.bytes()));
        let body = verified.bytes().to_vec();
        Some(Authentic { event, body })
    }

    fn check<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Checked> {
        Box::pin(async move {
            match self.adapter(account) {
                Ok(Some(adapter)) => adapter.check(&self.http).await,
                Ok(None) => Checked {
                    is_ok: true,
                    detail: String::new(),
                },
                Err(error) => Checked {
                    is_ok: false,
                    detail: error.to_string(),
                },
            }
        })
    }

    fn wake_senders(&self) {
        self.to_send.send_replace(());
    }

    fn wake_readers(&self) {
        self.to_read.send_replace(());
    }
}

/// The identity of a request that names none: the same bytes are the same request.
fn digest_of(body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, body))
}
