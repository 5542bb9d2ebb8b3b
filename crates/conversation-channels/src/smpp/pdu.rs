//! Protocol data units: reads them from a connection within limits, and makes those that are sent.

use std::io;

use bytes::BytesMut;
use rusmpp::command::CommandParts;
use rusmpp::decode::DecodeWithLength as _;
use rusmpp::encode::{Encode as _, Length as _};
use rusmpp::pdus::{BindTransceiver, DeliverSmResp, SubmitSm};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, InterfaceVersion, Npi, RegisteredDelivery, Ton};
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::split::Segment;

/// The longest unit that is read: a text of 65,535 octets in a parameter, and what belongs to it.
const LONGEST: u32 = 70_000;

/// The `registered_delivery` that requests a receipt of the final outcome.
const FINAL_OUTCOME: u8 = 1;

/// The `esm_class` of user data that begin with a header.
pub(super) const WITH_HEADER: u8 = 0x40;

/// Octets of the length before a unit, and of the head after it.
const LENGTH: u32 = 4;

/// Octets of the head: command, status and sequence number.
pub(super) const HEAD: usize = 12;

/// A received unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The command.
    pub(super) id: CommandId,
    /// The status.
    pub(super) status: CommandStatus,
    /// The sequence number.
    pub(super) sequence: u32,
    /// The unit without its length.
    pub(super) octets: Vec<u8>,
}

/// Reads the next unit.
///
/// # Errors
/// When the connection breaks or ends, and when a unit is shorter than its head or too long.
pub(super) async fn read_frame(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let length = input.read_u32().await?;
    let head = u32::try_from(HEAD).unwrap_or(u32::MAX);
    if !(LENGTH + head..=LONGEST).contains(&length) {
        let error = format!("a unit of {length} octets");
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let rest = usize::try_from(length - LENGTH).unwrap_or(HEAD);
    // Grows as octets arrive.
    let mut octets = Vec::with_capacity(rest.min(1_024));
    let mut limited = input.take(u64::from(length - LENGTH));
    if limited.read_to_end(&mut octets).await? != rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Frame::new(octets).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

impl Frame {
    /// Reads the head of a unit without its length.
    fn new(octets: Vec<u8>) -> Option<Self> {
        let (head, _) = octets.as_chunks::<4>();
        let [id, status, sequence, ..] = head else {
            return None;
        };
        Some(Self {
            id: u32::from_be_bytes(*id).into(),
            status: u32::from_be_bytes(*status).into(),
            sequence: u32::from_be_bytes(*sequence),
            octets,
        })
    }

    /// Returns the octets after the head.
    pub(super) fn body(&self) -> &[u8] {
        self.octets.get(HEAD..).unwrap_or_default()
    }
}

/// Decodes a unit without its length.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn decode(octets: &[u8]) -> Result<Option<Pdu>, String> {
    let mut source = BytesMut::from(octets);
    let decoded = Command::decode(&mut source, octets.len());
    let (command, _) = decoded.map_err(|error| format!("the unit is malformed: {error:?}"))?;
    let CommandParts { pdu, .. } = command.into_parts();
    Ok(pdu)
}

/// Encodes a unit.
pub(super) fn encode(status: CommandStatus, sequence: u32, pdu: impl Into<Pdu>) -> Vec<u8> {
    let command = Command::new(status, sequence, pdu);
    let length = command.length();
    let mut octets = vec![0; length];
    command.encode(&mut octets);
    let whole = u32::try_from(length).map_or(u32::MAX, |length| length + LENGTH);
    [&whole.to_be_bytes()[..], &octets].concat()
}

/// Encodes the answer to a delivered unit.
pub(super) fn delivered(status: CommandStatus, sequence: u32) -> Vec<u8> {
    encode(status, sequence, DeliverSmResp::default())
}

/// The credentials of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credentials<'a> {
    /// The name of the system.
    pub(super) system_id: &'a str,
    /// The password.
    pub(super) password: &'a str,
    /// The type of the system.
    pub(super) system_type: &'a str,
}

/// The unit that binds a session.
///
/// # Errors
/// If a text is too long.
pub(super) fn bind(credentials: Credentials<'_>) -> Result<Pdu, String> {
    let too_long = |name: &str| format!("the {name} is too long");
    let unit = BindTransceiver {
        system_id: text(credentials.system_id).ok_or_else(|| too_long("system_id"))?,
        password: text(credentials.password).ok_or_else(|| too_long("password"))?,
        system_type: text(credentials.system_type).ok_or_else(|| too_long("system_type"))?,
        interface_version: InterfaceVersion::Smpp3_4,
        ..BindTransceiver::default()
    };
    Ok(unit.into())
}

/// Sender and receiver of a message.
#[derive(Clone, Debug)]
pub(super) struct Way {
    from: (Ton, Npi, COctetString<1, 21>),
    to: (Ton, Npi, COctetString<1, 21>),
}

impl Way {
    /// Reads the addresses.
    ///
    /// # Errors
    /// Names the address that cannot be one.
    pub(super) fn new(from: &str, to: &str) -> Result<Self, String> {
        let read = |name: &str, given: &str| {
            address(given).ok_or_else(|| format!("`{given}` cannot be the {name} of a message"))
        };
        Ok(Self {
            from: read("sender", from)?,
            to: read("receiver", to)?,
        })
    }
}

/// Type, plan and octets of an address: `+` and digits are an international number, digits any number,
/// and other characters the name of a sender.
fn address(given: &str) -> Option<(Ton, Npi, COctetString<1, 21>)> {
    let digits = given.strip_prefix('+').unwrap_or(given);
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let (ton, npi, octets) = match (is_number, digits.len() < given.len()) {
        (true, true) => (Ton::International, Npi::Isdn, digits),
        (true, false) => (Ton::Unknown, Npi::Isdn, digits),
        (false, _) if given.len() <= 11 => (Ton::Alphanumeric, Npi::Unknown, given),
        (false, _) => return None,
    };
    Some((ton, npi, text(octets)?))
}

/// The unit that submits a segment, for which a receipt is requested.
///
/// # Errors
/// If the segment is too long.
pub(super) fn submit(way: &Way, segment: &Segment) -> Result<Pdu, String> {
    let (from, to) = (way.from.clone(), way.to.clone());
    let features = if segment.has_header { WITH_HEADER } else { 0 };
    let octets = OctetString::from_slice(&segment.octets).map_err(|error| format!("{error:?}"))?;
    let unit = SubmitSm::builder()
        .source_addr_ton(from.0)
        .source_addr_npi(from.1)
        .source_addr(from.2)
        .dest_addr_ton(to.0)
        .dest_addr_npi(to.1)
        .destination_addr(to.2)
        .esm_class(EsmClass::from(features))
        .registered_delivery(RegisteredDelivery::from(FINAL_OUTCOME))
        .data_coding(DataCoding::from(segment.data_coding))
        .short_message(octets);
    Ok(unit.build().into())
}

/// A text with its final zero octet; `None` if it is too long or not ASCII.
fn text<const MIN: usize, const MAX: usize>(text: &str) -> Option<COctetString<MIN, MAX>> {
    COctetString::from_vec([text.as_bytes(), b"\0"].concat()).ok()
}
