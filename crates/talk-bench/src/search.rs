//! Searches random substrings of messages in six scripts: whether exactly the right messages are
//! found, and how long it takes.

mod corpus;
mod filled;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use talk_domain::kernel::id::MessageId;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::needle::MessageSearch;
use talk_store_diesel::search_backlog;

use crate::times::Times;
pub(crate) use corpus::Random;
use filled::{CUSTOMER, Filled, SEARCHER};

/// Characters of a needle, at most.
const LONGEST: usize = 12;
/// Rows of a page when everything is compared.
const PAGE: u16 = 1_000;
/// Matches that are walked to the end in both orders; of more, the first pages.
const WALKED: usize = 5_000;

/// How long searches of one store took.
pub(crate) struct Measured {
    messages: usize,
    /// By the length of the needle.
    lengths: Vec<Times>,
    /// The minimum number of messages that are not indexed yet.
    behind: u64,
    unindexed: Times,
}

/// Checks and measures a store of `messages` messages.
pub(crate) async fn measure(messages: usize, samples: usize, dir: &Path) -> Result<Measured> {
    let mut filled = Filled::with(messages, dir).await?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    // Most of the stored messages are not indexed yet.
    let some = needles(&filled, 1, &mut random);
    let unindexed = latencies(&filled, some.iter()).await?;
    let behind = search_backlog(&filled.url)?;
    check(&filled, &needles(&filled, 2, &mut random)).await?;
    indexed(&filled).await?;
    filled.change(100).await?;
    check(&filled, &needles(&filled, 2, &mut random)).await?;
    indexed(&filled).await?;
    let needles = needles(&filled, samples, &mut random);
    check(&filled, &needles).await?;
    let mut lengths = Vec::new();
    for length in 1..=LONGEST {
        let of_length = |needle: &&Needle| needle.as_str().chars().count() == length;
        lengths.push(latencies(&filled, needles.iter().filter(of_length)).await?);
    }
    Ok(Measured {
        messages,
        lengths,
        behind,
        unindexed,
    })
}

/// How long the first pages took.
async fn latencies(filled: &Filled, needles: impl Iterator<Item = &Needle>) -> Result<Times> {
    let mut all = Vec::new();
    for needle in needles {
        let start = Instant::now();
        page(filled, needle, first(50, Order::Descending)).await?;
        all.push(start.elapsed());
    }
    Ok(Times::from(all))
}

/// Waits until the index has come to every message.
async fn indexed(filled: &Filled) -> Result<()> {
    while search_backlog(&filled.url)? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Substrings of every length of random messages; every eighth is nonsense.
fn needles(filled: &Filled, samples: usize, random: &mut Random) -> Vec<Needle> {
    let mut needles = Vec::new();
    for length in 1..=LONGEST {
        let enough = needles.len() + samples;
        while needles.len() < enough {
            let Some(said) = filled.said.get(random.below(filled.said.len())) else {
                return needles;
            };
            let characters: Vec<char> = said.folded.chars().collect();
            let from = random.below(characters.len());
            let mut part: String = characters.iter().skip(from).take(length).collect();
            if random.below(8) == 0 {
                part = part.chars().rev().collect();
            }
            // Folding again may not change it: a mark would join what precedes it.
            match Needle::parse("q", &part) {
                Ok(needle) if needle.as_str().chars().count() == length => needles.push(needle),
                _ => {}
            }
        }
    }
    needles
}

const fn first(size: u16, order: Order) -> PageRequest {
    PageRequest {
        size,
        after: None,
        order,
    }
}

async fn page(
    filled: &Filled,
    needle: &Needle,
    request: PageRequest,
) -> Result<talk_domain::kernel::page::Page<MessageId>> {
    let search = MessageSearch {
        needle: needle.clone(),
        chat: None,
        author: None,
        after: None,
        before: None,
    };
    let page = filled
        .store
        .read(Unit::of(CUSTOMER, "search"), move |snapshot| {
            snapshot.messages().search(SEARCHER, &search, request)
        });
    let page = page.await.map_err(|error: StoreError| error)?;
    Ok(page.map(|message| message.id))
}

/// Every needle finds exactly the messages that contain it, in both orders.
async fn check(filled: &Filled, needles: &[Needle]) -> Result<()> {
    for needle in needles {
        let mut expected = filled.expected(needle.as_str());
        for order in [Order::Descending, Order::Ascending] {
            let found = walk(filled, needle, order).await?;
            let compared = if expected.len() > WALKED {
                found.len()
            } else {
                expected.len()
            };
            ensure!(
                found.len() == compared && expected.get(..compared) == Some(&found),
                "{needle:?} {order:?}: {} found, {} expected",
                found.len(),
                expected.len()
            );
            expected.reverse();
        }
    }
    Ok(())
}

async fn walk(filled: &Filled, needle: &Needle, order: Order) -> Result<Vec<MessageId>> {
    let mut request = first(PAGE, order);
    let mut found = Vec::new();
    loop {
        let page = page(filled, needle, request).await?;
        found.extend(page.rows);
        request.after = page.next;
        if request.after.is_none() || found.len() > WALKED {
            return Ok(found);
        }
    }
}

/// The figures of several sizes side by side.
pub(crate) fn table(measured: &[Measured]) -> String {
    let mut rows = vec![("milliseconds".to_owned(), Vec::new())];
    rows.push(("characters".to_owned(), Vec::new()));
    rows.extend((1..=LONGEST).map(|length| (length.to_string(), Vec::new())));
    rows.push(("messages not indexed".to_owned(), Vec::new()));
    rows.push(("any, with those".to_owned(), Vec::new()));
    for of_size in measured {
        let figures = |latencies: &Times| {
            let (median, p99) = (latencies.percentile(50), latencies.percentile(99));
            format!("{median:>14.2}{p99:>10.2}")
        };
        let mut column = vec![format!("{} messages", of_size.messages)];
        column.push(format!("{:>14}{:>10}", "median", "p99"));
        column.extend(of_size.lengths.iter().map(figures));
        column.push(of_size.behind.to_string());
        column.push(figures(&of_size.unindexed));
        for ((_, row), cell) in rows.iter_mut().zip(column) {
            row.push(cell);
        }
    }
    let line = |(name, cells): &(String, Vec<String>)| {
        let start = format!("{name:<22}");
        let line = cells
            .iter()
            .fold(start, |line, cell| format!("{line}{cell:>24}"));
        line + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn every_substring_of_5_000_messages_finds_exactly_the_right_ones() {
        let measured = measure(5_000, 6, &std::env::temp_dir()).await;
        let lengths = measured.map(|measured| measured.lengths.len());
        assert_eq!(lengths.map_err(|error| error.to_string()), Ok(LONGEST));
    }
}
