//! Many connections that count received frames, and a sender that keeps them busy.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

use crate::load::{WARM_UP, float};
use crate::socket::Socket;

/// After this time without a frame everything counts as delivered.
const QUIET: Duration = Duration::from_millis(500);

/// Timeout of the first delivery, while the server still delivers presence.
const FIRST: Duration = Duration::from_secs(30);

/// After this time without a delivery the last frames count as lost: typing may be dropped.
const STUCK: Duration = Duration::from_secs(2);

/// Counters shared by all connections.
#[derive(Default)]
struct Count {
    /// Frames of any length.
    heard: Cell<u64>,
    /// Frames of the counted length.
    delivered: Cell<u64>,
    /// Wakes the sender at this number of deliveries.
    awaited: Cell<u64>,
    reached: Notify,
    /// The send times of timed frames, and the times of their deliveries.
    sent: RefCell<Vec<Instant>>,
    took: RefCell<Vec<Duration>>,
}

/// The frames sent and delivered to all connections in one period.
#[derive(Default)]
pub(crate) struct Stretch {
    /// Frames that every connection received.
    pub(crate) frames: u64,
    /// From the first send to the last delivery.
    pub(crate) lasted: Duration,
    /// The time from send to delivery, of each frame and receiver.
    pub(crate) took: Vec<Duration>,
}

impl Stretch {
    /// Adds another stretch.
    pub(crate) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.lasted += other.lasted;
        self.took.extend(other.took);
    }

    /// Frames per second.
    pub(crate) fn rate(&self) -> f64 {
        float(self.frames) / self.lasted.as_secs_f64()
    }
}

impl Count {
    /// Waits until `enough` frames were delivered.
    async fn wait_for(&self, enough: u64) -> Result<()> {
        while self.delivered.get() < enough {
            self.awaited.set(enough);
            let reached = tokio::time::timeout(FIRST, self.reached.notified()).await;
            reached.context("what was sent is not delivered")?;
        }
        Ok(())
    }
}

/// Connections that receive.
pub(crate) struct Crowd {
    readers: JoinSet<anyhow::Error>,
    count: Rc<Count>,
    local: LocalSet,
}

impl Crowd {
    /// Reads on every connection and counts the frames with a payload length within `counted`.
    pub(crate) fn new(sockets: Vec<Socket>, counted: std::ops::RangeInclusive<usize>) -> Self {
        let (local, count) = (LocalSet::new(), Rc::<Count>::default());
        let mut readers = JoinSet::new();
        for socket in sockets {
            readers.spawn_local_on(read(socket, counted.clone(), Rc::clone(&count)), &local);
        }
        Self {
            readers,
            count,
            local,
        }
    }

    /// Waits until no more frames arrive, and resets the counters.
    async fn settle(&self) {
        loop {
            let before = self.count.heard.get();
            tokio::time::sleep(QUIET).await;
            if self.count.heard.get() == before {
                return;
            }
        }
    }

    /// Measures deliveries per second with up to `window` frames in flight. A frame has `each`
    /// receivers.
    pub(crate) async fn deliveries_per_second(
        &mut self,
        senders: &mut Senders,
        (each, window): (u64, u64),
        for_how_long: Duration,
    ) -> Result<f64> {
        let (count, readers) = (Rc::clone(&self.count), &mut self.readers);
        let pumped = async {
            let warm = Instant::now() + WARM_UP;
            pump(&count, senders, (each, window), warm).await?;
            let (before, started) = (count.delivered.get(), Instant::now());
            pump(&count, senders, (each, window), started + for_how_long).await?;
            let delivered = count.delivered.get() - before;
            Ok(float(delivered) / started.elapsed().as_secs_f64())
        };
        let measured = async {
            tokio::select! {
                rate = pumped => rate,
                failed = readers.join_next() => Err(failed.context("no readers")??),
            }
        };
        let rate = self.local.run_until(measured).await?;
        self.local.run_until(self.settle()).await;
        Ok(rate)
    }

    /// Sends for a time with up to `window` frames in flight, and waits until all are delivered.
    /// Times count from the send of the frame with the same number: where frames overtake each
    /// other, the times are exchanged and their sum stays.
    ///
    /// Every frame of the counted length must have been sent by this method.
    pub(crate) async fn stretch(
        &mut self,
        senders: &mut Senders,
        (each, window): (u64, u64),
        for_how_long: Duration,
    ) -> Result<Stretch> {
        let (count, readers) = (Rc::clone(&self.count), &mut self.readers);
        let sent = async {
            let (before, started) = (count.delivered.get(), Instant::now());
            let mut frames = 0;
            while started.elapsed() < for_how_long {
                count.sent.borrow_mut().push(Instant::now());
                senders.send().await?;
                frames += 1;
                let enough = (each * frames).saturating_sub(each * (window - 1));
                count.wait_for(before + enough).await?;
            }
            count.wait_for(before + each * frames).await?;
            let (lasted, took) = (started.elapsed(), count.took.take());
            Ok(Stretch {
                frames,
                lasted,
                took,
            })
        };
        let measured = async {
            tokio::select! {
                stretch = sent => stretch,
                failed = readers.join_next() => Err(failed.context("no readers")??),
            }
        };
        self.local.run_until(measured).await
    }

