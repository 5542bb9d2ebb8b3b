//! The operator's command that erases an agent, and the wait until a deletion is cleaned up.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use talk_domain::agent::erase::{EraseAgent, erase_agent};
use talk_domain::cleanup::Deleted;
use talk_domain::store::{StoreError, Unit};
use uuid::Uuid;

use super::Operator;
use crate::cleaner::Cleaner;
use crate::failure::Failure;
use crate::installation::{now, refused};

/// Time between two reads of how much the server has still to clean up.
const LOOK: Duration = Duration::from_millis(200);

/// Whether the operator has confirmed what cannot be undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmation {
    /// Whether `--yes` is given.
    pub(super) is_given: bool,
}

impl Confirmation {
    /// Refuses to do `what` without a confirmation.
    pub(super) fn check(self, what: &str) -> Result<(), Failure> {
        if self.is_given {
            return Ok(());
        }
        let line = format!("--yes is missing: this would {what}, and only a backup brings it back");
        Err(Failure::Usage(line))
    }
}

impl Operator {
    /// Erases an agent and waits until its messages are erased too.
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

    /// Waits until these deletions are cleaned up. A running server does that behind its requests;
    /// without one this process does it.
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
            // Two processes that write would wait for each other.
            if self.is_served()? {
                tokio::time::sleep(LOOK).await;
            } else {
                cleaner.hurry().await.map_err(refused)?;
            }
        }
    }

    /// Returns about how many rows these deletions have still to clean up.
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

/// A bar of the rows that are done, on a terminal; nothing elsewhere.
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

    /// New rows move the end.
    fn show(&self, left: u64) {
        let all = self.0.length().unwrap_or_default().max(left);
        self.0.set_length(all);
        self.0.set_position(all - left);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
