//! Tests of decoding a client's bytes. Cases "A x.y" refer to the Autobahn test suite.

use super::*;
use proptest::prelude::*;

const LIMIT: usize = 1_000;

/// First bytes of frames: final, and with more to follow.
const TEXT: u8 = 0x81;
const TEXT_MORE: u8 = 0x01;
const BINARY: u8 = 0x82;
const BINARY_MORE: u8 = 0x02;
const CONTINUE_LAST: u8 = 0x80;
const CONTINUE: u8 = 0x00;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(&mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    bytes.extend(masked.map(|(byte, key)| byte ^ key));
    bytes
}

/// The header of a masked frame without its mask.
fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 0x7f);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes
}

/// Everything that is decoded, and the fault at its end.
fn decode(bytes: &[u8]) -> (Vec<Received>, Option<u16>) {
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(bytes);
    drain(&mut decoder)
}

fn drain(decoder: &mut Decoder) -> (Vec<Received>, Option<u16>) {
    let mut all = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(received)) => all.push(received),
            Ok(None) => return (all, None),
            Err(Fault(code, _)) => return (all, Some(code)),
        }
    }
}

fn text(text: &str) -> Received {
    Received::Text(text.into())
}

/// A 1.1, A 1.2.
#[test]
fn a_message_of_any_length_is_whole() {
    for length in [0, 1, 3, 125, 126, 127, 128, 999, LIMIT] {
        let said = "*".repeat(length);
        let sent = frame(TEXT, said.as_bytes());
        assert_eq!(decode(&sent), (vec![text(&said)], None), "{length}");
        let bytes = Received::Binary(said.clone().into());
        assert_eq!(decode(&frame(BINARY, said.as_bytes())), (vec![bytes], None));
    }
}

/// A 2.1 to A 2.11, A 5.6.
#[test]
fn control_frames_come_between_the_fragments_of_a_message() {
    let sent = [
        frame(TEXT_MORE, "gr\u{fc}".as_bytes()),
        frame(PING, b"are you there?"),
        frame(CONTINUE, b""),
        frame(PONG, b"unsolicited"),
        frame(CONTINUE_LAST, "\u{df}e".as_bytes()),
        frame(PING, &[0xff; 125]),
        frame(BINARY_MORE, &[0xff]),
        frame(CONTINUE_LAST, &[0xfe]),
    ];
    let expected = vec![
        Received::Ping(Bytes::from_static(b"are you there?")),
        Received::Pong,
        text("gr\u{fc}\u{df}e"),
        Received::Ping(Bytes::from_static(&[0xff; 125])),
        Received::Binary(Bytes::from_static(&[0xff, 0xfe])),
    ];
    assert_eq!(decode(&sent.concat()), (expected, None));
}

/// A 7.1.5, A 7.7.
#[test]
fn a_close_frame_is_received_with_its_code() {
    assert_eq!(decode(&frame(CLOSE, b"")).0, [Received::Close(None)]);
    for code in [1000, 1001, 1003, 1011, 3000, 3999, 4000, 4999_u16] {
        let payload = [&code.to_be_bytes()[..], "g\u{fc}le g\u{fc}le".as_bytes()].concat();
        let closed = Received::Close(Some(code));
        assert_eq!(decode(&frame(CLOSE, &payload)), (vec![closed], None));
    }
}

/// Checks that nothing is decoded of each of these but a fault with this code.
fn assert_faults(code: u16, cases: &[(&str, Vec<u8>)]) {
    for (case, sent) in cases {
        assert_eq!(decode(sent), (Vec::new(), Some(code)), "{case}");
    }
}

/// RFC 6455, 7.4.1.
#[test]
fn a_malformed_frame_is_a_violation_of_the_protocol() {
    let inside = [frame(TEXT_MORE, b"a"), frame(TEXT, b"b")].concat();
    assert_faults(
        1002,
        &[
            ("A 2.5: a long ping", frame(PING, &[0; 126])),
            ("A 3.1: a reserved bit", frame(TEXT | 0x40, b"x")),
            ("A 3.3: a reserved bit", frame(TEXT | 0x20, b"x")),
            ("A 3.5: a reserved bit", frame(PING | 0x10, b"x")),
            ("A 4.1: a reserved opcode", frame(0x83, b"")),
            ("A 4.2: a reserved opcode", frame(0x8b, b"")),
            ("A 5.1: a ping in fragments", frame(0x09, b"x")),
            ("A 5.9: nothing to continue", frame(CONTINUE_LAST, b"x")),
            ("A 5.11: nothing to continue", frame(CONTINUE, b"x")),
            ("A 5.18: a message inside another", inside),
            ("A 7.3.2: half a code", frame(CLOSE, &[3])),
            ("A 7.3.6: a long reason", frame(CLOSE, &[3; 126])),
            ("no mask", vec![TEXT, 1, b'x']),
        ],
    );
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        let case = format!("A 7.9: code {code}");
        assert_faults(1002, &[(&case, frame(CLOSE, &code.to_be_bytes()))]);
    }
}

