//! Tombstones and stamped items, put directly into the engine: a tombstone is no item to any operation, and a stamp changes no
//! answer.

use std::time::Duration;

use model::RegionName;
use model::codec::row::{HybridTime, Stamp, Stored, StoredItem, Tombstone};
use storage::{Engine, Key};
use tables::fixture::has_index_work;
use tables::rows::ItemKey;

use super::*;
use crate::check_rows;
use crate::tests::catalog::{add_index, describe};

const VERSION: u64 = 7;

fn stamp() -> Stamp {
    let time = HybridTime { wall_ms: 1_700_000_000_000, counter: 3 };
    Stamp { time, region: RegionName::parse("eu-west-3").unwrap() }
}

struct Fixture {
    engine: Arc<Memory>,
    service: Arc<Service>,
}

impl Fixture {
    /// A table `tab` with the keys `pk` and `sk` and a local index, and a tombstone as (a, 2).
    async fn new() -> Fixture {
        let engine = Memory::new();
        let fixture = Fixture { service: open(&engine).await, engine };
        let local = LocalSecondaryIndex {
            index_name: "by_colour".to_owned(),
            key_schema: key(&[("pk", KeyType::Hash), ("colour", KeyType::Range)]),
            projection: crate::tests::catalog::projection(ProjectionType::KeysOnly),
        };
        let request = CreateTableInput {
            attribute_definitions: Some(vec![
                attribute("pk", ScalarAttributeType::S),
                attribute("sk", ScalarAttributeType::N),
                attribute("colour", ScalarAttributeType::S),
            ]),
            key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
            local_secondary_indexes: Some(vec![local]),
            ..simple("tab")
        };
        fixture.service.create_table(&caller(), request).await.unwrap();
        fixture.entomb("2").await;
        fixture
    }

    fn row_of(&self, sk: &str) -> Key {
        let table = self.service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap();
        ItemKey::of(&self.service.secret, &table, item_key(sk).view()).unwrap().row
    }

    async fn entomb(&self, sk: &str) {
        let tombstone = Tombstone { version: VERSION, stamp: stamp(), end_of_life_ms: u64::MAX };
        self.set_row(sk, tombstone.encode()).await;
    }

    async fn set_row(&self, sk: &str, value: Vec<u8>) {
        let key = self.row_of(sk);
        let set = |_: &Reads, batch: &mut Batch| {
            batch.put(key.clone(), value.clone());
            Ok::<(), ()>(())
        };
        let engine: &dyn Engine = &*self.engine;
        engine.write(Mode::Plain, &[KeyUse::write(key.clone())], set).await.unwrap().unwrap();
    }

    async fn stored(&self, sk: &str) -> Option<Stored> {
        let row = self.engine.get(&self.row_of(sk), Consistency::Strong).await.unwrap()?;
        Some(Stored::read(row).unwrap())
    }

    async fn item_count(&self) -> i64 {
        describe(&self.service, "tab").await.unwrap().item_count.unwrap()
    }
}

fn item_key(sk: &str) -> Attributes {
    item(&[("pk", s("a")), ("sk", n(sk))])
}

fn red(sk: &str) -> Attributes {
    item(&[("pk", s("a")), ("sk", n(sk)), ("colour", s("red"))])
}

fn name() -> String {
    "tab".to_owned()
}

#[tokio::test]
async fn reads_find_no_item() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    let get = GetItemInput { table_name: name(), key: item_key("2"), ..GetItemInput::default() };
    assert_eq!(service.get_item(&caller(), get).await.unwrap().item, None);
    let keys = KeysAndAttributes { keys: vec![item_key("2")], ..KeysAndAttributes::default() };
    let batch = BatchGetItemInput { request_items: BTreeMap::from([(name(), keys)]), ..BatchGetItemInput::default() };
    let responses = service.batch_get_item(&caller(), batch).await.unwrap().responses.unwrap();
    assert_eq!(responses["tab"], []);
    let get = Get { table_name: name(), key: item_key("2"), ..Get::default() };
    let together =
        TransactGetItemsInput { transact_items: vec![TransactGetItem { get }], ..TransactGetItemsInput::default() };
    let responses = service.transact_get_items(&caller(), together).await.unwrap().responses.unwrap();
    assert_eq!(responses[0].item, None);
    let statement = "SELECT * FROM tab WHERE pk = 'a' AND sk = 2".to_owned();
    let select = ExecuteStatementInput { statement, ..ExecuteStatementInput::default() };
    assert_eq!(service.execute_statement(&caller(), select).await.unwrap().items, Some(vec![]));
}

