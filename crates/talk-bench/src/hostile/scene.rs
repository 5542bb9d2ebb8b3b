//! A database with two customers: the victims, and the attackers with what their attacks need,
//! written through the API.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Sizes;
use crate::connection::{Connection, post, request};
use crate::server::{GROUP, Server};
use crate::world::World;

/// Connections that write what an attack needs.
const WRITERS: usize = 32;
/// The victims are the first two agents; the attackers follow.
const VICTIMS: usize = 2;
/// Indices among the agents: the one that searches and renames, the one that writes, and the first of
/// the others, the last of whom are deleted.
pub(super) const SEARCHER: usize = VICTIMS;
pub(super) const WRITER: usize = VICTIMS + 1;
const FIRST_MEMBER: usize = VICTIMS + 2;
/// Members that one request may bring along.
const MEMBERS: usize = 500;
/// Agents that are deleted, one in each round.
const DELETED: usize = 20;

pub(super) const CHATS: &str = "/v1.0/service_agents/talk_chats";
pub(super) const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

/// The database.
pub(super) struct Scene {
    /// Its agents.
    pub(super) world: World,
    /// A chat of texts in which every part of the searched word occurs, and it does not.
    pub(super) searched: String,
    /// A chat of long texts that the searcher has not read.
    pub(super) unread: String,
    /// Agents that were deleted.
    deleted: usize,
}

impl Scene {
    /// Writes it.
    pub(super) async fn new(binary: &Path, dir: &Path, sizes: &Sizes) -> Result<Self> {
        let attackers = FIRST_MEMBER - VICTIMS + MEMBERS + DELETED;
        let world = World::of_customers(dir, &[VICTIMS, attackers]).await?;
        let server = Server::start(binary, &world, GROUP)?;
        let mut scene = Self {
            world,
            searched: String::new(),
            unread: String::new(),
            deleted: 0,
        };
        scene.searched = scene.chat(&server, &[SEARCHER]).await?;
        scene.unread = scene.chat(&server, &[SEARCHER]).await?;
        let channel = json!({"type": "talk", "name": "channel", "detail": "a".repeat(4_096)});
        let channel = scene.posts(CHATS, &channel)?;
        write_all(&server, vec![channel; sizes.channels]).await?;
        let text = "abc bcd cde def ".repeat(16_000 / 16);
        let message = json!({"chat_id": scene.searched, "text": text});
        let message = scene.posts(MESSAGES, &message)?;
        write_all(&server, vec![message; sizes.searched]).await?;
        let message = json!({"chat_id": scene.unread, "text": "\u{1f600}".repeat(16_000)});
        let message = scene.posts(MESSAGES, &message)?;
        write_all(&server, vec![message; sizes.unread]).await?;
        server.stop()?;
        Ok(scene)
    }

    /// A POST by the writer.
    fn posts(&self, path: &str, body: &Value) -> Result<Vec<u8>> {
        let token = self.world.token(WRITER)?;
        Ok(post(path, Some(&token), &body.to_string()))
    }

    /// Creates a chat of the writer and others; its id.
    async fn chat(&self, server: &Server, others: &[usize]) -> Result<String> {
        let chat = self.posts(CHATS, &self.creation(others.iter().copied())?)?;
        id_of(server, &chat).await
    }

    /// The creation of a chat with others.
    fn creation(&self, others: impl Iterator<Item = usize>) -> Result<Value> {
        let others = others.map(|n| {
            let id = self.world.agent(n)?.0;
            Ok(json!({"owner_type": "agent", "owner_id": id}))
        });
        let others = others.collect::<Result<Vec<_>>>()?;
        Ok(json!({"type": "group", "participants": others}))
    }

    /// The creation of a chat of 501 members.
    pub(super) fn crowded(&self) -> Result<Value> {
        self.creation(FIRST_MEMBER..FIRST_MEMBER + MEMBERS)
    }

    /// Writes messages that were edited often; their ids.
    pub(super) async fn edited(&self, server: &Server, sizes: &Sizes) -> Result<Vec<String>> {
        let chat = self.chat(server, &[SEARCHER]).await?;
        let token = self.world.token(WRITER)?;
        let mut ids = Vec::new();
        for _ in 0..sizes.edited {
            let message = self.posts(MESSAGES, &json!({"chat_id": chat, "text": "once"}))?;
            let id = id_of(server, &message).await?;
            let path = format!("{MESSAGES}/{id}");
            let edits = (0..sizes.edits).map(|n| {
                let body = json!({"text": format!("edit {n}")}).to_string();
                request("PUT", &path, Some(&token), &body)
            });
            write_all(server, edits.collect()).await?;
            ids.push(id);
        }
        Ok(ids)
    }

    /// Has an agent in many chats; its id.
    pub(super) async fn sociable(&mut self, server: &Server, sizes: &Sizes) -> Result<String> {
        let agent = FIRST_MEMBER + MEMBERS + self.deleted;
        self.deleted += 1;
        let id = self.world.agent(agent)?.0.to_string();
        let chat = self.posts(CHATS, &self.creation(std::iter::once(agent))?)?;
        write_all(server, vec![chat; sizes.chats]).await?;
        Ok(id)
    }
}

/// The id of what a request creates.
async fn id_of(server: &Server, request: &[u8]) -> Result<String> {
    let mut connection = Connection::open(&server.address).await?;
    let created: Value = serde_json::from_slice(connection.exchange(request).await?)?;
    let id = created.get("id").and_then(Value::as_str);
    Ok(id.context("an answer without id")?.to_owned())
}

/// Sends all requests over some connections; each must be answered 200.
async fn write_all(server: &Server, requests: Vec<Vec<u8>>) -> Result<()> {
    let mut writers = JoinSet::new();
    let mut shares = vec![Vec::new(); WRITERS];
    for (n, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(n % WRITERS) {
            share.push(request);
        }
    }
    for share in shares {
        let address = server.address.clone();
        writers.spawn(async move {
            let mut connection = Connection::open(&address).await?;
            for request in share {
                connection.exchange(&request).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}
