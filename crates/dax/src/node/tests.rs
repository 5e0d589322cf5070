//! Nodes over a table that is written here: staleness against a model, failures of the table, and callers that miss at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use api::{
    BatchWriteItemOutput, DeleteItemOutput, GetItemOutput, PutItemOutput, QueryOutput, TransactWriteItemsOutput,
};
use auth::SHARED_ACCOUNT;
use base::{Clock, ManualClock};
use model::{AttributeValue, Item, KeyAttribute, KeySchema, KeyType};
use parking_lot::Mutex;
use proptest::prelude::*;
use storage::{BoxFuture, Memory};
use tokio::sync::Semaphore;

use super::*;
use crate::cluster::Cluster;
use crate::members::Role;
use crate::upstream::Response;

const TTL_MS: u64 = 10_000;
const START_MS: u64 = 1_000_000;

/// What becomes of the table's next requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Done,
    /// Nothing is changed, and the client reads so.
    Throttled,
    /// The answer is lost; whether a write is made depends.
    Lost {
        is_made: bool,
    },
    /// A write is made, and the answer says that it is not: a rule of faults, or a second attempt.
    Denied,
}

/// A table of items of one attribute.
struct Table {
    items: Mutex<BTreeMap<String, i64>>,
    asked: AtomicU64,
    fate: Mutex<Fate>,
    /// Requests wait for it, as for a slow table.
    turns: Semaphore,
}

impl Table {
    fn new() -> Arc<Table> {
        Arc::new(Table {
            items: Mutex::default(),
            asked: AtomicU64::new(0),
            fate: Mutex::new(Fate::Done),
            turns: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn perform(&self, request: Request) -> Response {
        let mut items = self.items.lock();
        match request {
            Request::GetItem(request) => {
                let key = text(&request.key);
                let item = items.get(&key).map(|value| item(&key, *value));
                GetItemOutput { item, ..GetItemOutput::default() }.into()
            }
            Request::PutItem(request) => {
                items.insert(text(&request.item), number(&request.item));
                PutItemOutput::default().into()
            }
            Request::DeleteItem(request) => {
                items.remove(&text(&request.key));
                DeleteItemOutput::default().into()
            }
            Request::Query(_) => {
                let all = items.iter().map(|(key, value)| item(key, *value)).collect();
                QueryOutput { items: Some(all), ..QueryOutput::default() }.into()
            }
            Request::BatchWriteItem(_) => BatchWriteItemOutput::default().into(),
            Request::TransactWriteItems(_) => TransactWriteItemsOutput::default().into(),
            other => panic!("{:?} is not asked here", other.operation()),
        }
    }
}

/// Responses of the operations above.
macro_rules! responses {
    ($($operation:ident($response:ident))+) => {
        $(impl From<$response> for Response {
            fn from(response: $response) -> Response {
                Response::$operation(response)
            }
        })+
    };
}
responses! {
    GetItem(GetItemOutput) PutItem(PutItemOutput) DeleteItem(DeleteItemOutput) Query(QueryOutput)
    BatchWriteItem(BatchWriteItemOutput) TransactWriteItems(TransactWriteItemsOutput)
}

fn item(key: &str, value: i64) -> Item {
    let entries = vec![
        ("pk".to_owned(), AttributeValue::S(key.to_owned())),
        ("v".to_owned(), AttributeValue::S(value.to_string())),
    ];
    Item::from(Attributes::from_unsorted(entries))
}

fn text(attributes: &Attributes) -> String {
    match attributes.get("pk") {
        Some(AttributeValue::S(key)) => key.clone(),
        other => panic!("the key is {other:?}"),
    }
}

fn number(attributes: &Attributes) -> i64 {
    match attributes.get("v") {
        Some(AttributeValue::S(value)) => value.parse().unwrap(),
        other => panic!("the value is {other:?}"),
    }
}

struct Tables(Arc<Table>);

impl Upstream for Tables {
    fn has_refused(&self, exception: &Exception) -> bool {
        *self.0.fate.lock() == Fate::Throttled && !matches!(exception, Exception::InternalServerError(_))
    }

    fn table<'a>(&'a self, _: &'a Caller, _: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>> {
        let hash = vec![KeyAttribute { name: "pk".to_owned(), key_type: KeyType::S }];
        Box::pin(async { Ok(TableKey { id: 7, schema: KeySchema { hash, range: Vec::new() } }) })
    }

    fn permit<'a>(&'a self, _: RequestContext<'a>, _: &'a Request) -> BoxFuture<'a, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn execute<'a>(&'a self, _: &'a Caller, request: Request) -> BoxFuture<'a, Result<Response, Exception>> {
        Box::pin(async move {
            let _turn = self.0.turns.acquire().await.unwrap();
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            let fate = *self.0.fate.lock();
            match fate {
                Fate::Done => Ok(self.0.perform(request)),
                Fate::Throttled => Err(Exception::throttled()),
                Fate::Denied => {
                    self.0.perform(request);
                    Err(Exception::throttled())
                }
                Fate::Lost { is_made } => {
                    if is_made {
                        self.0.perform(request);
                    }
                    Err(Exception::internal("the answer is lost"))
                }
            }
        })
    }
}

