//! State shared by all requests of this process.

use std::sync::Arc;

use talk_domain::kernel::context::{Actor, Context, IdSource};
use talk_socket::Budget;

use crate::Api;
use crate::actor_cache::ActorCache;
use crate::address::Addresses;
use crate::body::HOOK_BODIES;
use crate::endpoints::{Documents, VisitorStreams};
use crate::files::{FileLimits, FileLinks};
use crate::hashing::HashQueue;
use crate::new_keys::NewKeys;
use crate::quota::{Quota, Shares};
use crate::rate::Limiter;
use crate::service::intercepted::Interception;
use crate::socket::{Admissions, LARGE_FRAMES};
use crate::throttle::LoginThrottle;
use crate::unsent::Unsent;

/// The API with its caches and limits.
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) actors: Arc<ActorCache>,
    pub(crate) addresses: Addresses,
    pub(crate) limiter: Limiter,
    pub(crate) throttle: Arc<LoginThrottle>,
    pub(crate) hashing: HashQueue,
    pub(crate) admissions: Admissions,
    pub(crate) new_keys: NewKeys,
    pub(crate) large_frames: Arc<Budget>,
    /// Bytes of providers' requests that are not verified yet.
    pub(crate) hook_bodies: Arc<Budget>,
    pub(crate) unsent: Unsent,
    pub(crate) file_links: FileLinks,
    /// Bytes of uploads that are not complete yet.
    pub(crate) uploads: Quota,
    /// The same of visitors of web chats, per account and per visitor. They take nothing from agents.
    pub(crate) visitor_uploads: Quota,
    pub(crate) documents: Documents,
    pub(crate) interception: Arc<Interception>,
    /// Streams of visitors of web chats.
    pub(crate) visitors: VisitorStreams,
    /// Part of the fingerprints of requests: bodies hold passwords, which could be guessed from
    /// plain digests in a stolen database.
    pub(crate) fingerprint_secret: String,
}

impl Shared {
    pub(crate) fn new(api: Api) -> Self {
        let admissions = Admissions::new(&api.sockets);
        let throttle = Arc::new(LoginThrottle::new(api.logins));
        let actors = Arc::new(ActorCache::default());
        let revocations = &api.revocations;
        revocations.clear_in(Arc::clone(&throttle), Arc::clone(&actors));
        let hashing = HashQueue::new(api.logins.waiting);
        let limiter = Limiter::new(api.rates);
        let addresses = Addresses::new(api.trusted_proxies.clone());
        let unsent = Unsent::new(api.unsent);
        let FileLimits {
            temporary, bytes, ..
        } = api.file_limits;
        let uploads = Quota::new(Shares {
            server: temporary,
            customer: temporary / 2,
            agent: temporary / 4,
        });
        let visitor_uploads = Quota::new(Shares {
            server: temporary / 4,
            customer: (temporary / 8).max(bytes),
            agent: (temporary / 16).max(bytes),
        });
        let interception = Interception::new(
            Arc::clone(&api.store),
            Arc::clone(&api.intercepts),
            Arc::clone(&api.clock),
            api.held_limits,
        );
        let fingerprint_secret = api.tokens.fingerprint_secret();
        let file_links = FileLinks {
            public_url: api.public_url.clone(),
            secret: fingerprint_secret.clone(),
            seconds: api.file_limits.link_seconds,
        };
        Self {
            fingerprint_secret,
            file_links,
            api,
            actors,
            addresses,
            limiter,
            throttle,
            hashing,
            admissions,
            new_keys: NewKeys::default(),
            large_frames: Arc::new(Budget::new(LARGE_FRAMES)),
            hook_bodies: Arc::new(Budget::new(HOOK_BODIES)),
            unsent,
            uploads,
            visitor_uploads,
            documents: Documents::default(),
            interception: Arc::new(interception),
            visitors: VisitorStreams::default(),
        }
    }

    /// Sets the gauges of current usage, when the metrics are rendered.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    pub(crate) fn gauge(&self) {
        metrics::gauge!("talk_sockets").set(self.admissions.total() as f64);
        metrics::gauge!("talk_visitor_streams").set(self.visitors.total() as f64);
        metrics::gauge!("talk_upload_bytes")
            .set((self.uploads.total() + self.visitor_uploads.total()) as f64);
        metrics::gauge!("talk_unsent_bytes").set(self.unsent.total() as f64);
    }

    /// Creates the context of a request of `actor`.
    pub(crate) fn context(&self, actor: Actor) -> Context {
        let now = (self.api.clock)();
        let ids = IdSource::new(now, (self.api.random)());
        Context::new(actor, now, self.api.limits, ids)
    }
}
