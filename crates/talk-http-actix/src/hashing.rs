//! A fair queue before the password hashers: addresses take turns.
//!
//! A hash takes long and holds much memory, so only two run at once. Without turns, many logins of
//! one address would delay those of all others.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use talk_domain::identity::credentials::PasswordError;
use tokio::sync::oneshot;

use crate::address::ClientAddress;
use crate::api_error::ApiError;

/// Maximum of concurrent hashes.
const AT_ONCE: usize = 2;

/// Maximum of waiting passwords of all addresses together.
const WAITING: usize = 1_024;

/// The queue.
#[derive(Clone, Debug)]
pub(crate) struct HashQueue {
    per_address: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Number of free turns.
    free: usize,
    /// Waiting passwords per address; the address in front is next.
    waiting: VecDeque<(IpAddr, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The right to hash passwords, until dropped.
#[derive(Debug)]
pub(crate) struct Turn(Option<HashQueue>);

impl HashQueue {
    pub(crate) fn new(per_address: usize) -> Self {
        let state = State {
            free: AT_ONCE,
            waiting: VecDeque::new(),
        };
        Self {
            per_address,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Waits for the turn of `client`.
    ///
    /// # Errors
    /// `RATE_LIMITED` if too many passwords of the address wait, `BUSY` if too many wait
    /// in total and this address has the most.
    pub(crate) async fn turn(&self, client: ClientAddress) -> Result<Turn, ApiError> {
        let granted = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            state.enqueue(client.network(), self.per_address)?
        };
        Ok(granted.await.map_err(|_| PasswordError::Busy)?)
    }

    /// Passes a finished turn to the next address with a waiting password.
    fn pass_on(&self) {
        loop {
            let next = {
                let mut state = self.lock();
                let next = state.next();
                if next.is_none() {
                    state.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Passed on by this loop, not by its destructor.
                Err(mut refused) => drop(refused.0.take()),
            }
        }
    }

    /// A panic while it was held left it as it was.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.pass_on();
        }
    }
}

impl State {
    fn enqueue(
        &mut self,
        address: IpAddr,
        per_address: usize,
    ) -> Result<oneshot::Receiver<Turn>, ApiError> {
        for (_, waiting) in &mut self.waiting {
            waiting.retain(|waiter| !waiter.is_closed());
        }
        self.waiting.retain(|(_, waiting)| !waiting.is_empty());
        let all: usize = self.waiting.iter().map(|(_, waiting)| waiting.len()).sum();
        let own = self.waiting.iter().position(|(of, _)| *of == address);
        let count = own.and_then(|own| self.waiting.get(own));
        let count = count.map_or(0, |(_, waiting)| waiting.len());
        if count >= per_address {
            let message = "too many passwords of this address wait to be checked";
            return Err(ApiError::too_many("RATE_LIMITED", message, 1));
        }
        if all >= WAITING {
            self.make_room(count)?;
        }
        let (sender, receiver) = oneshot::channel();
        match own.and_then(|own| self.waiting.get_mut(own)) {
            Some((_, waiting)) => waiting.push_back(sender),
            None => self.waiting.push_back((address, VecDeque::from([sender]))),
        }
        Ok(receiver)
    }

    /// Drops the last password of the longest queue to make room for one of an address with `count`
    /// waiting.
    fn make_room(&mut self, count: usize) -> Result<(), ApiError> {
        let longest = self
            .waiting
            .iter_mut()
            .max_by_key(|(_, waiting)| waiting.len());
        match longest {
            Some((_, waiting)) if waiting.len() > count + 1 => {
                waiting.pop_back();
                Ok(())
            }
            _ => Err(PasswordError::Busy.into()),
        }
    }

    /// Takes the first password of the address in front, and moves the address to the back.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (address, mut waiting) = self.waiting.pop_front()?;
        let next = waiting.pop_front();
        if !waiting.is_empty() {
            self.waiting.push_back((address, waiting));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::LocalBoxFuture;

    type Waiting = LocalBoxFuture<'static, Result<Turn, ApiError>>;

    /// Requests a turn. Returns it, or the waiting future.
    fn ask(queue: &HashQueue, last: u8) -> Result<Turn, Waiting> {
        let (queue, address) = (queue.clone(), IpAddr::from([192, 0, 2, last]));
        let mut turn: Waiting = async move { queue.turn(address.into()).await }.boxed_local();
        match (&mut turn).now_or_never() {
            Some(granted) => Ok(granted.unwrap()),
            None => Err(turn),
        }
    }

    fn refusal(queue: &HashQueue, last: u8) -> &'static str {
        let address = IpAddr::from([192, 0, 2, last]);
        let refused = queue.turn(address.into()).now_or_never().unwrap();
        refused.unwrap_err().reason()
    }

    /// Case 55: the newcomer is next, however many of another address came before.
    #[actix_web::test]
    async fn addresses_take_turns() {
        let queue = HashQueue::new(64);
        let running = [ask(&queue, 1).ok().unwrap(), ask(&queue, 1).ok().unwrap()];
        let mut crowd: Vec<_> = (0..64).map(|_| ask(&queue, 1).unwrap_err()).collect();
        assert_eq!(refusal(&queue, 1), "RATE_LIMITED");
        let mut newcomer = ask(&queue, 2).unwrap_err();
        drop(running);
        let _first = (&mut crowd[0]).now_or_never().unwrap().unwrap();
        let _second = (&mut newcomer).now_or_never().unwrap().unwrap();
        assert!(
            crowd[1..]
                .iter_mut()
                .all(|next| next.now_or_never().is_none())
        );
    }

    /// AUTH-13: never more than two at once.
    #[actix_web::test]
    async fn every_turn_is_passed_on_once() {
        let queue = HashQueue::new(64);
        let mut turns = vec![ask(&queue, 1).ok().unwrap(), ask(&queue, 2).ok().unwrap()];
        let (gone, mut waits) = (ask(&queue, 3).unwrap_err(), ask(&queue, 4).unwrap_err());
        drop(gone);
        turns.pop();
        turns.push((&mut waits).now_or_never().unwrap().unwrap());
        assert!(ask(&queue, 5).is_err());
        turns.clear();
        let _both = [ask(&queue, 6).ok().unwrap(), ask(&queue, 7).ok().unwrap()];
        assert!(ask(&queue, 8).is_err());
    }

    #[actix_web::test]
    async fn a_full_queue_makes_room_for_an_address_with_fewer_waiting() {
        let queue = HashQueue::new(WAITING);
        let _running = [ask(&queue, 1).ok().unwrap(), ask(&queue, 1).ok().unwrap()];
        let mut crowd: Vec<_> = (0..WAITING).map(|_| ask(&queue, 1).unwrap_err()).collect();
        assert_eq!(refusal(&queue, 1), "RATE_LIMITED");
        let _newcomer = ask(&queue, 2).unwrap_err();
        let last = crowd.last_mut().unwrap().now_or_never().unwrap();
        assert_eq!(last.unwrap_err().reason(), "BUSY");
    }
}
