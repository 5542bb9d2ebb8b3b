//! Use case: read the deliveries of an endpoint that are due, with their events.

use std::sync::Arc;

use crate::hooks::delivery::{Delivery, GAP, TEST};
use crate::hooks::unit::HooksSnapshot;
use crate::hooks::webhook::Webhook;
use crate::kernel::id::WebhookId;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The source of a delivery's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The logged event. If its message was deleted meanwhile, the event has the tombstone.
    Event(Arc<Logged>),
    /// No event: the delivery tests the endpoint.
    Test,
    /// No event: the delivery reports a gap.
    Gap,
    /// The log no longer has the event.
    Expired,
}

/// The deliveries of an endpoint that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The endpoint.
    pub webhook: Webhook,
    /// Its deliveries with their contents, the longest due first.
    pub deliveries: Vec<(Delivery, Content)>,
}

/// Returns up to `limit` deliveries of an endpoint that are due at `now`; `None` if the endpoint is
/// deleted or disabled.
///
/// # Errors
/// Only when storage fails.
pub fn due_deliveries(
    snapshot: &mut dyn HooksSnapshot,
    webhook: WebhookId,
    (now, limit): (Timestamp, u32),
) -> Result<Option<Due>, StoreError> {
    let found = snapshot.webhooks().get(webhook)?;
    let Some(webhook) = found.filter(Webhook::is_enabled) else {
        return Ok(None);
    };
    let due = snapshot.deliveries().due(webhook.id, now, limit)?;
    let mut deliveries = Vec::new();
    for delivery in due {
        let content = if delivery.stream.realm == TEST {
            if delivery.kind == GAP {
                Content::Gap
            } else {
                Content::Test
            }
        } else {
            let logged = snapshot.events().get(delivery.stream, delivery.seq)?;
            logged.map_or(Content::Expired, Content::Event)
        };
        deliveries.push((delivery, content));
    }
    Ok(Some(Due {
        webhook,
        deliveries,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::delivery::{gap_of, test_of};
    use crate::hooks::webhook::Disabled;
    use crate::testing::{MockSnapshot, a_delivery, a_webhook, at, logged, stream_id};

    /// HOOK-09.
    #[test]
    fn a_delivery_comes_with_its_event_as_the_log_has_it() {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        let test = test_of(&a_webhook(), a_delivery(3, 0).id, at(0));
        let gap = gap_of(&a_webhook(), a_delivery(4, 0).id, at(0));
        let due = vec![a_delivery(1, 1), a_delivery(2, 2), test, gap];
        snapshot
            .deliveries
            .expect_due()
            .returning(move |_, _, _| Ok(due.clone()));
        let get = snapshot.events.expect_get();
        get.returning(|_, seq| Ok((seq == 1).then(|| logged(stream_id(1), 1, &[], "{}"))));
        let found = due_deliveries(&mut snapshot, a_webhook().id, (at(0), 8))
            .unwrap()
            .unwrap();
        let contents: Vec<_> = found
            .deliveries
            .into_iter()
            .map(|(_, content)| content)
            .collect();
        let event = Content::Event(logged(stream_id(1), 1, &[], "{}"));
        let expected = [event, Content::Expired, Content::Test, Content::Gap];
        assert_eq!(contents, expected);
    }

    /// HOOK-08.
    #[test]
    fn a_disabled_endpoint_has_nothing_due() {
        let mut snapshot = MockSnapshot::default();
        snapshot.webhooks.expect_get().returning(|_| {
            Ok(Some(Webhook {
                disabled: Some(Disabled::Manually),
                ..a_webhook()
            }))
        });
        let found = due_deliveries(&mut snapshot, a_webhook().id, (at(0), 8));
        assert_eq!(found.unwrap(), None);
    }
}
