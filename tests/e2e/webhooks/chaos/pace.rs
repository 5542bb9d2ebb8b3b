//! The distribution of posts and tries over the minutes of a long run.

use std::time::Duration;

use talk_domain::hooks::schedule::Schedule;
use tokio::time::{Instant, sleep_until};

/// Spreads posts evenly over nine tenths of the minutes; the last tries have the rest.
pub(super) struct Pace {
    due: Instant,
    interval: Duration,
}

impl Pace {
    /// Creates the pace of `posts` in these minutes; without minutes none waits.
    pub(super) fn new(minutes: usize, posts: usize) -> Self {
        let millis = u64::try_from(minutes * 60_000 * 9 / 10 / posts.max(1));
        Self {
            due: Instant::now(),
            interval: Duration::from_millis(millis.expect("few minutes")),
        }
    }

    /// Waits until the next post is due.
    pub(super) async fn next(&mut self) {
        self.due += self.interval;
        sleep_until(self.due).await;
    }
}

/// Returns the schedule of tries and the milliseconds of a request: short ones without minutes, else the
/// default ones, with as many steps as fit into the minutes when each is lengthened by a fifth.
pub(super) fn schedule(minutes: usize) -> (String, &'static str) {
    if minutes == 0 {
        return ("1,1,1".to_owned(), "2000");
    }
    let (mut left, mut fitting) = (minutes * 60 * 5 / 6, Vec::new());
    for step in Schedule::default().steps() {
        let step = usize::try_from(*step).expect("some seconds");
        let Some(rest) = left.checked_sub(step) else {
            break;
        };
        left = rest;
        fitting.push(step.to_string());
    }
    (fitting.join(","), "15000")
}
