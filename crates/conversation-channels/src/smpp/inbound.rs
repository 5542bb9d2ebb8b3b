//! Reads delivered units: messages, segments of long messages, and delivery receipts.

use rusmpp::Pdu;
use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::{Tlv, TlvValue};
use rusmpp::values::Ton;

use super::alphabet::Alphabet;
use super::pdu::{WITH_HEADER, decode};

/// The bits of `esm_class` for the type of a message.
const TYPE: u8 = 0x3C;

/// The type of delivery receipts, and that of notes about messages on their way.
const RECEIPTS: [u8; 2] = [0x04, 0x20];

/// The place of a segment in a long message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number that all segments of the message have.
    pub(super) reference: u16,
    /// The number of segments.
    pub(super) total: u8,
    /// The number of the segment, from 1.
    pub(super) number: u8,
}

/// An address as a message centre writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The type of number.
    pub(super) ton: Ton,
    /// Its characters.
    pub(super) text: String,
}

/// The kinds of delivered units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message of a person.
    Message,
    /// A report about a sent message.
    Receipt,
    /// Anything else.
    Other,
}

/// A delivered unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inbound {
    /// Its kind.
    pub(super) kind: Kind,
    /// The sender.
    pub(super) from: Written,
    /// The receiver.
    pub(super) to: Written,
    /// The `data_coding`.
    pub(super) data_coding: u8,
    /// The user data without their header.
    pub(super) octets: Vec<u8>,
    /// The place in a long message; `None` for a whole one.
    pub(super) place: Option<Place>,
    /// The optional parameters.
    pub(super) parameters: Vec<Tlv>,
}

impl Inbound {
    /// Reads a unit without its length.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn read(unit: &[u8]) -> Result<Self, String> {
        let Some(Pdu::DeliverSm(unit)) = decode(unit)? else {
            return Err("the unit is no deliver_sm".to_owned());
        };
        let parameters = unit.tlvs().to_vec();
        let class = u8::from(unit.esm_class);
        let kind = match class & TYPE {
            class if RECEIPTS.contains(&class) => Kind::Receipt,
            0 if super::report::names_message(&parameters) => Kind::Receipt,
            0 => Kind::Message,
            _ => Kind::Other,
        };
        let data = payload(&unit, &parameters);
        let (place, octets) = if class & WITH_HEADER == 0 {
            (None, data)
        } else {
            let (place, rest) = read_header(&data)?;
            (place, rest.to_vec())
        };
        Ok(Self {
            kind,
            from: written(unit.source_addr_ton, unit.source_addr.as_str()),
            to: written(unit.dest_addr_ton, unit.destination_addr.as_str()),
            data_coding: unit.data_coding.into(),
            octets,
            place: check(place.or_else(|| place_in(&parameters)))?,
            parameters,
        })
    }

    /// Returns the alphabet of the text.
    ///
    /// # Errors
    /// If it is binary, or unknown.
    pub(super) fn alphabet(&self) -> Result<Alphabet, String> {
        let coding = self.data_coding;
        let unknown = || format!("a message with data_coding {coding} is no text that can be read");
        Alphabet::of(coding).ok_or_else(unknown)
    }
}

fn written(ton: Ton, text: &str) -> Written {
    Written {
        ton,
        text: text.trim_end_matches('\0').to_owned(),
    }
}

/// Returns the user data, which are in the message or in a parameter.
fn payload(unit: &DeliverSm, parameters: &[Tlv]) -> Vec<u8> {
    for value in parameters.iter().filter_map(Tlv::value) {
        if let TlvValue::MessagePayload(payload) = value {
            return payload.value.as_ref().to_vec();
        }
    }
    unit.short_message().as_ref().to_vec()
}

/// Splits user data into the place that their header names and the rest.
fn read_header(data: &[u8]) -> Result<(Option<Place>, &[u8]), String> {
    let cut = || "the header of the user data is cut off".to_owned();
    let (length, rest) = data.split_first().ok_or_else(cut)?;
    let (mut header, rest) = rest.split_at_checked((*length).into()).ok_or_else(cut)?;
    let mut place = None;
    while let [kind, length, behind @ ..] = header {
        let (element, behind) = behind.split_at_checked((*length).into()).ok_or_else(cut)?;
        let found = match (kind, element) {
            (0, [reference, total, number]) => Some((u16::from(*reference), *total, *number)),
            (8, [high, low, total, number]) => {
                Some((u16::from_be_bytes([*high, *low]), *total, *number))
            }
            _ => None,
        };
        if let Some((reference, total, number)) = found {
            place = Some(Place {
                reference,
                total,
                number,
            });
        }
        header = behind;
    }
    Ok((place, rest))
}

/// Returns the place that parameters name.
fn place_in(parameters: &[Tlv]) -> Option<Place> {
    let (mut reference, mut total, mut number) = (None, None, None);
    for value in parameters.iter().filter_map(Tlv::value) {
        match value {
            TlvValue::SarMsgRefNum(found) => reference = Some(*found),
            TlvValue::SarTotalSegments(found) => total = Some(*found),
            TlvValue::SarSegmentSeqnum(found) => number = Some(*found),
            _ => {}
        }
    }
    Some(Place {
        reference: reference?,
        total: total?,
        number: number?,
    })
}

/// Checks a place. A message of one segment is whole.
fn check(place: Option<Place>) -> Result<Option<Place>, String> {
    match place {
        Some(Place { total: 1, .. }) | None => Ok(None),
        Some(place) if (1..=place.total).contains(&place.number) => Ok(Some(place)),
        Some(place) => {
            let Place { number, total, .. } = place;
            Err(format!("the segment has the number {number} of {total}"))
        }
    }
}
