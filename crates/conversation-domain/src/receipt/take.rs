//! Use case: give a stored request of a provider its effect.

use talk_domain::kernel::error::DomainError as _;
use talk_domain::kernel::id::ReceiptId;
use talk_domain::kernel::store_error::StoreError;

use crate::delivery::report::{Report, apply_report};
use crate::message::receive::{Arrival, Incoming, ReceiveError, receive_message};
use crate::model::receipt::{LONGEST_ERROR, Receipt, ReceiptState};
use crate::unit::ConversationUnit;

/// One thing that a request of a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A message came in.
    Message(Incoming),
    /// A sent message has got further.
    Report(Report),
    /// A segment of the long message with this name came in, and others are missing.
    Segment(String),
    /// A long message came in, and other receipts have been waiting as its segments.
    Joined(Vec<ReceiptId>, Incoming),
}

/// A stored receipt that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its content, empty for a kind without an effect, or why it cannot be read.
    pub says: Result<Vec<Happening>, String>,
}

/// Gives a waiting receipt its effect, and removes its body. A receipt that cannot be read is kept as
/// it was received, and a segment of a long message until that is complete. Returns its state.
///
/// # Errors
/// Only when storage fails.
pub fn take_receipt(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    read: &Read,
) -> Result<Option<ReceiptState>, StoreError> {
    let Some(mut receipt) = uow.receipts().get(read.receipt)? else {
        return Ok(None);
    };
    if receipt.state != ReceiptState::Stored {
        return Ok(Some(receipt.state));
    }
    let taken = match &read.says {
        Ok(says) => take(uow, arrival, (&mut receipt, says))?,
        Err(error) => Err(error.clone()),
    };
    match taken {
        Ok(ReceiptState::Stored) => {}
        Ok(state) => {
            receipt.state = state;
            receipt.body.clear();
        }
        Err(error) => {
            receipt.state = ReceiptState::Failed;
            let error = error.replace('\0', "\u{FFFD}");
            receipt.error = error.chars().take(LONGEST_ERROR).collect();
        }
    }
    uow.receipts().update(&receipt)?;
    Ok(Some(receipt.state))
}

fn take(
    uow: &mut dyn ConversationUnit,
    arrival: &Arrival,
    (receipt, says): (&mut Receipt, &[Happening]),
) -> Result<Result<ReceiptState, String>, StoreError> {
    let mut state = ReceiptState::Ignored;
    for happening in says {
        state = ReceiptState::Done;
        let message = match happening {
            Happening::Message(incoming) => Some(incoming),
            Happening::Joined(segments, incoming) => {
                for segment in segments {
                    end_segment(uow, *segment)?;
                }
                Some(incoming)
            }
            Happening::Report(report) => {
                apply_report(uow, (receipt.account, report), arrival.now)?;
                None
            }
            Happening::Segment(message) => {
                receipt.segment_of = Some(message.clone());
                state = ReceiptState::Stored;
                None
            }
        };
        match message.map(|incoming| receive_message(uow, arrival, incoming)) {
            None | Some(Ok(_)) => {}
            Some(Err(ReceiveError::Store(error))) => return Err(error),
            Some(Err(refused)) => return Ok(Err(format!("{}: {refused}", refused.reason()))),
        }
    }
    Ok(Ok(state))
}

