//! `talk tail`.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::pin;

use futures_util::FutureExt as _;
use serde_json::json;
use talk_client::{Client, ClientError, Follow, Positions, Subscription, Update};

use crate::output::Output;
use crate::state::State;

/// Updates printed before the positions are stored, while more updates are waiting.
const BATCH: usize = 500;

pub(crate) async fn tail(
    client: &Client,
    (chats, since, state): (Vec<String>, Option<u64>, Option<PathBuf>),
    out: Output,
) -> anyhow::Result<()> {
    let state = State(state);
    let mut positions = state.load()?;
    if let Some(since) = since {
        positions = begin(client, positions, (&chats, since)).await?;
    }
    let follow = if chats.is_empty() {
        Follow::All
    } else {
        Follow::Chats(chats)
    };
    let mut kept = positions.clone();
    let mut subscription = client.subscribe(follow, positions);
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let update = tokio::select! {
            update = subscription.next() => update,
            _ = &mut interrupted => return Ok(()),
        };
        let Some(update) = update else { return Ok(()) };
        let ended = batch(&mut subscription, update, out)?;
        io::stdout().flush()?;
        if kept != *subscription.positions() {
            kept.clone_from(subscription.positions());
            state.keep(&kept)?;
        }
        if let Some(error) = ended {
            return Err(error.into());
        }
    }
}

/// Builds the first positions: chats without a stored one begin after `since`.
async fn begin(
    client: &Client,
    mut positions: Positions,
    (chats, since): (&[String], u64),
) -> Result<Positions, ClientError> {
    for chat in chats {
        if positions.epoch().is_none() {
            positions = Positions::of(client.events(chat, since, 1).await?.epoch);
        }
        if positions.get(chat).is_none() {
            positions = positions.at(chat, since);
        }
    }
    Ok(positions)
}

/// Prints an update and all that are waiting. Returns the error that ended the subscription, if it
/// ended.
fn batch(
    subscription: &mut Subscription,
    first: Result<Update, ClientError>,
    out: Output,
) -> anyhow::Result<Option<ClientError>> {
    let mut next = Some(first);
    let mut printed = 0;
    while let Some(update) = next {
        match update {
            Ok(update) => print(&update, out)?,
            Err(error) => return Ok(Some(error)),
        }
        printed += 1;
        next = if printed < BATCH {
            subscription.next().now_or_never().flatten()
        } else {
            None
        };
    }
    Ok(None)
}

/// Prints events on standard output and changes of the connection on standard error.
fn print(update: &Update, out: Output) -> anyhow::Result<()> {
    match update {
        Update::Event(frame) => out.event(frame)?,
        Update::Reset {
            chat_id,
            reason,
            head,
        } => {
            let reset =
                json!({"type": "reset", "chat_id": chat_id, "reason": reason, "head": head});
            let line = format!("{chat_id} events up to {head} are not to be had ({reason})");
            out.print(&reset, &line)?;
        }
        Update::Unsubscribed {
            chat_id,
            reason,
            seq,
        } => {
            let ended =
                json!({"type": "unsubscribed", "chat_id": chat_id, "reason": reason, "seq": seq});
            out.print(&ended, &format!("{chat_id} nothing more ({reason})"))?;
        }
        Update::Connected { chats } => eprintln!("talk: connected, {} chats", chats.len()),
        Update::Disconnected { reason, retry_in } => {
            let seconds = retry_in.as_secs_f32();
            eprintln!("talk: disconnected ({reason}), again in {seconds:.1} s");
        }
        Update::Lagging { chat_id, .. } => eprintln!("talk: {chat_id}: behind"),
        _ => {}
    }
    Ok(())
}
