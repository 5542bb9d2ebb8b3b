//! `agent erase`, and the wait for the cleanups of a deletion.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use talk_domain::identity::agent::erase::{EraseAgent, erase_agent};
use talk_domain::kernel::cleanup::Deleted;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use uuid::Uuid;

use super::Operator;
use crate::cleaner::Cleaner;
use crate::failure::Failure;
use crate::installation::{now, refused};

/// Interval between two looks at the remaining work of the server.
const LOOK: Duration = Duration::from_millis(200);

/// The operator's confirmation of a command that cannot be undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmation {
    /// Whether `--yes` is given.
    pub(super) is_given: bool,
}

impl Confirmation {
    /// Refuses the command `what` without a confirmation.
    pub(super) fn check(self, what: &str) -> Result<(), Failure> {
        if self.is_given {
            return Ok(());
        }
        let line = format!("--yes is missing: this would {what}, and only a backup brings it back");
        Err(Failure::Usage(line))
    }
}

impl Operator {
    /// Erases an agent and waits until its messages are erased.
    pub(super) async fn erase_agent(
        &self,
        wanted: &str,
        confirmation: Confirmation,
        even_last_admin: bool,
    ) -> Result<(), Failure> {
        let agent = self.find_any_agent(wanted).await?;
        let (id, username) = (agent.id, &agent.username);
        confirmation.check(&format!(
            "erase the agent {username} ({id}) and the texts of its messages"
        ))?;
        let command = EraseAgent {
            agent: id,
            alias: Uuid::new_v4(),
            even_last_admin,
        };
        let now = now();
        let unit = Unit::of(agent.customer, "erase_agent");
        let erased = self
            .store
            .write(unit, move |uow| erase_agent(uow, &command, now));
        let erased = erased.await.map_err(refused)?;
        self.clean_up(&[Deleted::Author(id), Deleted::Answers(id)], "erasing")
            .await?;
        self.show(&erased)
    }

    /// Waits until the cleanups of these deletions are done. A running server does them in the
    /// background; without one this process does them.
    pub(super) async fn clean_up(
        &self,
        deletions: &[Deleted],
        what: &'static str,
    ) -> Result<(), Failure> {
        let bar = Bar::new(what);
        let mut cleaner = Cleaner::new(Arc::clone(&self.store), self.limits);
        loop {
            let left = self.left(deletions).await.map_err(refused)?;
            if left == 0 {
                bar.finish();
                return Ok(());
            }
            bar.show(left);
            // A second process that writes would only compete for the write lock.
            if self.is_served()? {
                tokio::time::sleep(LOOK).await;
            } else {
                cleaner.hurry().await.map_err(refused)?;
            }
        }
    }

    /// Estimates the rows that the cleanups of these deletions have left.
    async fn left(&self, deletions: &[Deleted]) -> Result<u64, StoreError> {
        let deletions = deletions.to_vec();
        let unit = Unit::installation("cleanups_left");
        let left = self.store.read(unit, move |snapshot| {
            let left = deletions.iter().map(|deleted| {
                let left = snapshot.cleanups().left(*deleted)?;
                Ok(left.unwrap_or(0))
            });
            left.sum()
        });
        left.await
    }
}

/// A progress bar of the rows done, shown on a terminal only.
struct Bar(ProgressBar);

impl Bar {
    fn new(what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {percent} %, {eta} left");
        let bar = ProgressBar::new(0).with_message(what);
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    /// The total grows if rows are added.
    fn show(&self, left: u64) {
        let all = self.0.length().unwrap_or_default().max(left);
        self.0.set_length(all);
        self.0.set_position(all - left);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
