//! The operator's commands about consumers of the event log.

use anyhow::anyhow;
use serde::Serialize;
use talk_domain::kernel::positions::Registered;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;

use super::Operator;
use crate::cli::ConsumerCommand;
use crate::failure::Failure;
use crate::installation::refused;

/// A consumer as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    name: String,
    /// Events that it has not taken.
    lag: u64,
    /// When the first of them was logged.
    oldest: Option<String>,
}

impl Shown {
    pub(crate) fn line(&self) -> String {
        let Self { name, lag, oldest } = self;
        match oldest {
            None => format!("{name}\tat the end of the log"),
            Some(oldest) => format!("{name}\t{lag} events behind, the first of {oldest}"),
        }
    }
}

impl From<Registered> for Shown {
    fn from(consumer: Registered) -> Self {
        let Registered { name, lag, oldest } = consumer;
        let oldest = oldest.map(talk_wire::time::format);
        Self { name, lag, oldest }
    }
}

impl Operator {
    /// Runs a command about consumers of the log.
    pub(crate) async fn consumer(&self, command: ConsumerCommand) -> Result<(), Failure> {
        match command {
            ConsumerCommand::List => {
                let consumers = self.consumers().await.map_err(refused)?;
                let lines: Vec<_> = consumers.iter().map(Shown::line).collect();
                self.print(&lines.join("\n"), &consumers)
            }
            ConsumerCommand::Forget { name } => self.forget(name).await,
        }
    }

    /// Returns all consumers of the log.
    pub(crate) async fn consumers(&self) -> Result<Vec<Shown>, StoreError> {
        let unit = Unit::installation("list_consumers");
        let read = self.store.read(unit, |snapshot| snapshot.log().consumers());
        Ok(read.await?.into_iter().map(Shown::from).collect())
    }

    async fn forget(&self, name: String) -> Result<(), Failure> {
        let (unit, wanted) = (Unit::installation("forget_consumer"), name.clone());
        let write = self
            .store
            .write(unit, move |uow| uow.consumers().remove(&wanted));
        if !write.await.map_err(refused)? {
            return Err(anyhow!("there is no consumer {name}").into());
        }
        let line = format!("{name} is forgotten: no event is kept for it");
        self.print(&line, &serde_json::json!({ "forgotten": name }))
    }
}
