//! Puts long messages together from the receipts of their segments.

use std::collections::HashMap;

use conversation_domain::model::receipt::{Arrived, Receipt};
use conversation_domain::receipt::take::{Happening, Read};
use talk_domain::kernel::id::ReceiptId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;

use crate::adapter::{Adapter, Joining};
use crate::channels::Channels;
use crate::verified::Verified;

/// The most segments of a message that are read.
const MOST: u32 = 255;

/// The segments that wait, by the names of their messages.
type Waiting = HashMap<String, Vec<(ReceiptId, Verified)>>;

/// Completes what receipts say that are segments: the last segment of a message says the whole message,
/// and so does a segment that has waited for too long for others.
pub(super) async fn join(
    channels: &Channels,
    arrived: Arrived,
    adapter: &(dyn Adapter + '_),
    (receipts, reads): (&[Receipt], &mut [Read]),
) -> Result<(), StoreError> {
    let names = reads.iter().filter_map(name_of).map(str::to_owned);
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    let unit = Unit::of(arrived.customer, "waiting_segments");
    let waiting = channels.ports.store.read(unit, move |snapshot| {
        let mut waiting = Waiting::new();
        for name in &names {
            if !waiting.contains_key(name) {
                let receipts = snapshot.receipts().segments(arrived.account, name, MOST)?;
                let segments = receipts.iter().map(segment);
                waiting.insert(name.clone(), segments.collect());
            }
        }
        Ok::<_, StoreError>(waiting)
    });
    let mut waiting = waiting.await?;
    for (receipt, read) in receipts.iter().zip(reads) {
        let Some(name) = name_of(read).map(str::to_owned) else {
            continue;
        };
        let segments = waiting.entry(name.clone()).or_default();
        read.says = if receipt.segment_of.is_some() {
            late(adapter, receipt, segments)
        } else {
            newest(adapter, receipt, (name, segments))
        };
    }
    Ok(())
}

fn name_of(read: &Read) -> Option<&str> {
    match read.says.as_deref() {
        Ok([Happening::Segment(name)]) => Some(name),
        _ => None,
    }
}

fn segment(receipt: &Receipt) -> (ReceiptId, Verified) {
    (receipt.id, Verified::stored(receipt))
}

/// Puts a segment that has arrived beside those that wait.
fn newest(
    adapter: &(dyn Adapter + '_),
    receipt: &Receipt,
    (name, segments): (String, &mut Vec<(ReceiptId, Verified)>),
) -> Result<Vec<Happening>, String> {
    let (id, newest) = segment(receipt);
    let before: Vec<_> = segments
        .iter()
        .map(|(_, content)| content.clone())
        .collect();
    match adapter.join(&before, &newest)? {
        Joining::Waits => {
            segments.push((id, newest));
            Ok(vec![Happening::Segment(name)])
        }
        Joining::Repeats => Ok(Vec::new()),
        Joining::Clashes => {
            let message = adapter.join_some(&before)?;
            let ended = ids(segments, id);
            *segments = vec![(id, newest)];
            Ok(vec![
                Happening::Joined(ended, message),
                Happening::Segment(name),
            ])
        }
        Joining::Whole(message) => {
            let ended = ids(segments, id);
            segments.clear();
            Ok(vec![Happening::Joined(ended, *message)])
        }
    }
}

/// Gives a message up whose segments have not all arrived in time: it is received as far as it is there.
fn late(
    adapter: &(dyn Adapter + '_),
    receipt: &Receipt,
    segments: &mut Vec<(ReceiptId, Verified)>,
) -> Result<Vec<Happening>, String> {
    if segments.is_empty() {
        // An earlier one of these receipts has ended it.
        return Ok(Vec::new());
    }
    let before: Vec<_> = segments
        .iter()
        .map(|(_, content)| content.clone())
        .collect();
    let message = adapter.join_some(&before)?;
    let ended = ids(segments, receipt.id);
    segments.clear();
    Ok(vec![Happening::Joined(ended, message)])
}

/// The receipts of segments other than `own`.
fn ids(segments: &[(ReceiptId, Verified)], own: ReceiptId) -> Vec<ReceiptId> {
    let ids = segments.iter().map(|(id, _)| *id);
    ids.filter(|id| *id != own).collect()
}
