//! The open streams of visitors: how many there may be, and which are woken.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use talk_domain::kernel::id::AccountId;
use tokio::sync::watch;
use uuid::Uuid;

use crate::address::ClientAddress;
use crate::api_error::ApiError;

/// Streams of all visitors.
const TOTAL: usize = 10_000;
/// Streams of the visitors of one account.
const PER_ACCOUNT: usize = 2_000;
/// Streams from one network address.
const PER_ADDRESS: usize = 100;
/// Streams of one visitor, who may have several pages open.
const PER_VISITOR: usize = 4;

/// `Retry-After` in seconds.
const RETRY_AFTER: u32 = 60;

/// The open streams. Its memory is proportional to their number.
#[derive(Debug, Default)]
pub(crate) struct VisitorStreams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    total: usize,
    accounts: HashMap<AccountId, usize>,
    addresses: HashMap<IpAddr, usize>,
    visitors: HashMap<Uuid, usize>,
    /// Wakes the streams of a visitor or of a conversation.
    wakers: HashMap<Uuid, watch::Sender<Waking>>,
}

/// The reason for which a stream is woken. A later one replaces it before the stream has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waking {
    /// There may be something new to read.
    News,
    /// An agent types. There may be something new as well.
    Typing,
}

/// The owners of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owners {
    pub(super) account: AccountId,
    pub(super) visitor: Uuid,
    address: IpAddr,
}

impl Owners {
    pub(super) fn new(request: &HttpRequest, account: AccountId, visitor: Uuid) -> Self {
        Self {
            account,
            visitor,
            address: ClientAddress::of(request).network(),
        }
    }
}

/// The place of an open stream, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    owners: Owners,
    open: Arc<Mutex<Open>>,
}

/// Wakes a stream whenever there may be something new for it. The waker is removed with the last
/// stream that listens to it.
#[derive(Debug)]
pub(super) struct Woken {
    key: Uuid,
    open: Arc<Mutex<Open>>,
    receiver: Option<watch::Receiver<Waking>>,
}

impl VisitorStreams {
    /// Takes the place of one more stream.
    ///
    /// # Errors
    /// `TOO_MANY_SOCKETS`.
    pub(super) fn take(&self, owners: Owners) -> Result<Place, ApiError> {
        let mut open = lock(&self.0);
        for (whose, limit, before) in [
            (
                "visitor",
                PER_VISITOR,
                count(&open.visitors, &owners.visitor),
            ),
            (
                "address",
                PER_ADDRESS,
                count(&open.addresses, &owners.address),
            ),
            (
                "account",
                PER_ACCOUNT,
                count(&open.accounts, &owners.account),
            ),
            ("server", TOTAL, open.total),
        ] {
            if before >= limit {
                let message = format!("the {whose} has {limit} streams of visitors");
                return Err(ApiError::too_many(
                    "TOO_MANY_SOCKETS",
                    &message,
                    RETRY_AFTER,
                ));
            }
        }
        open.total += 1;
        *open.accounts.entry(owners.account).or_default() += 1;
        *open.addresses.entry(owners.address).or_default() += 1;
        *open.visitors.entry(owners.visitor).or_default() += 1;
        Ok(Place {
            owners,
            open: Arc::clone(&self.0),
        })
    }

    /// Listens to a visitor or to a conversation.
    pub(super) fn listen(&self, key: Uuid) -> Woken {
        let mut open = lock(&self.0);
        let waker = open
            .wakers
            .entry(key)
            .or_insert_with(|| watch::channel(Waking::News).0);
        Woken {
            key,
            receiver: Some(waker.subscribe()),
            open: Arc::clone(&self.0),
        }
    }

    /// Wakes the streams of a visitor or of a conversation.
    pub(crate) fn wake(&self, key: Uuid) {
        if let Some(waker) = lock(&self.0).wakers.get(&key) {
            waker.send_replace(Waking::News);
        }
    }

    /// Tells the streams of a conversation that an agent types.
    pub(crate) fn show_typing(&self, key: Uuid) {
        if let Some(waker) = lock(&self.0).wakers.get(&key) {
            waker.send_replace(Waking::Typing);
        }
    }

    /// Returns the number of open streams.
    pub(crate) fn total(&self) -> usize {
        lock(&self.0).total
    }
}

impl Woken {
    /// Waits until it is woken, and returns why.
    pub(super) async fn wait(&mut self) -> Waking {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return *receiver.borrow_and_update();
        }
        std::future::pending().await
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        self.receiver = None;
        let mut open = lock(&self.open);
        let is_last = |waker: &watch::Sender<Waking>| waker.receiver_count() == 0;
        if open.wakers.get(&self.key).is_some_and(is_last) {
            open.wakers.remove(&self.key);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.total -= 1;
        give_back(&mut open.accounts, &self.owners.account);
        give_back(&mut open.addresses, &self.owners.address);
        give_back(&mut open.visitors, &self.owners.visitor);
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn owners(account: u128, visitor: u128, address: u8) -> Owners {
        let peer = ([10, 0, 0, address], 5_000).into();
        let request = TestRequest::default().peer_addr(peer).to_http_request();
        let account = AccountId(Uuid::from_u128(account));
        Owners::new(&request, account, Uuid::from_u128(visitor))
    }

    /// CONV-64: a visitor, an address and an account each have a bounded number of streams, and those that
    /// end make room.
    #[test]
    fn streams_are_bounded_and_their_places_are_given_back() {
        let streams = VisitorStreams::default();
        let places: Vec<_> = (0..PER_VISITOR)
            .map(|_| streams.take(owners(1, 1, 1)).unwrap())
            .collect();
        assert!(streams.take(owners(1, 1, 2)).is_err());
        let more: Vec<_> = (PER_VISITOR..PER_ADDRESS)
            .map(|n| streams.take(owners(1, 100 + n as u128, 1)).unwrap())
            .collect();
        assert!(streams.take(owners(2, 7, 1)).is_err());
        assert!(streams.take(owners(1, 7, 2)).is_ok());
        assert_eq!(streams.total(), PER_ADDRESS);
        drop(places);
        assert!(streams.take(owners(1, 1, 1)).is_ok());
        drop(more);
        assert_eq!(streams.total(), 0);
        let open = lock(&streams.0);
        assert!(open.accounts.is_empty() && open.visitors.is_empty() && open.addresses.is_empty());
    }

    /// CONV-64: nothing is left of a stream that ended, and no wake is lost.
    #[actix_web::test]
    async fn a_stream_is_woken_by_its_own_conversation_only() {
        let (streams, [one, two]) = (VisitorStreams::default(), [1, 2].map(Uuid::from_u128));
        let mut woken = streams.listen(one);
        streams.wake(two);
        streams.wake(one);
        woken.wait().await;
        let again = streams.listen(one);
        drop(woken);
        assert_eq!(lock(&streams.0).wakers.len(), 1);
        drop(again);
        assert!(lock(&streams.0).wakers.is_empty());
        streams.wake(one);
    }
}