/// Two nodes over one table.
struct World {
    table: Arc<Table>,
    cluster: Cluster,
    nodes: Vec<Arc<Node>>,
    clock: ManualClock,
    caller: Caller,
    /// The number of the list with the one attribute.
    list: i64,
}

impl World {
    async fn new(bytes_max: u64) -> World {
        let (clock, hand) = Clock::manual(START_MS);
        let table = Table::new();
        let settings = CacheSettings {
            item_bytes_max: bytes_max,
            query_bytes_max: bytes_max,
            record_ttl_ms: TTL_MS,
            query_ttl_ms: TTL_MS,
        };
        let upstream = Arc::new(Tables(Arc::clone(&table)));
        let cluster = Cluster::new("c", upstream, Memory::new(), settings, &clock);
        let nodes = (0..2).map(|_| Arc::new(cluster.add(None, None))).collect();
        let caller = Caller {
            account: SHARED_ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "A".to_owned(),
            identity: None,
            served: None,
        };
        let mut world = World { table, cluster, nodes, clock: hand, caller, list: 0 };
        let mut names = Writer::new();
        names.array(1);
        names.text("v");
        let answer = world.ask(0, Method::DefineAttributeListId, names).await.unwrap().into_bytes();
        world.list = Reader::new(&answer[1..]).int().unwrap();
        world
    }

    async fn ask(&self, node: usize, method: Method, arguments: Writer) -> Answer {
        let requester = Requester {
            caller: &self.caller,
            permitted: &self.caller,
            observer: None,
            local: SocketAddr::from(([127, 0, 0, 1], 8111)),
            adds_select: false,
            wants_unprocessed: false,
        };
        self.nodes[node].answer(method, &arguments.into_bytes(), requester).await
    }

    fn addressed(&self, key: &str) -> Writer {
        let mut out = Writer::new();
        out.bytes(b"Table1");
        out.bytes(key.as_bytes());
        out
    }

    async fn get(&self, node: usize, key: &str) -> Result<Option<i64>, Failure> {
        let mut arguments = self.addressed(key);
        arguments.null();
        let answer = self.ask(node, Method::GetItem, arguments).await?.into_bytes();
        if answer == [0x80, 0xf6] {
            return Ok(None);
        }
        let mut reader = Reader::new(&answer[1..]);
        let mut members = reader.map().unwrap();
        assert!(members.next(&mut reader).unwrap() && reader.int().unwrap() == member::ITEM);
        let blob = reader.bytes().unwrap().into_owned();
        let mut blob = Reader::new(&blob);
        assert_eq!(blob.int().unwrap(), self.list);
        Ok(Some(blob.text().unwrap().parse().unwrap()))
    }

