//! Makes messages of delivered units, and long messages of their segments.

use conversation_domain::message::receive::Incoming;
use conversation_domain::model::account::Account;
use conversation_domain::model::address::{Address, AddressKind};
use rusmpp::values::Ton;

use super::alphabet::Alphabet;
use super::inbound::{Inbound, Place, Written};
use crate::adapter::Joining;
use crate::verified::Verified;

/// Stands for segments that are missing.
const GAP: &str = "[…]";

/// A segment.
struct Segment<'a> {
    place: Place,
    inbound: Inbound,
    content: &'a Verified,
}

/// Returns the name of the long message that a segment belongs to.
pub(super) fn name_of(inbound: &Inbound, place: Place) -> String {
    let (from, to) = (&inbound.from.text, &inbound.to.text);
    format!("{}/{} {from} {to}", place.reference, place.total)
}

/// Makes a message of a unit that is no segment.
pub(super) fn whole(account: &Account, inbound: &Inbound, event: &str) -> Result<Incoming, String> {
    let text = inbound.alphabet()?.decode(&inbound.octets);
    Ok(incoming(account, inbound, (event, text)))
}

/// Puts a segment beside others of the same name.
pub(super) fn join(
    account: &Account,
    before: &[Verified],
    newest: &Verified,
) -> Result<Joining, String> {
    let mut segments = read(before)?;
    let newest = segment(newest)?;
    newest.inbound.alphabet()?;
    let number = newest.place.number;
    if let Some(known) = segments.iter().find(|known| known.place.number == number) {
        let is_same = known.inbound == newest.inbound;
        return Ok(if is_same {
            Joining::Repeats
        } else {
            Joining::Clashes
        });
    }
    let total = newest.place.total;
    segments.push(newest);
    if segments.len() < total.into() {
        return Ok(Joining::Waits);
    }
    message(account, segments).map(|message| Joining::Whole(Box::new(message)))
}

/// Makes a message of some of its segments.
pub(super) fn join_some(account: &Account, segments: &[Verified]) -> Result<Incoming, String> {
    message(account, read(segments)?)
}

fn read(segments: &[Verified]) -> Result<Vec<Segment<'_>>, String> {
    segments.iter().map(segment).collect()
}

fn segment(content: &Verified) -> Result<Segment<'_>, String> {
    let inbound = Inbound::read(content.bytes())?;
    let place = inbound.place.ok_or("the unit is no segment")?;
    Ok(Segment {
        place,
        inbound,
        content,
    })
}

/// Decodes segments in their order. Neighbours of one alphabet are decoded together, since a sender may
/// have cut a character.
fn message(account: &Account, mut segments: Vec<Segment<'_>>) -> Result<Incoming, String> {
    segments.sort_by_key(|segment| segment.place.number);
    let (mut text, mut run) = (String::new(), (Alphabet::Gsm, Vec::new()));
    let mut next = 1;
    for segment in &segments {
        let (number, alphabet) = (segment.place.number, segment.inbound.alphabet()?);
        if number != next || alphabet != run.0 {
            text.push_str(&run.0.decode(&run.1));
            run = (alphabet, Vec::new());
        }
        if number != next {
            text.push_str(GAP);
        }
        run.1.extend_from_slice(&segment.inbound.octets);
        next = number.saturating_add(1);
    }
    text.push_str(&run.0.decode(&run.1));
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Err("there is no segment".to_owned());
    };
    if last.place.number < last.place.total {
        text.push_str(GAP);
    }
    Ok(incoming(
        account,
        &first.inbound,
        (first.content.event(), text),
    ))
}

fn incoming(account: &Account, inbound: &Inbound, (event, text): (&str, String)) -> Incoming {
    let (own, omits_plus) = own_number(account, &inbound.to);
    Incoming {
        medias: Vec::new(),
        account: account.id,
        event: event.to_owned(),
        own: Some(number(own, &account.name)),
        peer: number(peer_number(&inbound.from, omits_plus), ""),
        text,
        consent: None,
    }
}

fn number(target: String, name: &str) -> Address {
    Address {
        kind: AddressKind::Tel,
        target,
        target_name: name.to_owned(),
    }
}

/// Returns the own number of the account with the same digits, or else the number as it is written, and
/// whether the message centre writes international numbers without `+`.
fn own_number(account: &Account, written: &Written) -> (String, bool) {
    let digits = |text: &str| text.trim_start_matches('+').to_owned();
    let is_same = |own: &&String| {
        let bare: String = own.chars().filter(|c| !" -()./".contains(*c)).collect();
        digits(&bare) == digits(&written.text)
    };
    match account.numbers.iter().find(is_same) {
        Some(own) => {
            let omits_plus = own.starts_with('+') && !written.text.starts_with('+');
            (own.clone(), omits_plus)
        }
        None => (peer_number(written, false), false),
    }
}

/// Returns a number with the `+` that a message centre omits from international ones.
fn peer_number(written: &Written, omits_plus: bool) -> String {
    let is_number = written.text.bytes().all(|digit| digit.is_ascii_digit());
    let is_international = match written.ton {
        Ton::International => true,
        // Shorter ones are numbers of services, and those with zeros in front are dialled.
        Ton::Unknown => omits_plus && written.text.len() > 6 && !written.text.starts_with('0'),
        _ => false,
    };
    if is_number && is_international {
        return format!("+{}", written.text);
    }
    written.text.clone()
}

#[cfg(test)]
mod tests;
