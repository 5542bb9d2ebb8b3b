//! The order of requests: one task for each target with something due, and a share of all requests for
//! each customer.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// Maximum time between two looks for due targets. Changes by another process, such as a command, are
/// found after at most this time.
const LOOK: Duration = Duration::from_secs(1);

/// Minimum time between two looks for due targets.
const REST: Duration = Duration::from_millis(10);

/// One customer has at most this part of all requests: an eighth.
const SHARE: usize = 8;

/// Pause after a step that failed. Each further failure doubles it, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(200);

/// The longest pause after a step that failed.
const LONGEST: Duration = Duration::from_secs(30);

/// Targets of requests, such as the endpoints of webhooks, in a database.
pub trait Targets: Sync {
    /// A target with something to send.
    type Target: Copy;
    /// Identity of a target.
    type Id: Copy + Display + Eq + Hash + Send + 'static;
    /// Identity of the customer that a target belongs to.
    type Customer: Copy + Eq + Hash;
    /// Failure of the database.
    type Error: Display + Send + 'static;

    /// Returns the target's identity and its customer.
    fn names(target: &Self::Target) -> (Self::Id, Self::Customer);

    /// Returns the targets with something to send, each with the time until it is due.
    fn waiting(
        &self,
    ) -> impl Future<Output = Result<Vec<(Self::Target, Duration)>, Self::Error>> + Send;

    /// Sends to a target until nothing is due.
    fn send(
        &self,
        target: Self::Target,
        permits: Permits,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static;
}

/// Gives the task of a target permits for requests, and wakes it.
pub struct Permits {
    woken: Arc<Notify>,
    of_customer: Arc<Semaphore>,
    of_all: Arc<Semaphore>,
}

/// The permit for one request, given back when it is dropped.
pub struct Permit {
    _of_customer: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl Permits {
    /// Waits until the database may have more to send to the target.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Waits for the permit of one request: first for one of the customer, so that a customer with many
    /// requests holds no permits of the others meanwhile.
    pub fn acquire(&self) -> impl Future<Output = Permit> + Send + 'static {
        let (of_customer, of_all) = (Arc::clone(&self.of_customer), Arc::clone(&self.of_all));
        async move {
            // These semaphores are never closed.
            Permit {
                _of_customer: of_customer.acquire_owned().await.ok(),
                _of_all: of_all.acquire_owned().await.ok(),
            }
        }
    }
}

/// The target of a task that has ended, and how it ended.
type Ended<T> = (<T as Targets>::Id, Result<(), <T as Targets>::Error>);

/// The background task that sends to all targets.
pub struct Dispatch<T: Targets> {
    targets: T,
    woken: watch::Receiver<()>,
    running: HashMap<T::Id, Running>,
    tasks: JoinSet<Ended<T>>,
    customers: HashMap<T::Customer, Weak<Semaphore>>,
    connections: usize,
    of_all: Arc<Semaphore>,
}

/// The running task of a target.
struct Running {
    woken: Arc<Notify>,
    task: AbortHandle,
}

impl<T: Targets> Dispatch<T> {
    /// Creates a task, not running yet, that looks for due targets when `woken` changes. At most
    /// `connections` requests are under way, of one customer an eighth of them.
    #[must_use]
    pub fn new(targets: T, woken: watch::Receiver<()>, connections: usize) -> Self {
        Self {
            targets,
            woken,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            customers: HashMap::new(),
            connections,
            of_all: Arc::new(Semaphore::new(connections)),
        }
    }

