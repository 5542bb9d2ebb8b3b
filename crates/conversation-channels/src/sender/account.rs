//! The task of one account: sends what is due until nothing is.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use conversation_domain::delivery::lease::{Leased, lease_job};
use conversation_domain::delivery::settle::{Outcome, Tried, settle_job};
use conversation_domain::model::account::AccountSecrets;
use conversation_domain::model::job::Job;
use conversation_domain::model::media::Media;
use conversation_domain::model::message::Failure;
use metrics::counter;
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::id::{AccountId, ConversationMessageId, CustomerId};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_outgoing::{Permits, retry};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Shared;
use crate::adapter::Outbound;

/// Pause after a failure of the database, with which nothing can be leased.
const PAUSE: Duration = Duration::from_millis(200);

/// The task of one account.
pub(super) struct AccountSender {
    pub(super) shared: Arc<Shared>,
    pub(super) customer: CustomerId,
    pub(super) account: AccountId,
    /// Permits for requests to the provider; they also wake this task when it may have more to send.
    pub(super) permits: Permits,
}

impl AccountSender {
    /// Runs until nothing is due.
    pub(super) async fn run(self) -> Result<(), StoreError> {
        let mut sending: JoinSet<ConversationMessageId> = JoinSet::new();
        let mut under_way = HashSet::new();
        loop {
            if under_way.len() < self.shared.settings.parallel {
                self.start(&mut sending, &mut under_way).await?;
            }
            tokio::select! {
                ended = sending.join_next() => match ended {
                    Some(Ok(message)) => {
                        under_way.remove(&message);
                    }
                    // Nothing is due. A message whose task panicked stays leased.
                    Some(Err(_)) | None => return Ok(()),
                },
                () = self.permits.woken() => {}
            }
        }
    }

    /// Starts messages that are due, one of each room.
    async fn start(
        &self,
        sending: &mut JoinSet<ConversationMessageId>,
        under_way: &mut HashSet<ConversationMessageId>,
    ) -> Result<(), StoreError> {
        let width = self.shared.settings.parallel;
        // Some of those under way may be due as well, and come first.
        let limit = u32::try_from(width + under_way.len()).unwrap_or(u32::MAX);
        for job in self.due(limit).await? {
            if under_way.len() < width && under_way.insert(job.message) {
                let shared = Arc::clone(&self.shared);
                let permit = self.permits.acquire();
                sending.spawn(async move {
                    let _permit = permit.await;
                    send(&shared, &job).await;
                    job.message
                });
            }
        }
        Ok(())
    }

    async fn due(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let ports = &self.shared.channels.ports;
        let (account, now) = (self.account, (ports.clock)());
        let unit = Unit::of(self.customer, "due_messages");
        let due = ports.store.read(unit, move |snapshot| {
            snapshot.jobs().due(account, now, limit)
        });
        due.await
    }
}

/// Leases a message, sends it and records the outcome.
async fn send(shared: &Shared, job: &Job) {
    let ports = &shared.channels.ports;
    let (message, now) = (job.message, (ports.clock)());
    let seconds = shared.settings.lease_seconds;
    let unit = Unit::of(job.customer, "lease_message");
    let leased = ports
        .store
        .write(unit, move |uow| lease_job(uow, message, (now, seconds)));
    match leased.await {
        Ok(None) => {}
        Ok(Some(leased)) => {
            let outcome = submit(shared, &leased).await;
            let name = match outcome {
                Outcome::Accepted(_) => "accepted",
                Outcome::Transient(..) => "transient",
                Outcome::Permanent(_) => "failed",
                Outcome::Denied(_) => "denied",
                Outcome::OptedOut(_) => "opted_out",
                Outcome::Unknown(_) => "unknown",
            };
            counter!("talk_sent_messages_total", "outcome" => name).increment(1);
            let secrets = leased.account.secrets;
            settle(shared, job, secrets, outcome).await;
        }
        Err(error) => {
            tracing::warn!(%error, "a message was not leased; it is tried again soon");
            sleep(PAUSE).await;
        }
    }
}

async fn submit(shared: &Shared, leased: &Leased) -> Outcome {
    let unusable = |reason: String| {
        let failure = Failure {
            code: "secrets_key".to_owned(),
            reason,
            is_permanent: false,
        };
        Outcome::Transient(failure, None)
    };
    let adapter = match shared.channels.adapter(&leased.account) {
        Ok(Some(adapter)) => adapter,
        Ok(None) => return unusable("the account has no provider".to_owned()),
        Err(error) => {
            let account = leased.account.id;
            tracing::error!(%error, %account, "a secret of an account cannot be used");
            return unusable(error.to_string());
        }
    };
    let Some(links) = links(shared, leased) else {
        let reason = "the server has no public address (public_url) for links to medias";
        let failure = Failure {
            code: "public_url".to_owned(),
            reason: reason.to_owned(),
            is_permanent: true,
        };
        return Outcome::Permanent(failure);
    };
    let mut text = leased.message.text.clone();
    let carried: &[String] = if adapter.carries_medias() {
        &links
    } else {
        for link in &links {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(link);
        }
        &[]
    };
    let message = Outbound {
        id: leased.message.id,
        from: &leased.room.own.target,
        to: &leased.room.peer.target,
        text: &text,
        medias: carried,
        key: &leased.key,
        hook_url: shared.channels.hook_url(leased.account.id),
    };
    adapter.send(&shared.channels.http, &message).await
}

/// Returns links to the medias of a message; `None` if the server cannot make links.
fn links(shared: &Shared, leased: &Leased) -> Option<Vec<String>> {
    let medias = leased.message.medias.iter();
    let link = |media: &Media| {
        (shared.channels.ports.link)(StoredFile {
            customer: leased.message.customer,
            id: media.file,
        })
    };
    medias.map(link).collect()
}

/// Records an outcome, however long the database takes: without the record the message would end as
/// unknown.
async fn settle(shared: &Shared, job: &Job, secrets: AccountSecrets, outcome: Outcome) {
    let ports = &shared.channels.ports;
    retry("settle_message", || {
        let tried = Tried {
            message: job.message,
            secrets: secrets.clone(),
            outcome: outcome.clone(),
            now: (ports.clock)(),
        };
        let unit = Unit::of(job.customer, "settle_message");
        ports.store.write(unit, move |uow| settle_job(uow, &tried))
    })
    .await;
}
