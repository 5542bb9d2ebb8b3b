//! The one table: medians of the rounds, each figure beside its limit of the same run.

use std::fmt::{Display, Formatter, Write};

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// Which side of its limit a figure is to be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    /// The ratio should be large.
    More,
    /// The ratio should be small.
    Less,
}

/// A figure of one round.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Its name in `--at-least` and `--at-most`.
    pub(crate) name: &'static str,
    /// The measured quantity, and its unit.
    pub(crate) what: &'static str,
    /// How much.
    pub(crate) ours: f64,
    /// The limit that it is compared with.
    pub(crate) limit_is: &'static str,
    /// How much that is.
    pub(crate) limit: f64,
    /// Which side is better.
    pub(crate) better: Better,
}

impl Figure {
    /// A figure of which less is better, beside its limit.
    pub(crate) const fn at_most(
        (name, what): (&'static str, &'static str),
        ours: f64,
        (limit_is, limit): (&'static str, f64),
    ) -> Self {
        Self {
            name,
            what,
            ours,
            limit_is,
            limit,
            better: Better::Less,
        }
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (name, ours, limit) = (self.name, number(self.ours), number(self.limit));
        write!(
            f,
            "{name}: {ours} / {limit} = {:.2}",
            self.ours / self.limit
        )
    }
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    what: &'static str,
    limit_is: &'static str,
    better: Better,
    ours: Vec<f64>,
    limit: Vec<f64>,
}

/// A bound on the ratio of a figure: `name=ratio`, or of all whose names end alike: `*-end=ratio`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    name: String,
    ratio: f64,
}

impl std::str::FromStr for Bound {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, ratio) = text.split_once('=').context("must be <figure>=<ratio>")?;
        let ratio = ratio.parse().context("the ratio must be a number")?;
        let name = name.to_owned();
        Ok(Self { name, ratio })
    }
}

impl Bound {
    /// Returns whether it bounds the figure of this name.
    fn is_on(&self, figure: &str) -> bool {
        match self.name.strip_prefix('*') {
            Some(end) => figure.ends_with(end),
            None => figure == self.name,
        }
    }

    /// Returns whether a ratio violates it.
    fn is_missed_by(&self, ratio: f64, is_least: bool) -> bool {
        if is_least {
            ratio < self.ratio
        } else {
            ratio > self.ratio
        }
    }
}

/// A figure on the wrong side of its bound.
#[derive(Debug)]
pub(crate) struct Miss {
    /// The figure's name.
    pub(crate) figure: String,
    ratio: f64,
    side: &'static str,
    bound: f64,
}

impl Display for Miss {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            figure,
            ratio,
            side,
            bound,
        } = self;
        write!(f, "{figure} is {ratio:.2}, should be {side} {bound}")
    }
}

