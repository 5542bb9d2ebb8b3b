//! The attacks, as requests of each attacker's connection.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use super::Sizes;
use super::attackers::{Lane, NUMBER};
use super::scene::{CHATS, MESSAGES, SEARCHER, Scene, WRITER};
use crate::connection::{get, post, request};
use crate::server::{Buckets, Server};
use crate::world::TEXT;

/// Requests that a connection sends when nothing else bounds them.
const MANY: usize = 10_000;

/// Posts that each socket has in flight.
const IN_FLIGHT: usize = 64;

/// An attack by clients of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Attack {
    /// Eight connections search channels for a text that nearly matches everywhere.
    Channels,
    /// Eight connections search messages for a text whose parts are everywhere, and it nowhere.
    Search,
    /// Eight connections rename a chat of which they have not read 64 MB.
    Mentions,
    /// An agent deletes messages that were edited thousands of times.
    Edits,
    /// An admin deletes an agent that is in thousands of chats.
    Agents,
    /// A hundred connections create chats of 501 members.
    Chats,
    /// Forty sockets post.
    Sockets,
    /// Three hundred connections request the API browser's script and read nothing.
    Documents,
    /// A thousand connections send a login of 255 KiB but for its last byte.
    Logins,
    /// A hundred connections request a page of long messages and read nothing.
    Answers,
    /// Channels, chats and sockets together, against the default limits.
    Defaults,
}

impl Attack {
    /// Lead time of the attackers before the measurement starts; short attacks have none.
    pub(super) const fn lead(self) -> Duration {
        match self {
            Self::Edits | Self::Agents => Duration::ZERO,
            _ => Duration::from_millis(300),
        }
    }

    /// The rate limits during the attack.
    pub(super) const fn buckets(self) -> Buckets {
        match self {
            Self::Defaults => Buckets::Default,
            _ => Buckets::Off,
        }
    }

    /// Prepares the attack on a server, and gives what its connections send.
    pub(super) async fn lanes(
        self,
        scene: &mut Scene,
        server: &Server,
        sizes: &Sizes,
    ) -> Result<Vec<Lane>> {
        Ok(match self {
            Self::Channels => vec![channels(scene)?],
            Self::Search => vec![search(scene)?],
            Self::Mentions => vec![mentions(scene)?],
            Self::Edits => vec![edits(scene, server, sizes).await?],
            Self::Agents => vec![agents(scene, server, sizes).await?],
            Self::Chats => vec![chats(scene)?],
            Self::Sockets => vec![sockets(scene)?],
            Self::Documents => vec![documents()],
            Self::Logins => vec![logins()],
            Self::Answers => vec![answers(scene)?],
            Self::Defaults => vec![channels(scene)?, chats(scene)?, sockets(scene)?],
        })
    }
}

/// Connections that send a request over and over and read the answers.
fn repeated(connections: usize, bytes: Vec<u8>) -> Result<Lane> {
    Ok(Lane {
        connections,
        socket: None,
        requests: vec![String::from_utf8(bytes)?],
        burst: 1,
        most: MANY,
        reads: true,
    })
}

/// Connections that send a request once and read nothing.
fn held(connections: usize, request: String) -> Lane {
    Lane {
        connections,
        socket: None,
        requests: vec![request],
        burst: 1,
        most: 1,
        reads: false,
    }
}

fn channels(scene: &Scene) -> Result<Lane> {
    let search = "a".repeat(253) + "b";
    let path = format!("/v1.0/service_agents/talk_channels?search={search}");
    repeated(8, get(&path, &scene.world.token(SEARCHER)?))
}

fn search(scene: &Scene) -> Result<Lane> {
    let chat = &scene.searched;
    let path = format!("/v1.0/service_agents/talk_search?q=abcdef&chat_id={chat}");
    repeated(8, get(&path, &scene.world.token(SEARCHER)?))
}

fn mentions(scene: &Scene) -> Result<Lane> {
    let path = format!("{CHATS}/{}", scene.unread);
    let body = json!({"name": format!("name {NUMBER}")}).to_string();
    let token = scene.world.token(SEARCHER)?;
    repeated(8, request("PUT", &path, Some(&token), &body))
}

async fn edits(scene: &Scene, server: &Server, sizes: &Sizes) -> Result<Lane> {
    let token = scene.world.token(WRITER)?;
    let mut requests = Vec::new();
    for id in scene.edited(server, sizes).await? {
        let path = format!("{MESSAGES}/{id}");
        requests.push(String::from_utf8(request(
            "DELETE",
            &path,
            Some(&token),
            "",
        ))?);
    }
    Ok(Lane {
        connections: 1,
        socket: None,
        burst: 1,
        most: requests.len(),
        requests,
        reads: true,
    })
}

async fn agents(scene: &mut Scene, server: &Server, sizes: &Sizes) -> Result<Lane> {
    let id = scene.sociable(server, sizes).await?;
    let token = scene.world.token(WRITER)?;
    let request = request("DELETE", &format!("/v1.0/agents/{id}"), Some(&token), "");
    Ok(Lane {
        most: 1,
        ..repeated(1, request)?
    })
}

fn chats(scene: &Scene) -> Result<Lane> {
    let body = scene.crowded()?.to_string();
    Ok(Lane {
        most: 20,
        ..repeated(100, post(CHATS, Some(&scene.world.token(WRITER)?), &body))?
    })
}

fn sockets(scene: &Scene) -> Result<Lane> {
    // Idempotency keys must differ between rounds.
    let round = crate::world::now()?.as_micros();
    let message = json!({"chat_id": scene.searched, "text": TEXT});
    let post = json!({"type": "post", "id": format!("{round}-{NUMBER}"), "message": message});
    Ok(Lane {
        connections: 40,
        socket: Some(scene.world.token(WRITER)?),
        requests: vec![post.to_string()],
        burst: IN_FLIGHT,
        most: MANY,
        reads: true,
    })
}

fn documents() -> Lane {
    let request = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: talk\r\n\r\n";
    held(300, request.to_owned())
}

fn logins() -> Lane {
    let password = "x".repeat(255 * 1024);
    let body = json!({"username": "nobody", "password": password}).to_string();
    let mut request = String::from_utf8_lossy(&post("/auth/login", None, &body)).into_owned();
    // The last byte is never sent.
    request.pop();
    held(1_000, request)
}

fn answers(scene: &Scene) -> Result<Lane> {
    let path = format!("{MESSAGES}?chat_id={}&page_size=100", scene.unread);
    let request = get(&path, &scene.world.token(SEARCHER)?);
    Ok(held(100, String::from_utf8(request)?))
}
