//! Tries over days, on a simulated clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use talk_domain::hooks::attempt::Retries;
use talk_domain::hooks::create::{CreateWebhook, CreateWebhookError, Wanted, create_webhook};
use talk_domain::hooks::delivery::{Listed, Status};
use talk_domain::hooks::filter::EventFilter;
use talk_domain::hooks::gateway::Reports;
use talk_domain::hooks::schedule::Schedule;
use talk_domain::hooks::unit::Hooks;
use talk_domain::hooks::webhook::{Disabled, HookLimits, Webhook};
use talk_domain::identity::agent::PasswordHash;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::context::{Context, IdSource};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::WebhookId;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::secret::{Sealed, Secrets as _};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{admin_context, agent_id, an_agent, at, customer_id};
use talk_events::{LogReader, ReaderBell};
use talk_outgoing::{Client, ClientSettings, Guard};
use talk_store_diesel::{StoreOptions, open};
use talk_testkit::Silent;
use talk_webhooks::{
    DeliveryConsumer, DispatchSettings, Dispatcher, Ports, SealingKey, SealingKeys,
};
use talk_wire::frame::ChatFrames;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::KEY;
use super::receiver::{Receiver, status};

/// The time at the start, in microseconds.
const START: i64 = 1_800_000_000_000_000;

const SECOND: i64 = 1_000_000;

const HOUR: i64 = 3_600 * SECOND;

/// Passes reports on to the test.
struct Passes(mpsc::UnboundedSender<Webhook>);

impl Reports for Passes {
    fn webhook_disabled(&self, webhook: Webhook) -> BoxFuture<'_, ()> {
        let _ = self.0.send(webhook);
        Box::pin(async {})
    }
}

/// The webhooks of a database, whose clock stands still until the test sets it.
struct Scene {
    _directory: TempDir,
    talk: Arc<dyn Store<Talk>>,
    hooks: Arc<dyn Store<Hooks>>,
    micros: Arc<AtomicI64>,
    wake: Box<dyn Fn()>,
    reports: mpsc::UnboundedReceiver<Webhook>,
    _tasks: JoinSet<()>,
}

impl Scene {
    /// Starts the webhooks of a customer with an agent, a chat, and an endpoint at the receiver.
    async fn start(receiver: &Receiver) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", directory.path().join("talk.db").display());
        let (options, bell) = (StoreOptions::default(), Arc::new(ReaderBell::new(Silent)));
        let woken = bell.subscribe();
        let store = open(&url, &options, Arc::new(ChatFrames), bell).expect("a store");
        let (talk, hooks) = (
            Arc::<_>::clone(&store) as Arc<dyn Store<Talk>>,
            store as Arc<dyn Store<Hooks>>,
        );
        let micros = Arc::new(AtomicI64::new(START));
        let now = Arc::clone(&micros);
        let secrets = SealingKeys {
            current: Some(SealingKey::new(&KEY.into()).expect("a key")),
            previous: None,
        };
        let (_, secret) = secrets.create(webhook().0.as_bytes()).expect("a secret");
        let ports = Ports {
            store: Arc::clone(&hooks),
            secrets: Arc::new(secrets),
            clock: Arc::new(move || at(now.load(Ordering::SeqCst))),
        };
        let (reported, reports) = mpsc::unbounded_channel();
        let (client, reported) = (client(receiver), Arc::new(Passes(reported)));
        let (dispatcher, waker) = Dispatcher::new(ports.clone(), client, reported, settings());
        let consumer = DeliveryConsumer::new(ports, Arc::new(|| 0), waker.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(LogReader::new(Arc::clone(&hooks), Arc::new(consumer), woken).run());
        tasks.spawn(dispatcher.run());
        let scene = Self {
            _directory: directory,
            talk,
            hooks,
            micros,
            wake: Box::new(move || waker.wake()),
            reports,
            _tasks: tasks,
        };
        scene.populate(receiver.url(), secret).await;
        scene
    }

    async fn populate(&self, uri: String, secret: Sealed) {
        let cx = self.cx(1);
        let unit = Unit::of(customer_id(), "populate");
        let write = self.talk.write(unit, move |uow| {
            let customer = Customer::new(customer_id(), "days", cx.now).expect("a customer");
            uow.customers().insert(&customer)?;
            let password = PasswordHash(String::new());
            uow.agents().insert(&an_agent(1), &password)?;
            let command = CreateChat {
                kind: ChatKind::Group,
                name: "days".into(),
                detail: String::new(),
                others: Vec::new(),
            };
            let chat = create_chat(uow, &cx, &command)?;
            Ok::<_, CreateChatError>(chat.id)
        });
        write.await.expect("a chat");
        let cx = self.cx(2);
        let command = CreateWebhook {
            id: webhook(),
            wanted: Wanted {
                events: EventFilter::new(vec!["chatmessage_created".into()]).expect("a filter"),
                ..Wanted::everything_to(uri)
            },
            secret,
        };
        let limits = HookLimits {
            webhooks: 1,
            allows_http: true,
        };
        let unit = Unit::of(customer_id(), "create_webhook");
        let write = self.hooks.write(unit, move |uow| {
            create_webhook(uow, &cx, &command, limits).map(drop)
        });
        let made: Result<(), CreateWebhookError> = write.await;
        made.expect("an endpoint");
    }

