//! Use case: turn logged events into deliveries.

use crate::hooks::delivery::{Delivery, Status};
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::{DeliveryOrder, Webhook};
use crate::kernel::context::IdSource;
use crate::kernel::id::CustomerId;
use crate::kernel::positions::Position;
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::StreamId;
use crate::kernel::time::Timestamp;

/// The properties of a logged event from which deliveries are created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Its position in the log.
    pub position: Position,
    /// Stream of the event.
    pub stream: StreamId,
    /// Its number in the stream.
    pub seq: u64,
    /// Its type, as receivers see it.
    pub kind: String,
    /// Its identity for receivers.
    pub event: String,
}

/// Customer, time and fresh ids for the deliveries of several events.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Customer of all the events.
    pub customer: CustomerId,
    /// Time of the deliveries.
    pub now: Timestamp,
    /// Ids of the deliveries.
    pub ids: IdSource,
}

/// The name of webhooks as a consumer of the log.
pub const CONSUMER: &str = "webhooks";

/// Creates the deliveries of events of several customers, and stores the consumer's position after
/// them in the same transaction: after a crash no event is missed or delivered twice. Returns the
/// number of deliveries.
///
/// # Errors
/// Only when storage fails.
pub fn take_chunk(
    uow: &mut dyn HooksUnit,
    of_customers: &[(Batch, Vec<Happened>)],
    end: Position,
) -> Result<u32, StoreError> {
    let mut taken = 0;
    for (batch, events) in of_customers {
        uow.consumers().enter(batch.customer)?;
        taken += take_events(uow, batch, events)?;
    }
    uow.consumers().put(CONSUMER, end)?;
    Ok(taken)
}

/// Creates a delivery for each event and each endpoint that [wants](Webhook::wants) it, unless that
/// delivery exists. Returns the number of new deliveries.
///
/// # Errors
/// Only when storage fails.
pub fn take_events(
    uow: &mut dyn HooksUnit,
    batch: &Batch,
    events: &[Happened],
) -> Result<u32, StoreError> {
    let mut webhooks = uow.webhooks().all()?;
    webhooks.retain(Webhook::is_enabled);
    let mut taken = 0;
    for event in events {
        for webhook in &webhooks {
            if webhook.wants((event.position, event.stream), &event.kind) {
                taken += u32::from(take(uow, batch, (webhook, event))?);
            }
        }
    }
    Ok(taken)
}

