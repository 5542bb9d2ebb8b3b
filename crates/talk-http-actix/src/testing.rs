//! Test support: the whole API over mocked repositories, with one token per agent.

mod conversations;
mod credentials;
mod files;
mod hooks;

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use actix_web::{App, web};
use serde_json::Value;
use talk_domain::hooks::webhook::HookLimits;
use talk_domain::identity::session::MockDirectory;
use talk_domain::intercepts::HeldLimits;
use talk_domain::kernel::context::{Actor, Permission};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::live::{Connection, Live, Presence};
use talk_domain::kernel::store::{Database, ReadWork, Store, Unit, Verdict, Work};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::talk::model::event::FrameEncoder;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{MockSnapshot, MockUnitOfWork, an_agent, at, customer_id};

use talk_wire::frame::ChatFrames;
use tokio::sync::watch;

use self::hooks::{KnownSecrets, NoIntercepts};
use crate::endpoint::serve;
use crate::endpoints::{self, RateLimited};
use crate::observe::observe;
use crate::server::Metrics;
use crate::shared::Shared;
use crate::{
    Api, BodyLimits, ConversationLimits, FileLimits, LoginLimits, Rates, SocketLimits, StaticFile,
    UnsentLimits,
};

use credentials::{Numbered, Plain};
pub(crate) use files::NoFiles;

/// A store that runs every unit on the same mocks; an unexpected call panics.
#[derive(Default)]
struct Mocks {
    unit: Mutex<MockUnitOfWork>,
    snapshot: Mutex<MockSnapshot>,
    /// Names of the units that wrote.
    written: Mutex<Vec<&'static str>>,
}

impl Store<Talk> for Mocks {
    fn execute(&self, unit: Unit, mut work: Work<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push(unit.name);
        let mut unit = self.unit.lock().unwrap_or_else(PoisonError::into_inner);
        assert_ne!(work(&mut *unit), Verdict::Retry);
        Box::pin(async { Ok(()) })
    }

    fn query(&self, _: Unit, mut work: ReadWork<Talk>) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        assert_ne!(work(&mut *snapshot), Verdict::Retry);
        Box::pin(async { Ok(()) })
    }
}

impl Database for Mocks {
    fn epoch(&self) -> &'static str {
        "e-1"
    }
}

/// Expects `times` events, and logs them as the store does.
pub(crate) fn logs(uow: &mut MockUnitOfWork, times: usize) {
    let frames = uow.frames.expect_encode();
    frames.returning(|chat, seq, event| ChatFrames.encode(chat, seq, event));
    let append = uow.events.expect_append().times(times);
    append.returning(|stream, tick, _, entry| {
        Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
    });
}

/// A node that delivers nothing.
struct Nobody;

impl Live for Nobody {
    fn connect(&self, _: Actor) -> Box<dyn Connection> {
        panic!("no test of this kind opens a socket")
    }

    fn presence(&self, agents: &[AgentId]) -> Vec<(AgentId, Presence)> {
        let offline = agents.iter().map(|agent| (*agent, Presence::Offline));
        offline.collect()
    }

    fn send_from_outside(&self, _: StreamId, _: Arc<str>) {}
}

/// The API over mocks.
pub(crate) struct Scene {
    store: Arc<Mocks>,
    pub(crate) shared: web::Data<Shared>,
}

/// An answer with its body.
#[derive(Debug)]
pub(crate) struct Answer<B = String> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: B,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status, reason and the field of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            self.status.as_u16(),
            text(&error["reason"]),
            text(&error["details"][0]["field"]),
        )
    }
}

impl<B> Answer<B> {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Scene {
    /// The names of the units of work that wrote, in their order.
    pub(crate) fn written(&self) -> Vec<&'static str> {
        let written = self.store.written.lock();
        written.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Creates a scene without agents.
    pub(crate) fn empty() -> Self {
        Self::serving(true, Rates::OF_TESTS)
    }

    /// Creates a scene without agents and without the deprecated endpoints.
    pub(crate) fn without_legacy() -> Self {
        Self::serving(false, Rates::OF_TESTS)
    }

    /// Creates a scene without agents that serves `files`.
    pub(crate) fn with_files(files: Vec<StaticFile>) -> Self {
        let scene = Self::empty();
        let mut api = scene.shared.api.clone();
        api.static_files = files;
        let shared = web::Data::new(Shared::new(api));
        Self { shared, ..scene }
    }

