//! The life cycle of tables, on the engine in memory: created, changed, indexed under load, deleted, and resumed by the
//! next server.

use std::sync::Arc;
use std::time::Duration;

use api::*;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use cluster::catalog;
use model::AttributeValue;
use storage::{
    Batch, Consistency, Decision, Engine, Family, KeyUse, Memory, Mode, OpId, Reads, ScanDirection, ScanRange,
    Transaction,
};
use tables::fixture::{item, n, s};
use tables::key_range;
use tables::rows;
use tables::{self, Definition, IndexStatus as Status, TableStatus as State};

use crate::service::{Service, Settings};

mod newer;
mod quota;
pub(crate) mod stream_reader;
pub(crate) mod test_service;

pub(crate) fn caller() -> Caller {
    Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        identity: None,
        served: None,
    }
}

pub(crate) async fn open(engine: &Arc<Memory>) -> Arc<Service> {
    let settings = Settings::default();
    Service::open(engine.clone(), settings, Clock::system()).await.unwrap()
}

pub(crate) fn attribute(name: &str, attribute_type: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition { attribute_name: name.to_owned(), attribute_type }
}

pub(crate) fn key(names: &[(&str, KeyType)]) -> Vec<KeySchemaElement> {
    let element = |(name, key_type): &(&str, KeyType)| KeySchemaElement {
        attribute_name: (*name).to_owned(),
        key_type: *key_type,
    };
    names.iter().map(element).collect()
}

pub(crate) fn projection(projection_type: ProjectionType) -> Projection {
    Projection { projection_type: Some(projection_type), non_key_attributes: None }
}

/// An on-demand table with the hash key `pk`.
pub(crate) fn simple(name: &str) -> CreateTableInput {
    CreateTableInput {
        table_name: name.to_owned(),
        attribute_definitions: Some(vec![attribute("pk", ScalarAttributeType::S)]),
        key_schema: Some(key(&[("pk", KeyType::Hash)])),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..CreateTableInput::default()
    }
}

pub(crate) async fn describe(service: &Service, name: &str) -> Result<TableDescription, String> {
    let request = DescribeTableInput { table_name: name.to_owned() };
    let output = service.describe_table(&caller(), request).await;
    output.map(|output| output.table.unwrap()).map_err(|error| error.to_string())
}

pub(crate) fn add_index(table: &str, index: &str, hash: &str, projection_type: ProjectionType) -> UpdateTableInput {
    let create = CreateGlobalSecondaryIndexAction {
        index_name: index.to_owned(),
        key_schema: key(&[(hash, KeyType::Hash)]),
        projection: projection(projection_type),
        on_demand_throughput: None,
        provisioned_throughput: None,
        warm_throughput: None,
    };
    UpdateTableInput {
        table_name: table.to_owned(),
        attribute_definitions: Some(vec![attribute(hash, ScalarAttributeType::S)]),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(Box::new(create)),
            ..GlobalSecondaryIndexUpdate::default()
        }]),
        ..UpdateTableInput::default()
    }
}

pub(crate) fn drop_index(table: &str, index: &str) -> UpdateTableInput {
    UpdateTableInput {
        table_name: table.to_owned(),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            delete: Some(Box::new(DeleteGlobalSecondaryIndexAction { index_name: index.to_owned() })),
            ..GlobalSecondaryIndexUpdate::default()
        }]),
        ..UpdateTableInput::default()
    }
}

pub(crate) async fn put(service: &Service, table: &str, attributes: &[(&str, AttributeValue)]) {
    let request = PutItemInput { table_name: table.to_owned(), item: item(attributes), ..PutItemInput::default() };
    service.put_item(&caller(), request).await.unwrap();
}

async fn delete_item(service: &Service, table: &str, pk: &str) {
    let key = item(&[("pk", s(pk))]);
    let request = DeleteItemInput { table_name: table.to_owned(), key, ..DeleteItemInput::default() };
    service.delete_item(&caller(), request).await.unwrap();
}

/// Asks until there is a result: background work is quick, but asynchronous.
pub(crate) async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn until_built(service: &Service, table: &str) -> GlobalSecondaryIndexDescription {
    until(async || {
        let index = describe(service, table).await.unwrap().global_secondary_indexes?.pop()?;
        (index.index_status == Some(IndexStatus::Active)).then_some(index)
    })
    .await
}

async fn until_gone(service: &Service, table: &str) {
    until(async || describe(service, table).await.is_err().then_some(())).await;
}

async fn count_rows(engine: &Memory, family: Family, prefix: &[u8]) -> usize {
    let (lower, upper) = key_range::of_prefix(prefix);
    let direction = ScanDirection::Forward;
    let range = ScanRange { family, lower, upper, direction, rows_max: 1 << 20, bytes_max: 1 << 30 };
    engine.view(Consistency::Strong).await.unwrap().scan(&range).await.unwrap().rows.len()
}

