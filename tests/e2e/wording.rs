//! Comments in plain technical English: the first sentence names its subject.

use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::architecture::{root, rust_files};

/// Words with which a doc comment begins that does not name its subject.
const BEGINNINGS: &[&str] = &[
    "What",
    "Who",
    "Whose",
    "Whom",
    "Whoever",
    "Whatever",
    "Where",
    "Those",
    "Somebody",
    "Anybody",
    "Everybody",
    "Nobody",
];

/// Phrases for which there is a technical term, or a number with its name.
const PHRASES: &[&str] = &[
    "so many",
    "so long",
    "worth nothing",
    "of no use",
    "makes no sense",
    "make no sense",
    "gone by now",
    "is told",
    "are told",
    "was told",
    "were told",
    "asked for",
    "looked at",
    "anew",
    "somebody",
    "anybody",
];

/// The comments of a Rust file, each with the number of its first line. A blank line or code ends a
/// comment.
fn comments(text: &str) -> Vec<(usize, String)> {
    let mut comments: Vec<(usize, String)> = Vec::new();
    let mut mark = "";
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let found = ["///", "//!", "//"]
            .into_iter()
            .find(|mark| line.starts_with(mark));
        let Some(found) = found else {
            mark = "";
            continue;
        };
        let words = line.strip_prefix(found).unwrap_or_default().trim();
        match comments.last_mut() {
            Some((_, comment)) if found == mark => {
                comment.push(' ');
                comment.push_str(words);
            }
            _ => comments.push((at + 1, format!("{found} {words}"))),
        }
        mark = found;
    }
    comments
}

/// The words for which `comment` is not plain.
fn riddle(comment: &str) -> Option<&'static str> {
    let (mark, text) = comment.split_once(' ').unwrap_or_default();
    let is_doc = mark != "//";
    let first = text
        .split(|sign: char| !sign.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let begins = BEGINNINGS.iter().find(|word| is_doc && **word == first);
    let words: Vec<_> = text
        .split(|sign: char| !sign.is_alphanumeric() && sign != '-' && sign != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = format!(" {} ", words.join(" "));
    let has = |phrase: &str| text.contains(&format!(" {phrase} "));
    begins
        .or_else(|| PHRASES.iter().find(|phrase| has(phrase)))
        .copied()
}

#[test]
fn comments_name_their_subject_and_use_technical_terms() {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["crates", "tests"] {
        rust_files(&root().join(folder), &mut files);
    }
    let mut riddles = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let path = file.strip_prefix(root()).unwrap_or(Path::new("")).display();
        for (line, comment) in comments(&text) {
            if let Some(words) = riddle(&comment) {
                riddles.push(format!("{path}:{line}: \"{words}\" in {comment}"));
            }
        }
    }
    assert!(riddles.is_empty(), "{riddles:#?}");
}

#[rstest]
#[case::what("/// What a client is sent.", Some("What"))]
#[case::who("//! Who is there.", Some("Who"))]
#[case::phrase("/// Waits for so many frames.", Some("so many"))]
#[case::code("// Where nothing is shared, nothing waits.", None)]
#[case::whole("/// Returns the number of whole pages.", None)]
#[case::name("/// `Whatever` is a type.", None)]
fn a_comment_without_a_subject_is_found(#[case] comment: &str, #[case] words: Option<&str>) {
    assert_eq!(riddle(comment), words);
}

#[test]
fn a_comment_ends_where_its_lines_end() {
    let text = "//! A file.\n\n/// An item.\n/// More.\nfn a() {\n    // Code.\n}\n";
    let expected = [
        (1, "//! A file."),
        (3, "/// An item. More."),
        (6, "// Code."),
    ];
    let found = comments(text);
    assert_eq!(
        found,
        expected.map(|(line, comment)| (line, comment.to_owned()))
    );
}
