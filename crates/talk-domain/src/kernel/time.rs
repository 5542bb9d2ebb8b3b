//! Points in time, in whole microseconds, so that stored and shown times are the same.

use std::time::Duration;

use time::OffsetDateTime;

/// Microseconds since 1970-01-01 00:00:00 UTC, between the years 0000 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0000-01-01 00:00:00.
    const MIN: i64 = -62_167_219_200_000_000;
    /// 9999-12-31 23:59:59.999999.
    const MAX: i64 = 253_402_300_799_999_999;

    /// The earliest time that can be represented.
    pub const EARLIEST: Self = Self(Self::MIN);

    /// The latest time that can be represented.
    pub const LATEST: Self = Self(Self::MAX);

    /// Creates the time `micros` microseconds after 1970; `None` outside the years 0000 to 9999.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN || micros > Self::MAX {
            None
        } else {
            Some(Self(micros))
        }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the time one microsecond later, so that the times of a stream can rise strictly;
    /// [`Timestamp::LATEST`] stays.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < Self::MAX {
            Self(self.0 + 1)
        } else {
            self
        }
    }

    /// Returns the time from this until `later`: zero if that is not later.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        let micros = later.0.saturating_sub(self.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Returns the time `days` earlier, at least the year 0.
    #[must_use]
    pub const fn minus_days(self, days: u32) -> Self {
        let micros = (days as i64).saturating_mul(24 * 60 * 60 * 1_000_000);
        let earlier = self.0.saturating_sub(micros);
        if earlier < Self::MIN {
            Self(Self::MIN)
        } else {
            Self(earlier)
        }
    }

    /// Returns the time `seconds` later, at most the year 9999.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u32) -> Self {
        let later = self.0.saturating_add(seconds as i64 * 1_000_000);
        match Self::from_micros(later) {
            Some(later) => later,
            None => Self(Self::MAX),
        }
    }

    /// Returns the time `milliseconds` later, at most the year 9999.
    #[must_use]
    pub const fn plus_millis(self, milliseconds: u32) -> Self {
        let later = self.0.saturating_add(milliseconds as i64 * 1_000);
        match Self::from_micros(later) {
            Some(later) => later,
            None => Self(Self::MAX),
        }
    }
}

impl TryFrom<OffsetDateTime> for Timestamp {
    type Error = OutOfRange;

    /// Truncates to microseconds.
    fn try_from(at: OffsetDateTime) -> Result<Self, OutOfRange> {
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000))
            .ok()
            .and_then(Self::from_micros)
            .ok_or(OutOfRange)
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(at: Timestamp) -> Self {
        Self::from_unix_timestamp_nanos(i128::from(at.0) * 1_000).unwrap_or(Self::UNIX_EPOCH)
    }
}

/// A time outside the years 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is outside the years 0000 to 9999")]
pub struct OutOfRange;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_converted_and_converted_back() {
        for micros in [Timestamp::MIN, -1, 0, 1_705_487_400_123_456, Timestamp::MAX] {
            let at = Timestamp::from_micros(micros).unwrap();
            assert_eq!(Timestamp::try_from(OffsetDateTime::from(at)), Ok(at));
        }
    }

    #[test]
    fn times_outside_four_digit_years_do_not_exist() {
        assert_eq!(Timestamp::from_micros(Timestamp::MAX + 1), None);
        assert_eq!(Timestamp::from_micros(Timestamp::MIN - 1), None);
    }

    #[test]
    fn nanoseconds_are_cut_not_rounded() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_999).unwrap();
        assert_eq!(Timestamp::try_from(at).unwrap().as_micros(), 1);
    }

    #[test]
    fn the_time_until_a_time_that_has_passed_is_none() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        assert_eq!(at(5).until(at(7)), Duration::from_micros(2));
        assert_eq!(at(7).until(at(5)), Duration::ZERO);
        let longest = Timestamp::EARLIEST.until(Timestamp::LATEST);
        assert_eq!(longest.as_secs(), 315_569_519_999);
    }

    /// MSG-15: as long as there is a later time.
    #[test]
    fn the_next_instant_is_a_microsecond_later_and_the_last_one_stays() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        assert_eq!(at(5).next(), at(6));
        assert_eq!(at(Timestamp::MAX - 1).next(), at(Timestamp::MAX));
        assert_eq!(at(Timestamp::MAX).next(), at(Timestamp::MAX));
    }

    #[test]
    fn seconds_later_is_at_most_the_last_instant() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        assert_eq!(at(5).plus_seconds(3), at(3_000_005));
        let near = at(Timestamp::MAX - 1_000_000);
        assert_eq!(near.plus_seconds(1), at(Timestamp::MAX));
        assert_eq!(near.plus_seconds(2), at(Timestamp::MAX));
    }

    /// API-03: times of the years 0000 to 9999.
    #[test]
    fn the_years_that_exist_begin_and_end_at_midnight() {
        use time::macros::datetime;
        for (at, exists) in [
            (datetime!(0000-01-01 00:00:00 UTC), true),
            (datetime!(-0001-12-31 23:59:59.999_999 UTC), false),
            (datetime!(9999-12-31 23:59:59.999_999 UTC), true),
        ] {
            assert_eq!(Timestamp::try_from(at).is_ok(), exists, "{at}");
        }
    }
}
