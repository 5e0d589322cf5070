//! Damaged rows: each reader reports them and continues with the others.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use change_log::Shard;
use parking_lot::Mutex;
use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
use storage::{BoxFuture, Decide, Family, Key, ScanPage, ScanRange, StorageError, log};
use tables::fixture;
use tables::rows::ItemKey;
use tables::{Definition, OpenShard};

use super::*;
use crate::backup::tests::restore_request;
use crate::expiry_work::Passes;
use crate::follow::{Bounds, Consumer, ConsumerNeeds, FollowError, Followed, LogConsumer, Retention, Start};
use crate::tests::catalog::test_service::TestService;
use crate::tests::catalog::{add_index, describe};
use crate::{RowReport, check_rows};

const START_S: u64 = 1_700_000_000;
const TABLE: u64 = rows::TABLE_ID_FIRST;

/// Rows that cannot be read, as in an engine that checks or encrypts its rows.
#[derive(Default)]
struct Unreadable {
    rows: Mutex<Vec<Key>>,
    /// As an engine does that reads whole blocks of rows: a page ends before the block, and the next one fails.
    by_block: AtomicBool,
}

fn corrupt() -> StorageError {
    StorageError::Corrupt("a value is not what was written there".to_owned())
}

impl Faults for Unreadable {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        let mut rows = self.rows.lock();
        let is_refused = match call {
            Call::Get(key) => rows.contains(key),
            Call::GetMany(keys) => keys.iter().any(|key| rows.contains(key)),
            Call::Transact(keys) => keys.iter().any(|used| rows.contains(&used.key)),
            // A log whose name is among the keys is not destroyed. A damaged row of another family is deleted without being read.
            Call::Destroy(Family::Log, prefix) if rows.contains(&Key::new(Family::Log, prefix.clone())) => true,
            Call::Destroy(family, prefix) => {
                rows.retain(|key| key.family != family || !key.bytes.starts_with(prefix));
                false
            }
            _ => false,
        };
        Box::pin(ready(if is_refused { Outcome::Refused(corrupt()) } else { Outcome::Executed }))
    }

    fn page(&self, range: &ScanRange, found: ScanPage) -> Result<ScanPage, StorageError> {
        let (unreadable, by_block) = (self.rows.lock(), self.by_block.load(Ordering::Relaxed));
        let mut page = ScanPage { more: found.more, ..ScanPage::default() };
        for row in found.rows {
            match unreadable.contains(&Key::new(range.family, row.key.clone())) {
                true if by_block => {
                    page.more = true;
                    return if page.rows.is_empty() { Err(corrupt()) } else { Ok(page) };
                }
                true => page.push_damaged(Some(row.key), "a value is not what was written there".to_owned()),
                false => page.rows.push(row),
            }
        }
        Ok(page)
    }
}

type DamagedTable = TestService<FaultyEngine<Unreadable>>;

impl DamagedTable {
    /// With a streamed table of items that expire soon.
    async fn with_items(items: &[&str]) -> DamagedTable {
        let engine = FaultyEngine::new(Memory::new(), Unreadable::default());
        let service = TestService::open(engine, Settings::default(), Clock::manual(START_S * 1000)).await;
        service.create_table(Some(StreamViewType::NewImage)).await;
        service.set_ttl("ttl", true).await;
        for pk in items {
            service.put(&[("pk", s(pk)), ("colour", s("red")), ("ttl", n(&(START_S + 1).to_string()))]).await;
        }
        service
    }

    fn row_of(&self, pk: &str) -> Key {
        let table = self.service.catalog.by_id(TABLE).unwrap();
        ItemKey::of(&self.service.secret, &table, item(&[("pk", s(pk))]).view()).unwrap().row
    }

    /// Changes a row below the service.
    async fn damage(&self, key: &Key, change: impl Fn(&mut Vec<u8>) + Send + Sync) {
        let keys = [KeyUse::write(key.clone())];
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            let mut value = reads.values[0].as_ref().unwrap().to_vec();
            change(&mut value);
            batch.put(key.clone(), value);
            Decision::Commit
        };
        let decide: &mut Decide<'_> = &mut decide;
        let damage = Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide };
        self.engine.inner.transact(damage).await.unwrap();
    }

    async fn items(&self) -> usize {
        let range = ScanRange::whole(Family::Items, usize::MAX, usize::MAX);
        self.engine.inner.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
    }

    async fn check(&self) -> RowReport {
        check_rows(&*self.engine).await.unwrap()
    }
}

