//! Compares the catalogue of reasons with the sources, where a reason is a literal in capitals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use talk_wire::reason::{find, reasons};

use crate::status::Status;

/// Literals in capitals that are something else: methods, algorithms and a variable of builds.
const OTHERS: [&str; 13] = [
    "SMS", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "OTHER", "ES256", "HS256",
    "RS256", "OUT_DIR",
];

/// The calls and macros with which lists of possible reasons start.
const LISTS: [&str; 3] = [
    "REFUSALS: &'static [&'static str] = &[",
    ".reasons(&[",
    ".refused(&[",
];

/// The sources of the crates whose texts reach clients, without tests and without the descriptions
/// themselves.
fn sources() -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let names = [
        "conversation-domain",
        "talk-domain",
        "talk-wire",
        "talk-http-actix",
        "talk-identity",
        "talk-events",
    ];
    let mut folders: Vec<PathBuf> = names.map(|name| crates.join(name).join("src")).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["openapi", "testing", "tests"].contains(&name) {
                folders.push(path);
            } else if path.is_file() && !["docs.rs", "testing.rs", "tests.rs"].contains(&name) {
                let source = std::fs::read_to_string(&path).unwrap();
                let shipped = source.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code = shipped
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                sources.push(without_descriptions(&code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    sources
}

/// `source` without the lists of reasons that say what may be given elsewhere.
fn without_descriptions(source: &str) -> String {
    let mut rest = source;
    let mut code = String::new();
    while let Some(at) = LISTS.iter().filter_map(|list| rest.find(list)).min() {
        let (before, list) = rest.split_at(at);
        code.push_str(before);
        rest = list.split_once(']').map_or("", |(_, after)| after);
    }
    code + rest
}

fn is_in_capitals(literal: &str) -> bool {
    literal.len() > 2
        && literal.starts_with(|first: char| first.is_ascii_uppercase())
        && literal
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn given(sources: &[String]) -> BTreeSet<&str> {
    let literals = sources.iter().flat_map(|source| source.split('"'));
    let is_status = |word: &str| Status::of_word(word).is_some() && find(word).is_none();
    literals
        .filter(|literal| is_in_capitals(literal))
        .filter(|word| !OTHERS.contains(word) && !word.starts_with("CARGO_") && !is_status(word))
        .collect()
}

#[test]
fn a_reason_is_given_if_and_only_if_it_is_in_the_catalogue() {
    let sources = sources();
    let known: BTreeSet<_> = reasons().map(|known| known.reason).collect();
    let given = given(&sources);
    let missing: Vec<_> = given.difference(&known).collect();
    assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
    let unused: Vec<_> = known.difference(&given).collect();
    assert!(unused.is_empty(), "given nowhere: {unused:?}");
}

#[test]
fn a_refusal_has_the_status_the_catalogue_says() {
    let mut checked = 0;
    for source in sources() {
        // `Variant = Kind "REASON" "message"`.
        for (before, after) in source
            .match_indices(" \"")
            .map(|(at, _)| source.split_at(at))
        {
            let reason = after.split('"').nth(1).unwrap_or_default();
            let Some(known) = find(reason) else { continue };
            let mut words = before.rsplit(' ');
            let (kind, equals) = (words.next().unwrap_or_default(), words.next());
            let is_kind = kind.bytes().all(|b| b.is_ascii_alphabetic());
            if equals != Some("=") || !is_kind {
                continue;
            }
            let word = known.status.replace('_', "").to_lowercase();
            assert_eq!(kind.to_lowercase(), word, "{reason}");
            checked += 1;
        }
    }
    assert!(checked > 50, "the refusals were not found: {checked}");
}