    /// Waits until the server has delivered presence.
    pub(crate) async fn settled(&mut self) {
        self.local.run_until(self.settle()).await;
    }

    /// Measures the delivery times of `frames`, one every 50 ms to `each` receivers.
    pub(crate) async fn delays(
        &mut self,
        senders: &mut Senders,
        each: u64,
        frames: usize,
    ) -> Result<Vec<Duration>> {
        let count = Rc::clone(&self.count);
        let measured = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            for _ in 0..frames {
                ticks.tick().await;
                count.sent.borrow_mut().push(Instant::now());
                senders.send().await?;
            }
            Ok::<_, anyhow::Error>(())
        };
        self.local.run_until(measured).await?;
        self.local.run_until(self.settle()).await;
        let took = self.count.took.take();
        let expected = frames * usize::try_from(each)?;
        ensure!(
            took.len() == expected,
            "{} of {expected} were delivered",
            took.len()
        );
        Ok(took)
    }

    /// Sends one frame and counts whom it reaches, once everything before has arrived.
    pub(crate) async fn reach(&mut self, senders: &mut Senders) -> Result<u64> {
        self.local.run_until(self.settle()).await;
        let before = self.count.delivered.get();
        let sent = async {
            senders.send().await?;
            let until = Instant::now() + FIRST;
            while self.count.delivered.get() == before && Instant::now() < until {
                tokio::time::sleep(QUIET).await;
            }
            self.settle().await;
            Ok::<_, anyhow::Error>(())
        };
        self.local.run_until(sent).await?;
        let reached = self.count.delivered.get() - before;
        ensure!(reached > 0, "nobody was reached");
        Ok(reached)
    }
}

async fn read(
    mut socket: Socket,
    counted: std::ops::RangeInclusive<usize>,
    count: Rc<Count>,
) -> anyhow::Error {
    let mut frames = 0;
    loop {
        let taken = socket.take(|length| {
            count.heard.set(count.heard.get() + 1);
            if counted.contains(&length) {
                note(&count, frames);
                frames += 1;
            }
        });
        if let Err(error) = taken.await {
            return error;
        }
    }
}

/// Records that a connection received its `frame`th frame.
fn note(count: &Count, frame: usize) {
    let delivered = count.delivered.get() + 1;
    count.delivered.set(delivered);
    if delivered == count.awaited.get() {
        count.reached.notify_one();
    }
    if let Some(sent) = count.sent.borrow().get(frame) {
        count.took.borrow_mut().push(sent.elapsed());
    }
}

async fn pump(
    count: &Count,
    senders: &mut Senders,
    (each, window): (u64, u64),
    until: Instant,
) -> Result<()> {
    let mut owed = count.delivered.get();
    while Instant::now() < until {
        senders.send().await?;
        owed += each;
        let enough = owed.saturating_sub(each * (window - 1));
        while count.delivered.get() < enough {
            let before = count.delivered.get();
            count.awaited.set(enough);
            let reached = tokio::time::timeout(STUCK, count.reached.notified()).await;
            if reached.is_err() && count.delivered.get() == before {
                owed = before;
                break;
            }
        }
    }
    Ok(())
}

/// Sending connections, used in turn.
pub(crate) struct Senders {
    /// The connections, and what each sends; answers to it are not read.
    pub(crate) sockets: Vec<Socket>,
    /// The next frame's bytes, by its number.
    pub(crate) frame: Box<dyn Fn(u64) -> Vec<u8>>,
    sent: u64,
}

impl Senders {
    /// Senders of what `frame` gives.
    pub(crate) fn new(sockets: Vec<Socket>, frame: impl Fn(u64) -> Vec<u8> + 'static) -> Self {
        Self {
            sockets,
            frame: Box::new(frame),
            sent: 0,
        }
    }

    async fn send(&mut self) -> Result<()> {
        let frame = (self.frame)(self.sent);
        self.sent += 1;
        let turn = self.sent % u64::try_from(self.sockets.len())?;
        let socket = self.sockets.get_mut(usize::try_from(turn)?);
        let socket = socket.context("nobody sends")?;
        socket.send(&frame).await?;
        socket.drop_received()
    }
}
