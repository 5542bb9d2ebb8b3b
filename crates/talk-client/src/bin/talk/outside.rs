//! Conversations with people outside.

use std::pin::pin;

use clap::Args;
use futures_util::StreamExt as _;
use talk_client::Client;
use talk_client::resource::{Conversation, ConversationAccount, Media};

use crate::output::{Output, printable};

/// The arguments of `talk conversations`.
#[derive(Args)]
pub(crate) struct Conversations {
    /// Only conversations without an owner.
    #[arg(long)]
    unowned: bool,
    /// Only conversations in this state: active or closed.
    #[arg(long)]
    state: Option<String>,
    /// Only conversations whose name, person outside or messages contain this text.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// Formats a conversation as one line.
fn line(conversation: &Conversation) -> String {
    let owner = match &*conversation.owner_type {
        "" => "nobody",
        _ => &conversation.owner_id,
    };
    format!(
        "{}  {:<7}  {:<6}  {owner}  {}",
        conversation.id,
        conversation.kind,
        conversation.state,
        printable(&conversation.name)
    )
}

fn account_line(account: &ConversationAccount) -> String {
    let name = printable(&account.name);
    format!("{}  {:<7}  {name}", account.id, account.kind)
}

pub(crate) async fn conversations(
    client: &Client,
    wanted: Conversations,
    out: Output,
) -> anyhow::Result<()> {
    let mut pages = client.conversations();
    if wanted.unowned {
        pages = pages.owned_by("none");
    }
    if let Some(state) = wanted.state {
        pages = pages.in_state(&state);
    }
    if let Some(text) = wanted.search {
        pages = pages.containing(&text);
    }
    let mut rows = pin!(pages.into_stream());
    while let Some(conversation) = rows.next().await {
        let conversation = conversation?;
        out.print(&conversation, &line(&conversation))?;
    }
    Ok(())
}

pub(crate) async fn claim(client: &Client, conversation: &str, out: Output) -> anyhow::Result<()> {
    let claimed = client.claim(conversation).await?;
    Ok(out.print(&claimed, &line(&claimed))?)
}

pub(crate) async fn accounts(client: &Client, out: Output) -> anyhow::Result<()> {
    let mut rows = pin!(client.conversation_accounts().into_stream());
    while let Some(account) = rows.next().await {
        let account = account?;
        out.print(&account, &account_line(&account))?;
    }
    Ok(())
}

/// Returns whether the id is that of a conversation.
pub(crate) async fn is_conversation(client: &Client, id: &str) -> anyhow::Result<bool> {
    match client.conversation(id).await {
        Ok(_) => Ok(true),
        Err(error) if error.reason() == Some("CONVERSATION_NOT_FOUND") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Sends a text and files to the person outside.
pub(crate) async fn answer(
    client: &Client,
    (conversation, text, files): (&str, &str, &[Media]),
    out: Output,
) -> anyhow::Result<()> {
    let files = files.iter().filter_map(|media| media.file_id.as_deref());
    let files: Vec<_> = files.collect();
    let said = client.answer_with_files(conversation, text, &files).await?;
    Ok(out.print(&said, &said.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(owner: (&str, &str)) -> Conversation {
        let address = serde_json::json!({
            "type": "webchat", "target": "v", "target_name": "", "name": "", "detail": "",
        });
        serde_json::from_value(serde_json::json!({
            "id": "c", "customer_id": "x", "owner_type": owner.0, "owner_id": owner.1,
            "account_id": "a", "name": "Chat\u{1b}[2J", "detail": "", "type": "webchat",
            "dialog_id": "", "tm_opt_out": "", "self": address, "peer": address, "state": "active", "participants_count": 0,
            "last_seq": 2,
            "tm_create": "", "tm_update": "", "tm_delete": "",
        }))
        .unwrap()
    }

    #[test]
    fn a_conversation_is_shown_with_its_owner_and_without_control_characters() {
        let shown = line(&conversation(("agent", "alice")));
        assert_eq!(shown, "c  webchat  active  alice  Chat [2J");
        let shown = line(&conversation(("", "00000000")));
        assert_eq!(shown, "c  webchat  active  nobody  Chat [2J");
    }
}