/// Ends a segment whose message is received.
fn end_segment(uow: &mut dyn ConversationUnit, id: ReceiptId) -> Result<(), StoreError> {
    let found = uow.receipts().get(id)?;
    let Some(mut segment) = found.filter(|segment| segment.state == ReceiptState::Stored) else {
        // Read by another worker at the same time.
        return Err(StoreError::Conflict);
    };
    segment.state = ReceiptState::Done;
    segment.body.clear();
    uow.receipts().update(&segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Delivery;
    use crate::testing::{MockUnit, a_receipt, an_account, visitor};
    use talk_domain::kernel::context::IdSource;
    use talk_domain::testing::at;

    fn take(uow: &mut MockUnit, says: Result<Vec<Happening>, String>) -> Option<ReceiptState> {
        let arrival = Arrival {
            now: at(9),
            ids: IdSource::new(at(9), 1),
        };
        let read = Read {
            receipt: a_receipt().id,
            says,
        };
        take_receipt(uow, &arrival, &read).unwrap()
    }

    fn unit(state: ReceiptState) -> MockUnit {
        let mut uow = MockUnit::default();
        let get = uow.receipts.expect_get();
        get.returning(move |_| {
            Ok(Some(Receipt {
                state,
                ..a_receipt()
            }))
        });
        uow
    }

    fn expect(uow: &mut MockUnit, state: ReceiptState, keeps_body: bool) {
        let update = uow.receipts.expect_update().times(1);
        update
            .withf(move |receipt| receipt.state == state && receipt.body.is_empty() != keeps_body)
            .returning(|_| Ok(()));
    }

    /// CONV-35: a receipt that cannot be read is kept as received.
    #[test]
    fn a_receipt_that_cannot_be_read_is_kept() {
        let mut uow = unit(ReceiptState::Stored);
        expect(&mut uow, ReceiptState::Failed, true);
        let state = take(&mut uow, Err("no JSON".into()));
        assert_eq!(state, Some(ReceiptState::Failed));
        let mut uow = unit(ReceiptState::Stored);
        expect(&mut uow, ReceiptState::Failed, true);
        let empty = Incoming {
            account: an_account().id,
            event: "e".into(),
            own: None,
            peer: visitor(1),
            text: String::new(),
            consent: None,
            medias: Vec::new(),
        };
        let state = take(&mut uow, Ok(vec![Happening::Message(empty)]));
        assert_eq!(state, Some(ReceiptState::Failed));
    }

    /// CONV-35: kinds without an effect are ignored, and a receipt has its effect once.
    #[test]
    fn a_receipt_has_its_effect_once() {
        let mut uow = unit(ReceiptState::Stored);
        expect(&mut uow, ReceiptState::Ignored, false);
        assert_eq!(take(&mut uow, Ok(vec![])), Some(ReceiptState::Ignored));
        let report = Report {
            provider_id: "SM1".into(),
            message: None,
            delivery: Delivery::Sent,
            failure: None,
            is_opt_out: false,
        };
        let says = vec![Happening::Report(report)];
        let mut uow = unit(ReceiptState::Stored);
        expect(&mut uow, ReceiptState::Done, false);
        uow.parts.expect_find().returning(|_, _| Ok(None));
        uow.parts.expect_insert().times(1).returning(|_| Ok(()));
        assert_eq!(take(&mut uow, Ok(says.clone())), Some(ReceiptState::Done));
        let mut uow = unit(ReceiptState::Done);
        assert_eq!(take(&mut uow, Ok(says)), Some(ReceiptState::Done));
    }

    /// CONV-55: a segment waits for the others with its body, and the last one ends them all.
    #[test]
    fn segments_wait_until_their_message_is_complete() {
        let mut uow = unit(ReceiptState::Stored);
        let update = uow.receipts.expect_update().times(1);
        update
            .withf(|receipt| {
                let is_due_later = receipt.due() == Some(receipt.created.plus_seconds(900));
                is_due_later
                    && receipt.segment_of.as_deref() == Some("7/2")
                    && !receipt.body.is_empty()
            })
            .returning(|_| Ok(()));
        let state = take(&mut uow, Ok(vec![Happening::Segment("7/2".into())]));
        assert_eq!(state, Some(ReceiptState::Stored));
    }

    /// CONV-55: another worker has just made the message.
    #[test]
    fn a_segment_that_is_read_already_makes_no_second_message() {
        let mut uow = MockUnit::default();
        let get = uow.receipts.expect_get();
        get.returning(|id| {
            let is_own = id == a_receipt().id;
            Ok(Some(Receipt {
                id,
                state: if is_own {
                    ReceiptState::Stored
                } else {
                    ReceiptState::Done
                },
                ..a_receipt()
            }))
        });
        let arrival = Arrival {
            now: at(9),
            ids: IdSource::new(at(9), 1),
        };
        let incoming = Incoming {
            medias: Vec::new(),
            account: an_account().id,
            event: "e".into(),
            own: None,
            peer: visitor(1),
            text: "whole".into(),
            consent: None,
        };
        let other = uuid::Uuid::from_u128(0xF4).into();
        let read = Read {
            receipt: a_receipt().id,
            says: Ok(vec![Happening::Joined(vec![other], incoming)]),
        };
        let refused = take_receipt(&mut uow, &arrival, &read);
        assert!(matches!(refused, Err(StoreError::Conflict)));
    }
}