/// Creates the delivery of an event to an endpoint. Returns `false` if it exists already.
pub(crate) fn take(
    uow: &mut dyn HooksUnit,
    batch: &Batch,
    (webhook, event): (&Webhook, &Happened),
) -> Result<bool, StoreError> {
    let (id, stream) = (webhook.id, event.stream);
    if uow.deliveries().has(id, stream, event.seq)? {
        return Ok(false);
    }
    let waits = match webhook.order {
        DeliveryOrder::Stream => uow.deliveries().is_due(id, stream)?,
        DeliveryOrder::None => false,
    };
    uow.deliveries().insert(&Delivery {
        id: batch.ids.fresh().into(),
        customer: batch.customer,
        webhook: id,
        stream,
        seq: event.seq,
        event: event.event.clone(),
        kind: event.kind.clone(),
        status: Status::Pending,
        tries: 0,
        due: (!waits).then_some(batch.now),
        created: batch.now,
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::filter::EventFilter;
    use crate::hooks::webhook::Disabled;
    use crate::testing::{MockUnitOfWork, a_webhook, at, customer_id, stream_id};
    use mockall::Sequence;
    use std::sync::{Arc, Mutex};
    use uuid::Uuid;

    fn happened(seq: u64, kind: &str) -> Happened {
        Happened {
            position: Position::new(100 + seq),
            stream: stream_id(1),
            seq,
            kind: kind.into(),
            event: format!("evt_{seq}"),
        }
    }

    /// Calls [`take_events`] with a repository that keeps inserted deliveries.
    fn taken(webhooks: Vec<Webhook>, events: &[Happened]) -> Vec<Delivery> {
        let rows: Arc<Mutex<Vec<Delivery>>> = Arc::default();
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_all()
            .returning(move || Ok(webhooks.clone()));
        let kept = Arc::clone(&rows);
        uow.deliveries
            .expect_has()
            .returning(move |webhook, stream, seq| {
                let kept = kept.lock().unwrap();
                Ok(kept
                    .iter()
                    .any(|row| (row.webhook, row.stream, row.seq) == (webhook, stream, seq)))
            });
        let kept = Arc::clone(&rows);
        uow.deliveries
            .expect_is_due()
            .returning(move |webhook, stream| {
                let kept = kept.lock().unwrap();
                let of_stream = |row: &&Delivery| (row.webhook, row.stream) == (webhook, stream);
                Ok(kept.iter().filter(of_stream).any(|row| row.due.is_some()))
            });
        let kept = Arc::clone(&rows);
        uow.deliveries.expect_insert().returning(move |row| {
            kept.lock().unwrap().push(row.clone());
            Ok(())
        });
        let batch = Batch {
            customer: customer_id(),
            now: at(5),
            ids: IdSource::new(at(5), 1),
        };
        let count = take_events(&mut uow, &batch, events).unwrap();
        let rows = rows.lock().unwrap().clone();
        assert_eq!(rows.len(), count as usize);
        rows
    }

    /// HOOK-02: a new endpoint, and one that is enabled again, gets no events of before.
    #[test]
    fn an_endpoint_gets_the_events_after_its_position_only() {
        let since = Position::new(102);
        let webhook = Webhook {
            since,
            ..a_webhook()
        };
        let events = [1, 2, 3].map(|seq| happened(seq, "a"));
        let taken = taken(vec![webhook], &events);
        assert_eq!(taken.iter().map(|one| one.seq).collect::<Vec<_>>(), [3]);
    }

    /// HOOK-07: a failing event holds back the later ones of its stream.
    #[test]
    fn the_first_event_of_a_stream_is_due_and_the_next_ones_wait() {
        let rows = taken(vec![a_webhook()], &[happened(1, "a"), happened(2, "b")]);
        let due: Vec<_> = rows.iter().map(|row| (row.seq, row.due)).collect();
        assert_eq!(due, [(1, Some(at(5))), (2, None)]);
        assert_eq!((&*rows[0].event, &*rows[0].kind), ("evt_1", "a"));
    }

    /// HOOK-07: `order: none`.
    #[test]
    fn without_an_order_every_event_is_due() {
        let webhook = Webhook {
            order: DeliveryOrder::None,
            ..a_webhook()
        };
        let rows = taken(vec![webhook], &[happened(1, "a"), happened(2, "b")]);
        assert!(rows.iter().all(|row| row.due == Some(at(5))));
    }

    /// HOOK-07: events come again after a crash.
    #[test]
    fn an_event_that_comes_again_is_delivered_once() {
        let rows = taken(vec![a_webhook()], &[happened(1, "a"), happened(1, "a")]);
        assert_eq!(rows.len(), 1);
    }

    /// HOOK-07: position and deliveries are stored at once.
    #[test]
    fn the_position_is_stored_after_the_deliveries_of_each_customer() {
        let mut uow = MockUnitOfWork::default();
        let mut order = Sequence::new();
        let enter = uow
            .consumers
            .expect_enter()
            .times(1)
            .in_sequence(&mut order);
        enter
            .withf(|customer| *customer == customer_id())
            .returning(|_| Ok(()));
        let all = uow.webhooks.expect_all().times(1).in_sequence(&mut order);
        all.returning(|| Ok(Vec::new()));
        let put = uow.consumers.expect_put().times(1).in_sequence(&mut order);
        put.withf(|name, to| (name, *to) == (CONSUMER, Position::new(7)))
            .returning(|_, _| Ok(()));
        let batch = Batch {
            customer: customer_id(),
            now: at(0),
            ids: IdSource::new(at(0), 1),
        };
        let taken = take_chunk(&mut uow, &[(batch, Vec::new())], Position::new(7));
        assert_eq!(taken.unwrap(), 0);
    }

    /// HOOK-02.
    #[test]
    fn only_enabled_endpoints_that_want_an_event_get_it() {
        let other = Webhook {
            id: Uuid::from_u128(2).into(),
            events: EventFilter::new(vec!["b".into()]).unwrap(),
            ..a_webhook()
        };
        let disabled = Webhook {
            disabled: Some(Disabled::Manually),
            ..a_webhook()
        };
        let rows = taken(
            vec![other.clone(), disabled],
            &[happened(1, "a"), happened(2, "b")],
        );
        let got: Vec<_> = rows.iter().map(|row| (row.webhook, row.seq)).collect();
        assert_eq!(got, [(other.id, 2)]);
    }
}
