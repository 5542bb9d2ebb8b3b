//! Checks the stored data against the invariants, chat by chat. The server may run meanwhile.

mod files;
mod reading;

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde::Serialize;
use talk_domain::kernel::id::{ChatId, CustomerId};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::ChatFilter;
use talk_domain::talk::unit::TalkSnapshot;
use talk_files::Files;
use talk_store_diesel::FreeSpace;

use super::consumer::Shown;
use super::{Operator, all, vacuum};
use crate::failure::Failure;
use crate::installation::refused;
use crate::usernames;
use reading::check_reading;

/// Events read at once.
const PAGE: u32 = 1_000;

/// The results of opening the database and checking its tables, before the chats are checked.
pub(crate) struct Looked {
    /// The migrations that were just applied.
    pub(crate) migrated: Vec<String>,
    /// Problems found in the tables.
    pub(crate) problems: Vec<String>,
    /// Free pages of the file.
    pub(crate) space: FreeSpace,
    /// Hints that are not problems.
    pub(crate) notes: Vec<String>,
}

/// The result of the check.
#[derive(Debug, Default, Serialize)]
struct Report {
    migrated: Vec<String>,
    customers: usize,
    agents: usize,
    chats: usize,
    events: u64,
    files: u64,
    /// Bytes of all files.
    file_bytes: u64,
    /// Files in the storage without a row, which are removed later.
    orphans: u64,
    /// Consumers of the log, and how far each is.
    consumers: Vec<Shown>,
    problems: Vec<String>,
    /// Hints that are not problems.
    notes: Vec<String>,
}

/// Checks every chat that has a participant or is a channel: `member_count` equals the number of
/// participants, read marks are at existing messages, and `seq` has no gap up to the head. Checks
/// that every file has its bytes in the storage.
///
/// # Errors
/// If a problem is found, or a row or the storage cannot be read.
pub(crate) async fn doctor(
    operator: &Operator,
    looked: Looked,
    storage: &Files,
) -> Result<(), Failure> {
    let mut report = Report {
        migrated: looked.migrated,
        problems: looked.problems,
        ..Report::default()
    };
    let unit = Unit::installation("doctor_customers");
    let customers = operator
        .store
        .read(unit, |snapshot| snapshot.directory().customers());
    for customer in customers.await.map_err(refused)? {
        report.customers += 1;
        examine(operator, customer.id, &mut report)
            .await
            .map_err(refused)?;
    }
    if let Err(failure) = files::examine(operator, storage, &mut report).await {
        report.problems.push(format!("files: {failure}"));
    }
    report.notes = usernames::colliding(&operator.store)
        .await
        .map_err(refused)?;
    report.notes.extend(vacuum::note(looked.space));
    report.notes.extend(looked.notes);
    report.consumers = operator.consumers().await.map_err(refused)?;
    operator.print(&lines(&report).join("\n"), &report)?;
    match report.problems.len() {
        0 => Ok(()),
        count => Err(anyhow!("{count} problems were found").into()),
    }
}

/// Formats the report for people.
fn lines(report: &Report) -> Vec<String> {
    let Report {
        migrated,
        customers,
        agents,
        chats,
        events,
        files,
        file_bytes,
        orphans,
        consumers,
        problems,
        notes,
    } = report;
    let mut lines = vec![
        match migrated.as_slice() {
            [] => "The database opens and is up to date.".to_owned(),
            names => format!("The database opens; just applied {}.", names.join(", ")),
        },
        format!(
            "Read {customers} customers, {agents} agents, {chats} chats and {events} events: \
             per chat the number of participants, how far they have read, and its events \
             numbered without a gap."
        ),
        "Looked through every table for what is lost or contradicts itself, and the file."
            .to_owned(),
        format!(
            "Looked for the bytes of {files} files, {file_bytes} bytes in all. The storage has \
             {orphans} files without a row; the server removes them after `files_sweep_after`."
        ),
    ];
    lines.extend(
        consumers
            .iter()
            .map(|consumer| format!("Consumer {}.", consumer.line())),
    );
    lines.extend(notes.iter().map(|note| format!("Note: {note}.")));
    lines.extend(problems.iter().map(|problem| format!("Wrong: {problem}")));
    lines
}

async fn examine(
    operator: &Operator,
    customer: CustomerId,
    report: &mut Report,
) -> Result<(), StoreError> {
    let unit = Unit::of(customer, "doctor_chats");
    let (agents, chats) = operator.store.read(unit, chats).await?;
    report.agents += agents;
    report.chats += chats.len();
    for chat in chats {
        let unit = Unit::of(customer, "doctor_chat");
        let finding = operator
            .store
            .read(unit, move |snapshot| check(snapshot, chat));
        let (events, problem) = finding.await?;
        report.events += events;
        report.problems.extend(problem);
    }
    Ok(())
}

