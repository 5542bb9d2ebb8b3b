//! Conversations of the documents, drawn with who says and reacts what.

use serde_json::{Value, json};

use super::file::Example;
use super::story::Story;

/// A line of a drawing.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// `Talk: "its name"`
    Talk(&'a str),
    /// `[author] "text"`
    Said {
        who: &'a str,
        text: &'a str,
    },
    /// `👍 Agent B`
    Reacted {
        emoji: &'a str,
        who: &'a str,
    },
    /// `👍 3 🎉 2`
    Counts(Vec<(&'a str, usize)>),
    /// `Result: 3-1, …`
    Result(Vec<usize>),
    Nothing,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Self {
        let line = line.trim_start_matches(['|', '+', '-', ' ']);
        let quoted = || {
            line.split_once('"')
                .and_then(|(_, text)| text.rsplit_once('"'))
        };
        if line.starts_with("Talk: ") {
            return Self::Talk(quoted().expect("a name").0);
        }
        if let Some((who, _)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            let text = quoted().expect("a text").0;
            return Self::Said { who, text };
        }
        if let Some(result) = line.strip_prefix("Result: ") {
            let counts = result.split(',').next().unwrap_or_default().split('-');
            return Self::Result(
                counts
                    .map(|count| count.parse().expect("a count"))
                    .collect(),
            );
        }
        if let Some((emoji, who)) = line.split_once(" Agent ") {
            return Self::Reacted { emoji, who };
        }
        let words: Vec<_> = line.split_whitespace().collect();
        let count = |pair: &[&'a str]| Some((pair[0], pair.get(1)?.parse().ok()?));
        match words.chunks(2).map(count).collect::<Option<Vec<_>>>() {
            Some(counts) if !counts.is_empty() => Self::Counts(counts),
            _ => Self::Nothing,
        }
    }
}

/// Holds the conversation; everybody reads it as drawn.
pub(super) async fn run(story: &mut Story, example: &Example) {
    let text = story.names.substitute(&example.quoted);
    let lines = text
        .lines()
        .map(|line| line.trim().trim_matches('|').trim());
    let lines: Vec<_> = lines.map(Line::read).collect();
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut name = "Decisions";
    for line in &lines {
        if let Line::Talk(talk) = line {
            name = talk;
        }
    }
    story.group(name).await;
    assert_eq!(story.chat["name"], name);
    for line in lines {
        match line {
            Line::Said { who, text } => drawn.push(say(story, &drawn, (who, text)).await),
            Line::Reacted { emoji, who } => {
                react(story, drawn.last_mut().expect("a message"), emoji, who).await;
            }
            Line::Counts(counts) => {
                let last = drawn.last_mut().expect("a message");
                for (emoji, count) in &counts {
                    for who in ["B", "C", "D", "E"].iter().take(*count) {
                        react(story, last, emoji, who).await;
                    }
                }
                let reacted = last.counts.iter().map(|(emoji, count)| (&**emoji, *count));
                assert_eq!(reacted.collect::<Vec<_>>(), counts);
            }
            Line::Result(result) => {
                let counts = drawn.last().map(|last| last.counts.iter().map(|(_, n)| *n));
                assert_eq!(counts.expect("a message").collect::<Vec<_>>(), result);
            }
            Line::Talk(_) | Line::Nothing => {}
        }
    }
    assert!(!drawn.is_empty(), "{}", example.name);
    check(story, example, &drawn).await;
}

/// A message as drawn.
struct Drawn {
    message: Value,
    parent: Option<Value>,
    author: String,
    text: String,
    counts: Vec<(String, usize)>,
}

async fn say(story: &mut Story, before: &[Drawn], (who, text): (&str, &str)) -> Drawn {
    let is_reply = who.starts_with("Reply");
    let mut above = before.iter().rev();
    let parent = above
        .find(|drawn| drawn.parent.is_none())
        .filter(|_| is_reply);
    let parent = parent.map(|drawn| drawn.message.clone());
    assert_eq!(
        is_reply,
        parent.is_some(),
        "{text}: a reply has a message above"
    );
    let author = match who.strip_prefix("Agent ") {
        Some(letter) => letter,
        None if is_reply => "B",
        None => "A",
    };
    let (dialect, by) = (story.dialect, story.agent(author));
    let message = dialect.say(by, &story.chat, text, parent.as_ref()).await;
    let author = by.id.clone();
    story.posted(message.clone());
    Drawn {
        message,
        parent,
        author,
        text: text.to_owned(),
        counts: Vec::new(),
    }
}

async fn react(story: &Story, to: &mut Drawn, emoji: &str, who: &str) {
    let reacted = story
        .dialect
        .react(story.agent(who), &to.message, emoji)
        .await;
    let reactions = reacted.ok()["metadata"]["reactions"].clone();
    let reactions = reactions.as_array().expect("a list").clone();
    assert_eq!(reactions.last().expect("a reaction")["emoji"], emoji);
    match to.counts.iter_mut().find(|(other, _)| other == emoji) {
        Some((_, count)) => *count += 1,
        None => to.counts.push((emoji.to_owned(), 1)),
    }
}

/// Checks that the other agents read the drawn messages.
async fn check(story: &Story, example: &Example, drawn: &[Drawn]) {
    let dialect = story.dialect;
    for reader in story.others() {
        let rows = dialect.said(reader, &story.chat).await;
        assert_eq!(rows.len(), drawn.len(), "{}", example.name);
        for (row, drawn) in rows.iter().zip(drawn) {
            assert_eq!(row["text"], drawn.text, "{}", example.name);
            assert_eq!(dialect.agent(row), drawn.author, "{}", example.name);
            let parent = drawn.parent.as_ref().map(|parent| &parent["id"]);
            assert_eq!(row.get("parent_id"), parent, "{}", example.name);
            let is_below = |other: &&Value| other.get("parent_id") == Some(&row["id"]);
            let replies = rows.iter().filter(is_below).count();
            assert_eq!(row["reply_count"], replies, "{}", example.name);
            let counts: serde_json::Map<_, _> = drawn
                .counts
                .iter()
                .map(|(emoji, count)| (emoji.clone(), json!(count)))
                .collect();
            assert_eq!(
                row["reaction_counts"],
                Value::Object(counts),
                "{}",
                example.name
            );
        }
    }
}

/// Reacts and replies to the message that came last, as a scenario's line says.
pub(super) async fn run_step(story: &mut Story, example: &Example) {
    let (dialect, said) = (story.dialect, story.message.clone());
    let line = story.names.substitute(example.quoted.trim());
    let mut drawn = Vec::new();
    if let Some(emoji) = line.strip_prefix("- Reactions: ") {
        for (emoji, who) in emoji.split_whitespace().zip(["B", "C"]) {
            dialect.react(story.agent(who), &said, emoji).await.ok();
            drawn.push(emoji);
        }
    } else {
        let (_, text) = line.split_once(": ").expect("a text");
        let text = text.trim_matches('"');
        let reply = dialect
            .say(story.agent("B"), &story.chat, text, Some(&said))
            .await;
        assert_eq!(
            (&reply["text"], &reply["parent_id"]),
            (&json!(text), &said["id"])
        );
    }
    let rows = dialect.said(story.agent("D"), &story.chat).await;
    let row = rows
        .iter()
        .find(|row| row["id"] == said["id"])
        .expect("the message");
    for emoji in drawn.iter().copied() {
        assert_eq!(
            row["reaction_counts"][emoji], 1,
            "{}: {emoji}",
            example.name
        );
    }
    let is_below = |other: &&Value| other.get("parent_id") == Some(&said["id"]);
    let replies = rows.iter().filter(is_below).count();
    assert_eq!(row["reply_count"], replies, "{}", example.name);
    assert!(drawn.len() + replies > 0, "{}: {line}", example.name);
}

/// Reacts with an emoji of the table.
pub(super) async fn run_emoji(story: &mut Story, example: &Example) {
    let line = story
        .names
        .substitute(example.lines().next().expect("an emoji"));
    let emoji = line.split(['|', ' ']).next().expect("an emoji");
    if story.message.is_null() {
        story.group("Project").await;
    }
    let (dialect, by) = (story.dialect, story.agent("B"));
    let said = dialect
        .say(story.agent("A"), &story.chat, "Done?", None)
        .await;
    let reacted = dialect.react(by, &said, emoji).await.ok();
    let reaction = &reacted["metadata"]["reactions"][0];
    assert_eq!(
        (&reaction["emoji"], &reaction["owner_id"]),
        (&json!(emoji), &json!(by.id))
    );
    assert_eq!(
        reacted["reaction_counts"],
        json!({emoji: 1}),
        "{}",
        example.name
    );
    assert_eq!(dialect.said(by, &story.chat).await.last(), Some(&reacted));
}

#[test]
fn a_drawing_is_read_line_by_line() {
    for (line, read) in [
        ("Talk: \"Plans\"", Line::Talk("Plans")),
        (
            "+-- [Reply 1.1] \"So be it\"",
            Line::Said {
                who: "Reply 1.1",
                text: "So be it",
            },
        ),
        (
            "+-- 👎 Agent E",
            Line::Reacted {
                emoji: "👎",
                who: "E",
            },
        ),
        ("👍 3   🎉 2", Line::Counts(vec![("👍", 3), ("🎉", 2)])),
        ("Result: 3-1, approved", Line::Result(vec![3, 1])),
        ("|", Line::Nothing),
        ("+-------+", Line::Nothing),
    ] {
        assert_eq!(Line::read(line), read, "{line}");
    }
}
