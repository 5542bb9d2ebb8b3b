//! As much of curl's command line, and of the shell's quoting, as documentation uses.

use reqwest::Method;

/// A printed request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Curl {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: String,
}

impl Curl {
    /// Reads a command; panics at anything it does not know, so that nothing is skipped.
    pub(super) fn parse(command: &str) -> Self {
        let mut words = words(command).into_iter();
        assert_eq!(words.next().as_deref(), Some("curl"));
        let mut curl = Self {
            method: Method::GET,
            url: String::new(),
            headers: vec![],
            data: String::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().expect("a value");
            match word.as_str() {
                "--location" => {}
                "-X" | "--request" => curl.method = value().parse().expect("a method"),
                "--header" => {
                    let header = value();
                    let (name, value) = header.split_once(": ").expect("a header");
                    curl.headers.push((name.to_owned(), value.to_owned()));
                }
                "--data" | "--data-raw" => curl.data = value(),
                url if url.starts_with("http") => curl.url = word,
                unknown => panic!("curl {unknown}"),
            }
        }
        curl
    }
}

/// Splits like a shell: single quotes, backslashes, continued lines.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if !is_quoted => match chars.next() {
                Some('\n') | None => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
            },
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_quote_inside_a_quoted_word_is_read_as_a_shell_reads_it() {
    assert_eq!(
        words("curl \\\n  'Let'\\''s go' a"),
        ["curl", "Let's go", "a"]
    );
}