/// Its last value's length is beyond its end.
fn cut(row: &mut Vec<u8>) {
    row.pop();
}

/// It has the form of an item, of another key.
fn rename(row: &mut Vec<u8>) {
    let at = row.windows(3).position(|part| part == b"bad").unwrap();
    let rest = row.split_off(at + 1);
    row.pop();
    row.push(b'B');
    row.extend(rest);
}

/// The operator's text of a refusal, which the client does not get.
fn detail<T: std::fmt::Debug>(result: Result<T, Exception>) -> String {
    match result {
        Err(Exception::InternalServerError(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_operation_answers_an_internal_error() {
    for (damage, what) in [(cut as fn(&mut Vec<u8>), "too early"), (rename, "another item than its key names")] {
        let damaged = DamagedTable::with_items(&["bad", "good"]).await;
        let service = &damaged.service;
        damaged.damage(&damaged.row_of("bad"), damage).await;
        let (table_name, key) = ("tab".to_owned(), item(&[("pk", s("bad"))]));
        let get = GetItemInput { table_name: table_name.clone(), key: key.clone(), ..GetItemInput::default() };
        let delete = DeleteItemInput { table_name: table_name.clone(), key: key.clone(), ..DeleteItemInput::default() };
        let update = UpdateItemInput { table_name: table_name.clone(), key, ..UpdateItemInput::default() };
        let put = put_request("tab", item(&[("pk", s("bad"))]));
        let texts = [
            detail(service.get_item(&caller(), get).await),
            detail(service.put_item(&caller(), put).await),
            detail(service.delete_item(&caller(), delete).await),
            detail(service.update_item(&caller(), update).await),
        ];
        let row: String = damaged.row_of("bad").bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in texts {
            assert!(text.contains("table tab") && text.contains(what) && text.contains(&row), "{text}");
        }
        let report = damaged.check().await;
        assert_eq!((report.damaged, report.lines.len()), (1, 1), "{report:?}");
        assert!(report.lines[0].contains("table tab") && report.lines[0].contains(&row), "{report:?}");
        let scan = ScanInput { table_name: "tab".to_owned(), ..ScanInput::default() };
        let (scan, query) = (service.scan(&caller(), scan).await, service.query(&caller(), query("tab", "bad")).await);
        if what == "too early" {
            assert!(detail(scan).contains(&row) && detail(query).contains(&row));
        }
        let get =
            GetItemInput { table_name: "tab".to_owned(), key: item(&[("pk", s("good"))]), ..GetItemInput::default() };
        assert!(service.get_item(&caller(), get).await.unwrap().item.is_some());
    }
}

fn backup_request(table: &str) -> CreateBackupInput {
    CreateBackupInput { table_name: table.to_owned(), backup_name: "bbb".to_owned() }
}

/// Requests on a table with a damaged definition get an error, and its name is not free.
async fn check_unreadable(service: &Arc<Service>, table: &str) {
    let get = GetItemInput { table_name: table.to_owned(), key: item(&[("pk", s("a"))]), ..GetItemInput::default() };
    let texts = [
        detail(service.get_item(&caller(), get).await),
        detail(service.put_item(&caller(), put_request(table, item(&[("pk", s("a"))]))).await),
        detail(service.describe_table(&caller(), DescribeTableInput { table_name: table.to_owned() }).await),
        detail(service.create_table(&caller(), simple(table)).await),
        detail(service.delete_table(&caller(), DeleteTableInput { table_name: table.to_owned() }).await),
        detail(service.create_backup(&caller(), backup_request(table)).await),
    ];
    assert!(texts.iter().all(|text| text.contains("the definition of table")), "{texts:?}");
}

#[tokio::test]
async fn a_server_starts_without_a_table_with_a_damaged_definition() {
    let damaged = DamagedTable::with_items(&["good"]).await;
    damaged.service.create_table(&caller(), simple("other")).await.unwrap();
    damaged.service.jobs().stop(Duration::ZERO).await;
    damaged.engine.faults.rows.lock().push(rows::definition(TABLE));
    let service = Service::open(damaged.engine.clone(), Settings::default(), Clock::system()).await.unwrap();
    put(&service, "other", &[("pk", s("a"))]).await;
    check_unreadable(&service, "tab").await;
    // Its name is not known, so it may be any.
    check_unreadable(&service, "third").await;
    let backup = service.create_backup(&caller(), backup_request("other")).await.unwrap().backup_details.unwrap();
    for target in ["tab", "third"] {
        let request = restore_request(&backup.backup_arn, target);
        let text = detail(service.restore_table_from_backup(&caller(), request).await);
        assert!(text.contains("the definition of table"), "{text}");
    }
    service.jobs().stop(Duration::ZERO).await;
    damaged.engine.faults.rows.lock().clear();
    let service = Service::open(damaged.engine.clone(), Settings::default(), Clock::system()).await.unwrap();
    put(&service, "tab", &[("pk", s("a"))]).await;
}

/// On a database with several servers, a damaged definition ends neither the leases nor the changes of other tables.
#[tokio::test]
async fn servers_continue_without_a_table_with_a_damaged_definition() {
    let engine = FaultyEngine::new(Memory::new(), Unreadable::default());
    let (clock, hand) = Clock::manual(START_S * 1000);
    let lease = Duration::from_millis(60);
    let open = async || {
        let node = cluster::nodes::NodeSettings {
            id: cluster::nodes::NodeId::random(),
            engine: engine.clone(),
            address: "127.0.0.1:8000".to_owned(),
            version: "test".to_owned(),
            format: 7,
            lease,
            margin: Duration::from_secs(5),
        };
        Service::open_node(engine.clone(), Settings::default(), clock.clone(), node).await.unwrap()
    };
    let (a, b) = (open().await, open().await);
    let both = async |ready: &dyn Fn(&Service) -> bool| {
        let ready = async {
            while !ready(&a) || !ready(&b) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ready).await.expect("both servers are ready");
    };
    let is_known = |name: &'static str| {
        move |service: &Service| service.catalog.find(tables::Place::own(&caller(), name)).is_some()
    };
    for name in ["tab", "other"] {
        a.create_table(&caller(), simple(name)).await.unwrap();
    }
    both(&is_known("other")).await;
    engine.faults.rows.lock().push(rows::definition(TABLE));
    // Each server reads what the other one has changed.
    a.create_table(&caller(), simple("third")).await.unwrap();
    both(&is_known("third")).await;
    b.create_table(&caller(), simple("fourth")).await.unwrap();
    both(&is_known("fourth")).await;
    hand.advance_ms(lease.as_millis() as u64 + 1);
    both(&|service| service.unready().is_none()).await;
    for service in [&a, &b] {
        put(service, "other", &[("pk", s("a"))]).await;
        check_unreadable(service, "tab").await;
    }
    engine.faults.rows.lock().clear();
    for (service, name) in [(&a, "fifth"), (&b, "sixth")] {
        service.create_table(&caller(), simple(name)).await.unwrap();
        both(&is_known(name)).await;
    }
    assert!(is_known("tab")(&a) && is_known("tab")(&b));
    put(&b, "tab", &[("pk", s("a"))]).await;
}

/// A damaged document is listed apart, and the others are read.
#[tokio::test]
async fn documents_are_read_without_a_damaged_one() {
    let (damaged, of) = (DamagedTable::with_items(&[]).await, rows::Collection::Identities);
    let put = |id: &str| crate::DocumentChange { id: id.to_owned(), text: Some(id.into()) };
    assert_eq!(damaged.service.change_documents(of, 0, &[put("bad"), put("good")]).await, Ok(true));
    damaged.engine.faults.rows.lock().push(rows::document(of, "bad"));
    let documents = damaged.service.documents(of).await.unwrap();
    assert!(documents.by_id.keys().eq(["good"]) && documents.damaged.iter().eq(["bad"]));
}

#[tokio::test]
async fn a_sweep_passes_over_a_damaged_item() {
    let names: Vec<String> = (0..100).map(|at| format!("good {at}")).chain(["bad".to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for damage in [cut as fn(&mut Vec<u8>), rename] {
        let damaged = DamagedTable::with_items(&names).await;
        damaged.damage(&damaged.row_of("bad"), damage).await;
        damaged.hand.advance_ms(5_000);
        assert_eq!(damaged.service.sweep_expired().await, jobs::Ran::Done);
        assert_eq!(damaged.items().await, 1);
    }
    let damaged = DamagedTable::with_items(&names).await;
    damaged.engine.faults.rows.lock().push(damaged.row_of("bad"));
    damaged.hand.advance_ms(5_000);
    assert_eq!(damaged.service.sweep_expired().await, jobs::Ran::Done);
    assert_eq!(damaged.items().await, 1);
}

/// The rows at the head of the index are more than one run passes: runs that end early, as they last too long, continue behind them.
#[tokio::test]
async fn a_sweep_passes_over_damaged_items_that_take_several_runs() {
    let names: Vec<String> = (0..200).map(|at| format!("bad {at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let damaged = DamagedTable::with_items(&names).await;
    put(&damaged.service, "tab", &[("pk", s("good")), ("ttl", n(&(START_S + 2).to_string()))]).await;
    damaged.engine.faults.rows.lock().extend(names.iter().map(|pk| damaged.row_of(pk)));
    damaged.hand.advance_ms(5_000);
    let passes = Passes::default();
    let run = async || {
        let time = async {
            tokio::task::yield_now().await;
            damaged.hand.advance_ms(10_000);
        };
        tokio::join!(damaged.service.sweep_expired_further(&passes), time).0
    };
    let mut runs = 1;
    while damaged.items().await > names.len() {
        assert_eq!(run().await, jobs::Ran::Again(Duration::ZERO));
        runs += 1;
        assert!(runs < 10);
    }
    assert!(runs > 2, "{runs}");
    // At the end the next run begins at the head.
    while run().await != jobs::Ran::Done {}
    put(&damaged.service, "tab", &[("pk", s("late")), ("ttl", n(&START_S.to_string()))]).await;
    damaged.engine.faults.rows.lock().clear();
    while damaged.items().await > 0 {
        let _ = run().await;
        runs += 1;
        assert!(runs < 30);
    }
}

#[tokio::test]
async fn an_index_is_built_without_a_damaged_item() {
    let damaged = DamagedTable::with_items(&["bad", "good", "better", "worse", "refused"]).await;
    damaged.damage(&damaged.row_of("bad"), cut).await;
    damaged.damage(&damaged.row_of("worse"), |row| row[0] = 9).await;
    damaged.engine.faults.rows.lock().push(damaged.row_of("refused"));
    let request = add_index("tab", "by_colour", "colour", ProjectionType::KeysOnly);
    damaged.service.update_table(&caller(), request).await.unwrap();
    let index = async || describe(&damaged.service, "tab").await.unwrap().global_secondary_indexes.unwrap()[0].clone();
    while index().await.index_status != Some(IndexStatus::Active) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(index().await.item_count, Some(2));
    assert_eq!(damaged.service.background_stats().damaged_rows, 3);
    // A foreground read needs every row.
    let row: String = damaged.row_of("refused").bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let query = detail(damaged.service.query(&caller(), query("tab", "refused")).await);
    assert!(query.contains("table tab") && query.contains(&row), "{query}");
}

#[tokio::test]
async fn records_before_a_damaged_one_are_read_and_old_ones_trimmed() {
    // Its content is damaged, the engine refuses it, or the block that it is in.
    for (is_refused, by_block) in [(false, false), (true, false), (true, true)] {
        let damaged = DamagedTable::with_items(&["a", "b", "c"]).await;
        damaged.engine.faults.by_block.store(by_block, Ordering::Relaxed);
        let service = &damaged.service;
        let arn = describe(service, "tab").await.unwrap().latest_stream_arn.unwrap();
        let view = service.view_of_logs(TABLE, &[0]).await.unwrap();
        let shard = Shard::find(&*view, TABLE, 0).await.unwrap().unwrap();
        let second = log::record(&shard.log_name(), 2);
        match is_refused {
            true => damaged.engine.faults.rows.lock().push(second.clone()),
            false => damaged.damage(&second, cut).await,
        }
        let from = async |shard_iterator_type, timestamp| {
            let iterator = GetShardIteratorInput {
                stream_arn: arn.clone(),
                shard_id: shard.id(&service.secret),
                shard_iterator_type,
                sequence_number: None,
                timestamp,
            };
            service.get_shard_iterator(&caller(), iterator).await.unwrap().shard_iterator.unwrap()
        };
        let read = async |shard_iterator| {
            service.get_records(&caller(), GetRecordsInput { shard_iterator, limit: None }).await
        };
        // The search for a time meets the damaged record first.
        let early = from(ShardIteratorType::AtTimestamp, Some(Timestamp { epoch_ms: 1 })).await;
        assert_eq!(read(early).await.unwrap().records.unwrap().len(), 1);
        let first = read(from(ShardIteratorType::TrimHorizon, None).await).await.unwrap();
        assert_eq!(first.records.unwrap().len(), 1);
        let next = first.next_shard_iterator.unwrap();
        assert!(detail(read(next.clone()).await).contains("table tab"));
        let report = damaged.check().await;
        assert_eq!(
            (report.damaged, report.rows > 3, report.cut_short.len()),
            (1, true, usize::from(by_block)),
            "{report:?}"
        );
        // Its header cannot be read either: it goes with the records around it.
        if !is_refused {
            damaged.damage(&second, |row| row[0] = 99).await;
        }
        damaged.hand.advance_ms(25 * 60 * 60 * 1000);
        assert!(service.trim_logs().await);
        for position in 1..=3 {
            let record = log::record(&shard.log_name(), position);
            assert_eq!(damaged.engine.inner.get(&record, Consistency::Strong).await.unwrap(), None, "{position}");
        }
    }
}

/// More records at a log's beginning than one step reads, none of which can be read.
#[tokio::test]
async fn a_log_that_begins_with_many_damaged_records_is_trimmed() {
    let damaged = DamagedTable::with_items(&[]).await;
    let shard = {
        let view = damaged.service.view_of_logs(TABLE, &[0]).await.unwrap();
        Shard::find(&*view, TABLE, 0).await.unwrap().unwrap()
    };
    let put_all = async |count: usize| {
        for number in 0..count {
            damaged.put(&[("pk", s("a")), ("number", n(&number.to_string()))]).await;
        }
    };
    put_all(2_100).await;
    damaged.engine.faults.rows.lock().extend((1..=2_090).map(|position| log::record(&shard.log_name(), position)));
    damaged.hand.advance_ms(12 * 60 * 60 * 1000);
    assert!(damaged.service.trim_logs().await);
    let is_there = async |position| {
        let record = log::record(&shard.log_name(), position);
        damaged.engine.inner.get(&record, Consistency::Strong).await.unwrap().is_some()
    };
    assert!(is_there(1).await, "the first record that can be read is not over");
    put_all(1).await;
    damaged.hand.advance_ms(13 * 60 * 60 * 1000);
    assert!(damaged.service.trim_logs().await);
    assert!(!is_there(1).await && !is_there(2_090).await && !is_there(2_100).await);
    assert!(is_there(2_101).await);
}

/// The retention of a consumer whose position is damaged ends with its maximum, and not before.
#[tokio::test]
async fn a_log_with_a_damaged_position_is_trimmed() {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    for is_refused in [false, true] {
        let damaged = DamagedTable::with_items(&["a", "b"]).await;
        let service = &damaged.service;
        let consumer = Consumer { table_id: TABLE, name: "archive".to_owned(), of: Followed::Table };
        let retention = Retention::Position { max_ms: 72 * HOUR_MS };
        let own = LogConsumer::new(consumer.name.clone(), Start::TrimHorizon, ConsumerNeeds::Images, retention);
        service.add_log_consumer(TABLE, own).await.unwrap();
        let lease = service.acquire_lease(&consumer).await.unwrap().unwrap();
        assert_eq!(service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
        let position = rows::consumer_position(TABLE, &consumer.name, 0);
        match is_refused {
            true => damaged.engine.faults.rows.lock().push(position),
            false => damaged.damage(&position, cut).await,
        }
        let first = log::record(&rows::log(TABLE, 0), 1);
        for (after_ms, is_there) in [(25 * HOUR_MS, true), (47 * HOUR_MS, false)] {
            damaged.hand.advance_ms(after_ms);
            assert!(service.trim_logs().await);
            assert_eq!(damaged.engine.inner.get(&first, Consistency::Strong).await.unwrap().is_some(), is_there);
        }
        let stats = service.background_stats();
        assert_eq!((stats.damaged_rows, stats.lost_records), (2, 2));
    }
}

/// The newest records are a sample of how much a log is written: without it shards are rolled by their age, and the log's size is known
/// from the records that can be read.
#[tokio::test]
async fn a_log_whose_newest_records_cannot_be_read_is_rolled_and_measured() {
    let damaged = DamagedTable::with_items(&[]).await;
    let service = &damaged.service;
    damaged.engine.faults.by_block.store(true, Ordering::Relaxed);
    damaged.hand.advance_ms(4 * 60 * 60 * 1000 - 1000);
    assert!(service.roll_logs().await);
    for pk in ["a", "b", "c"] {
        put(service, "tab", &[("pk", s(pk))]).await;
    }
    damaged.engine.faults.rows.lock().push(log::record(&rows::log(TABLE, 0), 3));
    damaged.hand.advance_ms(1000);
    assert!(service.roll_logs().await);
    assert_eq!(service.catalog.by_id(TABLE).unwrap().definition.log.next_shard, 2);
    assert!(service.measure_logs().await);
}

/// The consumer reads the shard again, from its beginning: no record is skipped, and delivery does not stop for good.
#[tokio::test]
async fn a_consumer_with_a_damaged_position_reads_on() {
    for is_refused in [false, true] {
        let damaged = DamagedTable::with_items(&["a", "b"]).await;
        let service = &damaged.service;
        let label = describe(service, "tab").await.unwrap().latest_stream_label.unwrap();
        let consumer = Consumer { table_id: TABLE, name: "function".to_owned(), of: Followed::Stream { label } };
        let lease = service.acquire_lease(&consumer).await.unwrap().unwrap();
        assert_eq!(service.initialize(&consumer, &lease, Start::TrimHorizon).await, Ok(true));
        let bounds = Bounds { records_max: 10, bytes_max: 1 << 20 };
        let poll = async || {
            let [cursor] = service.ready(&consumer).await.unwrap().cursors.try_into().unwrap();
            service.poll(&consumer, cursor, bounds).await.unwrap()
        };
        service.checkpoint(&consumer, &lease, poll().await.cursor_after(1)).await.unwrap();
        let position = rows::consumer_position(TABLE, &consumer.name, 0);
        match is_refused {
            true => damaged.engine.faults.rows.lock().push(position),
            false => damaged.damage(&position, cut).await,
        }
        let batch = poll().await;
        assert_eq!((batch.changes.len(), batch.lost), (2, 0));
        service.checkpoint(&consumer, &lease, batch.cursor_after(2)).await.unwrap();
        assert!(poll().await.changes.is_empty());
        assert_eq!(service.background_stats().damaged_rows, 1);
        // The row of a newer program is left unchanged.
        let position = rows::consumer_position(TABLE, &consumer.name, 0);
        damaged.damage(&position, |row| row[0] += 1).await;
        assert!(matches!(service.ready(&consumer).await, Err(FollowError::Failed(_))));
        assert!(damaged.engine.inner.get(&position, Consistency::Strong).await.unwrap().is_some());
    }
}

/// The record that ends a shard is damaged: the shard ends there, and its child has what follows. Otherwise the roll would have no end,
/// and the table could not be deleted.
#[tokio::test]
async fn a_shard_whose_mark_is_damaged_ends() {
    for by_block in [false, true] {
        let damaged = DamagedTable::with_items(&["a"]).await;
        let service = &damaged.service;
        damaged.engine.faults.by_block.store(by_block, Ordering::Relaxed);
        damaged.engine.faults.rows.lock().push(log::record(&rows::log(TABLE, 0), 2));
        damaged.hand.advance_ms(4 * 60 * 60 * 1000);
        assert!(service.roll_logs().await);
        while !service.catalog.by_id(TABLE).unwrap().definition.log.rolling.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        put(service, "tab", &[("pk", s("b"))]).await;
        let view = service.view_of_logs(TABLE, &[0]).await.unwrap();
        let [parent, child] = &Shard::list(&*view, TABLE, 0, u32::MAX).await.unwrap()[..] else { panic!("two shards") };
        assert_eq!((parent.closed.map(|closed| closed.last), child.before), (Some(1), 2));
        assert_eq!(child.last(&*view).await, Ok(3));
        assert!(service.background_stats().damaged_rows > 0);
    }
}

/// One of a table's logs cannot be trimmed: the others are, and the table's past streams are forgotten.
#[tokio::test]
async fn a_log_that_cannot_be_trimmed_delays_no_other() {
    let damaged = DamagedTable::with_items(&["a"]).await;
    let service = &damaged.service;
    let set_stream = async |enabled: bool| {
        let view = enabled.then_some(StreamViewType::NewImage);
        let stream_specification = Some(StreamSpecification { stream_enabled: enabled, stream_view_type: view });
        let request =
            UpdateTableInput { table_name: "tab".to_owned(), stream_specification, ..UpdateTableInput::default() };
        service.update_table(&caller(), request).await.unwrap();
        while !service.catalog.by_id(TABLE).unwrap().definition.log.closing.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    set_stream(false).await;
    damaged.hand.advance_ms(1);
    set_stream(true).await;
    put(service, "tab", &[("pk", s("b"))]).await;
    let second = log::record(&rows::log(TABLE, 1), 1);
    let is_there = async || damaged.engine.inner.get(&second, Consistency::Strong).await.unwrap().is_some();
    assert!(is_there().await);
    damaged.engine.faults.rows.lock().push(Key::new(Family::Log, rows::log(TABLE, 0)));
    damaged.hand.advance_ms(25 * 60 * 60 * 1000);
    assert!(!service.trim_logs().await);
    assert!(!is_there().await);
    assert!(service.catalog.by_id(TABLE).unwrap().definition.past_streams.is_empty());
}

/// The streams of one deleted table cannot be dropped: those of the tables behind it are.
#[tokio::test]
async fn streams_of_deleted_tables_are_dropped_one_by_one() {
    let damaged = DamagedTable::with_items(&[]).await;
    let service = &damaged.service;
    let stream = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::NewImage) };
    let second = CreateTableInput { stream_specification: Some(stream), ..simple("second") };
    service.create_table(&caller(), second).await.unwrap();
    for table in ["tab", "second"] {
        put(service, table, &[("pk", s("a"))]).await;
        service.delete_table(&caller(), DeleteTableInput { table_name: table.to_owned() }).await.unwrap();
    }
    let remains = || service.catalog.all_remains().iter().map(|table| table.id()).collect::<Vec<_>>();
    while remains().len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    damaged.engine.faults.rows.lock().push(Key::new(Family::Log, rows::table_prefix(TABLE)));
    damaged.hand.advance_ms(25 * 60 * 60 * 1000);
    assert!(!service.trim_logs().await);
    assert_eq!(remains(), [TABLE]);
    damaged.engine.faults.rows.lock().clear();
    assert!(service.trim_logs().await);
    assert!(remains().is_empty());
}

/// A log with a record that the engine refuses is trimmed in steps that need no more memory than others.
#[tokio::test]
async fn records_behind_a_refused_one_are_read_in_small_pages() {
    let damaged = DamagedTable::with_items(&["a"]).await;
    for number in 0..12 {
        let big = item(&[("pk", s(&number.to_string())), ("big", s(&"x".repeat(300_000)))]);
        let request = PutItemInput { table_name: "tab".to_owned(), item: big, ..PutItemInput::default() };
        damaged.service.put_item(&caller(), request).await.unwrap();
    }
    let view = damaged.service.view_of_logs(TABLE, &[0]).await.unwrap();
    let shard = Shard::find(&*view, TABLE, 0).await.unwrap().unwrap();
    damaged.engine.faults.rows.lock().push(log::record(&shard.log_name(), 1));
    let page = damaged.service.rows_behind(&shard, 1).await.unwrap();
    let bytes: usize = page.rows.iter().map(|row| row.value.len()).sum();
    assert!(page.rows.len() > 1 && page.more && bytes < 2 << 20, "{} rows of {bytes} bytes", page.rows.len());
}

#[tokio::test]
async fn a_damaged_token_is_not_taken_for_none() {
    let damaged = DamagedTable::with_items(&["a"]).await;
    let key = rows::token(TokenKind::TransactWriteItems, &caller(), "token");
    let put = Put { table_name: "tab".to_owned(), item: item(&[("pk", s("new"))]), ..Put::default() };
    let request = || TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem { put: Some(Box::new(put.clone())), ..TransactWriteItem::default() }],
        client_request_token: Some("token".to_owned()),
        ..TransactWriteItemsInput::default()
    };
    damaged.service.transact_write_items(&caller(), request()).await.unwrap();
    damaged.service.transact_write_items(&caller(), request()).await.unwrap();
    damaged.damage(&key, |row| row.truncate(20)).await;
    assert!(detail(damaged.service.transact_write_items(&caller(), request()).await).contains("token"));
}

/// Tokens are deleted together, unless one of them is damaged.
#[tokio::test]
async fn a_damaged_token_keeps_no_other_one() {
    let damaged = DamagedTable::with_items(&[]).await;
    let key = |token: &str| rows::token(TokenKind::TransactWriteItems, &caller(), token);
    for token in ["one", "two"] {
        let put = Put { table_name: "tab".to_owned(), item: item(&[("pk", s(token))]), ..Put::default() };
        let request = TransactWriteItemsInput {
            transact_items: vec![TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }],
            client_request_token: Some(token.to_owned()),
            ..TransactWriteItemsInput::default()
        };
        damaged.service.transact_write_items(&caller(), request).await.unwrap();
    }
    damaged.engine.faults.rows.lock().push(key("one"));
    damaged.hand.advance_ms(60 * 60 * 1000);
    damaged.service.sweep_due_tokens().await;
    let is_there = async |token| damaged.engine.inner.get(&key(token), Consistency::Strong).await.unwrap().is_some();
    assert!(is_there("one").await && !is_there("two").await);
}

#[test]
fn a_definition_that_breaks_an_invariant_is_not_written() {
    let check = |change: &dyn Fn(&mut Definition), expected: Option<&str>| {
        let mut definition = fixture::definition();
        change(&mut definition);
        let written = definition.encode();
        let broken = written.as_ref().err().map(Exception::cause);
        assert_eq!(broken.is_some(), expected.is_some(), "{broken:?}");
        assert!(expected.is_none_or(|text| broken.is_some_and(|broken| broken.contains(text))));
    };
    let open = |number, from_hash| OpenShard { number, from_hash };
    let follow = |definition: &mut Definition, shards: &[OpenShard]| {
        definition.log.next_shard = 2;
        definition.log.open = shards.to_vec();
    };
    check(&|_| (), None);
    check(&|definition| follow(definition, &[open(0, 0), open(1, 7)]), None);
    check(&|definition| definition.attributes.clear(), Some("does not define its key pk"));
    check(&|definition| definition.next_index_id = 3, Some("one id"));
    check(&|definition| definition.global_indexes[0].id = 1, Some("one id"));
    check(&|definition| follow(definition, &[open(0, 1)]), Some("do not share all hashes"));
    check(&|definition| follow(definition, &[open(0, 0), open(1, 0)]), Some("do not share all hashes"));
    check(&|definition| follow(definition, &[open(2, 0)]), Some("do not share all hashes"));
}