    fn serving(has_legacy: bool, rates: Rates) -> Self {
        let store = Arc::new(Mocks::default());
        let clock = || at(1_000_000);
        let shared = web::Data::new(Shared::new(Api {
            has_legacy,
            static_files: Vec::new(),
            store: store.clone(),
            passwords: Arc::new(Plain),
            tokens: Arc::new(Numbered),
            secrets: Arc::new(KnownSecrets),
            intercepts: Arc::new(NoIntercepts),
            held_limits: HeldLimits {
                per_agent: 2,
                per_customer: 3,
            },
            conversations: Arc::new(conversations::NoConversations),
            channels: Arc::new(conversations::NoProviders),
            conversation_limits: ConversationLimits {
                accounts: 1,
                participants: 2,
            },
            hook_limits: HookLimits {
                webhooks: 2,
                allows_http: false,
            },
            limits: Limits::default(),
            files: Arc::new(NoFiles),
            file_limits: FileLimits::OF_TESTS,
            public_url: None,
            page_bytes: 2_000,
            unsent: UnsentLimits::OF_TESTS,
            body_limits: BodyLimits {
                login: 500,
                message: 1_000,
                hook: 1_000,
                other: 2_000,
            },
            allowed_origins: Vec::new(),
            sockets: SocketLimits::OF_TESTS,
            logins: LoginLimits::OF_TESTS,
            rates,
            trusted_proxies: "127.0.0.0/8".parse().unwrap(),
            live: Arc::new(Nobody),
            revocations: crate::SessionRevocations::default(),
            stopping: watch::channel(false).1,
            clock: Arc::new(clock),
            random: Arc::new(|| 7),
        }));
        Self { store, shared }
    }

    /// Creates a scene with agents 1, 2 and 9, an admin, and valid tokens.
    pub(crate) fn new() -> Self {
        Self::with_rates(Rates::OF_TESTS)
    }

    /// Creates the scene of [`new`](Self::new) with these rate limits.
    pub(crate) fn with_rates(rates: Rates) -> Self {
        let scene = Self::serving(true, rates);
        scene.reads(|snapshot| good_tokens(&mut snapshot.directory));
        scene.writes(|uow| good_tokens(&mut uow.directory));
        scene
    }

    /// Creates the scene of [`new`](Self::new) for reads only: the test sets up what a unit of work
    /// finds.
    pub(crate) fn authenticating() -> Self {
        let scene = Self::empty();
        scene.reads(|snapshot| good_tokens(&mut snapshot.directory));
        scene
    }

    /// Sets up the mocks of reads.
    pub(crate) fn reads(&self, set_up: impl FnOnce(&mut MockSnapshot)) {
        set_up(&mut self.store.snapshot.lock().unwrap());
    }

    /// Sets up the mocks of writes.
    pub(crate) fn writes(&self, set_up: impl FnOnce(&mut MockUnitOfWork)) {
        set_up(&mut self.store.unit.lock().unwrap());
    }

    pub(crate) async fn call(&self, request: TestRequest) -> Answer {
        let answer = self.raw(request).await;
        let body = String::from_utf8(answer.body).unwrap();
        Answer {
            status: answer.status,
            headers: answer.headers,
            body,
        }
    }

    /// An answer that need not be text.
    pub(crate) async fn raw(&self, request: TestRequest) -> Answer<Vec<u8>> {
        let metrics = Metrics {
            render: Arc::new(String::new),
            connections: Vec::new(),
        };
        let app = App::new()
            .app_data(self.shared.clone())
            .app_data(web::Data::new(metrics))
            .app_data(web::Data::new(endpoints::public(&self.shared.api).unwrap()))
            .app_data(RateLimited)
            .wrap(from_fn(observe))
            .default_service(web::to(serve));
        let app = init_service(app).await;
        let response = match try_call_service(&app, request.to_request()).await {
            Ok(response) => response.map_into_boxed_body().into_parts().1,
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let request = TestRequest::default().to_http_request();
        let response = actix_web::dev::ServiceResponse::new(request, response);
        let body = read_body(response).await;
        Answer {
            status,
            headers,
            body: body.to_vec(),
        }
    }
}

/// Agents 1, 2 and 9 with their tokens.
fn good_tokens(directory: &mut MockDirectory) {
    directory.expect_is_revoked().returning(|_| Ok(false));
    directory.expect_agent().returning(|id| {
        let mut admin = an_agent(9);
        admin.permission = Permission::Admin;
        let mut agents = [an_agent(1), an_agent(2), admin].into_iter();
        Ok(agents.find(|agent| agent.id == id))
    });
}

/// A request of agent `n`.
pub(crate) fn request(n: u128, method: Method, uri: &str) -> TestRequest {
    TestRequest::default()
        .method(method)
        .uri(uri)
        .insert_header(("authorization", format!("Bearer t-{n}")))
}

/// A POST of agent `n`.
pub(crate) fn post(n: u128, uri: &str, body: &str) -> TestRequest {
    request(n, Method::POST, uri)
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-length", body.len()))
        .set_payload(body.to_owned())
}

/// A GET of agent `n`.
pub(crate) fn get(n: u128, uri: &str) -> TestRequest {
    request(n, Method::GET, uri)
}
