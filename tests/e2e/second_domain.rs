//! A domain beside Talk: a counter of each customer, with a rule, a table, an event, an endpoint and a
//! live frame. It needs no change of the kernel, the hub or the socket.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{App, HttpResponse, test, web};
use diesel::sql_types::{BigInt, Binary};
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, sql_query};
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::error::{DomainError as _, refusals};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::live::{
    CatchUp, Entitlements, Live as _, Notice, Resume, Scope, Start, Starts,
};
use talk_domain::kernel::log::{Entry, Kind, Logged, Portion};
use talk_domain::kernel::store::{Domain, Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Change, Realm, StreamId, Tick};
use talk_domain::kernel::unit::{Snapshot, UnitOfWork};
use talk_domain::testing::{actor, agent_id, at};
use talk_events::Node;
use talk_store_diesel::{DieselSnapshot, DieselUnit, StoreOptions, StoredDomain};
use talk_testkit::Silent;

const REALM: Realm = Realm::new("counter");
const MOST: u64 = 3;

enum Counters {}

impl Domain for Counters {
    type Unit<'a> = dyn CounterUnit + 'a;
    type Snapshot<'a> = dyn Snapshot + 'a;
}

trait CounterUnit: UnitOfWork {
    fn create_table(&mut self) -> Result<(), StoreError>;
    fn value(&mut self, customer: CustomerId) -> Result<u64, StoreError>;
    fn set(&mut self, customer: CustomerId, value: u64) -> Result<(), StoreError>;
}

refusals! {
    /// Refusals of [`count`].
    pub enum CountError {
        Full = FailedPrecondition "COUNTER_FULL" "the counter ends at 3",
        ..Store(StoreError),
    }
}

const fn stream(customer: CustomerId) -> StreamId {
    StreamId {
        realm: REALM,
        id: customer.0,
    }
}

/// The use case: counts, and logs it.
fn count(uow: &mut dyn CounterUnit, by: Actor) -> Result<Arc<Logged>, CountError> {
    let seq = uow.value(by.customer)? + 1;
    if seq > MOST {
        return Err(CountError::Full);
    }
    uow.set(by.customer, seq)?;
    let tick = Tick {
        seq,
        at: at(seq.try_into().unwrap_or(0)),
    };
    let entry = Entry {
        kind: Kind::new("counted"),
        subject: by.customer.0,
        content_of: None,
        changes: vec![Change::Joins(by.agent)],
        payload: format!(r#"{{"type":"counted","seq":{seq}}}"#).into(),
    };
    Ok(uow
        .events()
        .append(stream(by.customer), tick, Some(by.agent), entry)?)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn stored<T>(result: QueryResult<T>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Corrupt(error.into()))
}

impl CounterUnit for DieselUnit<'_> {
    fn create_table(&mut self) -> Result<(), StoreError> {
        let table = "CREATE TABLE counters (customer_id BLOB PRIMARY KEY, value BIGINT NOT NULL)";
        stored(sql_query(table).execute(self.connection()).map(drop))
    }

    fn value(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        let query = sql_query("SELECT value FROM counters WHERE customer_id = ?");
        let query = query.bind::<Binary, _>(customer.0.as_bytes().to_vec());
        let rows: Vec<Row> = stored(query.load(self.connection()))?;
        Ok(rows.first().map_or(0, |row| row.value.unsigned_abs()))
    }

    fn set(&mut self, customer: CustomerId, value: u64) -> Result<(), StoreError> {
        let query = sql_query("REPLACE INTO counters VALUES (?, ?)");
        let query = query.bind::<Binary, _>(customer.0.as_bytes().to_vec());
        let query = query.bind::<BigInt, _>(value.cast_signed());
        stored(query.execute(self.connection()).map(drop))
    }
}

impl StoredDomain for Counters {
    fn unit<'a>(unit: &'a mut DieselUnit<'_>) -> &'a mut Self::Unit<'a> {
        unit
    }
    fn snapshot<'a>(snapshot: &'a mut DieselSnapshot<'_>) -> &'a mut Self::Snapshot<'a> {
        snapshot
    }
}

/// Every agent follows the counter of its customer.
struct Readers(Arc<dyn Store<Counters>>);

impl Entitlements for Readers {
    fn starts(
        &self,
        actor: Actor,
        _: &Scope,
        _: &Resume,
    ) -> BoxFuture<'_, Result<Starts, StoreError>> {
        let own = stream(actor.customer);
        let read = self.0.read(Unit::by(actor, "starts"), move |snapshot| {
            let page = snapshot.events().after(own, Portion::new(0, 10))?;
            let head = page.events.last().map_or(0, |event| event.seq);
            Ok(Starts {
                streams: [(own, Start::Head(head))].into(),
                ..Starts::default()
            })
        });
        Box::pin(read)
    }
    fn catch_up(
        &self,
        actor: Actor,
        from: StreamId,
        portion: Portion,
    ) -> BoxFuture<'_, Result<CatchUp, StoreError>> {
        let read = self.0.read(Unit::by(actor, "catch_up"), move |snapshot| {
            let log = snapshot.events().after(from, portion)?;
            Ok(CatchUp { log, gap: None })
        });
        Box::pin(read)
    }
    fn overseen(&self, _: Actor) -> BTreeSet<Realm> {
        BTreeSet::new()
    }
    fn streams_of(
        &self,
        _: CustomerId,
        _: AgentId,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The endpoint.
async fn post(store: Data<dyn Store<Counters>>) -> HttpResponse {
    let by = actor(agent_id(1));
    match store
        .write(Unit::by(by, "count"), move |uow| count(uow, by))
        .await
    {
        Ok(event) => HttpResponse::Ok().body(event.payload.to_string()),
        Err(error) => HttpResponse::Conflict().body(error.reason()),
    }
}

/// A domain of its own stores, logs and delivers with the parts that Talk uses.
#[actix_web::test]
async fn a_domain_is_added_without_touching_the_kernel_the_hub_or_the_socket() {
    let data = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", data.path().join("talk.db").display());
    let node = Node::new(65_536);
    let bell = Arc::new(node.bell());
    let store: Arc<dyn Store<Counters>> =
        talk_store_diesel::open(&url, &StoreOptions::default(), Arc::new(Silent), bell)
            .expect("a store");
    let (live, delivery) = node.run(Arc::new(Readers(Arc::clone(&store))));
    let delivery = tokio::spawn(delivery);
    let created = store.write(Unit::installation("create"), |uow| {
        uow.create_table().map_err(CountError::from)
    });
    created.await.expect("a table");
    let mut socket = live.connect(actor(agent_id(2)));
    let all = Scope {
        realms: [REALM].into(),
        ..Scope::default()
    };
    socket
        .subscribe(&Scope::default(), &all, &Resume::default())
        .await
        .expect("a subscription");
    let app = App::new()
        .app_data(Data::from(store))
        .route("/counter", web::post().to(post));
    let app = test::init_service(app).await;
    let mut answers = Vec::new();
    for _ in 0..=MOST {
        let request = test::TestRequest::post().uri("/counter").to_request();
        answers.push(test::call_and_read_body(&app, request).await);
    }
    assert_eq!(answers.pop().as_deref(), Some(&b"COUNTER_FULL"[..]));
    let mut frames = Vec::new();
    while frames.len() < answers.len() {
        let notice = poll_fn(|cx| socket.poll_notice(cx))
            .await
            .expect("a notice");
        if let Notice::Event { event, .. } = notice {
            frames.push(event.payload.to_string().into_bytes());
        }
    }
    assert_eq!(frames, answers);
    delivery.abort();
}
