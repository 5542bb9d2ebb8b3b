//! The scenarios: each measures figures and their limits.

mod fanout;
mod files;
mod hooks;
mod latency;
mod pages;
mod post;
mod rest;
mod rooms;
mod sms;
mod socket;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::report::Figure;

/// How to measure.
pub(crate) struct Bench {
    /// The server's binary.
    pub(crate) server: PathBuf,
    /// The directory of the databases.
    pub(crate) data: PathBuf,
    /// How long each figure is measured in a round.
    pub(crate) time: Duration,
    /// Messages in the large chat.
    pub(crate) messages: usize,
    /// Samples of a time that is short.
    pub(crate) samples: usize,
}

/// A scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Scenario {
    /// Durable posts by 256 connections, beside a bare echo.
    Post,
    /// The same by 64 connections, beside one commit per request.
    Group,
    /// The same over the WebSocket, beside REST.
    Socket,
    /// One post at a time, compared with the disk.
    Latency,
    /// Durable posts to 1,000 members, beside bare connections.
    Fanout,
    /// Typing to 1,000 members, beside bare connections.
    Ephemeral,
    /// From sending to delivery to 100 members, beside bare connections.
    Delay,
    /// Messages per second and delivery times in chats of 10, 100 and 1,000 members, with 1, 16 and
    /// 64 posts in flight, beside bare connections.
    Rooms,
    /// One of 1,000 members reads nothing, compared with none.
    Stalled,
    /// Pages of a large chat, compared with pages of a small one.
    Pages,
    /// Memory of 10,000 sockets on which nothing happens.
    Memory,
    /// The first answer on a large database.
    Start,
    /// Memory while nothing happens, and the binary.
    Idle,
    /// Uploads and downloads, ten at a time, beside a bare handler.
    Files,
    /// From a post to its delivery beside a dead endpoint, compared with the same without it.
    Webhooks,
    /// Durable posts while an intercept allows each, compared with none.
    Intercepts,
    /// From a message to its acceptance beside a dead provider, compared with the same without it.
    SmsOut,
    /// Requests of a provider, compared with durable posts, 500 of each per second.
    SmsHook,
}

impl Scenario {
    /// Measures one round.
    pub(crate) async fn measure(self, bench: &Bench) -> Result<Vec<Figure>> {
        match self {
            Self::Post => post::post(bench).await,
            Self::Group => post::group(bench).await,
            Self::Socket => socket::socket(bench).await,
            Self::Fanout => fanout::fanout(bench).await,
            Self::Ephemeral => fanout::ephemeral(bench).await,
            Self::Delay => fanout::delay(bench).await,
            Self::Rooms => rooms::rooms(bench).await,
            Self::Stalled => fanout::stalled(bench).await,
            Self::Memory => socket::memory(bench).await,
            Self::Latency => latency::latency(bench).await,
            Self::Pages => pages::pages(bench).await,
            Self::Start => rest::start(bench).await,
            Self::Idle => rest::idle(bench).await,
            Self::Files => files::files(bench).await,
            Self::Webhooks => hooks::webhooks(bench).await,
            Self::Intercepts => hooks::intercepts(bench).await,
            Self::SmsOut => sms::out(bench).await,
            Self::SmsHook => sms::hook(bench).await,
        }
    }
}
