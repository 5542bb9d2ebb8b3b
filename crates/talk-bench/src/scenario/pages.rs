//! Pages of a very large chat, which should cost the same as pages of a small one.

use std::fs::File;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::time::Timestamp;
use talk_store_diesel::search_backlog;
use talk_wire::time::format;
use uuid::Uuid;

use super::Bench;
use crate::connection::{Connection, get};
use crate::report::{Better, Figure};
use crate::search::Random;
use crate::server::{GROUP, Server};
use crate::times::Times;
use crate::world::{World, now};

/// Messages of the small chat.
const FEW: usize = 1_000;

/// Says when the messages begin and which chats they are in, once everything is written.
const MARK: &str = "filled";

/// A kept database: its world, and the time of its first message.
pub(super) struct Large {
    pub(super) world: World,
    start: Timestamp,
}

impl Large {
    /// The kept database, filled when it is not there yet. The system has its files in memory.
    pub(super) async fn open(bench: &Bench) -> Result<Self> {
        let large = Self::find_or_fill(bench).await?;
        // Since the last round others may have pushed them out.
        let mut file = File::open(large.world.dir().join("talk.db"))?;
        std::io::copy(&mut file, &mut std::io::sink())?;
        Ok(large)
    }

    async fn find_or_fill(bench: &Bench) -> Result<Self> {
        let dir = bench
            .data
            .join(format!("bench-{}-messages", bench.messages));
        let mark = dir.join(MARK);
        if let Ok(mark) = std::fs::read_to_string(&mark) {
            let mut lines = mark.lines();
            let start = lines.next().and_then(|micros| micros.parse().ok());
            let start = start.and_then(Timestamp::from_micros);
            let chats = lines.map(|id| Uuid::from_str(id).map(ChatId));
            let world = World::kept(&dir, chats.collect::<Result<_, _>>()?, now()?)?;
            let start = start.context("not a mark")?;
            return Ok(Self { world, start });
        }
        eprintln!("filling {} once", dir.display());
        // Removes the incomplete database of an interrupted run.
        let _ = std::fs::remove_dir_all(&dir);
        let span = i64::try_from(bench.messages)? * 1_000;
        let start = Timestamp::from_micros(now()?.as_micros() - span).context("a start")?;
        let mut world = World::kept(&dir, Vec::new(), start)?;
        let store = world.open()?;
        world.populate(&store, start).await?;
        world.fill(&store, (0, bench.messages), start).await?;
        world.fill(&store, (1, FEW), start).await?;
        while search_backlog(&world.url())? > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let chats = world.chats.iter().map(|chat| format!("\n{}", chat.0));
        let text = start.as_micros().to_string() + &chats.collect::<String>();
        std::fs::write(&mark, text)?;
        Ok(Self { world, start })
    }

    /// A request of the `n`th chat's newest page.
    pub(super) fn newest(&self, n: usize, token: &str) -> Result<Vec<u8>> {
        let chat = self.world.chats.get(n).context("a chat")?.0;
        let path = format!("/v1.0/service_agents/talk_messages?chat_id={chat}&page_size=50");
        Ok(get(&path, token))
    }

    /// A request of the page before the `message`th message of the `n`th chat.
    fn before(&self, n: usize, message: usize, token: &str) -> Result<Vec<u8>> {
        let chat = self.world.chats.get(n).context("a chat")?.0;
        let at = i64::try_from(message)? * 1_000 + self.start.as_micros();
        let at = Timestamp::from_micros(at).context("a time")?;
        let at = format(at).replace(' ', "%20");
        let path = "/v1.0/service_agents/talk_messages";
        let path = format!("{path}?chat_id={chat}&page_size=50&page_token={at}");
        Ok(get(&path, token))
    }
}

/// The newest page and one somewhere, of the large chat and of the small one in turns.
pub(super) async fn pages(bench: &Bench) -> Result<Vec<Figure>> {
    let large = Large::open(bench).await?;
    let server = Server::start(&bench.server, &large.world, GROUP)?;
    let token = large.world.token(0)?;
    let mut connection = Connection::open(&server.address).await?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut times: [Vec<Duration>; 4] = Default::default();
    for sample in 0..bench.samples + 20 {
        // Every page is a full one.
        let mut somewhere = |messages| 100 + random.below(messages - 100);
        let requests = [
            large.newest(0, &token)?,
            large.newest(1, &token)?,
            large.before(0, somewhere(bench.messages), &token)?,
            large.before(1, somewhere(FEW), &token)?,
        ];
        for (request, times) in requests.iter().zip(&mut times) {
            let started = Instant::now();
            let body = connection.exchange(request).await?;
            let took = started.elapsed();
            let rows = body
                .windows(9)
                .filter(|part| part == b"\"chat_id\"")
                .count();
            ensure!(rows == 50, "{rows} messages on a page");
            if sample >= 20 {
                times.push(took);
            }
        }
    }
    server.stop()?;
    let [newest, newest_few, middle, middle_few] =
        times.map(|times| Times::from(times).percentile(50));
    Ok(vec![
        figure(
            "pages-newest",
            "ms, newest page of the large chat, p50",
            newest,
            newest_few,
        ),
        figure(
            "pages-random",
            "ms, page at a random cursor, p50",
            middle,
            middle_few,
        ),
    ])
}

fn figure(name: &'static str, what: &'static str, ours: f64, limit: f64) -> Figure {
    Figure {
        name,
        what,
        ours,
        limit_is: "ms, chat of 1,000 messages",
        limit,
        better: Better::Less,
    }
}