    async fn put(&self, node: usize, key: &str, value: i64) -> Result<(), Failure> {
        let mut arguments = self.addressed(key);
        let mut blob = Writer::new();
        blob.int(self.list);
        blob.text(&value.to_string());
        arguments.bytes(blob.as_bytes());
        arguments.null();
        self.ask(node, Method::PutItem, arguments).await.map(drop)
    }

    async fn delete(&self, node: usize, key: &str) -> Result<(), Failure> {
        let mut arguments = self.addressed(key);
        arguments.null();
        self.ask(node, Method::DeleteItem, arguments).await.map(drop)
    }

    /// The answer's bytes: results are compared whole.
    async fn query(&self, node: usize) -> Result<Vec<u8>, Failure> {
        let mut arguments = Writer::new();
        arguments.bytes(b"Table1");
        arguments.null();
        arguments.null();
        self.ask(node, Method::Query, arguments).await.map(Writer::into_bytes)
    }

    fn asked(&self) -> u64 {
        self.table.asked.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Get {
        node: usize,
        key: usize,
    },
    Put {
        node: usize,
        key: usize,
        fate: Fate,
    },
    Delete {
        node: usize,
        key: usize,
        fate: Fate,
    },
    /// Past the caches.
    WriteAround {
        key: usize,
    },
    Query {
        node: usize,
    },
    Wait {
        ms: u64,
    },
    /// So many other items are read: the caches are small.
    Evict {
        count: usize,
    },
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Done),
        1 => Just(Fate::Throttled),
        1 => any::<bool>().prop_map(|is_made| Fate::Lost { is_made }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let (node, key) = (0..2_usize, 0..4_usize);
    prop_oneof![
        8 => (node.clone(), key.clone()).prop_map(|(node, key)| Step::Get { node, key }),
        4 => (node.clone(), key.clone(), fate()).prop_map(|(node, key, fate)| Step::Put { node, key, fate }),
        2 => (node.clone(), key.clone(), fate()).prop_map(|(node, key, fate)| Step::Delete { node, key, fate }),
        3 => key.prop_map(|key| Step::WriteAround { key }),
        3 => node.prop_map(|node| Step::Query { node }),
        3 => (1..TTL_MS).prop_map(|ms| Step::Wait { ms }),
        1 => (100..400_usize).prop_map(|count| Step::Evict { count }),
    ]
}

/// The values that a key has had, each from a time on, and since when it is known that older ones are not answered.
#[derive(Default)]
struct History {
    values: Vec<(u64, Option<i64>)>,
    written_ms: u64,
}

impl History {
    /// The values that the key has had since a time.
    fn since(&self, ms: u64) -> Vec<Option<i64>> {
        let first = self.values.iter().rposition(|(from, _)| *from <= ms);
        match first {
            Some(first) => self.values[first..].iter().map(|(_, value)| *value).collect(),
            None => [None].into_iter().chain(self.values.iter().map(|(_, value)| *value)).collect(),
        }
    }
}

async fn follow(steps: Vec<Step>) {
    let world = World::new(64 * 1024).await;
    let mut now_ms = START_MS;
    let mut histories: Vec<History> = (0..4).map(|_| History::default()).collect();
    // Answers to the query, each as the table was from a time on.
    let mut results: Vec<(u64, Vec<u8>)> = Vec::new();
    let names = ["a", "b", "c", "d"];
    for (at, step) in steps.into_iter().enumerate() {
        let value = i64::try_from(at).unwrap();
        // Each step has its time, so that a value is of one.
        now_ms += 1;
        world.clock.advance_ms(1);
        match step {
            Step::Get { node, key } => {
                let found = world.get(node, names[key]).await.unwrap();
                let history = &histories[key];
                let possible = history.since((now_ms - TTL_MS).max(history.written_ms));
                assert!(possible.contains(&found), "{found:?} of {key} at {now_ms} is none of {possible:?}");
            }
            Step::Put { node, key, fate } => {
                *world.table.fate.lock() = fate;
                let written = world.put(node, names[key], value).await;
                *world.table.fate.lock() = Fate::Done;
                assert_eq!(written.is_ok(), fate == Fate::Done);
                note(&mut histories[key], now_ms, fate, Some(value));
            }
            Step::Delete { node, key, fate } => {
                *world.table.fate.lock() = fate;
                let written = world.delete(node, names[key]).await;
                *world.table.fate.lock() = Fate::Done;
                assert_eq!(written.is_ok(), fate == Fate::Done);
                note(&mut histories[key], now_ms, fate, None);
            }
            Step::WriteAround { key } => {
                world.table.items.lock().insert(names[key].to_owned(), value);
                histories[key].values.push((now_ms, Some(value)));
            }
            Step::Query { node } => {
                // What the table answers now, by a node without entries.
                let fresh = Arc::new(world.cluster.add(None, None));
                let fresh = World { nodes: vec![fresh], ..world.again() };
                results.push((now_ms, fresh.query(0).await.unwrap()));
                world.cluster.remove(fresh.nodes[0].number());
                let found = world.query(node).await.unwrap();
                let possible = results.iter().filter(|(from, _)| from + TTL_MS > now_ms);
                assert!(possible.into_iter().any(|(_, result)| *result == found), "an older result at {now_ms}");
            }
            Step::Wait { ms } => {
                now_ms += ms;
                world.clock.advance_ms(ms);
            }
            Step::Evict { count } => {
                for other in 0..count {
                    world.get(other % 2, &format!("other-{at}-{other}")).await.unwrap();
                }
            }
        }
        for node in &world.nodes {
            assert!(node.items().bytes() <= 64 * 1024);
        }
    }
}

impl World {
    fn again(&self) -> World {
        World {
            table: Arc::clone(&self.table),
            cluster: Cluster::new(
                "again",
                Arc::new(Tables(Arc::clone(&self.table))),
                Memory::new(),
                CacheSettings { item_bytes_max: 1 << 20, query_bytes_max: 1 << 20, record_ttl_ms: 1, query_ttl_ms: 1 },
                &Clock::system(),
            ),
            nodes: Vec::new(),
            clock: self.clock.clone(),
            caller: self.caller.clone(),
            list: self.list,
        }
    }
}

/// A write through the caches has ended.
fn note(history: &mut History, now_ms: u64, fate: Fate, value: Option<i64>) {
    if matches!(fate, Fate::Done | Fate::Lost { is_made: true }) {
        history.values.push((now_ms, value));
    }
    if fate != Fate::Throttled {
        history.written_ms = now_ms;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_older_than_the_time_to_live_or_the_last_write(steps in prop::collection::vec(step(), 1..120)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(follow(steps));
    }
}

#[tokio::test]
async fn a_thousand_callers_that_miss_ask_the_table_once() {
    let world = Arc::new(World::new(1 << 20).await);
    world.table.items.lock().insert("a".to_owned(), 5);
    // The table answers once all of them wait.
    world.table.turns.forget_permits(Semaphore::MAX_PERMITS);
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.get(0, "a").await.unwrap() })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    world.table.turns.add_permits(1000);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Some(5));
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_failed_read_is_no_entry() {
    let world = World::new(1 << 20).await;
    *world.table.fate.lock() = Fate::Throttled;
    assert!(world.get(0, "a").await.is_err() && world.query(0).await.is_err());
    *world.table.fate.lock() = Fate::Done;
    world.table.items.lock().insert("a".to_owned(), 1);
    assert_eq!(world.get(0, "a").await.unwrap(), Some(1));
}