/// Returns the number of a customer's agents, and the chats in which they participate or which are
/// channels.
fn chats(snapshot: &mut dyn TalkSnapshot) -> Result<(usize, BTreeSet<ChatId>), StoreError> {
    let agents = all(|request| snapshot.agents().page(request))?;
    let mut chats = BTreeSet::new();
    for agent in &agents {
        let filter = ChatFilter::default();
        let found = all(|request| snapshot.chats().of_agent(agent.id, filter, request))?;
        chats.extend(found.into_iter().map(|chat| chat.id));
    }
    let channels = all(|request| snapshot.chats().channels("", request))?;
    chats.extend(channels.into_iter().map(|chat| chat.id));
    Ok((agents.len(), chats))
}

/// Returns the number of a chat's events and its problem, if any. All reads use one snapshot, so
/// that a running server cannot change the chat in between.
fn check(snapshot: &mut dyn TalkSnapshot, id: ChatId) -> Result<(u64, Option<String>), StoreError> {
    let Some(chat) = snapshot
        .chats()
        .get(id)?
        .filter(|chat| chat.deleted.is_none())
    else {
        return Ok((0, None));
    };
    let participants = all(|request| snapshot.participants().page(id, request))?.len();
    if usize::try_from(chat.member_count).ok() != Some(participants) {
        let told = chat.member_count;
        let problem = format!("chat {id} has {participants} participants and says {told}");
        return Ok((0, Some(problem)));
    }
    // Events up to `log_start` have expired; after it none may be missing.
    let (mut last, mut count) = (chat.log_start, 0);
    loop {
        let since = if count == 0 { 0 } else { last };
        let page = snapshot
            .events()
            .after(id.into(), Portion::new(since, PAGE))?;
        for event in page.events {
            if event.seq != last + 1 {
                let problem = format!("chat {id} has no event before {}", event.seq);
                return Ok((count, Some(problem)));
            }
            last = event.seq;
            count += 1;
        }
        if page.is_end {
            break;
        }
    }
    if let Some(problem) = check_reading(snapshot, &chat)? {
        return Ok((count, Some(problem)));
    }
    let head = chat.last.seq;
    let problem = format!("chat {id} says {head} events and its log ends at {last}");
    Ok((count, (last != head).then_some(problem)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::kernel::log::LogPage;
    use talk_domain::kernel::page::Page;
    use talk_domain::talk::model::chat::Chat;
    use talk_domain::testing::{
        MockSnapshot, a_chat, a_participant, agent_id, chat_id, posted, stream_id,
    };

    /// A snapshot with the chat of the builders, which has two participants and ten events.
    fn snapshot(participants: u128, log_start: u64, seqs: &[u64]) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.chats.expect_get();
        get.returning(move |_| {
            Ok(Some(Chat {
                log_start,
                ..a_chat()
            }))
        });
        snapshot.participants.expect_page().returning(move |_, _| {
            let rows = (0..participants).map(|n| a_participant(agent_id(n)));
            Ok(Page {
                rows: rows.collect(),
                next: None,
            })
        });
        snapshot.reads.expect_readers().returning(|_, _, _| {
            Ok(Page {
                rows: vec![],
                next: None,
            })
        });
        let seqs = seqs.to_vec();
        let event = |seq| posted(stream_id(1), seq, "{}");
        snapshot.events.expect_after().returning(move |_, portion| {
            // Three per page, so that there are several pages.
            let later = seqs.iter().copied().filter(|seq| *seq > portion.since);
            let is_end = later.clone().count() <= 3;
            let events = later.take(3).map(event).collect();
            Ok(LogPage { events, is_end })
        });
        snapshot
    }

    #[test]
    fn a_sound_chat_has_no_problem_even_when_its_oldest_events_are_gone() {
        for start in [0, 6] {
            let seqs: Vec<_> = (start + 1..=10).collect();
            let (events, problem) = check(&mut snapshot(2, start, &seqs), chat_id(1)).unwrap();
            assert_eq!((events, problem), (seqs.len() as u64, None));
        }
    }

    #[test]
    fn a_wrong_count_a_gap_and_a_lost_or_surplus_end_are_found() {
        let all = || (1..=10).collect::<Vec<_>>();
        let without = |n| (1..=10).filter(|seq| *seq != n).collect();
        for (participants, start, seqs, expected) in [
            (3, 0, all(), "has 3 participants and says 2"),
            (2, 0, without(3), "has no event before 4"),
            (2, 0, without(4), "has no event before 5"),
            (2, 0, (3..=10).collect(), "has no event before 3"),
            (2, 6, (9..=10).collect(), "has no event before 9"),
            (2, 6, all(), "has no event before 1"),
            (2, 0, (1..=9).collect(), "its log ends at 9"),
            (2, 0, (1..=11).collect(), "its log ends at 11"),
            (2, 0, vec![], "its log ends at 0"),
        ] {
            let problem = check(&mut snapshot(participants, start, &seqs), chat_id(1));
            let problem = problem.unwrap().1.unwrap();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
