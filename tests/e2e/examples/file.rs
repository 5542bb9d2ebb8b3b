//! An example as its file has it: a head, a blank line, and the text of its document.

use std::cell::Cell;
use std::path::Path;

use serde_json::Value;

/// A value that deliberately differs from the documented one, with the reason.
pub(super) struct Difference {
    /// The field, wherever it is in the answer.
    pub(super) field: String,
    documented: Value,
    expected: Value,
    is_met: Cell<bool>,
}

/// One example.
#[derive(Default)]
pub(super) struct Example {
    /// Its file.
    pub(super) name: String,
    /// Its kind in `tests/seeds.py`.
    pub(super) kind: String,
    /// The agent that sends it, from the last letter of the name; `A` by default.
    pub(super) caller: String,
    /// The refusal that answers it: code and reason.
    pub(super) refusal: Option<(u16, String)>,
    /// Whether lists come in the opposite order.
    pub(super) is_reversed: bool,
    /// Fields with another value.
    pub(super) differences: Vec<Difference>,
    /// Fields with another name: theirs and ours.
    pub(super) renamed: Vec<(String, String)>,
    /// The text of the document.
    pub(super) quoted: String,
}

impl Example {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("an example");
        let (head, quoted) = text.split_once("\n\n").expect("a head and a text");
        let mut example = Self {
            name: name_of(path),
            caller: "A".into(),
            quoted: quoted.to_owned(),
            ..Self::default()
        };
        for line in head.lines() {
            let (key, value) = line.split_once(": ").expect("a key and a value");
            example.set(key, value);
        }
        example
    }

    fn set(&mut self, key: &str, value: &str) {
        let reasoned = || {
            let (what, why) = value.split_once("; ").expect("a reason");
            assert!(!why.is_empty(), "{}: {key} without reason", self.name);
            what
        };
        match key {
            // `tests/seeds.py` compares them with the document.
            "seed" | "lines" => {}
            "kind" => value.clone_into(&mut self.kind),
            "as" => value.clone_into(&mut self.caller),
            "order" => self.is_reversed = reasoned() == "newest first",
            "answers" => {
                let (code, reason) = reasoned().split_once(' ').expect("code and reason");
                self.refusal = Some((code.parse().expect("a code"), reason.to_owned()));
            }
            "renamed" => {
                let (theirs, ours) = reasoned().split_once(" is ").expect("two names");
                self.renamed.push((theirs.to_owned(), ours.to_owned()));
            }
            "differs" => {
                let (field, values) = reasoned().split_once(": ").expect("a field");
                let (documented, expected) = values.split_once(" is ").expect("two values");
                let value = |text| serde_json::from_str(text).expect("a value");
                self.differences.push(Difference {
                    field: field.to_owned(),
                    documented: value(documented),
                    expected: value(expected),
                    is_met: Cell::new(false),
                });
            }
            _ => panic!("{}: {key}", self.name),
        }
    }

    /// Returns the expected value of a field that is documented as `documented`.
    pub(super) fn expected<'a>(&'a self, field: &str, documented: &'a Value) -> &'a Value {
        let mut all = self.differences.iter();
        let found = all.find(|other| other.field == field && other.documented == *documented);
        found.map_or(documented, |difference| {
            difference.is_met.set(true);
            &difference.expected
        })
    }

    /// Our name of a field.
    pub(super) fn our_name<'a>(&'a self, field: &'a str) -> &'a str {
        let mut all = self.renamed.iter();
        all.find(|(theirs, _)| theirs == field)
            .map_or(field, |(_, ours)| ours)
    }

    /// Checks that every difference the file admits was there.
    pub(super) fn check_differences(&self) {
        for difference in &self.differences {
            let (name, field) = (&self.name, &difference.field);
            assert!(difference.is_met.get(), "{name}: {field} does not differ");
        }
    }

    /// The lines without indentation and frame, as far as there is something in them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.quoted.lines();
        lines
            .map(|line| line.trim().trim_matches('|').trim())
            .filter(|line| !line.is_empty())
    }
}

/// The last folder and the file.
fn name_of(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    let parts = folder.into_iter().chain(path.file_name());
    let parts: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
