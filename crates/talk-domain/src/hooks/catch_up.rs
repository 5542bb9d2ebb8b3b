//! Use case: create the deliveries of the events that an endpoint missed while it was disabled.

use crate::hooks::take::{Batch, Happened, take};
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::Webhook;
use crate::kernel::cleanup::Bound;
use crate::kernel::id::WebhookId;
use crate::kernel::log::Logged;
use crate::kernel::positions::Position;
use crate::kernel::store_error::StoreError;

/// Converts an event at a position of the log into the form that deliveries need.
pub type Convert<'a> = &'a dyn Fn(Position, &Logged) -> Result<Happened, StoreError>;

/// The result of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    /// Number of new deliveries.
    pub deliveries: u32,
    /// Whether there may be more to do.
    pub is_more: bool,
}

/// Creates the deliveries of the next events that an enabled endpoint missed, in one bounded unit
/// of the installation. At the end of the log, the endpoint has missed nothing more, and from that
/// position on it gets events as other endpoints do. No event is lost or delivered twice at the
/// transition, because deliveries and position are stored in one transaction.
///
/// # Errors
/// Only when storage fails.
pub fn catch_up(
    uow: &mut dyn HooksUnit,
    (batch, id): (&Batch, WebhookId),
    convert: Convert<'_>,
) -> Result<Caught, StoreError> {
    uow.consumers().enter(batch.customer)?;
    let Some(webhook) = uow.webhooks().get(id)?.filter(Webhook::is_enabled) else {
        return Ok(Caught::default());
    };
    let Some(missed) = webhook.missed else {
        return Ok(Caught::default());
    };
    let chunk = uow.log().since(missed, Bound::STEP)?;
    let mut deliveries = 0;
    for (position, event) in &chunk.events {
        if event.customer != batch.customer {
            continue;
        }
        let happened = convert(*position, event)?;
        if webhook.matches(happened.stream, &happened.kind) {
            deliveries += u32::from(take(uow, batch, (&webhook, &happened))?);
        }
    }
    let changed = if chunk.is_end {
        Webhook {
            missed: None,
            since: chunk.end,
            ..webhook
        }
    } else {
        Webhook {
            missed: Some(chunk.end),
            ..webhook
        }
    };
    uow.webhooks().update(&changed)?;
    Ok(Caught {
        deliveries,
        is_more: !chunk.is_end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::webhook::Disabled;
    use crate::kernel::context::IdSource;
    use crate::kernel::positions::LogChunk;
    use crate::testing::{MockUnitOfWork, a_webhook, at, customer_id, logged, stream_id};
    use std::sync::Arc;

    fn batch() -> Batch {
        Batch {
            customer: customer_id(),
            now: at(5),
            ids: IdSource::new(at(5), 1),
        }
    }

    fn convert(position: Position, event: &Logged) -> Happened {
        Happened {
            position,
            stream: event.stream,
            seq: event.seq,
            kind: "happened".into(),
            event: format!("evt_{}", event.seq),
        }
    }

    fn step_of(uow: &mut MockUnitOfWork) -> Caught {
        let convert = |position, event: &Logged| Ok(convert(position, event));
        catch_up(uow, (&batch(), a_webhook().id), &convert).unwrap()
    }

    /// Takes the events 6 and 7 of the log; 7 is of another customer.
    fn step(is_end: bool, expected: Webhook) -> Caught {
        let mut uow = MockUnitOfWork::default();
        uow.consumers.expect_enter().times(1).returning(|_| Ok(()));
        let missing = Webhook {
            missed: Some(Position::new(5)),
            ..a_webhook()
        };
        let get = uow.webhooks.expect_get();
        get.returning(move |_| Ok(Some(missing.clone())));
        let own = logged(stream_id(1), 1, &[], "{}");
        let mut foreign = logged(stream_id(2), 1, &[], "{}");
        Arc::make_mut(&mut foreign).customer = uuid::Uuid::from_u128(99).into();
        let chunk = LogChunk {
            events: vec![(Position::new(6), own), (Position::new(7), foreign)],
            end: Position::new(7),
            is_end,
        };
        let since = uow.log.expect_since();
        since
            .withf(|from, _| *from == Position::new(5))
            .returning(move |_, _| Ok(chunk.clone()));
        uow.deliveries.expect_has().returning(|_, _, _| Ok(false));
        uow.deliveries.expect_is_due().returning(|_, _| Ok(false));
        let insert = uow.deliveries.expect_insert().times(1);
        insert
            .withf(|delivery| delivery.stream == stream_id(1))
            .returning(|_| Ok(()));
        let update = uow.webhooks.expect_update().times(1);
        update
            .withf(move |changed| *changed == expected)
            .returning(|_| Ok(()));
        step_of(&mut uow)
    }

    /// HOOK-20.
    #[test]
    fn an_endpoint_gets_the_events_that_it_missed_and_then_those_that_others_get() {
        let on_its_way = Webhook {
            missed: Some(Position::new(7)),
            ..a_webhook()
        };
        let caught = step(false, on_its_way);
        assert_eq!((caught.deliveries, caught.is_more), (1, true));
        let done = Webhook {
            since: Position::new(7),
            ..a_webhook()
        };
        let caught = step(true, done);
        assert_eq!((caught.deliveries, caught.is_more), (1, false));
    }

    /// HOOK-20: disabled or deleted meanwhile.
    #[test]
    fn a_disabled_or_deleted_endpoint_catches_up_on_nothing() {
        let disabled = Webhook {
            disabled: Some(Disabled::Manually),
            missed: Some(Position::new(5)),
            ..a_webhook()
        };
        for found in [None, Some(disabled), Some(a_webhook())] {
            let mut uow = MockUnitOfWork::default();
            uow.consumers.expect_enter().returning(|_| Ok(()));
            let get = uow.webhooks.expect_get();
            get.returning(move |_| Ok(found.clone()));
            assert_eq!(step_of(&mut uow), Caught::default());
        }
    }
}