/// The table has the new item, and so has every later read.
#[tokio::test]
async fn a_write_that_is_denied_and_made_is_read() {
    let world = World::new(1 << 20).await;
    world.put(0, "a", 1).await.unwrap();
    *world.table.fate.lock() = Fate::Denied;
    assert!(world.put(0, "a", 2).await.is_err());
    *world.table.fate.lock() = Fate::Throttled;
    assert!(world.put(0, "b", 1).await.is_err());
    *world.table.fate.lock() = Fate::Done;
    assert_eq!([world.get(0, "a").await.unwrap(), world.get(1, "a").await.unwrap()], [Some(2); 2]);
    // A refusal that is sure leaves the entry.
    let asked = world.asked();
    *world.table.fate.lock() = Fate::Throttled;
    assert!(world.put(0, "a", 3).await.is_err());
    assert_eq!((world.get(0, "a").await.unwrap(), world.asked()), (Some(2), asked + 1));
}

#[tokio::test]
async fn times_to_live_are_changed_while_nodes_run() {
    let world = World::new(1 << 20).await;
    assert_eq!((world.get(0, "a").await.unwrap(), world.get(1, "a").await.unwrap()), (None, None));
    world.query(0).await.unwrap();
    assert_eq!(world.asked(), 3);
    world.cluster.set_ttls_ms(0, 0);
    world.clock.advance_ms(1_000 * TTL_MS);
    assert_eq!((world.get(0, "a").await.unwrap(), world.get(1, "a").await.unwrap()), (None, None));
    world.query(0).await.unwrap();
    assert_eq!(world.asked(), 3, "0 is no end");
    world.cluster.set_ttls_ms(1, 1);
    world.get(0, "a").await.unwrap();
    world.query(0).await.unwrap();
    assert_eq!(world.asked(), 5);
}