#[tokio::test]
async fn pages_pass_over_tombstones() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    let query_page = async |limit, start| {
        let request = QueryInput { limit, exclusive_start_key: start, ..query("tab", "a") };
        let page = service.query(&caller(), request).await.unwrap();
        (page.count.unwrap(), page.scanned_count.unwrap(), page.last_evaluated_key)
    };
    assert_eq!(query_page(None, None).await, (0, 0, None));
    for sk in ["1", "5"] {
        put(service, "tab", &[("pk", s("a")), ("sk", n(sk))]).await;
    }
    for sk in ["0", "3", "4", "6"] {
        fixture.entomb(sk).await;
    }
    assert_eq!(query_page(None, None).await, (2, 2, None));
    assert_eq!(query_page(Some(1), None).await, (1, 1, Some(item_key("1"))));
    assert_eq!(query_page(Some(1), Some(item_key("1"))).await, (1, 1, Some(item_key("5"))));
    assert_eq!(query_page(Some(1), Some(item_key("5"))).await, (0, 0, None));
    let scan = ScanInput { table_name: name(), ..ScanInput::default() };
    let page = service.scan(&caller(), scan).await.unwrap();
    assert_eq!((page.count, page.scanned_count, page.last_evaluated_key), (Some(2), Some(2), None));
    assert_eq!(fixture.item_count().await, 2);
}

#[tokio::test]
async fn writes_find_no_item_and_versions_grow() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    let delete = DeleteItemInput {
        table_name: name(),
        key: item_key("2"),
        return_values: Some(ReturnValue::AllOld),
        ..DeleteItemInput::default()
    };
    assert_eq!(service.delete_item(&caller(), delete.clone()).await.unwrap().attributes, None);
    assert!(matches!(fixture.stored("2").await, Some(Stored::Tombstone(_))), "the delete of no item writes nothing");
    let exists = Some("attribute_exists(pk)".to_owned());
    let refused = DeleteItemInput { condition_expression: exists.clone(), ..delete };
    assert!(service.delete_item(&caller(), refused).await.is_err());
    let put = PutItemInput { return_values: Some(ReturnValue::AllOld), ..put_request("tab", red("2")) };
    let refused = PutItemInput { condition_expression: exists, ..put.clone() };
    assert!(service.put_item(&caller(), refused).await.is_err());
    assert_eq!(fixture.item_count().await, 0);
    let taken = PutItemInput { condition_expression: Some("attribute_not_exists(pk)".to_owned()), ..put };
    assert_eq!(service.put_item(&caller(), taken).await.unwrap().attributes, None);
    let written = fixture.stored("2").await.unwrap();
    assert!(written.stamp().is_some_and(|written| written > stamp()), "another node may have made the table a replica");
    assert_eq!(
        (written.version(), written.into_item().map(|item| item.attributes().to_owned())),
        (VERSION + 1, Some(red("2")))
    );
    assert_eq!(fixture.item_count().await, 1);

    fixture.entomb("3").await;
    let update = UpdateItemInput {
        table_name: name(),
        key: item_key("3"),
        update_expression: Some("SET colour = if_not_exists(colour, :c)".to_owned()),
        expression_attribute_values: Some(item(&[(":c", s("blue"))])),
        return_values: Some(ReturnValue::AllNew),
        ..UpdateItemInput::default()
    };
    let made = service.update_item(&caller(), update).await.unwrap().attributes.unwrap().into_attributes();
    assert_eq!((made.get("colour").cloned(), made.len()), (Some(s("blue")), 3));
    assert_eq!(fixture.stored("3").await.unwrap().version(), VERSION + 1);
    assert_eq!(fixture.item_count().await, 2);
    assert_eq!(check_rows(&*fixture.engine).await.unwrap().lines, [""; 0]);
}

#[tokio::test]
async fn transactions_find_no_item() {
    let fixture = Fixture::new().await;
    let condition = |text: &str| {
        let check = ConditionCheck {
            table_name: name(),
            key: item_key("2"),
            condition_expression: text.to_owned(),
            ..ConditionCheck::default()
        };
        TransactWriteItem { condition_check: Some(Box::new(check)), ..TransactWriteItem::default() }
    };
    let put = Put {
        table_name: name(),
        item: red("4"),
        condition_expression: Some("attribute_not_exists(pk)".to_owned()),
        ..Put::default()
    };
    fixture.entomb("4").await;
    for (text, is_made) in [("attribute_exists(pk)", false), ("attribute_not_exists(pk)", true)] {
        let put = TransactWriteItem { put: Some(Box::new(put.clone())), ..TransactWriteItem::default() };
        let transact_items = vec![condition(text), put];
        let request = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
        let made = fixture.service.transact_write_items(&caller(), request).await;
        assert_eq!(made.is_ok(), is_made, "{made:?}");
    }
    assert_eq!(fixture.stored("4").await.unwrap().version(), VERSION + 1);
    assert_eq!(fixture.item_count().await, 1);
}

