//! Several services over one engine in memory. The clock is manual, so a lease expires only when a test wants it to;
//! heartbeats come on their own every few real milliseconds, unless a node's writes are blocked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use api::*;
use base::{Clock, ManualClock};
use cluster::nodes::owner::Ownership;
use cluster::nodes::{self, NodeSettings};
use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
use storage::{BoxFuture, Consistency, Decision, Engine, Family, KeyUse, Memory, Mode, OpId, ScanRange, StorageError};
use tables::Place;
use tables::fixture::{item, n, s};
use tables::rows;

use crate::service::{Service, Settings};
use crate::tests::catalog::{add_index, caller, describe, drop_index, simple, until};

mod backups;
mod follow;
mod formats;
mod keys;
mod streams;
mod throughput;

const FORMAT: i64 = 7;
const LEASE: Duration = Duration::from_millis(60);
const MARGIN: Duration = Duration::from_millis(5_000);
/// Longer than the other nodes wait for a silent one.
const FOR_GOOD_MS: u64 = 6_000;

/// Writes that a test can block, and rows whose format it can change.
struct WriteGate {
    /// Writes that may still pass; negative for all.
    writes_left: AtomicI64,
    /// Writes that wait.
    waiting: AtomicU64,
    /// Whether a newer program has changed the format of the rows.
    changed: AtomicBool,
}

impl WriteGate {
    fn over(inner: &Arc<dyn Engine>) -> Arc<FaultyEngine<WriteGate>> {
        let (writes_left, waiting) = (AtomicI64::new(-1), AtomicU64::new(0));
        FaultyEngine::new(inner.clone(), WriteGate { writes_left, waiting, changed: AtomicBool::new(false) })
    }

    fn freeze_after(&self, writes: i64) {
        self.writes_left.store(writes, Ordering::SeqCst);
    }

    fn thaw(&self) {
        self.writes_left.store(-1, Ordering::SeqCst);
    }

    fn may_pass(&self) -> bool {
        let left = self.writes_left.load(Ordering::SeqCst);
        left < 0 || (left > 0 && self.writes_left.fetch_sub(1, Ordering::SeqCst) > 0)
    }

    async fn holds_a_write(&self) {
        until(async || (self.waiting.load(Ordering::SeqCst) > 0).then_some(())).await;
    }
}

impl Faults for WriteGate {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match call {
                Call::Transact(_) => {
                    self.waiting.fetch_add(1, Ordering::SeqCst);
                    while !self.may_pass() {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    self.waiting.fetch_sub(1, Ordering::SeqCst);
                    Outcome::Executed
                }
                Call::Verify if self.changed.load(Ordering::SeqCst) => {
                    Outcome::Refused(StorageError::Unavailable("they have another format".to_owned()))
                }
                _ => Outcome::Executed,
            }
        })
    }
}

struct Node {
    service: Arc<Service>,
    /// The faults of requests and background work.
    requests: Arc<WriteGate>,
    heartbeats: Arc<WriteGate>,
}

/// The rows that nodes share, and their clock.
struct Cluster {
    memory: Arc<dyn Engine>,
    settings: Settings,
    clock: Clock,
    hand: ManualClock,
}

impl Cluster {
    fn new() -> Cluster {
        Cluster::over(Memory::new())
    }

    fn over(memory: Arc<dyn Engine>) -> Cluster {
        let (clock, hand) = Clock::manual(1_000_000);
        Cluster { memory, settings: Settings::default(), clock, hand }
    }

    async fn node(&self) -> Node {
        let (requests, heartbeats) = (WriteGate::over(&self.memory), WriteGate::over(&self.memory));
        let settings = self.settings.clone();
        let node = NodeSettings {
            id: cluster::nodes::NodeId::random(),
            engine: heartbeats.clone(),
            address: "127.0.0.1:8000".to_owned(),
            version: "test".to_owned(),
            format: FORMAT,
            lease: LEASE,
            margin: MARGIN,
        };
        let service = Service::open_node(requests.clone(), settings, self.clock.clone(), node).await.unwrap();
        Node { service, requests: Arc::clone(&requests.faults), heartbeats: Arc::clone(&heartbeats.faults) }
    }

