//! Use case: record a try of a delivery, and decide what follows.

use crate::hooks::delivery::{Attempt, Delivery, Status};
use crate::hooks::enabling::disable;
use crate::hooks::schedule::Schedule;
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::{DeliveryOrder, Disabled, Webhook};
use crate::kernel::id::DeliveryId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The schedule of further tries, and when an endpoint is disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Times between the tries.
    pub schedule: Schedule,
    /// An endpoint is disabled when every try has failed for this number of seconds.
    pub disable_seconds: u32,
}

/// The result of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint accepted the event.
    Accepted,
    /// The try failed. `Some` has the seconds that the endpoint names in `Retry-After`.
    Failed(Option<u32>),
    /// The endpoint wants no more events: 410.
    Gone,
    /// The event is no longer in the log, so that no further try can follow.
    Expired,
}

/// A try that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The try.
    pub attempt: Attempt,
    /// Its result.
    pub outcome: Outcome,
    /// Time of the record, after the answer.
    pub now: Timestamp,
}

/// Records a try. Returns the endpoint if this try disabled it.
///
/// # Errors
/// Only when storage fails.
pub fn record_attempt(
    uow: &mut dyn HooksUnit,
    tried: &Tried,
    policy: &Retries,
) -> Result<Option<Webhook>, StoreError> {
    let found = uow.deliveries().get(tried.delivery)?;
    let Some(mut delivery) = found.filter(|delivery| delivery.status.is_open()) else {
        return Ok(None);
    };
    // The endpoint was deleted: the try is not recorded.
    let Some(webhook) = uow.webhooks().get(delivery.webhook)? else {
        return Ok(None);
    };
    delivery.tries += 1;
    uow.deliveries().add_attempt(delivery.id, &tried.attempt)?;
    settle(&mut delivery, tried, policy);
    uow.deliveries().update(&delivery)?;
    if !delivery.status.is_open() && webhook.order == DeliveryOrder::Stream {
        release(uow, &delivery, tried.now)?;
    }
    judge(uow, &webhook, (tried, policy))
}

/// Ends the delivery, or sets the time of its next try. A delivery that is older than
/// [`Retries::disable_seconds`] gets no further try, because each event of its stream would
/// otherwise hold back retention for days.
fn settle(delivery: &mut Delivery, tried: &Tried, policy: &Retries) {
    let named = match tried.outcome {
        Outcome::Accepted => return delivery.close(Status::Delivered),
        Outcome::Gone | Outcome::Expired => return delivery.close(Status::Dead),
        Outcome::Failed(named) => named,
    };
    let random = spread(delivery);
    let is_old = delivery.created.plus_seconds(policy.disable_seconds) <= tried.now;
    let next = policy
        .schedule
        .next(delivery.tries, random, (tried.now, named));
    match next.filter(|_| !is_old) {
        Some(due) => (delivery.status, delivery.due) = (Status::Failed, Some(due)),
        None => delivery.close(Status::Dead),
    }
}

/// Returns a number that differs between deliveries and between their tries, for the jitter of the
/// schedule.
fn spread(delivery: &Delivery) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (high, low) = delivery.id.0.as_u64_pair();
    let mixed = (high ^ low.wrapping_mul(ODD)).wrapping_add(u64::from(delivery.tries));
    mixed.wrapping_mul(ODD) >> 32
}

/// Makes the next open delivery of the stream of `done` due, if it waits for `done`.
pub(crate) fn release(
    uow: &mut dyn HooksUnit,
    done: &Delivery,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = uow.deliveries().first_open(done.webhook, done.stream)?;
    if let Some(mut next) = next.filter(|next| next.due.is_none()) {
        next.due = Some(now);
        uow.deliveries().update(&next)?;
    }
    Ok(())
}

