//! Finding messages.

use std::pin::pin;

use clap::Args;
use futures_util::StreamExt as _;
use talk_client::Client;

use crate::output::{self, Output};

/// Rows of a page at most.
const PAGE: u8 = 100;

/// The arguments of `talk search`.
#[derive(Args)]
pub(crate) struct Search {
    /// Part of a text; case and accents are ignored.
    text: String,
    /// Only in this chat.
    #[arg(long)]
    chat: Option<String>,
    /// Only messages of this agent (an id).
    #[arg(long, value_name = "AGENT")]
    from: Option<String>,
    /// Only messages after this time, like 2024-01-17T10:30:00Z.
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only messages before this time.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// The maximum number of messages.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Search {
    fn wanted(self) -> talk_client::Search {
        let mut wanted = talk_client::Search::text(self.text);
        if let Some(chat) = self.chat {
            wanted = wanted.chat(chat);
        }
        if let Some(agent) = self.from {
            wanted = wanted.by(agent);
        }
        if let Some(time) = self.after {
            wanted = wanted.after(time);
        }
        if let Some(time) = self.before {
            wanted = wanted.before(time);
        }
        wanted
    }
}

pub(crate) async fn search(client: &Client, search: Search, out: Output) -> anyhow::Result<()> {
    let limit = search.limit.unwrap_or(usize::MAX);
    let rows = u8::try_from(limit).unwrap_or(PAGE).clamp(1, PAGE);
    let found = client.search(search.wanted()).page_size(rows);
    let mut found = pin!(found.into_stream().take(limit));
    while let Some(message) = found.next().await {
        let message = message?;
        out.print(&message, &output::found(&message))?;
    }
    Ok(())
}