    async fn index_rows(&self, node: &Node, table: &str) -> usize {
        let id = node.service.catalog.find(Place::own(&caller(), table)).unwrap().id();
        let range = ScanRange::of_prefix(Family::Index, rows::index_prefix(id, 1), 1 << 20, 1 << 30);
        self.memory.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
    }
}

async fn put(node: &Node, table: &str, pk: &str) -> Result<(), String> {
    let item = item(&[("pk", s(pk)), ("g", s("group"))]);
    let request = PutItemInput { table_name: table.to_owned(), item, ..PutItemInput::default() };
    node.service.put_item(&caller(), request).await.map(drop).map_err(|error| format!("{error:?}"))
}

async fn create(node: &Node, table: &str) -> Result<(), Exception> {
    node.service.create_table(&caller(), simple(table)).await.map(drop)
}

async fn add(node: &Node, table: &str) {
    let request = add_index(table, "by-g", "g", ProjectionType::All);
    node.service.update_table(&caller(), request).await.unwrap();
}

async fn delete(node: &Node, table: &str) {
    node.service.delete_table(&caller(), DeleteTableInput { table_name: table.to_owned() }).await.unwrap();
}

async fn names(node: &Node) -> Vec<String> {
    node.service.list_tables(&caller(), ListTablesInput::default()).await.unwrap().table_names.unwrap()
}

async fn index_status(node: &Node, table: &str) -> Option<IndexStatus> {
    let index = describe(&node.service, table).await.unwrap().global_secondary_indexes?.pop()?;
    index.index_status
}

/// Waits until the index is active on every node, and returns its item count.
async fn until_built(nodes: &[&Node], table: &str) -> i64 {
    for node in nodes {
        until(async || (index_status(node, table).await == Some(IndexStatus::Active)).then_some(())).await;
    }
    let index = describe(&nodes[0].service, table).await.unwrap().global_secondary_indexes.unwrap().remove(0);
    index.item_count.unwrap()
}

/// A definition that was derived from an older one is not written, also where a refresh has brought the newer one meanwhile: it would
/// undo the other node's change.
#[tokio::test]
async fn a_change_of_another_node_is_not_undone() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tab").await.unwrap();
    let guard = a.service.catalog.lock().await.unwrap();
    let mut definition = a.service.catalog.find(Place::own(&caller(), "tab")).unwrap().definition.clone();
    definition.tags.insert("from".to_owned(), "a".to_owned());
    let protect = UpdateTableInput {
        table_name: "tab".to_owned(),
        deletion_protection_enabled: Some(true),
        ..UpdateTableInput::default()
    };
    b.service.update_table(&caller(), protect).await.unwrap();
    a.service.catalog.refresh().await.unwrap();
    let edit = cluster::catalog::Edit::default();
    let refused = a.service.catalog.replace(&a.service.engine, guard, definition, edit).await;
    assert!(matches!(refused, Err(Exception::ResourceInUse(_))), "{refused:?}");
    for node in [&a, &b] {
        let table = node.service.catalog.find(Place::own(&caller(), "tab")).unwrap();
        assert!(table.definition.deletion_protection && table.definition.tags.is_empty());
    }
}

#[tokio::test]
async fn what_one_node_changes_the_others_know() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "made").await.unwrap();
    put(&b, "made", "at once").await.unwrap();
    assert_eq!(names(&b).await, ["made"]);
    let again = create(&b, "made").await.unwrap_err();
    assert_eq!(again, Exception::ResourceInUse("Table already exists: made".to_owned()));

    let asked = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "made".to_owned(), time_to_live_specification: asked };
    b.service.update_time_to_live(&caller(), request.clone()).await.unwrap();
    let twice = a.service.update_time_to_live(&caller(), request).await.unwrap_err();
    assert_eq!(twice.to_string(), "TimeToLive is already enabled");

    delete(&a, "made").await;
    until(async || describe(&b.service, "made").await.is_err().then_some(())).await;
    assert!(put(&b, "made", "late").await.unwrap_err().contains("ResourceNotFound"));
    create(&b, "made").await.unwrap();
    put(&a, "made", "again").await.unwrap();
    assert_eq!(describe(&a.service, "made").await.unwrap().item_count, Some(1));
}

