//! Ids of rules: the RULES.md of a domain has an entry for each id that is used anywhere, and a test
//! names each entry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rstest::rstest;

/// The domains, each with its own list of rules.
const DOMAINS: &[&str] = &["talk-domain", "conversation-domain"];

/// Endings of the files that are searched for ids.
const TEXT: &[&str] = &["rs", "md", "txt", "json", "toml", "sql", "sh"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The ids of the entries of each RULES.md, in its order.
fn entries() -> Vec<String> {
    let of = |domain: &&str| read(&root().join("crates").join(domain).join("RULES.md"));
    let rules: String = DOMAINS.iter().map(of).collect();
    let entries = rules.lines().filter_map(|line| line.strip_prefix("- **"));
    let ids = entries.filter_map(|entry| Some(entry.split_once("**")?.0.to_owned()));
    ids.collect()
}

/// The letters before the number of an id, of all ids but cases.
fn areas(entries: &[String]) -> BTreeSet<&str> {
    let areas = entries.iter().filter_map(|id| Some(id.split_once('-')?.0));
    areas.collect()
}

/// The state of a parser of lists such as "cases 24, 25 and 27".
#[derive(Clone, Copy, PartialEq)]
enum List {
    Outside,
    AwaitsNumber,
    AfterNumber,
}

/// The ids in `text`: `S-080`, and `Case 24` and `Case 25` for "cases 24 and 25".
fn ids(text: &str, areas: &BTreeSet<&str>) -> Vec<String> {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut list = List::Outside;
    let mut found = Vec::new();
    for written in text.split_whitespace().filter(|word| *word != "///") {
        let word = written.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
        list = match (list, word) {
            (List::AwaitsNumber, _) if is_number(word) => {
                found.push(format!("Case {word}"));
                let goes_on = written.ends_with(',');
                if goes_on {
                    List::AwaitsNumber
                } else {
                    List::AfterNumber
                }
            }
            (List::AfterNumber | List::AwaitsNumber, "and") => List::AwaitsNumber,
            (_, "case" | "Case" | "cases" | "Cases") if written.ends_with(word) => {
                List::AwaitsNumber
            }
            _ => List::Outside,
        };
        for part in word.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-') {
            let id = part.split_once('-');
            if id.is_some_and(|(area, number)| areas.contains(area) && is_number(number)) {
                found.push(part.to_owned());
            }
        }
    }
    found
}

/// The doc comments of the tests in a Rust file: of functions with a test attribute, and of the
/// functions of the store contract, which `store_contract!` makes tests of.
fn docs_of_tests<'a>(text: &'a str, path: &Path) -> Vec<&'a str> {
    let is_contract = path
        .components()
        .any(|part| part.as_os_str() == "store_contract");
    let mut docs = Vec::new();
    let (mut block, mut is_test) = (Vec::new(), false);
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
        } else if line.starts_with("///") {
            block.push(line);
        } else {
            if is_test || (is_contract && line.starts_with("pub async fn")) {
                docs.append(&mut block);
            }
            block.clear();
            is_test = false;
        }
    }
    docs
}

/// Finds every text file below `folder` but RULES.md.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        let is_text = path
            .extension()
            .is_some_and(|end| TEXT.iter().any(|text| end == *text));
        if path.is_dir() {
            if name != "target" && name != ".git" && name != "data" {
                files(&path, found);
            }
        } else if is_text && name != "RULES.md" {
            found.push(path);
        }
    }
}

#[test]
fn every_id_has_its_entry_and_every_entry_its_test() {
    let entries = entries();
    let areas = areas(&entries);
    assert!(entries.len() > 100, "the entries were found");
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    let (mut used, mut tested) = (BTreeMap::new(), BTreeSet::new());
    for path in paths {
        let text = read(&path);
        for id in ids(&text, &areas) {
            used.entry(id).or_insert_with(|| path.clone());
        }
        if path.extension().is_some_and(|end| end == "rs") {
            for doc in docs_of_tests(&text, &path) {
                tested.extend(ids(doc, &areas));
            }
        }
    }
    used.retain(|id, _| !entries.contains(id));
    assert!(used.is_empty(), "no entry in a RULES.md: {used:#?}");
    let untested: Vec<_> = entries.iter().filter(|id| !tested.contains(*id)).collect();
    assert!(untested.is_empty(), "no test names {untested:?}");
    let distinct: BTreeSet<_> = entries.iter().collect();
    assert_eq!(distinct.len(), entries.len(), "one entry for each id");
}

#[rstest]
#[case::several("S-080, cases 24, 25 and 27, and UTF-8.", &["S-080", "Case 24", "Case 25", "Case 27"])]
#[case::start("Case 51: 256 random bits.", &["Case 51"])]
#[case::none("In any case, 12 of WS-frames or S-1a.", &[])]
fn ids_are_found_in_prose(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(ids(text, &BTreeSet::from(["S", "WS"])), expected);
}

#[test]
fn only_docs_of_tests_count_as_tests() {
    let text = "/// A-1\nfn a() {}\n/// A-2\n#[test]\nfn b() {}\n/// A-3\n#[cfg(test)]\nmod c {}\n";
    let docs = docs_of_tests(text, Path::new("a.rs"));
    assert_eq!(docs, ["/// A-2"]);
}
