//! How long something took, many times over.

use std::time::Duration;

/// Times, sorted.
pub(crate) struct Times(Vec<Duration>);

impl From<Vec<Duration>> for Times {
    fn from(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }
}

impl Times {
    /// The percentile `of_100` in milliseconds; 0 if there are no times.
    pub(crate) fn percentile(&self, of_100: usize) -> f64 {
        let place = self.0.len().saturating_sub(1) * of_100 / 100;
        self.0
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_that_so_many_did_not_exceed() {
        let times = Times::from(
            (0..=100)
                .rev()
                .map(Duration::from_millis)
                .collect::<Vec<_>>(),
        );
        for percent in [0, 50, 99, 100] {
            let expected = Duration::from_millis(percent).as_secs_f64() * 1e3;
            let found = times.percentile(usize::try_from(percent).unwrap());
            assert!((found - expected).abs() < 1e-9, "{percent}: {found}");
        }
    }
}