    /// The `n`th request of the admin.
    fn cx(&self, n: u128) -> Context {
        let now = at(self.micros.load(Ordering::SeqCst));
        let ids = IdSource::new(now, n << 32);
        Context::new(
            admin_context(agent_id(1)).actor,
            now,
            Limits::default(),
            ids,
        )
    }

    /// Posts a message as the `n`th request.
    async fn say(&self, n: u128, text: &str) {
        let (cx, text) = (self.cx(n), text.to_owned());
        let unit = Unit::of(customer_id(), "post_message");
        let post = self.talk.write(unit, move |uow| {
            let chats = uow.participants().some_chats_of(agent_id(1), 1)?;
            let command = PostMessage {
                chat: chats.first().copied().expect("a chat"),
                parent: None,
                text: text.clone(),
                medias: Vec::new(),
            };
            post_message(uow, &cx, &command).map(drop)
        });
        let posted: Result<(), PostMessageError> = post.await;
        posted.expect("a message");
    }

    /// Waits until every delivery that is due was tried, and sets the clock to the time of the next try.
    /// Returns whether there is one.
    async fn next_try(&self) -> bool {
        for _ in 0..30_000 {
            let unit = Unit::installation("waiting_webhooks");
            let read = self
                .hooks
                .read(unit, |snapshot| snapshot.webhooks().waiting());
            let waiting: Result<Vec<_>, StoreError> = read.await;
            let waiting = waiting.expect("the endpoint");
            let Some(one) = waiting.first() else {
                return false;
            };
            let now = at(self.micros.load(Ordering::SeqCst));
            if let Some(due) = one.due.filter(|due| *due > now) {
                self.micros.store(due.as_micros(), Ordering::SeqCst);
                (self.wake)();
                return true;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("a delivery that is due is not tried");
    }

    /// The deliveries of the endpoint, the oldest first.
    async fn deliveries(&self) -> Vec<Listed> {
        let request = PageRequest {
            size: 100,
            after: None,
            order: Order::Ascending,
        };
        let unit = Unit::of(customer_id(), "list_deliveries");
        let read = self.hooks.read(unit, move |snapshot| {
            snapshot.deliveries().page(webhook(), None, request)
        });
        let page: Result<_, StoreError> = read.await;
        let mut rows = page.expect("a page").rows;
        rows.sort_by_key(|row| row.delivery.seq);
        rows
    }
}

fn webhook() -> WebhookId {
    Uuid::from_u128(0x0E).into()
}

fn client(receiver: &Receiver) -> Client {
    let guard = Guard::new(&["127.0.0.0/8".to_owned()], &[receiver.port], true);
    let settings = ClientSettings {
        user_agent: "Talk",
        timeout_ms: 10_000,
        connect_timeout_ms: 10_000,
        authorities: None,
    };
    Client::new(guard.expect("a guard"), &settings).expect("a client")
}

fn settings() -> DispatchSettings {
    DispatchSettings {
        parallel: 8,
        connections: 64,
        retries: Retries {
            schedule: Schedule::default(),
            disable_seconds: 120 * 3_600,
        },
    }
}

/// The times of the tries of a delivery, in microseconds.
fn times(row: &Listed) -> Vec<i64> {
    let times = row.attempts.iter().map(|attempt| attempt.at.as_micros());
    times.collect()
}

/// HOOK-05 and HOOK-07: ten tries in three days; then the next event of the chat has its turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_always_fails_is_tried_for_three_days_and_then_dead() {
    let receiver = Receiver::start();
    receiver.answers(|request| {
        let is_poison = request.body.contains("poison");
        status(if is_poison { 500 } else { 200 })
    });
    let scene = Scene::start(&receiver).await;
    scene.say(3, "poison").await;
    scene.say(4, "after").await;
    receiver.received(1).await;
    while scene.next_try().await {}
    let rows = scene.deliveries().await;
    let states = rows.iter().map(|row| row.delivery.status);
    assert!(states.eq([Status::Dead, Status::Delivered]));
    let times = times(&rows[0]);
    let (schedule, steps) = (Schedule::default(), times.windows(2));
    assert_eq!((times[0], times.len()), (START, schedule.steps().len() + 1));
    for (pair, step) in steps.zip(schedule.steps()) {
        let (took, step) = (pair[1] - pair[0], i64::from(*step) * SECOND);
        assert!((step..=step + step / 5).contains(&took), "{took} of {step}");
    }
    let after = self::times(&rows[1]);
    assert_eq!(
        after,
        [times[times.len() - 1]],
        "once the first one is dead"
    );
    assert_eq!(receiver.all().len(), times.len() + 1);
}

/// HOOK-05 and HOOK-08: nothing is tried after that.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_for_five_days_is_disabled_and_reported() {
    let receiver = Receiver::start();
    receiver.answers(|_| status(500));
    let mut scene = Scene::start(&receiver).await;
    for n in 3..6 {
        scene.say(n, "hello").await;
    }
    receiver.received(1).await;
    while scene.next_try().await {}
    let reported = scene.reports.recv().await.expect("a report");
    assert_eq!(
        (reported.id, reported.disabled),
        (webhook(), Some(Disabled::Failing))
    );
    let rows = scene.deliveries().await;
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.delivery.status == Status::Dead));
    let all: Vec<_> = rows.iter().flat_map(times).collect();
    assert_eq!(all.len(), receiver.all().len());
    let last = all.iter().max().expect("a try") - START;
    assert!((120 * HOUR..=149 * HOUR).contains(&last), "{last}");
    assert!(rows[2].attempts.is_empty(), "its turn never came");
}
