//! The sweep beside tables whose KMS does not answer, with Tokio's paused time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use auth::Caller;
use base::Clock;
use parking_lot::Mutex;
use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
use storage::{BoxFuture, Family, Key, Memory, StorageError};
use tables::fixture::{item, n, s};
use tokio::time::{Instant, sleep};

use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

const START_S: u64 = 1_700_000_000;
const PERIOD: Duration = Duration::from_secs(10);
/// How long a KMS that does not answer is waited for.
const KMS_WAIT: Duration = Duration::from_secs(22);

/// Waits in vain for the KMS of some tables, as encryption at rest does, before their items are read.
struct Unreachable(Arc<Mutex<BTreeSet<u64>>>);

impl Faults for Unreachable {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Call::GetMany(keys) = call else { return Outcome::Executed };
            let table_of = |key: &Key| key.bytes.first_chunk().map(|table| u64::from_be_bytes(*table));
            let waits = keys.iter().any(|key| {
                key.family == Family::Items && table_of(key).is_some_and(|table| self.0.lock().contains(&table))
            });
            if !waits {
                return Outcome::Executed;
            }
            jobs::without_slot(sleep(KMS_WAIT)).await;
            Outcome::Refused(StorageError::Unavailable("the KMS does not answer".to_owned()))
        })
    }
}

struct Account {
    service: Arc<Service>,
    caller: Caller,
}

impl Account {
    fn new(service: &Arc<Service>, account: &str) -> Account {
        Account { service: Arc::clone(service), caller: Caller { account: account.to_owned(), ..caller() } }
    }

    /// A table with time to live. Returns its id.
    async fn create(&self, name: &str) -> u64 {
        self.service.create_table(&self.caller, simple(name)).await.unwrap();
        let time_to_live_specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
        let request = UpdateTimeToLiveInput { table_name: name.to_owned(), time_to_live_specification };
        self.service.update_time_to_live(&self.caller, request).await.unwrap();
        let table_id = *self.service.catalog.table_ids(|definition| definition.name == name).first().unwrap();
        let is_built = || self.service.catalog.by_id(table_id).unwrap().definition.time_to_live.built;
        while !is_built() {
            sleep(Duration::from_millis(1)).await;
        }
        table_id
    }

    async fn put_expired(&self, table: &str) {
        let due = item(&[("pk", s("due")), ("ttl", n(&START_S.to_string()))]);
        let request = PutItemInput { table_name: table.to_owned(), item: due, ..PutItemInput::default() };
        self.service.put_item(&self.caller, request).await.unwrap();
    }

    async fn is_empty(&self, table: &str) -> bool {
        let request = ScanInput { table_name: table.to_owned(), ..ScanInput::default() };
        self.service.scan(&self.caller, request).await.unwrap().count == Some(0)
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_hang_delay_the_items_of_other_accounts_by_a_period_at_most() {
    let (clock, hand) = Clock::manual(START_S * 1000);
    let tables = Arc::default();
    let engine = FaultyEngine::new(Memory::new(), Unreachable(Arc::clone(&tables)));
    let service = Service::open(engine, Settings::default(), clock).await.unwrap();
    // The first account in the order of the sweep.
    let (hanging, other) = (Account::new(&service, "111122223333"), Account::new(&service, "444455556666"));
    for name in ["hang1", "hang2", "hang3", "hang4"] {
        let table_id = hanging.create(name).await;
        hanging.put_expired(name).await;
        tables.lock().insert(table_id);
    }
    other.create("other").await;
    let time = tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(100)).await;
            hand.advance_ms(100);
        }
    });
    for _ in 0..20 {
        other.put_expired("other").await;
        let expired = Instant::now();
        while !other.is_empty("other").await {
            sleep(Duration::from_millis(500)).await;
        }
        assert!(expired.elapsed() <= PERIOD * 2 + Duration::from_secs(1), "{:?}", expired.elapsed());
    }
    let report = service.jobs().reports().into_iter().find(|report| report.name == "sweep_expired_items").unwrap();
    assert!(report.failures > 0, "{report:?}");
    time.abort();
    service.jobs().stop(Duration::ZERO).await;
}
