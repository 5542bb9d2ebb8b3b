//! Formats and prints resources and events.

use std::io::{self, Write};

use serde::Serialize;
use talk_client::resource::{Held, Message, OwnChat};
use talk_client::{ClientError, Event, Frame};

/// Prints lines for people, or JSON.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) is_json: bool,
}

impl Output {
    /// Prints a resource as JSON, or `line` instead.
    pub(crate) fn print(self, resource: &impl Serialize, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.is_json {
            serde_json::to_writer(&mut out, resource)?;
            writeln!(out)
        } else {
            writeln!(out, "{line}")
        }
    }

    /// Prints the id of a posted message, or that it is held.
    pub(crate) fn posted(self, posted: Result<Message, ClientError>) -> anyhow::Result<()> {
        match posted {
            Ok(message) => self.print(&message, &message.id)?,
            Err(ClientError::Held { id }) => {
                let line = format!("held until an admin releases it: {id}");
                self.print(&Held::new(id), &line)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Prints an event.
    pub(crate) fn event(self, frame: &Frame) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.is_json {
            writeln!(out, "{}", frame.raw)
        } else {
            writeln!(out, "{} {:>5}  {}", frame.chat_id, frame.seq, event(frame))
        }
    }
}

/// Formats a chat as one line.
pub(crate) fn chat(own: &OwnChat) -> String {
    let chat = &own.chat;
    format!(
        "{}  {:<6}  {:<6}  {:>3} unread  {}",
        chat.id,
        chat.kind,
        chat.status,
        own.unread_count,
        printable(&chat.name)
    )
}

/// Formats a message as one line.
fn message(message: &Message) -> String {
    format!("{} {}: {}", message.id, message.owner_id, content(message))
}

/// Formats a search result as one line, with time and chat.
pub(crate) fn found(message: &Message) -> String {
    format!(
        "{}  {}  {}: {}",
        message.tm_create,
        message.chat_id,
        message.owner_id,
        content(message)
    )
}

fn content(message: &Message) -> String {
    let text = printable(&message.text);
    match message.medias.len() {
        0 => text,
        count => format!("{text} [{count} attached]"),
    }
}

fn event(frame: &Frame) -> String {
    match &frame.event {
        Event::ChatCreated(chat) => format!("chat created: {}", printable(&chat.name)),
        Event::ChatUpdated(chat) => format!("chat {}: {}", chat.status, printable(&chat.name)),
        Event::ChatDeleted(_) => "chat deleted".to_owned(),
        Event::MessagePosted(said) => message(said),
        Event::MessageEdited(said) => format!("edited {}", message(said)),
        Event::MessageDeleted(said) => format!("deleted {}", said.id),
        Event::ReactionAdded(said, reaction) => {
            format!("{} {} {}", said.id, reaction.owner_id, reaction.emoji)
        }
        Event::ReactionRemoved(said, reaction) => {
            format!("{} {} no {}", said.id, reaction.owner_id, reaction.emoji)
        }
        Event::ReactionRedacted(said) => format!("{} reactions", said.id),
        Event::ParticipantJoined(joined) => format!("{} joined", joined.owner_id),
        Event::ParticipantLeft(left) => format!("{} left", left.owner_id),
        Event::ChatRead(mark) => format!("{} has read up to {}", mark.owner_id, mark.read_seq),
        Event::Other { kind } => kind.clone(),
        other => format!("{other:?}"),
    }
}

/// Replaces line breaks and control characters, so that text of others cannot control the terminal.
pub(crate) fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_does_not_reach_the_terminal_raw() {
        assert_eq!(printable("a\u{1b}[2Jb\nc 🎉"), "a [2Jb c 🎉");
    }

    #[test]
    fn what_is_found_is_shown_with_its_time_its_chat_and_its_author() {
        let message: Message = serde_json::from_value(serde_json::json!({
            "id": "m", "customer_id": "c", "owner_type": "agent", "owner_id": "alice",
            "chat_id": "plans", "type": "normal", "text": "the\nplan", "medias": [],
            "metadata": {"reactions": []}, "tm_create": "2024-01-17 10:30:00.000000",
            "tm_update": "", "tm_delete": "", "seq": 4, "root_id": "m", "depth": 0,
            "reply_count": 0, "tm_edit": "", "reaction_counts": {},
        }))
        .unwrap();
        let line = "2024-01-17 10:30:00.000000  plans  alice: the plan";
        assert_eq!(found(&message), line);
    }
}
