//! Receipts of providers, and the parts of sent messages.

use conversation_domain::model::account::Account;
use conversation_domain::model::message::Delivery;
use conversation_domain::model::part::Part;
use conversation_domain::model::receipt::{Receipt, ReceiptState};
use talk_domain::kernel::id::ConversationMessageId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{at, customer_id};

use super::Factory;
use super::conversations::steps::{account, one, unit};
use super::world::World;

fn receipt(world: &World, account: &Account, (seconds, state): (i64, ReceiptState)) -> Receipt {
    Receipt {
        id: world.cx(1).fresh(),
        customer: customer_id(),
        account: account.id,
        event: format!("{state:?}-{seconds}"),
        body: Vec::new(),
        state,
        error: String::new(),
        segment_of: None,
        created: at(seconds),
    }
}

fn part(
    account: &Account,
    provider_id: &str,
    (message, seconds): (Option<ConversationMessageId>, i64),
) -> Part {
    Part {
        account: account.id,
        provider_id: provider_id.to_owned(),
        message,
        delivery: Delivery::Sent,
        failure: None,
        created: at(seconds),
    }
}

/// CONV-35: receipts that wait stay, and so do parts of a message.
pub async fn old_receipts_and_reports_expire(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let message = one(&world, &account, 1, "event-1").await.id;
    let all = [
        (1, ReceiptState::Done),
        (2, ReceiptState::Failed),
        (3, ReceiptState::Stored),
        (60, ReceiptState::Done),
    ]
    .map(|row| receipt(&world, &account, row));
    let parts = [
        part(&account, "old", (None, 1)),
        part(&account, "of a message", (Some(message), 1)),
        part(&account, "new", (None, 60)),
    ];
    let (kept, known) = (all.clone(), parts.clone());
    let stored = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            for receipt in &all {
                assert!(uow.receipts().insert(receipt)?);
                assert!(!uow.receipts().insert(receipt)?);
            }
            for part in &parts {
                uow.parts().insert(part)?;
            }
            Ok(())
        });
    stored.await.unwrap();
    let expire = || {
        let unit = Unit::installation("expire");
        let store = &world.conversations;
        store.write::<_, StoreError>(unit, |uow| {
            let receipts = uow.receipts().expire(at(50), 1)?;
            Ok((receipts, uow.parts().expire(at(50), 1)?))
        })
    };
    assert_eq!(expire().await.unwrap(), (true, true));
    assert_eq!(expire().await.unwrap(), (true, false));
    assert_eq!(expire().await.unwrap(), (false, false));
    let left = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            let mut receipts = Vec::new();
            for receipt in &kept {
                receipts.push(uow.receipts().get(receipt.id)?.is_some());
            }
            let mut parts = Vec::new();
            for part in &known {
                let found = uow.parts().find(part.account, &part.provider_id)?;
                parts.push(found.is_some());
            }
            Ok((receipts, parts))
        });
    let expected = (vec![false, false, true, true], vec![false, true, true]);
    assert_eq!(left.await.unwrap(), expected);
}

/// CONV-52 and CONV-55: receipts are found by their events, and segments by their message until all are there.
pub async fn segments_wait_for_each_other(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let mut all =
        [1, 2, 3].map(|seconds| receipt(&world, &account, (seconds, ReceiptState::Stored)));
    for segment in all.iter_mut().take(2) {
        segment.segment_of = Some("7/2".to_owned());
    }
    let stored = all.clone();
    let write = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            for receipt in &stored {
                assert!(uow.receipts().insert(receipt)?);
            }
            let id = stored[0].account;
            let receipts = uow.receipts();
            assert!(receipts.has_between(id, "Stored-1", "Stored-2")?);
            assert!(receipts.has_between(id, "Stored-20", "Stored-3")?);
            assert!(!receipts.has_between(id, "Stored-4", "Stored-9")?);
            Ok(())
        });
    write.await.unwrap();
    let id = account.id;
    let read = |now| {
        let snapshot = world
            .conversations
            .read::<_, StoreError>(unit(), move |snapshot| {
                let segments = snapshot.receipts().segments(id, "7/2", 9)?;
                let waiting = snapshot.receipts().waiting(id, at(now), 9)?;
                let arrived = snapshot.receipts().arrived(at(now), 9)?;
                Ok((segments, waiting, arrived.len()))
            });
        async { snapshot.await.unwrap() }
    };
    let (segments, waiting, arrived) = read(10).await;
    assert_eq!((&segments[..], arrived), (&all[..2], 1));
    assert_eq!(waiting, all[2..]);
    let (_, late, _) = read(900_000_001).await;
    assert_eq!(late, [all[2].clone(), all[0].clone()]);
    let mut done = all[0].clone();
    done.state = ReceiptState::Done;
    let write = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| uow.receipts().update(&done));
    write.await.unwrap();
    assert_eq!(read(10).await.0, all[1..2]);
}