#[test]
fn a_text_that_is_no_utf8_is_refused_as_soon_as_a_fragment_shows_it() {
    let half = &"\u{1f600}".as_bytes()[..2];
    let ends_in_half = [frame(TEXT_MORE, b"a"), frame(CONTINUE_LAST, half)].concat();
    assert_faults(
        1007,
        &[
            ("A 6.3: no UTF-8", frame(TEXT, b"\xce\xba\xff")),
            ("A 6.8: half a character", frame(TEXT, half)),
            ("half a character in the last fragment", ends_in_half),
            ("A 6.4: the last is missing", frame(TEXT_MORE, b"a\xff")),
            ("A 7.5.1: the reason", frame(CLOSE, b"\x03\xe8\xff")),
        ],
    );
}

#[test]
fn a_message_over_the_limit_is_too_big_in_one_frame_or_several() {
    let parts = [frame(BINARY_MORE, &[0; LIMIT]), frame(CONTINUE_LAST, &[0])];
    assert_faults(
        1009,
        &[
            ("one frame", frame(TEXT, &[b'x'; LIMIT + 1])),
            ("fragments", parts.concat()),
        ],
    );
}

/// A client that declares much and sends it slowly must not fill memory up to what it declared.
#[test]
fn a_frame_that_is_too_big_is_refused_before_its_payload_arrives() {
    for length in [LIMIT as u64 + 1, u64::from(u32::MAX), u64::MAX] {
        let head = [header(TEXT, length), vec![0; 4]].concat();
        assert_eq!(decode(&head), (Vec::new(), Some(1009)), "{length}");
    }
    let ping = [header(PING, 126), vec![0; 4]].concat();
    assert_eq!(decode(&ping), (Vec::new(), Some(1002)));
    let more = [header(CONTINUE_LAST, 2), vec![0; 4]].concat();
    let both = [frame(TEXT_MORE, &[b'x'; LIMIT - 1]), more].concat();
    assert_eq!(decode(&both), (Vec::new(), Some(1009)));
}

/// Fragments count until the message is complete, whatever comes between them.
#[test]
fn what_is_held_are_the_fragments_and_the_bytes_that_are_not_decoded() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(&frame(TEXT_MORE, &[b'x'; 500]));
    assert_eq!((drain(&mut decoder).0.len(), decoder.held()), (0, 500));
    decoder.push(&frame(PING, b""));
    assert_eq!((drain(&mut decoder).0.len(), decoder.held()), (1, 500));
    decoder.push(&frame(CONTINUE_LAST, &[b'x'; 500])[..100]);
    assert_eq!(drain(&mut decoder).0.len(), 0);
    assert!((580..=600).contains(&decoder.held()), "{}", decoder.held());
    decoder.push(&frame(CONTINUE_LAST, &[b'x'; 500])[100..]);
    assert_eq!((drain(&mut decoder).0.len(), decoder.held()), (1, 0));
    assert!(decoder.buffer.capacity() <= KEPT);
}

/// Frames of a client, right and wrong ones.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => prop::sample::select(vec![
            TEXT, TEXT_MORE, BINARY, BINARY_MORE, CONTINUE, CONTINUE_LAST, PING, PONG,
        ]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        "\\PC{0,80}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..300),
    ];
    let frame = (first, payload).prop_map(|(first, payload)| frame(first, &payload));
    prop::collection::vec(frame, 1..8).prop_map(|frames| frames.concat())
}

proptest! {
    /// A 6.4, A 1.1.8, A 9: how TCP cuts the bytes makes no difference.
    #[test]
    fn the_cuts_between_reads_change_nothing(
        sent in frames(),
        cuts in prop::collection::vec(1_usize..200, 1..20),
    ) {
        let mut decoder = Decoder::new(LIMIT);
        let (mut all, mut fault, mut rest) = (Vec::new(), None, &sent[..]);
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            rest = later;
            decoder.push(now);
            let (more, code) = drain(&mut decoder);
            all.extend(more);
            fault = fault.or(code);
            if rest.is_empty() || fault.is_some() {
                break;
            }
        }
        prop_assert_eq!((all, fault), decode(&sent));
    }
}