    /// Sends until it is dropped. Dropping it breaks off the requests under way.
    pub async fn run(mut self) {
        loop {
            self.woken.mark_unchanged();
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "due requests were not read; they are read again soon");
                    LOOK
                }
            };
            sleep(REST).await;
            self.wait(pause).await;
        }
    }

    /// Waits until something may be due.
    async fn wait(&mut self, pause: Duration) {
        tokio::select! {
            ended = self.tasks.join_next(), if !self.tasks.is_empty() => match ended {
                Some(Ok((target, result))) => {
                    self.running.remove(&target);
                    if let Err(error) = result {
                        tracing::warn!(%error, %target, "requests stopped; they go on soon");
                        sleep(LOOK).await;
                    }
                }
                // A task that panicked returns no identity, and is found by its handle.
                Some(Err(_)) | None => self.running.retain(|_, running| !running.task.is_finished()),
            },
            _ = timeout(pause, self.woken.changed()) => {}
        }
    }

    /// Starts or wakes the tasks of due targets. Returns the time until the next one is due.
    async fn look(&mut self) -> Result<Duration, T::Error> {
        let waiting = self.targets.waiting().await?;
        self.customers
            .retain(|_, customer| customer.strong_count() > 0);
        let mut pause = LOOK;
        for (target, until) in waiting {
            if until.is_zero() {
                self.work(target);
            } else {
                pause = pause.min(until);
            }
        }
        Ok(pause)
    }

    /// Wakes the task of a target, or starts one.
    fn work(&mut self, target: T::Target) {
        let (id, customer) = T::names(&target);
        if let Some(running) = self.running.get(&id) {
            running.woken.notify_one();
            return;
        }
        let woken = Arc::new(Notify::new());
        let permits = Permits {
            woken: Arc::clone(&woken),
            of_customer: self.of_customer(customer),
            of_all: Arc::clone(&self.of_all),
        };
        let sending = self.targets.send(target, permits);
        let task = self.tasks.spawn(async move { (id, sending.await) });
        self.running.insert(id, Running { woken, task });
    }

    /// Returns the semaphore that limits the requests of a customer.
    fn of_customer(&mut self, customer: T::Customer) -> Arc<Semaphore> {
        if let Some(known) = self.customers.get(&customer).and_then(Weak::upgrade) {
            return known;
        }
        let semaphore = Arc::new(Semaphore::new((self.connections / SHARE).max(1)));
        self.customers.insert(customer, Arc::downgrade(&semaphore));
        semaphore
    }
}

/// Runs a step again until it succeeds, with growing pauses: for the record of a request that was made,
/// without which it would be made again.
pub async fn retry<T, E, Step>(what: &str, mut step: impl FnMut() -> Step) -> T
where
    E: Display,
    Step: Future<Output = Result<T, E>>,
{
    let mut pause = SHORTEST;
    loop {
        match step().await {
            Ok(done) => return done,
            Err(error) => {
                tracing::warn!(%error, what, "a step failed; it is tried again soon");
                sleep(pause).await;
                pause = LONGEST.min(pause * 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use tokio::spawn;
    use tokio::sync::mpsc;

    use super::*;

    /// Targets `10 * customer + n`, whose requests never end.
    struct Dead {
        waiting: Mutex<Vec<u32>>,
        requests: mpsc::UnboundedSender<u32>,
    }

    impl Targets for Arc<Dead> {
        type Target = u32;
        type Id = u32;
        type Customer = u32;
        type Error = Infallible;

        fn names(target: &u32) -> (u32, u32) {
            (*target, target / 10)
        }

        async fn waiting(&self) -> Result<Vec<(u32, Duration)>, Infallible> {
            let waiting = self.waiting.lock().unwrap().clone();
            Ok(waiting.into_iter().map(|id| (id, Duration::ZERO)).collect())
        }

        fn send(
            &self,
            target: u32,
            permits: Permits,
        ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
            let requests = self.requests.clone();
            async move {
                loop {
                    let permit = permits.acquire().await;
                    requests.send(target).unwrap();
                    spawn(async move {
                        let _permit = permit;
                        std::future::pending::<()>().await;
                    });
                }
            }
        }
    }

    /// CONV-31: targets whose requests never end take an eighth of all requests from others.
    #[tokio::test]
    async fn a_customer_has_an_eighth_of_all_requests() {
        let (requests, mut made) = mpsc::unbounded_channel();
        let dead = Arc::new(Dead {
            waiting: Mutex::new(vec![10, 11, 12]),
            requests,
        });
        let (waker, woken) = watch::channel(());
        let running = spawn(Dispatch::new(Arc::clone(&dead), woken, 16).run());
        for _ in 0..2 {
            assert_eq!(made.recv().await.unwrap() / 10, 1);
        }
        dead.waiting.lock().unwrap().push(20);
        waker.send(()).unwrap();
        assert_eq!(made.recv().await, Some(20));
        assert_eq!(made.recv().await, Some(20));
        assert!(made.is_empty());
        running.abort();
    }

    #[tokio::test]
    async fn a_step_that_fails_is_repeated() {
        let mut left = 2;
        let done = retry("a step", || {
            left -= 1;
            std::future::ready(if left == 0 {
                Ok("done")
            } else {
                Err("not yet")
            })
        });
        assert_eq!(done.await, "done");
    }
}