/// Changes a stored definition behind the service's back, as if a server had stopped in the middle.
async fn rewrite(engine: &Memory, table_id: u64, change: impl Fn(&mut Definition) + Sync) {
    let key = KeyUse::write(rows::definition(table_id));
    let keys = [key.clone()];
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        let mut definition = Definition::read(reads.values[0].as_ref().unwrap()).unwrap();
        change(&mut definition);
        batch.put(key.key.clone(), serde_json::to_vec(&definition).unwrap());
        Decision::Commit
    };
    engine
        .transact(Transaction { op: OpId::random(), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .unwrap();
}

fn table_id(service: &Service, name: &str) -> u64 {
    service.catalog.find(tables::Place::own(&caller(), name)).unwrap().id()
}

#[tokio::test]
async fn a_table_is_made_used_and_dropped() {
    let engine = Memory::new();
    let service = open(&engine).await;
    let made = service.create_table(&caller(), simple("Music")).await.unwrap().table_description.unwrap();
    assert_eq!(made.table_status, Some(TableStatus::Creating));
    assert_eq!(made.table_arn.as_deref(), Some("arn:aws:dynamodb:us-east-1:000000000000:table/Music"));
    put(&service, "Music", &[("pk", s("a")), ("x", n("1"))]).await;
    let shown = describe(&service, "Music").await.unwrap();
    assert_eq!(shown.table_status, Some(TableStatus::Active));
    assert_eq!((shown.item_count, shown.table_size_bytes), (Some(1), Some(2 + 1 + 1 + 2)));
    assert_eq!(shown.table_id, made.table_id);

    let id = table_id(&service, "Music");
    let again = service.create_table(&caller(), simple("Music")).await.unwrap_err();
    assert_eq!(again, Exception::ResourceInUse("Table already exists: Music".to_owned()));

    let request = DeleteTableInput { table_name: "Music".to_owned() };
    let dropped = service.delete_table(&caller(), request.clone()).await.unwrap().table_description.unwrap();
    assert_eq!(dropped.table_status, Some(TableStatus::Deleting));
    assert!(service.catalog.table(&caller(), "Music").await.is_err());
    until_gone(&service, "Music").await;
    for family in Family::ALL {
        assert_eq!(count_rows(&engine, family, &rows::table_prefix(id)).await, 0, "{family:?}");
    }
    let absent = service.delete_table(&caller(), request).await.unwrap_err();
    let text = "Requested resource not found: Table: Music not found";
    assert_eq!(absent, Exception::ResourceNotFound(text.to_owned()));
}

#[tokio::test]
async fn ids_are_never_used_twice() {
    let engine = Memory::new();
    let first = {
        let service = open(&engine).await;
        service.create_table(&caller(), simple("one")).await.unwrap();
        let id = table_id(&service, "one");
        service.delete_table(&caller(), DeleteTableInput { table_name: "one".to_owned() }).await.unwrap();
        until_gone(&service, "one").await;
        id
    };
    let service = open(&engine).await;
    service.create_table(&caller(), simple("one")).await.unwrap();
    assert!(table_id(&service, "one") > first);
}

#[tokio::test]
async fn definitions_survive_a_restart() {
    let engine = Memory::new();
    let before = {
        let service = open(&engine).await;
        service.create_table(&caller(), simple("kept")).await.unwrap();
        describe(&service, "kept").await
    };
    let service = open(&engine).await;
    assert_eq!(describe(&service, "kept").await, before);
}

#[tokio::test]
async fn names_are_listed_in_pages() {
    let service = open(&Memory::new()).await;
    for name in ["beta", "alpha", "gamma", "Zeta"] {
        service.create_table(&caller(), simple(name)).await.unwrap();
    }
    let cases: [(_, _, &[&str], _); 5] = [
        (None, None, &["Zeta", "alpha", "beta", "gamma"], None),
        (None, Some(2), &["Zeta", "alpha"], Some("alpha")),
        (Some("alpha"), Some(2), &["beta", "gamma"], None),
        (Some("alphabet"), Some(1), &["beta"], Some("beta")),
        (Some("gamma"), None, &[], None),
    ];
    for (after, limit, expected, last) in cases {
        let request = ListTablesInput { exclusive_start_table_name: after.map(str::to_owned), limit };
        let found = service.list_tables(&caller(), request).await.unwrap();
        assert_eq!(found.table_names.unwrap(), expected);
        assert_eq!(found.last_evaluated_table_name.as_deref(), last);
    }
    let other = Caller { region: "eu-west-1".to_owned(), ..caller() };
    let found = service.list_tables(&other, ListTablesInput::default()).await.unwrap();
    assert_eq!(found.table_names.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_built_under_load() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("busy")).await.unwrap();
    for i in 0..1_000 {
        put(&service, "busy", &[("pk", s(&format!("item {i}"))), ("g", s(&format!("group {}", i % 7)))]).await;
    }
    // Items that are not in the index: no key attribute, an empty one, one of another type.
    put(&service, "busy", &[("pk", s("no key"))]).await;
    put(&service, "busy", &[("pk", s("empty key")), ("g", s(""))]).await;
    put(&service, "busy", &[("pk", s("other type")), ("g", n("1"))]).await;

    let writer = tokio::spawn({
        let service = service.clone();
        async move {
            for i in 0..300 {
                let pk = format!("item {}", i * 3);
                match i % 3 {
                    0 => delete_item(&service, "busy", &pk).await,
                    1 => put(&service, "busy", &[("pk", s(&pk)), ("g", s("moved"))]).await,
                    _ => put(&service, "busy", &[("pk", s(&format!("new {i}"))), ("g", s("new"))]).await,
                }
            }
        }
    });
    let answer = service.update_table(&caller(), add_index("busy", "by-g", "g", ProjectionType::KeysOnly)).await;
    let answer = answer.unwrap().table_description.unwrap();
    assert_eq!(answer.table_status, Some(TableStatus::Updating));
    let begun = &answer.global_secondary_indexes.unwrap()[0];
    assert_eq!((begun.index_status, begun.backfilling), (Some(IndexStatus::Creating), Some(false)));
    writer.await.unwrap();
    let index = until_built(&service, "busy").await;

    let expected = 1_000 - 100 + 100;
    assert_eq!(index.backfilling, None);
    assert_eq!(index.item_count, Some(expected));
    let id = table_id(&service, "busy");
    assert_eq!(count_rows(&engine, Family::Index, &rows::index_prefix(id, 1)).await as i64, expected);
    assert_eq!(engine.get(&rows::build_progress(id, 1), Consistency::Strong).await.unwrap(), None);

    // The counters continue from there, and the deletion of an item that is not in the index does not change them.
    delete_item(&service, "busy", "other type").await;
    delete_item(&service, "busy", "item 1").await;
    let index = describe(&service, "busy").await.unwrap().global_secondary_indexes.unwrap().remove(0);
    assert_eq!(index.item_count, Some(expected - 1));
}

#[tokio::test]
async fn an_index_is_dropped() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("t-1")).await.unwrap();
    put(&service, "t-1", &[("pk", s("a")), ("g", s("x"))]).await;
    service.update_table(&caller(), add_index("t-1", "by-g", "g", ProjectionType::All)).await.unwrap();
    until_built(&service, "t-1").await;

    let answer = service.update_table(&caller(), drop_index("t-1", "by-g")).await.unwrap();
    let index = answer.table_description.unwrap().global_secondary_indexes.unwrap().remove(0);
    assert_eq!(index.index_status, Some(IndexStatus::Deleting));
    let left = until(async || {
        let table = describe(&service, "t-1").await.unwrap();
        table.global_secondary_indexes.is_none().then_some(table)
    })
    .await;
    assert_eq!(left.attribute_definitions.unwrap(), [attribute("pk", ScalarAttributeType::S)]);
    let id = table_id(&service, "t-1");
    assert_eq!(count_rows(&engine, Family::Index, &rows::table_prefix(id)).await, 0);
}