/// Stores since when the endpoint fails, and disables it after a 410 or when it has failed for too
/// long. Returns it if it is disabled now.
fn judge(
    uow: &mut dyn HooksUnit,
    webhook: &Webhook,
    (tried, policy): (&Tried, &Retries),
) -> Result<Option<Webhook>, StoreError> {
    let (failing_since, disabled) = match tried.outcome {
        Outcome::Expired => return Ok(None),
        Outcome::Accepted => (None, webhook.disabled),
        Outcome::Gone => (webhook.failing_since, Some(Disabled::Gone)),
        Outcome::Failed(_) => {
            let since = webhook.failing_since.unwrap_or(tried.attempt.at);
            let is_over = since.plus_seconds(policy.disable_seconds) <= tried.now;
            let disabled = webhook.disabled.or(is_over.then_some(Disabled::Failing));
            (Some(since), disabled)
        }
    };
    let same = Webhook {
        failing_since,
        ..webhook.clone()
    };
    let changed = match disabled.filter(|_| webhook.is_enabled()) {
        Some(reason) => disable(uow, same, reason)?,
        None => same,
    };
    if changed == *webhook {
        return Ok(None);
    }
    uow.webhooks().update(&changed)?;
    let is_new = webhook.is_enabled() && !changed.is_enabled();
    Ok(is_new.then_some(changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::positions::Position;
    use crate::testing::{MockUnitOfWork, a_delivery, a_webhook, at};

    const HOUR: i64 = 3_600_000_000;

    fn retries() -> Retries {
        Retries {
            schedule: Schedule::new(vec![60]).unwrap(),
            disable_seconds: 120 * 3_600,
        }
    }

    fn tried(outcome: Outcome, now: Timestamp) -> Tried {
        Tried {
            delivery: a_delivery(1, 1).id,
            attempt: Attempt {
                at: now,
                http_status: None,
                latency_ms: 1,
                error: String::new(),
                answer: String::new(),
            },
            outcome,
            now,
        }
    }

    /// Records a try of a delivery with `tries` tries before it, and returns what was stored.
    fn record(
        (webhook, earlier): (Webhook, u32),
        tried: &Tried,
    ) -> (Vec<Delivery>, Vec<Webhook>, Option<Webhook>) {
        use std::sync::{Arc, Mutex};
        let (rows, hooks): (Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>) = Default::default();
        let mut uow = MockUnitOfWork::default();
        uow.deliveries.expect_get().returning(move |_| {
            Ok(Some(Delivery {
                tries: earlier,
                ..a_delivery(1, 1)
            }))
        });
        let next = Delivery {
            due: None,
            ..a_delivery(2, 2)
        };
        let first = uow.deliveries.expect_first_open();
        first.returning(move |_, _| Ok(Some(next.clone())));
        uow.deliveries
            .expect_add_attempt()
            .times(1)
            .returning(|_, _| Ok(()));
        let kept = Arc::clone(&rows);
        uow.deliveries.expect_update().returning(move |row| {
            kept.lock().unwrap().push(row.clone());
            Ok(())
        });
        uow.webhooks
            .expect_get()
            .returning(move |_| Ok(Some(webhook.clone())));
        let position = uow.log.expect_position();
        position.returning(|_| Ok(Some(Position::new(9))));
        let kept = Arc::clone(&hooks);
        uow.webhooks.expect_update().returning(move |webhook| {
            kept.lock().unwrap().push(webhook.clone());
            Ok(())
        });
        let disabled = record_attempt(&mut uow, tried, &retries()).unwrap();
        let rows = rows.lock().unwrap().clone();
        let hooks = hooks.lock().unwrap().clone();
        (rows, hooks, disabled)
    }

    /// HOOK-07: the next event of the stream follows at once.
    #[test]
    fn an_accepted_event_releases_the_next_one() {
        let now = at(7);
        let (rows, hooks, _) = record((a_webhook(), 0), &tried(Outcome::Accepted, now));
        let states: Vec<_> = rows
            .iter()
            .map(|row| (row.seq, row.status, row.due))
            .collect();
        let next = (2, Status::Pending, Some(now));
        assert_eq!(states, [(1, Status::Delivered, None), next]);
        assert!(hooks.is_empty());
    }

    /// HOOK-05: a failure is tried again, and the last one is dead and releases the next event.
    #[test]
    fn a_failed_event_is_tried_again_until_it_is_dead() {
        let failure = tried(Outcome::Failed(None), at(0));
        let (rows, hooks, disabled) = record((a_webhook(), 0), &failure);
        assert_eq!((rows.len(), rows[0].status), (1, Status::Failed));
        let due = rows[0].due.unwrap().as_micros();
        assert!((60_000_000..=72_000_000).contains(&due), "{due}");
        assert_eq!((hooks[0].failing_since, disabled), (Some(at(0)), None));
        let (rows, _, _) = record((a_webhook(), 1), &failure);
        assert_eq!((rows[0].status, rows[0].due), (Status::Dead, None));
        assert_eq!((rows[1].seq, rows[1].due), (2, Some(at(0))));
    }

    /// HOOK-05: the deliveries of a chat of which every event fails come to an end.
    #[test]
    fn a_delivery_that_is_120_hours_old_is_dead_after_one_more_failure() {
        let soon = tried(Outcome::Failed(None), at(120 * HOUR - 1));
        let (rows, ..) = record((a_webhook(), 0), &soon);
        assert_eq!((rows.len(), rows[0].status), (1, Status::Failed));
        let late = tried(Outcome::Failed(Some(60)), at(120 * HOUR));
        let (rows, _, disabled) = record((a_webhook(), 0), &late);
        assert_eq!((rows[0].status, rows[0].due), (Status::Dead, None));
        assert_eq!((rows[1].seq, rows[1].due), (2, Some(at(120 * HOUR))));
        assert_eq!(disabled, None);
    }

    /// HOOK-06: 429 and 503 name the seconds to wait.
    #[test]
    fn the_time_that_an_endpoint_names_is_kept() {
        let (rows, ..) = record((a_webhook(), 0), &tried(Outcome::Failed(Some(100)), at(0)));
        assert_eq!(rows[0].due, Some(at(100_000_000)));
    }

    /// HOOK-08: 410.
    #[test]
    fn an_endpoint_that_is_gone_is_disabled() {
        let (rows, hooks, disabled) = record((a_webhook(), 0), &tried(Outcome::Gone, at(0)));
        assert_eq!(rows[0].status, Status::Dead);
        assert_eq!(hooks[0].disabled, Some(Disabled::Gone));
        assert_eq!(hooks[0].missed, Some(Position::new(9)));
        assert_eq!(disabled.as_ref(), hooks.first());
    }

    /// HOOK-08: after 120 hours of failures, and not earlier.
    #[test]
    fn an_endpoint_that_fails_for_too_long_is_disabled() {
        let failing = Webhook {
            failing_since: Some(at(0)),
            ..a_webhook()
        };
        let soon = tried(Outcome::Failed(None), at(120 * HOUR - 1));
        let (_, hooks, disabled) = record((failing.clone(), 0), &soon);
        assert!(hooks.is_empty() && disabled.is_none());
        let late = tried(Outcome::Failed(None), at(120 * HOUR));
        let (_, hooks, disabled) = record((failing.clone(), 0), &late);
        assert_eq!(hooks[0].disabled, Some(Disabled::Failing));
        assert!(disabled.is_some());
        let (_, hooks, _) = record((failing, 0), &tried(Outcome::Accepted, at(1)));
        assert_eq!(hooks[0].failing_since, None);
    }

    /// HOOK-09: an event that retention has removed is dead at once.
    #[test]
    fn an_event_that_is_no_longer_in_the_log_is_dead() {
        let (rows, hooks, _) = record((a_webhook(), 0), &tried(Outcome::Expired, at(0)));
        assert_eq!((rows[0].status, hooks.len()), (Status::Dead, 0));
    }

    #[test]
    fn a_try_that_is_recorded_twice_counts_once() {
        let mut uow = MockUnitOfWork::default();
        uow.deliveries.expect_get().returning(|_| {
            Ok(Some(Delivery {
                status: Status::Delivered,
                ..a_delivery(1, 1)
            }))
        });
        let again = record_attempt(&mut uow, &tried(Outcome::Accepted, at(0)), &retries());
        assert_eq!(again.unwrap(), None);
    }

    #[test]
    fn the_tries_of_deliveries_are_spread() {
        let spreads: std::collections::BTreeSet<_> = (0..100)
            .map(|n| spread(&a_delivery(n, 1)) % 1_001)
            .collect();
        assert!(spreads.len() > 80, "{}", spreads.len());
    }
}
