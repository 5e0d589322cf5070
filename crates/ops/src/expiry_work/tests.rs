//! The sweep beside tables whose KMS does not answer, with Tokio's paused time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::*;
use auth::Caller;
use base::Clock;
use bytes::Bytes;
use parking_lot::Mutex;
use storage::{
    BoxFuture, Consistency, Decision, Engine, Family, Key, Memory, ScanPage, ScanRange, StorageError, Transaction,
    TxError, View,
};
use tables::fixture::{item, n, s};
use tokio::time::{Instant, sleep};

use crate::service::{Service, Settings};
use crate::tests::catalog::{caller, simple};

const START_S: u64 = 1_700_000_000;
const PERIOD: Duration = Duration::from_secs(10);
/// How long a KMS that does not answer is waited for.
const KMS_WAIT: Duration = Duration::from_secs(22);

/// A memory that waits in vain for the KMS of some tables, as encryption at rest does, before it reads their items.
struct Waiting {
    memory: Arc<Memory>,
    tables: Arc<Mutex<BTreeSet<u64>>>,
}

struct WaitingView {
    view: Box<dyn View>,
    tables: Arc<Mutex<BTreeSet<u64>>>,
}

impl Engine for Waiting {
    fn get<'a>(&'a self, key: &'a Key, of: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        self.memory.get(key, of)
    }

    fn view(&self, of: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(async move {
            let view = self.memory.view(of).await?;
            Ok(Box::new(WaitingView { view, tables: Arc::clone(&self.tables) }) as Box<dyn View>)
        })
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        self.memory.transact(transaction)
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.memory.sequence(log)
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.memory.destroy(family, prefix)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.memory.close()
    }
}

impl View for WaitingView {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(async move {
            let table_of = |key: &Key| key.bytes.first_chunk().map(|table| u64::from_be_bytes(*table));
            let waits = keys.iter().any(|key| {
                key.family == Family::Items && table_of(key).is_some_and(|table| self.tables.lock().contains(&table))
            });
            if waits {
                jobs::without_slot(sleep(KMS_WAIT)).await;
                return Err(StorageError::Unavailable("the KMS does not answer".to_owned()));
            }
            self.view.get_many(keys).await
        })
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        self.view.scan_page(range)
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
    let waiting = Waiting { memory: Memory::new(), tables: Arc::default() };
    let tables = Arc::clone(&waiting.tables);
    let service = Service::open(Arc::new(waiting), Settings::default(), clock).await.unwrap();
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
