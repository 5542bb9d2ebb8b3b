//! Rounds: each measures everything once, so that all figures meet the same machine.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::report::{Bound, Figure, Report};

/// How often a figure on the wrong side of its bound is measured, at most: its median is over all
/// rounds, so that a neighbour's burst passes and a regression stays.
const MEASUREMENTS: usize = 3;

/// How often to measure, what the figures must be, and how they are printed.
pub(crate) struct Rounds {
    /// Rounds of a measurement.
    pub(crate) count: usize,
    /// Ratios must not be less.
    pub(crate) at_least: Vec<Bound>,
    /// Ratios must not be more.
    pub(crate) at_most: Vec<Bound>,
    /// JSON instead of the table.
    pub(crate) json: bool,
}

impl Rounds {
    /// Measures all scenarios, repeats the ones that miss a bound, and prints the figures.
    pub(crate) async fn measure<S: Copy + Debug + Eq + Hash>(
        &self,
        mut scenarios: Vec<S>,
        mut measure: impl AsyncFnMut(S) -> Result<Vec<Figure>>,
    ) -> Result<ExitCode> {
        let (mut report, mut misses) = (Report::default(), Vec::new());
        for _ in 0..MEASUREMENTS {
            let measured = self.once(&scenarios, &mut measure, &mut report).await?;
            misses = report.misses(&self.at_least, &self.at_most)?;
            let is_missed = |scenario: &S| {
                let mut figures = misses.iter().map(|miss| &miss.figure);
                figures.any(|figure| measured.contains(&(*scenario, figure.as_str())))
            };
            scenarios.retain(is_missed);
        }
        if self.json {
            println!("{}", report.json());
        } else {
            print!("{}", report.text());
        }
        for miss in &misses {
            eprintln!("error: {miss}");
        }
        Ok(if misses.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Measures every scenario in each round; which figures are of which.
    async fn once<S: Copy + Debug + Eq + Hash>(
        &self,
        scenarios: &[S],
        mut measure: impl AsyncFnMut(S) -> Result<Vec<Figure>>,
        report: &mut Report,
    ) -> Result<HashSet<(S, &'static str)>> {
        let mut measured = HashSet::new();
        for round in 1..=self.count {
            for &scenario in scenarios {
                eprintln!("round {round} of {}: {scenario:?}", self.count);
                let figures = measure(scenario).await;
                let figures = figures.with_context(|| format!("{scenario:?}"))?;
                for figure in &figures {
                    eprintln!("  {figure}");
                    report.add(figure);
                    measured.insert((scenario, figure.name));
                }
            }
        }
        Ok(measured)
    }
}