/// Every figure of every round.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a figure of a round.
    pub(crate) fn add(&mut self, figure: &Figure) {
        let known = self.rows.iter_mut().find(|row| row.name == figure.name);
        if let Some(row) = known {
            row.ours.push(figure.ours);
            row.limit.push(figure.limit);
            return;
        }
        self.rows.push(Row {
            name: figure.name,
            what: figure.what,
            limit_is: figure.limit_is,
            better: figure.better,
            ours: vec![figure.ours],
            limit: vec![figure.limit],
        });
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{:<18}{:<50}{:>11}{:>11}{:>11}  {:<44}{:>11}{:>8}\n",
            "figure", "medians", "Talk", "min", "max", "limit", "", "ratio"
        );
        for row in &self.rows {
            let min = row.ours.iter().copied().fold(f64::INFINITY, f64::min);
            let max = row.ours.iter().copied().fold(0.0, f64::max);
            let _ = writeln!(
                text,
                "{:<18}{:<50}{:>11}{:>11}{:>11}  {:<44}{:>11}{:>8.2}",
                row.name,
                row.what,
                number(median(&row.ours)),
                number(min),
                number(max),
                row.limit_is,
                number(median(&row.limit)),
                row.ratio()
            );
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            serde_json::json!({
                "median": median(&row.ours),
                "limit_median": median(&row.limit),
                "ratio": row.ratio(),
                "rounds": row,
            })
        });
        rows.collect::<serde_json::Value>().to_string()
    }

    /// Returns the ratios that violate their bound: those below one of `at_least` or above one of
    /// `at_most`.
    ///
    /// # Errors
    /// If a bound is on something that was not measured.
    pub(crate) fn misses(&self, at_least: &[Bound], at_most: &[Bound]) -> Result<Vec<Miss>> {
        let mut misses = Vec::new();
        for (bounds, is_least) in [(at_least, true), (at_most, false)] {
            for bound in bounds {
                let rows = self.rows.iter().filter(|row| bound.is_on(row.name));
                let rows: Vec<_> = rows.collect();
                if rows.is_empty() {
                    bail!("{} was not measured", bound.name);
                }
                let is_missed = |row: &&&Row| bound.is_missed_by(row.ratio(), is_least);
                misses.extend(rows.iter().filter(is_missed).map(|row| Miss {
                    figure: row.name.to_owned(),
                    ratio: row.ratio(),
                    side: if is_least { "at least" } else { "at most" },
                    bound: bound.ratio,
                }));
            }
        }
        Ok(misses)
    }
}

impl Row {
    /// The median of the rounds' own ratios: both sides of a round met the same machine.
    fn ratio(&self) -> f64 {
        let pairs = self.ours.iter().zip(&self.limit);
        median(&pairs.map(|(ours, limit)| ours / limit).collect::<Vec<_>>())
    }
}

fn median(rounds: &[f64]) -> f64 {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

/// As many digits as mean something.
fn number(figure: f64) -> String {
    if figure < 100.0 {
        format!("{figure:.3}")
    } else {
        format!("{figure:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::default();
        for (ours, limit) in [(10.0, 20.0), (30.0, 40.0), (500.0, 100.0)] {
            report.add(&Figure {
                name: "post",
                what: "posts",
                ours,
                limit_is: "echoes",
                limit,
                better: Better::More,
            });
        }
        report
    }

    fn misses(at_least: &str, at_most: &str) -> Vec<String> {
        let bounds = |text: &str| {
            text.split_whitespace()
                .map(|b| b.parse().unwrap())
                .collect()
        };
        let (at_least, at_most): (Vec<_>, Vec<_>) = (bounds(at_least), bounds(at_most));
        let misses = report().misses(&at_least, &at_most).unwrap();
        misses.iter().map(Miss::to_string).collect()
    }

    #[test]
    fn the_ratio_is_the_median_of_the_ratios() {
        assert!(misses("post=0.75", "post=0.75").is_empty());
        assert_eq!(
            misses("post=0.76", ""),
            ["post is 0.75, should be at least 0.76"]
        );
        assert_eq!(
            misses("", "post=0.74"),
            ["post is 0.75, should be at most 0.74"]
        );
    }

    #[test]
    fn a_bound_is_on_all_figures_that_end_alike() {
        assert_eq!(
            misses("*st=0.76", ""),
            ["post is 0.75, should be at least 0.76"]
        );
        assert!(misses("*st=0.75", "").is_empty());
    }

    #[test]
    fn a_bound_on_nothing_is_refused() {
        for nothing in ["nothing=1", "pos=1", "*-post=1"] {
            let bound = nothing.parse().unwrap();
            assert!(report().misses(&[bound], &[]).is_err(), "{nothing}");
        }
        assert!("post".parse::<Bound>().is_err());
        assert!("post=x".parse::<Bound>().is_err());
    }

    #[test]
    fn both_forms_name_figure_and_limit() {
        let (text, json) = (report().text(), report().json());
        for word in ["post", "echoes", "0.75"] {
            assert!(text.contains(word), "{text}");
            assert!(json.contains(word), "{json}");
        }
    }
}
