//! Figures of several rounds: medians with their spread.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Every measured figure, per second, by name.
#[derive(Default)]
pub(crate) struct Table {
    figures: BTreeMap<String, Vec<f64>>,
}

/// Connections, and how much group commit gains with so many.
pub(crate) type Gain = (usize, f64);

impl Table {
    /// Adds a round's figure.
    pub(crate) fn add(&mut self, name: &str, per_second: f64) {
        self.figures
            .entry(name.to_owned())
            .or_default()
            .push(per_second);
    }

    /// The median of the rounds; 0 when there was none.
    pub(crate) fn median(&self, name: &str) -> f64 {
        let mut rounds = self.figures.get(name).cloned().unwrap_or_default();
        rounds.sort_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).copied().unwrap_or_default()
    }

    /// For people.
    pub(crate) fn text(&self, gains: &[Gain]) -> String {
        let mut text = format!(
            "{:<52}{:>10}{:>10}{:>10}\n",
            "per second", "median", "min", "max"
        );
        for (name, rounds) in &self.figures {
            let min = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let max = rounds.iter().copied().fold(0.0, f64::max);
            let median = self.median(name);
            let _ = writeln!(text, "{name:<52}{median:>10.0}{min:>10.0}{max:>10.0}");
        }
        for (connections, gain) in gains {
            let _ = writeln!(
                text,
                "group commit gains {gain:.1}x with {connections} connections"
            );
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self, gains: &[Gain]) -> String {
        let medians: BTreeMap<_, _> = self
            .figures
            .keys()
            .map(|name| (name, self.median(name)))
            .collect();
        let gains: BTreeMap<_, _> = gains
            .iter()
            .map(|(n, gain)| (n.to_string(), gain))
            .collect();
        serde_json::json!({
            "per_second": medians,
            "rounds": self.figures,
            "group_commit_gain": gains,
        })
        .to_string()
    }
}