/// No request has to refresh the catalog: the heartbeat does.
#[tokio::test]
async fn a_resource_policy_takes_effect_on_the_other_nodes() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "shared").await.unwrap();
    let known = || b.service.catalog.find(Place::own(&caller(), "shared"));
    until(async || known().filter(|table| table.policy.is_none()).map(drop)).await;
    let resource_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/shared".to_owned();
    let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"dynamodb:*","Resource":"*"}}"#.to_owned();
    let request =
        PutResourcePolicyInput { policy, resource_arn: resource_arn.clone(), ..PutResourcePolicyInput::default() };
    a.service.put_resource_policy(&caller(), request).await.unwrap();
    until(async || known().filter(|table| table.policy.is_some()).map(drop)).await;
    let request = DeleteResourcePolicyInput { expected_revision_id: None, resource_arn };
    b.service.delete_resource_policy(&caller(), request).await.unwrap();
    until(async || a.service.catalog.find(Place::own(&caller(), "shared"))?.policy.is_none().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_made_on_several_nodes_at_once() {
    let cluster = Cluster::new();
    let nodes = [cluster.node().await, cluster.node().await, cluster.node().await];
    let made = nodes.each_ref().map(|node| {
        let service = node.service.clone();
        tokio::spawn(async move {
            let mut won = 0;
            for i in 0..30 {
                let own = format!("{:p}-{i}", Arc::as_ptr(&service)).replace("0x", "own-");
                service.create_table(&caller(), simple(&own)).await.unwrap();
                match service.create_table(&caller(), simple(&format!("same-{i}"))).await {
                    Ok(_) => won += 1,
                    Err(error) => assert!(matches!(error, Exception::ResourceInUse(_)), "{error:?}"),
                }
            }
            won
        })
    });
    let mut won = 0;
    for made in made {
        won += made.await.unwrap();
    }
    assert_eq!(won, 30, "each name is given once");
    let expected = names(&nodes[0]).await;
    assert_eq!((expected.len(), names(&nodes[1]).await), (100, names(&nodes[2]).await));
    let all = nodes[0].service.catalog.version();
    assert_eq!(all, 120, "each change counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_the_quota_of_tables() {
    let mut cluster = Cluster::new();
    cluster.settings.quotas.tables_max = 10;
    let nodes = [cluster.node().await, cluster.node().await, cluster.node().await];
    let made = nodes.each_ref().map(|node| {
        let service = node.service.clone();
        tokio::spawn(async move {
            let mut made = 0;
            for i in 0..10 {
                let own = format!("{:p}-{i}", Arc::as_ptr(&service)).replace("0x", "own-");
                match service.create_table(&caller(), simple(&own)).await {
                    Ok(_) => made += 1,
                    Err(error) => assert!(matches!(error, Exception::LimitExceeded(_)), "{error:?}"),
                }
            }
            made
        })
    });
    let mut all = 0;
    for made in made {
        all += made.await.unwrap();
    }
    assert_eq!((all, names(&nodes[0]).await.len()), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_built_on_one_node_while_others_write() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "busy").await.unwrap();
    for i in 0..600 {
        put(&a, "busy", &format!("old {i}")).await.unwrap();
    }
    let writer = tokio::spawn(async move {
        for i in 0..400 {
            put(&b, "busy", &format!("new {i}")).await.unwrap();
            let key = item(&[("pk", s(&format!("old {i}")))]);
            let request = DeleteItemInput { table_name: "busy".to_owned(), key, ..DeleteItemInput::default() };
            b.service.delete_item(&caller(), request).await.unwrap();
        }
        b
    });
    add(&a, "busy").await;
    let b = writer.await.unwrap();
    assert_eq!(until_built(&[&a, &b], "busy").await, 600);
    assert_eq!(cluster.index_rows(&a, "busy").await, 600);
    put(&b, "busy", "one more").await.unwrap();
    assert_eq!(until_built(&[&a], "busy").await, 601);

    b.service.update_table(&caller(), drop_index("busy", "by-g")).await.unwrap();
    until(async || describe(&a.service, "busy").await.unwrap().global_secondary_indexes.is_none().then_some(())).await;
    assert_eq!(cluster.index_rows(&a, "busy").await, 0);
}

#[tokio::test]
async fn a_change_waits_for_writes_under_way_elsewhere() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "waiting").await.unwrap();
    put(&b, "waiting", "known").await.unwrap();
    b.requests.freeze_after(0);
    let slow = tokio::spawn({
        let b = Node { service: b.service.clone(), requests: b.requests.clone(), heartbeats: b.heartbeats.clone() };
        async move { put(&b, "waiting", "slow").await }
    });
    b.requests.holds_a_write().await;
    add(&a, "waiting").await;
    // For however long it takes: the write does not know of the index.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(index_status(&a, "waiting").await, Some(IndexStatus::Creating));
        assert_eq!(cluster.index_rows(&a, "waiting").await, 0, "the walk has not begun");
    }
    b.requests.thaw();
    slow.await.unwrap().unwrap();
    assert_eq!(until_built(&[&a, &b], "waiting").await, 2);
    assert_eq!(cluster.index_rows(&a, "waiting").await, 2);
}

