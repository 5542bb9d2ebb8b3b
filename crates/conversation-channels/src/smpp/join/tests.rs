use super::*;
use crate::smpp::pdu::encode;
use crate::smpp::split::{Segment as Outgoing, split};
use conversation_domain::model::receipt::Receipt;
use conversation_domain::testing::{a_receipt, an_sms_account};
use proptest::prelude::*;
use rusmpp::CommandStatus;
use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Parameter;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass};

fn unit(outgoing: &Outgoing, changed: impl FnOnce(&mut DeliverSm)) -> Verified {
    let class: u8 = if outgoing.has_header { 0x40 } else { 0 };
    let mut unit = DeliverSm::default();
    unit.source_addr_ton = Ton::International;
    unit.source_addr = COctetString::from_slice(b"15557777\0").unwrap();
    unit.destination_addr = COctetString::from_slice(b"15550100\0").unwrap();
    unit.esm_class = EsmClass::from(class);
    unit.data_coding = DataCoding::from(outgoing.data_coding);
    unit.set_short_message(OctetString::from_slice(&outgoing.octets).unwrap());
    changed(&mut unit);
    let octets = encode(CommandStatus::EsmeRok, 1, unit);
    Verified::stored(&Receipt {
        body: octets[4..].to_vec(),
        ..a_receipt()
    })
}

fn units(text: &str) -> Vec<Verified> {
    let segments = split(text, 7).unwrap();
    segments.iter().map(|one| unit(one, |_| {})).collect()
}

/// Puts segments together in this order, and returns the text when it is complete.
fn arrive(units: &[Verified], order: &[usize]) -> Option<String> {
    let account = an_sms_account();
    let mut before = Vec::new();
    for index in order {
        match join(&account, &before, &units[*index]).unwrap() {
            Joining::Waits => before.push(units[*index].clone()),
            Joining::Repeats => {}
            Joining::Clashes => panic!("no other message"),
            Joining::Whole(message) => return Some(message.text),
        }
    }
    None
}

/// CONV-55.
#[test]
fn segments_are_one_message_in_any_order() {
    let text = "0123456789".repeat(40);
    let units = units(&text);
    assert_eq!(units.len(), 3);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        assert_eq!(arrive(&units, &order).as_deref(), Some(&*text));
    }
    assert_eq!(arrive(&units, &[2, 2, 0, 0, 2, 1]), Some(text));
    assert_eq!(arrive(&units, &[0, 0, 2]), None);
}

/// CONV-55: a sender may have cut a character, and name the place in parameters.
#[test]
fn a_character_that_was_cut_is_whole_again() {
    let octets = "😀😀".encode_utf16().flat_map(u16::to_be_bytes);
    let octets: Vec<_> = octets.collect();
    let units: Vec<_> = [&octets[..3], &octets[3..]]
        .iter()
        .zip(1_u8..)
        .map(|(piece, number)| {
            let outgoing = Outgoing {
                data_coding: 8,
                has_header: false,
                octets: piece.to_vec(),
            };
            unit(&outgoing, |unit| {
                unit.push_tlv(Parameter::SarMsgRefNum(300));
                unit.push_tlv(Parameter::SarTotalSegments(2));
                unit.push_tlv(Parameter::SarSegmentSeqnum(number));
            })
        })
        .collect();
    assert_eq!(arrive(&units, &[1, 0]).as_deref(), Some("😀😀"));
}

/// CONV-55: what is missing in the end is shown as a gap.
#[test]
fn a_message_that_is_given_up_shows_its_gaps() {
    let account = an_sms_account();
    let units = units(&"x".repeat(153 * 5));
    let text = |kept: &[usize]| {
        let kept: Vec<_> = kept.iter().map(|index| units[*index].clone()).collect();
        join_some(&account, &kept).unwrap().text
    };
    let piece = "x".repeat(153);
    assert_eq!(text(&[3, 1]), format!("[…]{piece}[…]{piece}[…]"));
    assert_eq!(text(&[0, 1]), format!("{piece}{piece}[…]"));
    assert_eq!(text(&[4]), format!("[…]{piece}"));
}

/// CONV-55: a sender whose numbers have come around begins another message.
#[test]
fn another_segment_of_the_same_number_begins_another_message() {
    let account = an_sms_account();
    let before = units(&"x".repeat(200));
    let newest = units(&"y".repeat(200));
    let joining = join(&account, &before[..1], &newest[0]).unwrap();
    assert_eq!(joining, Joining::Clashes);
}

/// CONV-55: numbers are those of the account, and of the person with `+`.
#[test]
fn addresses_are_written_as_in_the_account() {
    let account = an_sms_account();
    for (ton, own, written, peer) in [
        (Ton::International, "15550100", "15557777", "+15557777"),
        (Ton::Unknown, "15550100", "15557777", "+15557777"),
        (Ton::Unknown, "15550100", "015557777", "015557777"),
        (Ton::Unknown, "15550100", "77007", "77007"),
        (Ton::Unknown, "+15550100", "15557777", "15557777"),
        (Ton::Alphanumeric, "15550100", "BANK", "BANK"),
    ] {
        let outgoing = &split("Hi", 0).unwrap()[0];
        let unit = unit(outgoing, |unit| {
            let text = |text: &str| COctetString::from_vec([text.as_bytes(), b"\0"].concat());
            unit.source_addr_ton = ton;
            unit.source_addr = text(written).unwrap();
            unit.destination_addr = text(own).unwrap();
        });
        let inbound = Inbound::read(unit.bytes()).unwrap();
        let message = whole(&account, &inbound, "e").unwrap();
        assert_eq!(message.own.unwrap().target, "+15550100", "{own}");
        assert_eq!(message.peer.target, peer, "{written}");
    }
}

/// CONV-56: a header that is cut off, and an impossible place in it, are errors.
#[test]
fn malformed_units_are_refused() {
    for octets in [
        &[][..],
        &[9, 0, 3],
        &[5, 0, 9, 1, 2, 3],
        &[5, 0, 3, 1, 2, 3],
        &[5, 0, 3, 1, 2, 0],
    ] {
        let outgoing = Outgoing {
            data_coding: 0,
            has_header: true,
            octets: octets.to_vec(),
        };
        let read = Inbound::read(unit(&outgoing, |_| {}).bytes());
        assert!(read.is_err(), "{octets:?}");
    }
    assert!(Inbound::read(b"short").is_err());
}

proptest! {
    /// CONV-55.
    #[test]
    fn a_split_message_comes_together(text in "[a-zй😀€{]{161,600}", turns in 0_usize..9) {
        let units = units(&text);
        let mut order: Vec<_> = (0..units.len()).collect();
        order.rotate_left(turns % units.len());
        prop_assert_eq!(arrive(&units, &order), Some(text));
    }

    /// CONV-56: no octets of a message centre stop the reader.
    #[test]
    fn any_octets_are_read_or_refused(octets in any::<Vec<u8>>(), place in any::<usize>()) {
        let _ = Inbound::read(&octets);
        let mut changed = units("Hello")[0].bytes().to_vec();
        let place = place % changed.len();
        changed.splice(place.., octets);
        let _ = Inbound::read(&changed);
    }
}
