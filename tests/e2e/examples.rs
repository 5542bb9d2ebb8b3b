//! Every example of VoIPBIN's documentation, run as printed. `tests/examples/` has a file for each:
//! which document it is of (`seed`) and where, the text as printed, and in what its answer differs
//! from the documented one, with the reason. The files of a folder are one story on one server, in
//! the order of their names. `tests/seeds.py` says what an example is and compares with the
//! documents.

mod conversation;
mod curl;
mod file;
mod happening;
mod object;
mod promise;
mod request;
mod story;

use std::path::{Path, PathBuf};

use file::Example;
use story::Story;
use talk_testkit::harness::Dialect;

/// Case 38.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_documentation_runs_as_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/examples");
    let (mut files, mut executed) = (0, 0);
    for (folder, dialect) in [
        ("001-overview", Dialect::Talks),
        ("002-overview", Dialect::Talks),
        ("003-overview", Dialect::Chats),
        ("003-talk", Dialect::Chats),
        ("003-tutorial", Dialect::Chats),
    ]
    .map(|(name, dialect)| (folder.join(name), dialect))
    {
        executed += run(&folder, dialect).await;
    }
    for folder in entries(&folder) {
        files += entries(&folder).len();
    }
    println!("{executed} of {files} examples of the documentation executed");
    assert_eq!(executed, files);
}

/// Runs the files of a folder and returns their number.
async fn run(folder: &Path, dialect: Dialect) -> usize {
    let mut story = Story::begin(dialect).await;
    let files = entries(folder);
    for file in &files {
        let example = Example::read(file);
        let (story, example) = (&mut story, &example);
        let _running = Running(&example.name);
        match &*example.kind {
            "curl" => request::run_curl(story, example).await,
            "request" => request::run_drawing(story, example).await,
            "json" => object::run(story, example).await,
            "type" => object::run_type(story, example).await,
            "event" | "push" => happening::run(story, example).await,
            "conversation" => conversation::run(story, example).await,
            "step" => conversation::run_step(story, example).await,
            "emoji" => conversation::run_emoji(story, example).await,
            kind => panic!("{}: nobody can run a {kind}", example.name),
        }
        example.check_differences();
    }
    files.len()
}

/// Says which example it was when one fails.
struct Running<'a>(&'a str);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the example is {}", self.0);
        }
    }
}

/// Returns the entries of a folder in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut entries: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    entries
}