#[tokio::test]
async fn a_write_at_one_node_is_read_at_the_other() {
    let world = World::new(1 << 20).await;
    assert_eq!(world.get(1, "a").await.unwrap(), None);
    world.put(0, "a", 3).await.unwrap();
    let asked = world.asked();
    assert_eq!(world.get(1, "a").await.unwrap(), Some(3));
    assert_eq!(world.asked(), asked, "the entry is there");
    assert_eq!(world.cluster.nodes().iter().map(|node| node.role).collect::<Vec<_>>(), [Role::Primary, Role::Replica]);
}

/// The roles and ports of the nodes that a client reads of.
async fn endpoints(world: &World, node: usize) -> Vec<(i64, i64)> {
    let answer = world.ask(node, Method::Endpoints, Writer::new()).await.unwrap().into_bytes();
    let mut reader = Reader::new(&answer[1..]);
    let (mut nodes, mut all) = (reader.array().unwrap(), Vec::new());
    while nodes.next(&mut reader).unwrap() {
        let (mut pairs, mut own) = (reader.map().unwrap(), (0, 0));
        while pairs.next(&mut reader).unwrap() {
            match reader.int().unwrap() {
                0 => own.0 = reader.int().unwrap(),
                4 => own.1 = reader.int().unwrap(),
                _ => reader.skip().unwrap(),
            }
        }
        all.push(own);
    }
    all
}

#[tokio::test]
async fn a_replica_is_the_primary_once_that_is_gone() {
    let world = World::new(1 << 20).await;
    assert_eq!(endpoints(&world, 0).await, [(1, 1), (2, 2)]);
    assert_eq!(endpoints(&world, 1).await, [(1, 1), (2, 2)]);
    assert!(world.cluster.remove(1));
    assert_eq!(endpoints(&world, 1).await, [(2, 1)]);
    world.cluster.add(None, None);
    assert_eq!(endpoints(&world, 1).await, [(2, 1), (3, 2)]);
}

