//! Measures figures while a quantity grows by powers of ten.

mod measured;

use std::fmt::Write as _;

use anyhow::Result;

use crate::scenario::{Bench, Scenario};

/// A step of a curve.
struct Row {
    size: usize,
    of: &'static str,
    figure: f64,
    /// Ratio to the first row.
    ratio: f64,
}

/// A figure by the size of something.
struct Curve {
    what: &'static str,
    rows: Vec<Row>,
}

impl Curve {
    const fn new(what: &'static str) -> Self {
        let rows = Vec::new();
        Self { what, rows }
    }

    fn add(&mut self, of: (usize, &'static str), figure: f64) {
        let first = self.rows.first().map_or(figure, |row| row.figure);
        self.add_beside(of, figure, first);
    }

    /// Adds a row whose ratio is to a `first` that was measured in turns with it.
    fn add_beside(&mut self, (size, of): (usize, &'static str), figure: f64, first: f64) {
        let ratio = figure / first;
        eprintln!("  {size} {of}: {figure:.3} {}, {ratio:.2}", self.what);
        self.rows.push(Row {
            size,
            of,
            figure,
            ratio,
        });
    }

    /// A row each, with its ratio to the first.
    fn text(&self) -> String {
        let mut text = format!("{:<59}{:>12}{:>8}\n", self.what, "", "ratio");
        for row in &self.rows {
            let digits = if row.figure < 100.0 { 3 } else { 0 };
            let (size, of, figure) = (row.size, row.of, row.figure);
            let _ = write!(text, "{size:>10} {of:<48}{figure:>12.digits$}");
            let _ = writeln!(text, "{:>8.2}", row.ratio);
        }
        text
    }
}

/// Measures every curve and gives their tables.
pub(crate) async fn measure(bench: &Bench) -> Result<String> {
    let mut text = String::new();
    for curve in [
        posts(bench).await?,
        members(bench).await?,
        pages(bench).await?,
        chats(bench).await?,
    ]
    .iter()
    .flatten()
    {
        text += &curve.text();
        text.push('\n');
    }
    Ok(text)
}

async fn posts(bench: &Bench) -> Result<Vec<Curve>> {
    let mut curve = Curve::new("durable posts/s");
    for connections in [10, 100, 1_000] {
        let figure = measured::posts(bench, connections, 0).await?;
        curve.add((connections, "connections"), figure);
    }
    // More connections would exceed the server's queue.
    let figure = measured::posts(bench, 256, 10_000).await?;
    curve.add((10_000, "idle WebSockets beside 256 connections"), figure);
    Ok(vec![curve])
}

async fn members(bench: &Bench) -> Result<Vec<Curve>> {
    let mut rate = Curve::new("deliveries/s of durable posts");
    let mut delay = Curve::new("ms from send to delivery, 20 posts/s, p99");
    for members in [10, 100, 1_000] {
        let (p99, deliveries) = measured::deliveries(bench, members).await?;
        rate.add((members, "members"), deliveries);
        delay.add((members, "members"), p99);
    }
    Ok(vec![rate, delay])
}

/// Each chat is compared with a small one, measured in turns with it.
async fn pages(bench: &Bench) -> Result<Vec<Curve>> {
    let mut curves = vec![
        Curve::new("ms, newest page, p50"),
        Curve::new("ms, page at a random cursor, p50"),
    ];
    for messages in [10_000, 100_000, 1_000_000] {
        if messages > bench.messages {
            break;
        }
        let sized = Bench {
            server: bench.server.clone(),
            data: bench.data.clone(),
            messages,
            ..*bench
        };
        let figures = Scenario::Pages.measure(&sized).await?;
        for (curve, figure) in curves.iter_mut().zip(figures) {
            if curve.rows.is_empty() {
                curve.add((1_000, "messages in the chat"), figure.limit);
            }
            let of = (messages, "messages in the chat");
            curve.add_beside(of, figure.ours, figure.limit);
        }
    }
    Ok(curves)
}

async fn chats(bench: &Bench) -> Result<Vec<Curve>> {
    let what = "ms, first page of an agent's chats with unread counts, p50";
    let mut curve = Curve::new(what);
    for chats in [10, 100, 1_000, 10_000] {
        let figure = measured::chats(bench, chats).await?;
        curve.add((chats, "chats"), figure);
    }
    Ok(vec![curve])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_set_against_the_first() {
        let mut curve = Curve::new("posts/s");
        curve.add((10, "connections"), 200.0);
        curve.add((100, "connections"), 50.0);
        let text = curve.text();
        let rows: Vec<Vec<_>> = text
            .lines()
            .skip(1)
            .map(|row| row.split_whitespace().collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["10", "connections", "200", "1.00"],
                ["100", "connections", "50.000", "0.25"]
            ]
        );
    }
}