#[tokio::test]
async fn an_index_is_built_of_items_and_without_stamps() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    put(service, "tab", &[("pk", s("a")), ("sk", n("1")), ("colour", s("red"))]).await;
    fixture.set_row("1", StoredItem::stamped(VERSION, &stamp(), red("1").view()).into_bytes().to_vec()).await;
    let request = add_index("tab", "global", "colour", ProjectionType::All);
    service.update_table(&caller(), request).await.unwrap();
    let index = async || describe(service, "tab").await.unwrap().global_secondary_indexes.unwrap()[0].clone();
    while index().await.index_status != Some(IndexStatus::Active) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(index().await.item_count, Some(1));
    let scan = ScanInput { table_name: name(), index_name: Some("global".to_owned()), ..ScanInput::default() };
    let found = service.scan(&caller(), scan).await.unwrap().items.unwrap();
    assert_eq!(found.into_iter().map(|item| item.into_attributes()).collect::<Vec<_>>(), [red("1")]);
    // A local index that is answered from the table's items.
    let local = QueryInput {
        index_name: Some("by_colour".to_owned()),
        select: Some(Select::AllAttributes),
        ..query("tab", "a")
    };
    assert_eq!(service.query(&caller(), local).await.unwrap().count, Some(1));
    // Check of each row's form and size.
    assert_eq!(check_rows(&*fixture.engine).await.unwrap().lines, [""; 0]);
}

#[tokio::test]
async fn a_stamped_item_is_an_item() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    put(service, "tab", &[("pk", s("a")), ("sk", n("1")), ("colour", s("red"))]).await;
    let stamped = StoredItem::stamped(VERSION, &stamp(), red("1").view());
    fixture.set_row("1", stamped.into_bytes().to_vec()).await;
    let get = GetItemInput { table_name: name(), key: item_key("1"), ..GetItemInput::default() };
    assert_eq!(service.get_item(&caller(), get).await.unwrap().item.map(|item| item.into_attributes()), Some(red("1")));
    let update = UpdateItemInput {
        table_name: name(),
        key: item_key("1"),
        update_expression: Some("SET colour = :c".to_owned()),
        expression_attribute_values: Some(item(&[(":c", s("blue"))])),
        ..UpdateItemInput::default()
    };
    service.update_item(&caller(), update).await.unwrap();
    let written = fixture.stored("1").await.unwrap();
    assert_eq!(written.version(), VERSION + 1);
    assert!(written.stamp().is_some_and(|written| written > stamp()), "another node may have made the table a replica");
    let delete = DeleteItemInput { table_name: name(), key: item_key("1"), ..DeleteItemInput::default() };
    service.delete_item(&caller(), delete).await.unwrap();
    assert_eq!(fixture.item_count().await, 0);
    assert_eq!(check_rows(&*fixture.engine).await.unwrap().lines, [""; 0]);
}

#[tokio::test]
async fn expiry_passes_over_tombstones() {
    let fixture = Fixture::new().await;
    let service = &fixture.service;
    let specification = TimeToLiveSpecification { attribute_name: "ttl".to_owned(), enabled: true };
    let request = UpdateTimeToLiveInput { table_name: name(), time_to_live_specification: specification };
    service.update_time_to_live(&caller(), request).await.unwrap();
    while has_index_work(&service.catalog.by_id(rows::TABLE_ID_FIRST).unwrap().definition) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let due = n(&(base::Clock::system().now_ms() / 1000 - 10).to_string());
    for sk in ["1", "5"] {
        put(service, "tab", &[("pk", s("a")), ("sk", n(sk)), ("ttl", due.clone())]).await;
    }
    // The index of expiries has a row for it still.
    fixture.entomb("1").await;
    _ = service.sweep_expired().await;
    assert_eq!(fixture.stored("5").await, None);
    assert!(matches!(fixture.stored("1").await, Some(Stored::Tombstone(_))));
}
