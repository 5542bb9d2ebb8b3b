//! Decides whether a delivered unit repeats an earlier one.
//!
//! SMPP gives a delivered message no identity. A message centre delivers a message again if the answer to
//! the first delivery did not reach it, and two equal messages of one person are not a repetition. A unit
//! is therefore a repetition if its content is that of an earlier one, and
//! - the earlier one is not answered yet, was answered late, or had the same sequence number, or
//! - the session ended before the message centre showed that it had received the answer.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Units that are remembered.
const REMEMBERED: usize = 1_024;

/// Time after which a message centre may no longer have waited for an answer.
const LATE: Duration = Duration::from_secs(5);

/// The digest of the content of a unit.
pub(super) type Digest = [u8; 32];

/// The latest units of a message centre.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    units: HashMap<Digest, Unit>,
    /// The digests, the oldest first.
    order: VecDeque<Digest>,
}

/// A unit.
#[derive(Debug)]
struct Unit {
    event: String,
    sequence: u32,
    arrived: Instant,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// There is none, or none that the message centre has certainly received in time.
    Open,
    /// It was sent before the request with this number.
    Before(u32),
    /// The message centre has received it, in an earlier session.
    Received,
}

/// A unit that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The event of the unit.
    pub(super) event: String,
    /// Whether no equal unit has arrived since the start.
    pub(super) is_first: bool,
}

impl Repeats {
    /// Returns the event of an arriving unit: that of the unit which it repeats, or else `fresh`.
    pub(super) fn arrive(
        &mut self,
        digest: Digest,
        (sequence, now): (u32, Instant),
        fresh: String,
    ) -> Known {
        if let Some(unit) = self.units.get_mut(&digest) {
            let is_repetition = match unit.answer {
                Answer::Open => true,
                Answer::Before(_) => unit.sequence == sequence,
                Answer::Received => false,
            };
            if !is_repetition {
                unit.event = fresh;
            }
            (unit.sequence, unit.arrived, unit.answer) = (sequence, now, Answer::Open);
            return Known {
                event: unit.event.clone(),
                is_first: false,
            };
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.units.remove(&oldest);
        }
        self.order.push_back(digest);
        let unit = Unit {
            event: fresh.clone(),
            sequence,
            arrived: now,
            answer: Answer::Open,
        };
        self.units.insert(digest, unit);
        Known {
            event: fresh,
            is_first: true,
        }
    }

    /// Marks a unit as answered before the request `mark` of the session.
    pub(super) fn answer(&mut self, digest: &Digest, (mark, now): (u32, Instant)) {
        if let Some(unit) = self.units.get_mut(digest)
            && now.duration_since(unit.arrived) < LATE
        {
            unit.answer = Answer::Before(mark);
        }
    }

    /// Ends a session in which the requests up to `answered` were answered.
    pub(super) fn end_session(&mut self, answered: u32) {
        for unit in self.units.values_mut() {
            unit.answer = match unit.answer {
                Answer::Before(mark) if mark > answered => Answer::Open,
                Answer::Open => Answer::Open,
                Answer::Before(_) | Answer::Received => Answer::Received,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: Digest = [7; 32];

    struct Centre(Repeats, Instant);

    impl Centre {
        fn new() -> Self {
            Self(Repeats::default(), Instant::now())
        }

        fn delivers(&mut self, sequence: u32, fresh: &str) -> String {
            let at = (sequence, self.1);
            self.0.arrive(DIGEST, at, fresh.to_owned()).event
        }

        fn is_answered(&mut self, mark: u32, seconds: u64) {
            let now = self.1 + Duration::from_secs(seconds);
            self.0.answer(&DIGEST, (mark, now));
        }
    }

    /// CONV-52.
    #[test]
    fn a_unit_without_an_answer_in_time_is_repeated() {
        let mut centre = Centre::new();
        assert_eq!(centre.delivers(1, "a"), "a");
        assert_eq!(centre.delivers(2, "b"), "a");
        centre.is_answered(5, 6);
        assert_eq!(centre.delivers(3, "c"), "a");
    }

    /// CONV-52: a person may write the same twice.
    #[test]
    fn an_equal_unit_after_the_answer_is_another_message() {
        let mut centre = Centre::new();
        assert_eq!(centre.delivers(1, "a"), "a");
        centre.is_answered(5, 1);
        assert_eq!(centre.delivers(1, "b"), "a");
        centre.is_answered(5, 1);
        assert_eq!(centre.delivers(2, "c"), "c");
    }

    /// CONV-52.
    #[test]
    fn a_unit_whose_answer_was_perhaps_lost_is_repeated_in_the_next_session() {
        for (answered, event) in [(4, "a"), (5, "b")] {
            let mut centre = Centre::new();
            assert_eq!(centre.delivers(1, "a"), "a");
            centre.is_answered(5, 1);
            centre.0.end_session(answered);
            assert_eq!(centre.delivers(1, "b"), event);
        }
    }

    /// CONV-52: the memory is bounded.
    #[test]
    fn the_oldest_unit_is_forgotten() {
        let mut repeats = Repeats::default();
        let now = Instant::now();
        for unit in 0..=REMEMBERED {
            let mut digest = DIGEST;
            digest[..8].copy_from_slice(&unit.to_be_bytes());
            let known = repeats.arrive(digest, (1, now), unit.to_string());
            assert!(known.is_first);
        }
        assert_eq!((repeats.units.len(), repeats.order.len()), (1_024, 1_024));
    }
}
