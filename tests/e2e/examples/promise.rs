//! Compares answers with documented ones, field by field.

use serde_json::Value;

use super::file::Example;

/// Maps documented names to real values.
#[derive(Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// From now on `documented` stands for `real`.
    pub(super) fn bind(&mut self, documented: &str, real: &str) {
        self.0.retain(|(name, _)| name != documented);
        self.0.push((documented.to_owned(), real.to_owned()));
        // One name may be the beginning of another.
        self.0
            .sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    /// Returns the real value of a documented name.
    pub(super) fn get(&self, documented: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(name, _)| name == documented)
            .map(|(_, real)| &**real)
    }

    /// The text with what its names stand for.
    pub(super) fn substitute(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, real)| {
            text.replace(name, real)
        })
    }

    /// Checks that `answer` has every documented field with the documented value, but for the
    /// differences the example admits: an id is the one it always stands for, a time has the
    /// documented shape.
    pub(super) fn check(&mut self, example: &Example, documented: &Value, answer: &Value) {
        match documented {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let expected = example.expected(field, value);
                    let answered = answer.get(example.our_name(field));
                    let answered = answered
                        .unwrap_or_else(|| panic!("{}: no {field} in {answer}", example.name));
                    self.check_field((example, field), expected, answered);
                }
            }
            Value::Array(rows) if rows.iter().any(|row| row["id"].is_string()) => {
                self.check_rows(example, rows, answer);
            }
            Value::Array(rows) => {
                let answered = answer.as_array().expect("a list");
                assert_eq!(rows.len(), answered.len(), "{}: {answer}", example.name);
                for (row, answered) in rows.iter().zip(answered) {
                    self.check(example, row, answered);
                }
            }
            _ => assert_eq!(answer, documented, "{}", example.name),
        }
    }

    /// The documented rows of a list, in which there may be others.
    fn check_rows(&mut self, example: &Example, rows: &[Value], answer: &Value) {
        let answered = answer.as_array().expect("a list");
        let mut places = Vec::new();
        for row in rows {
            let id = row["id"].as_str().and_then(|id| self.get(id));
            let id = id.expect("a row that was created before");
            let place = answered.iter().position(|other| other["id"] == id);
            places.push(place.unwrap_or_else(|| panic!("{}: no {row}", example.name)));
        }
        let is_in_order = |pair: &[usize]| (pair[0] > pair[1]) == example.is_reversed;
        assert!(places.windows(2).all(is_in_order), "{}", example.name);
        for (row, place) in rows.iter().zip(places) {
            self.check(example, row, &answered[place]);
        }
    }

    fn check_field(
        &mut self,
        (example, field): (&Example, &str),
        documented: &Value,
        answer: &Value,
    ) {
        match (documented.as_str(), answer.as_str()) {
            (Some(was), Some(is)) if field == "id" || field.ends_with("_id") => {
                if self.get(was).is_none() {
                    self.bind(was, is);
                }
                assert_eq!(Some(is), self.get(was), "{}: {field}", example.name);
            }
            (Some(was), Some(is)) if field.starts_with("tm_") => {
                assert_eq!(shape(is), shape(was), "{}: {field}", example.name);
            }
            _ => self.check(example, documented, answer),
        }
    }
}

/// A text with every digit made 0.
fn shape(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect()
}

/// Checks that an answer has every field of a documented shape, of the documented kind.
pub(super) fn check_shape(example: &Example, documented: &Value, answer: &Value) {
    let name = &example.name;
    match documented {
        Value::Object(fields) => {
            for (field, shape) in fields {
                let answered = answer.get(field);
                let answered = answered.unwrap_or_else(|| panic!("{name}: no {field}"));
                check_shape(example, shape, answered);
            }
        }
        Value::Array(rows) => {
            let answered = answer.as_array().expect("a list");
            assert!(!answered.is_empty(), "{name}: {answer}");
            for row in answered {
                check_shape(example, &rows[0], row);
            }
        }
        Value::String(kind) if kind == "<string>" => assert!(answer.is_string(), "{name}"),
        Value::String(kind) if kind == "<integer>" => assert!(answer.is_u64(), "{name}"),
        other => panic!("{name}: {other}"),
    }
}
