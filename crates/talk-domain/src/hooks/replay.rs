//! Use cases: send ended deliveries again, and send a test.

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::delivery::{Delivery, Ended, Status, test_of};
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::{DeliveryOrder, Webhook};
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::{DeliveryId, WebhookId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// Maximum number of deliveries that one replay opens.
pub const MAX_REPLAYED: u32 = 1_000;

/// The choice of deliveries for a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// Ended deliveries.
    Ended,
    /// Dead deliveries.
    Dead,
    /// Failed deliveries: their next try is made now.
    Failed,
    /// The deliveries with these ids.
    Named(Vec<DeliveryId>),
}

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The endpoint.
    pub webhook: WebhookId,
    /// Created at or after this time.
    pub from: Timestamp,
    /// Created before this time.
    pub until: Timestamp,
    /// The choice among these.
    pub only: Only,
}

refusals! {
    /// Refusals of [`replay`] and [`send_test`].
    pub enum ReplayError {
        NoSuchWebhook = NotFound "WEBHOOK_NOT_FOUND" "there is no such webhook",
        NoSuchDelivery = NotFound "DELIVERY_NOT_FOUND" "there is no such delivery of the webhook",
        Disabled = FailedPrecondition "WEBHOOK_IS_DISABLED" "the webhook is disabled: enable it first",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Opens deliveries again, up to [`MAX_REPLAYED`], the oldest first. Returns their number. They keep
/// the identity of their event.
///
/// # Errors
/// See [`ReplayError`].
pub fn replay(uow: &mut dyn HooksUnit, cx: &Context, command: &Replay) -> Result<u32, ReplayError> {
    check_admin(cx)?;
    let webhook = enabled(uow, command.webhook)?;
    let mut chosen = chosen(uow, command)?;
    chosen.sort_by_key(|delivery| (delivery.stream, delivery.seq));
    let mut replayed = 0;
    for mut delivery in chosen {
        reopen(uow, (&webhook, &mut delivery), cx.now)?;
        replayed += 1;
    }
    Ok(replayed)
}

/// Sends a test to an endpoint, once.
///
/// # Errors
/// See [`ReplayError`].
pub fn send_test(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (webhook, id): (WebhookId, DeliveryId),
) -> Result<Delivery, ReplayError> {
    check_admin(cx)?;
    let webhook = enabled(uow, webhook)?;
    let delivery = test_of(&webhook, id, cx.now);
    uow.deliveries().insert(&delivery)?;
    Ok(delivery)
}

fn enabled(uow: &mut dyn HooksUnit, id: WebhookId) -> Result<Webhook, ReplayError> {
    let found = uow.webhooks().get(id)?;
    let webhook = found.ok_or(ReplayError::NoSuchWebhook)?;
    if !webhook.is_enabled() {
        return Err(ReplayError::Disabled);
    }
    Ok(webhook)
}

fn chosen(uow: &mut dyn HooksUnit, command: &Replay) -> Result<Vec<Delivery>, ReplayError> {
    let is_in = |delivery: &Delivery| (command.from..command.until).contains(&delivery.created);
    let states: &[Status] = match &command.only {
        Only::Ended => &[Status::Delivered, Status::Dead],
        Only::Dead => &[Status::Dead],
        Only::Failed => {
            let mut open = uow.deliveries().open(command.webhook, MAX_REPLAYED)?;
            open.retain(|delivery| delivery.status == Status::Failed && is_in(delivery));
            return Ok(open);
        }
        Only::Named(ids) => return named(uow, command.webhook, ids),
    };
    let mut chosen = Vec::new();
    for status in states {
        let ended = Ended {
            webhook: command.webhook,
            status: *status,
            from: command.from,
            until: command.until,
        };
        chosen.extend(uow.deliveries().ended(ended, MAX_REPLAYED)?);
    }
    chosen.sort_by_key(|delivery| delivery.created);
    chosen.truncate(MAX_REPLAYED as usize);
    Ok(chosen)
}

fn named(
    uow: &mut dyn HooksUnit,
    webhook: WebhookId,
    ids: &[DeliveryId],
) -> Result<Vec<Delivery>, ReplayError> {
    if ids.len() > MAX_REPLAYED as usize {
        return Err(Invalid::too_long("only", MAX_REPLAYED as usize, "deliveries").into());
    }
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        let delivery = uow.deliveries().get(id)?;
        let delivery = delivery.filter(|delivery| delivery.webhook == webhook);
        found.push(delivery.ok_or(ReplayError::NoSuchDelivery)?);
    }
    Ok(found)
}

/// Opens a delivery again. It is due now, unless another open delivery of its stream is due: it
/// must not overtake that one.
fn reopen(
    uow: &mut dyn HooksUnit,
    (webhook, delivery): (&Webhook, &mut Delivery),
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_waiting = delivery.status.is_open() && delivery.due.is_none();
    if is_waiting {
        return Ok(());
    }
    let is_held = match (webhook.order, delivery.status.is_open()) {
        // An open delivery that has a due time is the first one of its stream.
        (_, true) | (DeliveryOrder::None, false) => false,
        (DeliveryOrder::Stream, false) => {
            uow.deliveries().is_due(delivery.webhook, delivery.stream)?
        }
    };
    delivery.open((!is_held).then_some(now));
    uow.deliveries().update(delivery)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_delivery, a_webhook, admin_context, agent_id, at};
    use std::sync::{Arc, Mutex};

    fn cx() -> Context {
        admin_context(agent_id(1))
    }

    fn dead(id: u128, seq: u64) -> Delivery {
        let mut delivery = a_delivery(id, seq);
        delivery.tries = 10;
        delivery.close(Status::Dead);
        delivery
    }

    fn command(only: Only) -> Replay {
        Replay {
            webhook: a_webhook().id,
            from: at(0),
            until: at(1_000),
            only,
        }
    }

    /// A unit whose deliveries are `rows`.
    fn unit(rows: &Arc<Mutex<Vec<Delivery>>>) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        let all = Arc::clone(rows);
        uow.deliveries
            .expect_get()
            .returning(move |id| Ok(all.lock().unwrap().iter().find(|row| row.id == id).cloned()));
        let all = Arc::clone(rows);
        uow.deliveries.expect_ended().returning(move |ended, _| {
            let all = all.lock().unwrap();
            Ok(all
                .iter()
                .filter(|row| row.status == ended.status)
                .cloned()
                .collect())
        });
        let all = Arc::clone(rows);
        uow.deliveries.expect_open().returning(move |_, _| {
            Ok(all
                .lock()
                .unwrap()
                .iter()
                .filter(|row| row.status.is_open())
                .cloned()
                .collect())
        });
        let all = Arc::clone(rows);
        uow.deliveries.expect_is_due().returning(move |_, stream| {
            let all = all.lock().unwrap();
            Ok(all
                .iter()
                .any(|row| row.stream == stream && row.due.is_some()))
        });
        let all = Arc::clone(rows);
        uow.deliveries.expect_update().returning(move |row| {
            for known in all
                .lock()
                .unwrap()
                .iter_mut()
                .filter(|known| known.id == row.id)
            {
                known.clone_from(row);
            }
            Ok(())
        });
        uow
    }

    fn replayed(before: Vec<Delivery>, only: Only) -> (u32, Vec<(u64, Status, bool)>) {
        let rows = Arc::new(Mutex::new(before));
        let count = replay(&mut unit(&rows), &cx(), &command(only)).unwrap();
        let rows = rows.lock().unwrap();
        let states = rows
            .iter()
            .map(|row| (row.seq, row.status, row.due.is_some()));
        (count, states.collect())
    }

    /// HOOK-10: a replay keeps the order of the stream.
    #[test]
    fn a_replay_sends_the_dead_in_the_order_of_their_stream() {
        let (count, states) = replayed(vec![dead(1, 2), dead(2, 1)], Only::Dead);
        assert_eq!(count, 2);
        let pending = Status::Pending;
        assert_eq!(states, [(2, pending, false), (1, pending, true)]);
    }

    /// HOOK-10: a replay does not overtake an event that waits.
    #[test]
    fn a_replay_waits_for_the_event_under_way() {
        let (_, states) = replayed(vec![a_delivery(1, 5), dead(2, 1)], Only::Dead);
        assert_eq!(states[1], (1, Status::Pending, false));
    }

    /// HOOK-10: `only: "failed"` makes the next try of failed deliveries now.
    #[test]
    fn a_failed_delivery_is_tried_now() {
        let mut failed = a_delivery(1, 1);
        (failed.status, failed.due) = (Status::Failed, Some(at(999_999)));
        let mut later = failed.clone();
        (later.id, later.created) = (a_delivery(3, 1).id, command(Only::Failed).until);
        let first = a_delivery(4, 1);
        let before = [later.due, first.due];
        let rows = Arc::new(Mutex::new(vec![failed, dead(2, 2), later, first]));
        let count = replay(&mut unit(&rows), &cx(), &command(Only::Failed)).unwrap();
        let rows = rows.lock().unwrap();
        assert_eq!((count, rows[0].due), (1, Some(cx().now)));
        // The delivery that was created later and the one before its first try are not chosen.
        assert_eq!([rows[2].due, rows[3].due], before);
    }

    /// HOOK-10.
    #[test]
    fn named_deliveries_are_those_of_the_endpoint() {
        let rows = Arc::new(Mutex::new(vec![dead(1, 1)]));
        let (known, unknown) = (dead(1, 1).id, dead(9, 1).id);
        let only = Only::Named(vec![known, known]);
        assert_eq!(replay(&mut unit(&rows), &cx(), &command(only)).unwrap(), 1);
        let only = Only::Named(vec![known, unknown]);
        let refused = replay(&mut unit(&rows), &cx(), &command(only));
        assert!(matches!(refused, Err(ReplayError::NoSuchDelivery)));
    }

    /// HOOK-10.
    #[test]
    fn a_disabled_endpoint_gets_no_replay_and_no_test() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks.expect_get().returning(|_| {
            Ok(Some(Webhook {
                disabled: Some(crate::hooks::webhook::Disabled::Gone),
                ..a_webhook()
            }))
        });
        let refused = replay(&mut uow, &cx(), &command(Only::Ended));
        assert!(matches!(refused, Err(ReplayError::Disabled)));
        let refused = send_test(&mut uow, &cx(), (a_webhook().id, dead(1, 1).id));
        assert!(matches!(refused, Err(ReplayError::Disabled)));
    }

    /// HOOK-10.
    #[test]
    fn a_test_is_due_at_once() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        uow.deliveries
            .expect_insert()
            .times(1)
            .returning(|_| Ok(()));
        let test = send_test(&mut uow, &cx(), (a_webhook().id, dead(1, 1).id)).unwrap();
        assert_eq!((&*test.kind, test.due), ("webhook_test", Some(cx().now)));
    }
}