#[tokio::test]
async fn a_node_without_its_lease_takes_no_writes_and_comes_back() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "leased").await.unwrap();
    put(&b, "leased", "before").await.unwrap();
    assert_eq!(b.service.unready(), None);

    b.heartbeats.freeze_after(0);
    b.heartbeats.holds_a_write().await;
    // A request of the silent node that is complete but for its write.
    b.requests.freeze_after(0);
    let slow = tokio::spawn({
        let b = Node { service: b.service.clone(), requests: b.requests.clone(), heartbeats: b.heartbeats.clone() };
        async move { put(&b, "leased", "slow").await }
    });
    b.requests.holds_a_write().await;
    cluster.hand.advance_ms(LEASE.as_millis() as u64 + 1);
    assert!(b.service.unready().unwrap().contains("lease has run out"));
    until(async || put(&a, "leased", "meanwhile").await.ok()).await;

    // The other nodes wait for it, then continue without it.
    add(&a, "leased").await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(index_status(&a, "leased").await, Some(IndexStatus::Creating));
    }
    cluster.hand.advance_ms(FOR_GOOD_MS);
    assert_eq!(until_built(&[&a], "leased").await, 2);

    b.requests.thaw();
    assert!(slow.await.unwrap().unwrap_err().contains("could not renew its lease"));
    assert!(put(&b, "leased", "after").await.unwrap_err().contains("could not renew its lease"));
    b.heartbeats.thaw();
    until(async || b.service.unready().is_none().then_some(())).await;
    put(&b, "leased", "after").await.unwrap();
    assert_eq!(until_built(&[&a, &b], "leased").await, 3);
    assert_eq!(cluster.index_rows(&a, "leased").await, 3);
}

