//! A service with tables in this process, and the checks of each of its answers.

use std::sync::Arc;
use std::time::Duration;

use api::Operation;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use bytes::Bytes;
use ops::{OpenError, Service, Settings};
use serde_json::Value;
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Memory, Mode, OpId, Reads, Row, ScanRange, Transaction,
};
use tokio::runtime::Runtime;

use crate::service_model::Model;
use crate::tables::TABLES;

/// Tasks that live as long as the service: the sweeps of tokens and of expired items, the maintenance and the archive of logs, the
/// dispatch of tables' work, and the supervision of bulk operations.
const TASKS_OF_THE_SERVICE: usize = 8;
/// What a request may allocate at once, beside multiples of its body, its answer and the database. Unit: bytes.
const MEMORY_FLOOR: usize = 256 * 1024;
/// Unit: bytes a byte of body, answer or database.
const MEMORY_FACTOR: usize = 32;
/// Allocations that any request may make, and those for each byte.
const ALLOCATIONS_FLOOR: usize = 4_000;
const ALLOCATIONS_FACTOR: usize = 8;

/// DynamoDB over an engine in memory and a clock that does not move, called by its wire.
pub(crate) struct TestService {
    runtime: Runtime,
    engine: Arc<Memory>,
    service: Arc<Service>,
    caller: Caller,
    rows: Vec<(Family, Row)>,
}

/// What a request was answered with, and what it took.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Value,
    /// The most that was allocated at once. Unit: bytes.
    pub memory: usize,
    pub allocations: usize,
}

impl TestService {
    /// A service with the tables, and nothing in them. Its secret is always the same, and so is the order of its rows.
    pub(crate) fn new() -> TestService {
        let settings = serde_json::json!({"format": 1, "hash_secret": SECRET}).to_string();
        let row = Row { key: Bytes::from_static(b"\0\0\0\0\0\0\0\0D"), value: settings.into() };
        let mut service = TestService::open(vec![(Family::Catalog, row)]).expect("an empty database");
        for table in TABLES {
            let answer = service.call(Operation::CreateTable, table.creation().to_string().as_bytes());
            assert_eq!(answer.status, 200, "{}: {}", table.name, answer.body);
        }
        service.look();
        service
    }

    /// A service on a database that holds these rows.
    pub(crate) fn open(rows: Vec<(Family, Row)>) -> Result<TestService, OpenError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = Memory::new();
        runtime.block_on(write(&engine, &rows));
        let settings = Settings::default();
        let (clock, _) = Clock::manual(1_700_000_000_000);
        let service = runtime.block_on(Service::open(engine.clone(), settings, clock))?;
        let caller = Caller {
            account: SHARED_ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "test".to_owned(),
            identity: None,
            served: None,
        };
        Ok(TestService { runtime, engine, service, caller, rows })
    }

    pub(crate) fn rows(&self) -> &[(Family, Row)] {
        &self.rows
    }

    /// Takes what is stored now as what the next request finds.
    pub(crate) fn look(&mut self) {
        self.rows = self.read_rows();
    }

    /// Sends a request and waits until nothing is left to be done for it.
    pub(crate) fn call(&self, operation: Operation, body: &[u8]) -> Answer {
        let body = Bytes::copy_from_slice(body);
        let mut reply = None;
        let counted = allocation_counter::measure(|| {
            reply = Some(self.runtime.block_on(wire::handle(&self.service, operation, (&self.caller).into(), body)));
        });
        self.runtime.block_on(settle());
        let reply = reply.expect("an answer");
        let body = if reply.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&reply.body).unwrap_or_else(|error| {
                panic!("the answer is not JSON ({error}): {}", String::from_utf8_lossy(&reply.body))
            })
        };
        Answer {
            status: reply.status,
            body,
            memory: counted.bytes_max as usize,
            allocations: counted.count_total as usize,
        }
    }

    /// Sends a request, and holds the answer against everything that must be true of it.
    pub(crate) fn try_out(&mut self, model: &Model, operation: Operation, body: &[u8]) -> Answer {
        let answer = self.call(operation, body);
        match answer.status {
            200 if answer.body.is_null() => {}
            200 => model.judge_answer(operation, &answer.body).unwrap_or_else(|wrong| panic!("{wrong}")),
            400 => model.judge_refusal(&answer.body).unwrap_or_else(|wrong| panic!("{wrong}")),
            status => panic!("answered with {status}: {}", answer.body),
        }
        let rows = self.read_rows();
        if answer.status != 200 || only_reads(operation) {
            self.check_unchanged(&rows);
        }
        self.check_bounds(&answer, body.len(), &rows);
        self.rows = rows;
        answer
    }

    fn check_unchanged(&self, rows: &[(Family, Row)]) {
        let gone = self.rows.iter().find(|row| !rows.contains(row));
        let new = rows.iter().find(|row| !self.rows.contains(row));
        assert!(gone.is_none() && new.is_none(), "a request that changes nothing took {gone:?} and left {new:?}");
    }

    fn check_bounds(&self, answer: &Answer, body_size: usize, rows: &[(Family, Row)]) {
        let stored: usize = rows.iter().chain(&self.rows).map(|(_, row)| row.key.len() + row.value.len()).sum();
        let size = body_size + stored + answer.body.to_string().len();
        let memory_max = MEMORY_FLOOR + MEMORY_FACTOR * size;
        assert!(answer.memory <= memory_max, "{} bytes of memory for {size} bytes of data", answer.memory);
        let allocations_max = ALLOCATIONS_FLOOR + ALLOCATIONS_FACTOR * size;
        assert!(answer.allocations <= allocations_max, "{} allocations for {size} bytes", answer.allocations);
    }

    /// Everything that is stored.
    fn read_rows(&self) -> Vec<(Family, Row)> {
        let read = async {
            let view = self.engine.view(Consistency::Strong).await.expect("a view");
            let mut rows = Vec::new();
            for family in Family::ALL {
                let page = view.scan(&ScanRange::whole(family, usize::MAX, usize::MAX)).await.expect("rows");
                rows.extend(page.rows.into_iter().map(|row| (family, row)));
            }
            rows
        };
        self.runtime.block_on(read)
    }
}

const SECRET: &[u8] = &[7; 16];

async fn write(engine: &Memory, rows: &[(Family, Row)]) {
    let key = |(family, row): &(Family, Row)| Key::new(*family, row.key.clone());
    let keys: Vec<KeyUse> = rows.iter().map(key).map(KeyUse::write).collect();
    let mut decide = |_: &Reads, batch: &mut Batch| {
        rows.iter().for_each(|row| batch.put(key(row), row.1.value.clone()));
        Decision::Commit
    };
    engine
        .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .expect("rows");
}

/// Lets background work run to its end.
async fn settle() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    // Ten minutes: only work that hangs takes as long.
    for round in 0..600_000 {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        if tasks() <= TASKS_OF_THE_SERVICE {
            return;
        }
        if round > 100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    panic!("work on tables does not end");
}

fn only_reads(operation: Operation) -> bool {
    let name = operation.name();
    let words = ["Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List"];
    words.iter().any(|word| name.starts_with(word))
}