#[tokio::test]
async fn unfinished_work_is_taken_up_again() {
    let engine = Memory::new();
    let (building, deleting) = {
        let service = open(&engine).await;
        for name in ["building", "deleting"] {
            service.create_table(&caller(), simple(name)).await.unwrap();
            for i in 0..600 {
                put(&service, name, &[("pk", s(&i.to_string())), ("g", s("x"))]).await;
            }
        }
        (table_id(&service, "building"), table_id(&service, "deleting"))
    };
    rewrite(&engine, building, |definition| {
        let key = tables::KeyNames { hash: vec!["g".to_owned()], range: Vec::new() };
        let name = "by-g".to_owned();
        let index = tables::IndexDefinition { id: 1, name, key, status: Status::Creating, ..Default::default() };
        definition.global_indexes.push(index);
        definition.next_index_id = 2;
        definition.attributes.push(tables::AttributeDefinition { name: "g".to_owned(), key_type: tables::KeyType::S });
    })
    .await;
    rewrite(&engine, deleting, |definition| definition.status = State::Deleting).await;

    let service = open(&engine).await;
    assert_eq!(until_built(&service, "building").await.item_count, Some(600));
    until_gone(&service, "deleting").await;
    assert_eq!(count_rows(&engine, Family::Items, &rows::table_prefix(deleting)).await, 0);
    assert_eq!(count_rows(&engine, Family::Items, &rows::table_prefix(building)).await, 600);
}

#[tokio::test]
async fn a_definition_that_cannot_be_read_is_not_served() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("odd")).await.unwrap();
    rewrite(&engine, table_id(&service, "odd"), |definition| definition.attributes.clear()).await;
    let settings = Settings { endpoint: String::new(), ..Settings::default() };
    let error = Service::open(engine, settings, Clock::system()).await.err().unwrap();
    assert!(error.to_string().contains("table odd does not define its key pk"), "{error}");
}

/// A table with another one's id, or the database's own, would have rows that are not its own.
#[tokio::test]
async fn a_definition_in_another_tables_row_is_not_served() {
    for other in [0, rows::TABLE_ID_FIRST + 1] {
        let engine = Memory::new();
        let service = open(&engine).await;
        service.create_table(&caller(), simple("odd")).await.unwrap();
        rewrite(&engine, table_id(&service, "odd"), |definition| definition.table_id = other).await;
        let error = Service::open(engine, Settings::default(), Clock::system()).await.err().unwrap();
        assert!(error.to_string().contains("table odd is in another one's row"), "{error}");
    }
}