/// Of two entries of a table, permission and execution would see one, and the caches both.
#[tokio::test]
async fn a_batch_names_a_table_once() {
    let world = World::new(1 << 20).await;
    let batch = |each: &dyn Fn(&mut Writer)| {
        let mut out = Writer::new();
        out.map(2);
        for _ in 0..2 {
            out.text("Table1");
            each(&mut out);
        }
        out.null();
        out
    };
    let reads = batch(&|out| {
        out.array(3);
        out.bool(false);
        out.null();
        out.array(1);
        out.bytes(b"a");
    });
    let writes = batch(&|out| {
        out.array(2);
        out.bytes(b"a");
        out.null();
    });
    for (method, arguments) in [(Method::BatchGetItem, reads), (Method::BatchWriteItem, writes)] {
        let refused = world.ask(0, method, arguments).await.err().unwrap();
        assert!(matches!(refused.exception, Exception::Serialization(_)), "{:?}", refused.exception);
    }
    let mut twice = Writer::new();
    twice.map(1);
    twice.text("Table1");
    twice.array(4);
    for _ in 0..2 {
        twice.bytes(b"a");
        twice.null();
    }
    twice.null();
    let refused = world.ask(0, Method::BatchWriteItem, twice).await.err().unwrap();
    assert_eq!(refused.exception.to_string(), "Provided list of item keys contains duplicates");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn requests_without_contents_are_refused() {
    let world = World::new(1 << 20).await;
    let empty_map = || {
        let mut out = Writer::new();
        out.map(0);
        out.null();
        out
    };
    let empty_arrays = |count: usize| {
        let mut out = Writer::new();
        (0..count).for_each(|_| out.array(0));
        out.null();
        out
    };
    for (method, arguments) in [
        (Method::BatchGetItem, empty_map()),
        (Method::BatchWriteItem, empty_map()),
        (Method::TransactGetItems, empty_arrays(3)),
        (Method::TransactWriteItems, empty_arrays(8)),
    ] {
        let refused = world.ask(0, method, arguments).await.err().unwrap();
        assert!(refused.exception.to_string().ends_with("greater than or equal to 1"), "{:?}", refused.exception);
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn attributes_have_names_of_a_length() {
    let world = World::new(1 << 20).await;
    for (name, sentence) in [(String::new(), "Empty attribute name"), ("n".repeat(65_536), "65536 bytes")] {
        let mut names = Writer::new();
        names.array(1);
        names.text(&name);
        let answer = world.ask(0, Method::DefineAttributeListId, names).await.unwrap().into_bytes();
        let mut arguments = world.addressed("a");
        let mut blob = Writer::new();
        blob.int(Reader::new(&answer[1..]).int().unwrap());
        blob.text("x");
        arguments.bytes(blob.as_bytes());
        arguments.null();
        let refused = world.ask(0, Method::PutItem, arguments).await.err().unwrap();
        assert!(refused.exception.to_string().contains(sentence), "{:?}", refused.exception);
    }
    // And within values.
    let mut arguments = world.addressed("a");
    let mut blob = Writer::new();
    blob.int(world.list);
    blob.map(1);
    blob.text("");
    blob.null();
    arguments.bytes(blob.as_bytes());
    arguments.null();
    let refused = world.ask(0, Method::PutItem, arguments).await.err().unwrap();
    assert_eq!(refused.exception.to_string(), "Empty attribute name");
}

/// A million names were compared with each other, before any limit.
#[tokio::test]
async fn a_projection_of_too_many_paths_is_refused_at_once() {
    let world = World::new(1 << 20).await;
    let mut projection = Writer::new();
    projection.array(2);
    projection.int(1);
    projection.array(1_000_000);
    for at in 0..1_000_000 {
        projection.array(2);
        projection.int(18);
        projection.text(&format!("n{at}"));
    }
    let mut arguments = world.addressed("a");
    arguments.map(1);
    arguments.int(0);
    arguments.bytes(projection.as_bytes());
    let refused = world.ask(0, Method::GetItem, arguments).await.err().unwrap();
    assert!(refused.exception.to_string().contains("Expression size has exceeded"), "{:?}", refused.exception);
}
