//! The schedule by which a failed delivery is tried again.

use crate::kernel::time::Timestamp;

/// The longest step in seconds: 30 days.
const MAX_STEP: u32 = 2_592_000;

/// Maximum number of tries after the first one.
const MAX_STEPS: usize = 50;

/// The error for a schedule whose steps are out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at most {MAX_STEPS} steps of 1 to {MAX_STEP} seconds")]
pub struct ScheduleInvalid;

/// The seconds from each failed try to the next one. After the last step a delivery is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<u32>);

impl Default for Schedule {
    /// 5 s, 5 min, 30 min, then 2, 5, 10, 14, 20 and 24 hours: ten tries in three days.
    fn default() -> Self {
        Self(vec![
            5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
        ])
    }
}

impl Schedule {
    /// Creates a schedule from its steps in seconds.
    ///
    /// # Errors
    /// If a step is 0 or longer than 30 days, or there are more than 50.
    pub fn new(steps: Vec<u32>) -> Result<Self, ScheduleInvalid> {
        let is_step = |step: &u32| (1..=MAX_STEP).contains(step);
        if steps.len() > MAX_STEPS || !steps.iter().all(is_step) {
            return Err(ScheduleInvalid);
        }
        Ok(Self(steps))
    }

    /// The steps in seconds.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.0
    }

    /// Returns the time of the next try of a delivery that has failed for the `tries`th time at `now`;
    /// `None` if there is no further try.
    ///
    /// A step is lengthened by up to 20 %, depending on `random`, so that deliveries that failed
    /// together are not repeated together. If the endpoint has named a number of seconds, these are
    /// used instead, but at least the length of the step and at most twice that.
    #[must_use]
    pub fn next(
        &self,
        tries: u32,
        random: u64,
        wait: (Timestamp, Option<u32>),
    ) -> Option<Timestamp> {
        let (now, retry_after) = wait;
        let place = usize::try_from(tries).ok()?.checked_sub(1)?;
        let step = *self.0.get(place)?;
        let micros = |seconds: u32| u64::from(seconds) * 1_000_000;
        let delay = match retry_after {
            Some(seconds) => micros(seconds.clamp(step, step.saturating_mul(2))),
            None => micros(step) + micros(step) / 5 * (random % 1_001) / 1_000,
        };
        let at = now.as_micros().saturating_add_unsigned(delay);
        Some(Timestamp::from_micros(at).unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;
    use proptest::prelude::*;

    fn seconds(schedule: &Schedule, tries: u32, random: u64, named: Option<u32>) -> Option<i64> {
        let next = schedule.next(tries, random, (at(7), named));
        next.map(|next| (next.as_micros() - 7) / 1_000_000)
    }

    /// HOOK-05.
    #[test]
    fn a_delivery_is_tried_ten_times_in_three_days() {
        let schedule = Schedule::default();
        let hour = 3_600;
        let steps = [
            5,
            300,
            1_800,
            2 * hour,
            5 * hour,
            10 * hour,
            14 * hour,
            20 * hour,
            24 * hour,
        ];
        for (tries, step) in (1..).zip(steps) {
            assert_eq!(seconds(&schedule, tries, 0, None), Some(step));
            assert_eq!(
                seconds(&schedule, tries, 1_000, None),
                Some(step / 5 + step)
            );
        }
        assert_eq!(seconds(&schedule, 10, 0, None), None);
        assert_eq!(seconds(&schedule, 0, 0, None), None);
    }

    proptest! {
        /// HOOK-05: 20 % of jitter, never earlier than the step.
        #[test]
        fn jitter_lengthens_a_step_by_a_fifth_at_most(step in 1..=MAX_STEP, random in any::<u64>()) {
            let schedule = Schedule::new(vec![step]).unwrap();
            let next = seconds(&schedule, 1, random, None).unwrap();
            let step = i64::from(step);
            prop_assert!((step..=step + step / 5 + 1).contains(&next));
        }
    }

    /// HOOK-06.
    #[test]
    fn an_endpoint_may_double_a_step_and_not_shorten_it() {
        let schedule = Schedule::new(vec![60]).unwrap();
        for (named, waits) in [(0, 60), (60, 60), (90, 90), (120, 120), (u32::MAX, 120)] {
            assert_eq!(seconds(&schedule, 1, 999, Some(named)), Some(waits));
        }
    }

    #[test]
    fn a_schedule_has_fifty_steps_of_a_second_to_thirty_days() {
        assert_eq!(
            Schedule::new(vec![]).unwrap().next(1, 0, (at(0), None)),
            None
        );
        assert_eq!(Schedule::new(vec![1; 50]).unwrap().steps().len(), 50);
        for steps in [vec![1; 51], vec![0], vec![MAX_STEP + 1]] {
            assert_eq!(Schedule::new(steps), Err(ScheduleInvalid));
        }
    }
}