#[tokio::test]
async fn another_node_ends_what_a_dead_one_began() {
    const ITEMS: i64 = 1_500;
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "half").await.unwrap();
    for i in 0..ITEMS {
        put(&a, "half", &i.to_string()).await.unwrap();
    }
    // The change, the ownership, the beginning, and two steps of the backfill.
    a.requests.freeze_after(5);
    add(&a, "half").await;
    a.requests.holds_a_write().await;
    let rows = cluster.index_rows(&a, "half").await;
    assert!(0 < rows && rows < ITEMS as usize, "{rows} rows");
    a.heartbeats.freeze_after(0);
    a.heartbeats.holds_a_write().await;
    // The other node does it before the first one counts as dead: the row of the owner decides.
    cluster.hand.advance_ms(LEASE.as_millis() as u64 + 1);
    assert_eq!(until_built(&[&b], "half").await, ITEMS);
    until(async || put(&b, "half", "later").await.ok()).await;

    a.heartbeats.thaw();
    a.requests.thaw();
    assert_eq!(until_built(&[&a, &b], "half").await, ITEMS + 1);
    assert_eq!(cluster.index_rows(&a, "half").await as i64, ITEMS + 1);
    until(async || a.service.unready().is_none().then_some(())).await;
    delete(&a, "half").await;
    until(async || names(&b).await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn tokens_of_a_dead_node_are_removed_by_another() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    create(&a, "tokens").await.unwrap();
    let put = Put { table_name: "tokens".to_owned(), item: item(&[("pk", s("a"))]), ..Put::default() };
    let request = TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }],
        client_request_token: Some("once".to_owned()),
        ..TransactWriteItemsInput::default()
    };
    a.service.transact_write_items(&caller(), request).await.unwrap();
    drop(a);
    b.service.adopt_orphaned_tokens(&mut None).await;
    assert_eq!(b.service.tokens.len(), 1);
    cluster.hand.advance_ms(11 * 60 * 1000);
    until(async || b.service.unready().is_none().then_some(())).await;
    b.service.sweep_due_tokens().await;
    assert_eq!(crate::tokens::Tokens::load(cluster.memory.as_ref()).await.unwrap().len(), 0);
}

#[tokio::test]
async fn nodes_are_listed_and_leave() {
    let cluster = Cluster::new();
    let (a, b) = (cluster.node().await, cluster.node().await);
    b.heartbeats.freeze_after(0);
    b.heartbeats.holds_a_write().await;
    let watched = Duration::from_millis(200);
    // On a busy machine one watch may miss the live node's heartbeat.
    let mut found = until(async || {
        let found = nodes::list_nodes(cluster.memory.as_ref(), &Clock::system(), watched).await.unwrap();
        found.iter().any(|node| node.heartbeat.is_some()).then_some(found)
    })
    .await;
    assert_eq!(found.len(), 2);
    found.sort_by_key(|node| node.heartbeat.is_none());
    assert_eq!(found[0].id, a.service.nodes.as_ref().unwrap().id.to_string());
    assert!(found[0].heartbeat.is_some());
    assert_eq!((found[1].heartbeat, found[1].lease, found[1].version.as_str()), (None, LEASE, "test"));
    a.service.leave().await;
    assert!(a.service.unready().is_some());
    assert_eq!(nodes::watch::read_nodes(cluster.memory.as_ref()).await.unwrap().len(), 1);
}

/// A node that deletes no expired items does not prevent other nodes from it, whatever other work it owns.
#[tokio::test]
async fn a_node_that_deletes_nothing_does_not_own_the_sweep() {
    let cluster = Cluster::new();
    let idle = Cluster {
        settings: Settings { deletes_expired: false, ..Settings::default() },
        ..Cluster::over(cluster.memory.clone())
    };
    let (a, b) = (idle.node().await, cluster.node().await);
    create(&b, "made").await.unwrap();
    let asked = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: "made".to_owned(), time_to_live_specification: asked };
    b.service.update_time_to_live(&caller(), request).await.unwrap();
    let put = PutItemInput {
        table_name: "made".to_owned(),
        item: item(&[("pk", s("due")), ("ttl", n("500"))]),
        ..PutItemInput::default()
    };
    b.service.put_item(&caller(), put).await.unwrap();
    a.service.jobs().run_once("maintain_logs").await;
    assert!(matches!(b.service.own(rows::COMMON_WORK).await, Ok(Ownership::Others)));
    let has_item = async || {
        let key =
            GetItemInput { table_name: "made".to_owned(), key: item(&[("pk", s("due"))]), ..GetItemInput::default() };
        b.service.get_item(&caller(), key).await.unwrap().item.is_some()
    };
    until(async || {
        a.service.jobs().run_once("sweep_expired_items").await;
        assert!(has_item().await);
        b.service.jobs().run_once("sweep_expired_items").await;
        (!has_item().await).then_some(())
    })
    .await;
}
