//! Throughput as it is enforced: each kind of operation beyond it, on a clock that is moved.

use std::sync::Arc;

use api::*;
use base::{Clock, ManualClock};
use model::Attributes;
use storage::Memory;
use tables::fixture::{item, n, s};

use super::*;
use crate::gate::call;
use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, key, projection, simple};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/paid";
const TABLE_TEXT: &str = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                          provisioning level with the UpdateTable API.";
const INDEX_TEXT: &str = "The level of configured provisioned throughput for one or more global secondary indexes of the \
                          table was exceeded. Consider increasing your provisioning level for the under-provisioned global \
                          secondary indexes with the UpdateTable API.";
const MAXIMUM_TEXT: &str = "Throughput exceeds the maximum OnDemandThroughput configured on table or index";

struct Server {
    service: Arc<Service>,
    hand: ManualClock,
}

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write })
}

fn maxima(read: i64, write: i64) -> Option<OnDemandThroughput> {
    Some(OnDemandThroughput { max_read_request_units: Some(read), max_write_request_units: Some(write) })
}

/// A table with the keys `pk` (S) and `sk` (N), and the index `by-g` (S).
fn table(name: &str) -> CreateTableInput {
    let names = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N), ("g", ScalarAttributeType::S)];
    let index = GlobalSecondaryIndex {
        index_name: "by-g".to_owned(),
        key_schema: key(&[("g", KeyType::Hash)]),
        projection: projection(ProjectionType::All),
        on_demand_throughput: None,
        provisioned_throughput: None,
        warm_throughput: None,
    };
    CreateTableInput {
        attribute_definitions: Some(names.map(|(name, kind)| attribute(name, kind)).to_vec()),
        key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
        global_secondary_indexes: Some(vec![index]),
        ..simple(name)
    }
}

fn row(sk: u32, more: &[(&str, model::AttributeValue)]) -> Attributes {
    let mut row = item(&[("pk", s("a")), ("sk", n(&sk.to_string()))]);
    for (name, value) in more {
        row.insert((*name).to_owned(), value.clone());
    }
    row
}

impl Server {
    async fn open(enforces_throughput: bool) -> Server {
        let (clock, hand) = Clock::manual(1_000_000);
        let settings = Settings { enforces_throughput, ..Settings::default() };
        Server { service: Service::open(Memory::new(), settings, clock).await.unwrap(), hand }
    }

    /// With the provisioned table `paid` and its index.
    async fn with_paid(of_table: (i64, i64), of_index: (i64, i64)) -> Server {
        let server = Server::open(true).await;
        let mut paid = table("paid");
        (paid.billing_mode, paid.provisioned_throughput) = (None, units(of_table.0, of_table.1));
        paid.global_secondary_indexes.iter_mut().flatten().for_each(|index| {
            index.provisioned_throughput = units(of_index.0, of_index.1);
        });
        server.create(paid).await;
        server
    }

    async fn create(&self, request: CreateTableInput) {
        self.service.execute::<call::CreateTable>(&caller(), request).await.unwrap();
    }

    async fn put(&self, table: &str, item: Attributes) -> Result<(), Exception> {
        let request = PutItemInput { table_name: table.to_owned(), item, ..PutItemInput::default() };
        self.service.execute::<call::PutItem>(&caller(), request).await.map(drop)
    }

    /// Reads strongly: one unit, for an item of up to 4 KB or for none.
    async fn get(&self, table: &str, sk: u32) -> Result<bool, Exception> {
        let (key, consistent_read) = (row(sk, &[]), Some(true));
        let request = GetItemInput { table_name: table.to_owned(), key, consistent_read, ..GetItemInput::default() };
        self.service.execute::<call::GetItem>(&caller(), request).await.map(|answer| answer.item.is_some())
    }

    async fn query(&self, index: Option<&str>, from: Option<Attributes>) -> Result<QueryOutput, Exception> {
        let request = QueryInput {
            table_name: "paid".to_owned(),
            index_name: index.map(str::to_owned),
            key_condition_expression: Some(if index.is_some() { "g = :p" } else { "pk = :p" }.to_owned()),
            expression_attribute_values: Some(item(&[(":p", s("a"))])),
            exclusive_start_key: from,
            ..QueryInput::default()
        };
        self.service.execute::<call::Query>(&caller(), request).await
    }

    async fn batch(&self, statements: &[&str]) -> Vec<Option<BatchStatementErrorCodeEnum>> {
        let statement = |text: &&str| BatchStatementRequest { statement: text.to_string(), ..Default::default() };
        let statements = statements.iter().map(statement).collect();
        let request = BatchExecuteStatementInput { statements, ..Default::default() };
        let answer = self.service.execute::<call::BatchExecuteStatement>(&caller(), request).await.unwrap();
        answer.responses.unwrap().into_iter().map(|one| one.error.map(|error| error.code.unwrap())).collect()
    }

    fn requests(&self) -> u64 {
        self.service.throttle_stats().unwrap().requests
    }

    fn events(&self, reason: &str) -> u64 {
        let stats = self.service.throttle_stats().unwrap();
        stats.events.iter().find(|(own, _)| own == reason).map(|(_, count)| *count).unwrap()
    }
}

fn check(refused: &Exception, reason: &str, resource: &str, text: &str) {
    let expected = ThrottlingReason { reason: Some(reason.to_owned()), resource: Some(resource.to_owned()) };
    assert_eq!(refused.throttling_reasons(), [expected], "{refused:?}");
    assert_eq!(refused.to_string(), text);
}

#[tokio::test]
async fn reads_wait_for_the_rate() {
    let server = Server::with_paid((2, 10), (10, 10)).await;
    assert!(!server.get("paid", 1).await.unwrap() && !server.get("paid", 1).await.unwrap());
    let refused = server.get("paid", 1).await.unwrap_err();
    check(&refused, "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    assert!(matches!(refused, Exception::ProvisionedThroughputExceeded { .. }));
    assert_eq!((server.requests(), server.events("TableReadProvisionedThroughputExceeded")), (1, 1));
    // Half a second gives one unit; writes and the index have their own.
    server.hand.advance_ms(500);
    server.put("paid", row(1, &[])).await.unwrap();
    assert!(server.get("paid", 1).await.unwrap());
    server.get("paid", 1).await.unwrap_err();
    assert_eq!(server.query(Some("by-g"), None).await.unwrap().count, Some(0));
    let scan = ScanInput { table_name: "paid".to_owned(), ..ScanInput::default() };
    let refused = server.service.execute::<call::Scan>(&caller(), scan).await.unwrap_err();
    check(&refused, "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);
}

#[tokio::test]
async fn a_debt_is_refilled_and_unused_units_are_held_for_five_minutes() {
    let server = Server::with_paid((10, 1), (10, 10)).await;
    server.put("paid", row(1, &[("v", s(&"x".repeat(2_500)))])).await.unwrap();
    server.hand.advance_ms(2_000);
    let refused = server.put("paid", row(2, &[])).await.unwrap_err();
    check(&refused, "TableWriteProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    server.hand.advance_ms(1);
    server.put("paid", row(2, &[])).await.unwrap();
    server.hand.advance_ms(10 * 60 * 1_000);
    for sk in 10..310 {
        server.put("paid", row(sk, &[])).await.unwrap();
    }
    server.put("paid", row(310, &[])).await.unwrap_err();
}

#[tokio::test]
async fn an_index_without_units_refuses_the_writes_that_change_it() {
    let server = Server::with_paid((10, 100), (1, 1)).await;
    server.put("paid", row(1, &[("g", s("a"))])).await.unwrap();
    let refused = server.put("paid", row(2, &[("g", s("a"))])).await.unwrap_err();
    check(&refused, "IndexWriteProvisionedThroughputExceeded", &format!("{ARN}/index/by-g"), INDEX_TEXT);
    assert!(!server.get("paid", 2).await.unwrap());
    server.put("paid", row(3, &[])).await.unwrap();
    // Of a batch the others are written.
    let put = |sk, more: &[_]| WriteRequest {
        put_request: Some(Box::new(PutRequest { item: row(sk, more) })),
        delete_request: None,
    };
    let writes = vec![put(4, &[("g", s("a"))]), put(5, &[])];
    let request = BatchWriteItemInput { request_items: [("paid".to_owned(), writes)].into(), ..Default::default() };
    let answer = server.service.execute::<call::BatchWriteItem>(&caller(), request).await.unwrap();
    assert_eq!(answer.unprocessed_items.unwrap()["paid"].len(), 1);
    assert!(!server.get("paid", 4).await.unwrap() && server.get("paid", 5).await.unwrap());
    // A transaction writes nothing.
    let put = |sk, more: &[_]| TransactWriteItem {
        put: Some(Box::new(Put { table_name: "paid".to_owned(), item: row(sk, more), ..Put::default() })),
        ..TransactWriteItem::default()
    };
    let transact_items = vec![put(6, &[]), put(7, &[("g", s("a"))])];
    let request = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
    let canceled = server.service.execute::<call::TransactWriteItems>(&caller(), request).await.unwrap_err();
    let Exception::TransactionCanceled { reasons } = canceled else { panic!("{canceled:?}") };
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_deref().unwrap()).collect();
    assert_eq!(
        (codes, reasons[1].message.as_deref()),
        (vec!["None", "ProvisionedThroughputExceeded"], Some(INDEX_TEXT))
    );
    assert!(!server.get("paid", 6).await.unwrap());
    // Reads of the index have a rate of their own.
    assert_eq!(server.query(Some("by-g"), None).await.unwrap().count, Some(1));
    assert_eq!(server.query(Some("by-g"), None).await.unwrap().count, Some(1));
    let refused = server.query(Some("by-g"), None).await.unwrap_err();
    check(&refused, "IndexReadProvisionedThroughputExceeded", &format!("{ARN}/index/by-g"), INDEX_TEXT);
    server.hand.advance_ms(1_001);
    server.put("paid", row(2, &[("g", s("a"))])).await.unwrap();
}

#[tokio::test]
async fn batches_return_what_is_left_and_fail_if_that_is_all() {
    let server = Server::with_paid((2, 2), (10, 10)).await;
    let write = async || {
        let put =
            |sk| WriteRequest { put_request: Some(Box::new(PutRequest { item: row(sk, &[]) })), delete_request: None };
        let request_items = [("paid".to_owned(), (1..=3).map(put).collect())].into();
        let request = BatchWriteItemInput { request_items, ..BatchWriteItemInput::default() };
        server.service.execute::<call::BatchWriteItem>(&caller(), request).await
    };
    let read = async || {
        let keys = (1..=3).map(|sk| row(sk, &[])).collect();
        let keys = KeysAndAttributes { keys, consistent_read: Some(true), ..KeysAndAttributes::default() };
        let request_items = [("paid".to_owned(), keys)].into();
        let request = BatchGetItemInput { request_items, ..BatchGetItemInput::default() };
        server.service.execute::<call::BatchGetItem>(&caller(), request).await
    };
    let left = write().await.unwrap().unprocessed_items.unwrap();
    assert_eq!(left["paid"].len(), 1);
    check(&write().await.unwrap_err(), "TableWriteProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    let answer = read().await.unwrap();
    assert_eq!((answer.responses.unwrap()["paid"].len(), answer.unprocessed_keys.unwrap()["paid"].keys.len()), (2, 1));
    check(&read().await.unwrap_err(), "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    // Each refused part is an event, and each request that was refused as a whole is one.
    assert_eq!((server.requests(), server.events("TableWriteProvisionedThroughputExceeded")), (2, 4));
}

#[tokio::test]
async fn transactions_and_statements_have_codes() {
    let server = Server::with_paid((1, 1), (10, 10)).await;
    let mut free = table("free");
    free.on_demand_throughput = maxima(1, 1);
    server.create(free).await;
    for table in ["paid", "free"] {
        server.put(table, row(1, &[])).await.unwrap();
        server.get(table, 1).await.unwrap();
    }
    let refused = server.put("free", row(1, &[])).await.unwrap_err();
    let arn = ARN.replace("paid", "free");
    check(&refused, "TableWriteMaxOnDemandThroughputExceeded", &arn, MAXIMUM_TEXT);
    assert!(matches!(refused, Exception::Throttling { .. }));
    check(&server.get("free", 1).await.unwrap_err(), "TableReadMaxOnDemandThroughputExceeded", &arn, MAXIMUM_TEXT);

    let get =
        |table: &str| TransactGetItem { get: Get { table_name: table.to_owned(), key: row(1, &[]), ..Get::default() } };
    server.create(table("open")).await;
    let transact_items = ["open", "paid", "free"].map(get).to_vec();
    let request = TransactGetItemsInput { transact_items, ..TransactGetItemsInput::default() };
    let canceled = server.service.execute::<call::TransactGetItems>(&caller(), request).await.unwrap_err();
    let text = "Transaction cancelled, please refer cancellation reasons for specific reasons [None, \
                ProvisionedThroughputExceeded, ThrottlingError]";
    assert_eq!(canceled.to_string(), text);

    let statement = |text: &str| ParameterizedStatement { statement: text.to_owned(), ..Default::default() };
    let insert = |table: &str| statement(&format!("INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'sk': 1}}"));
    let transact_statements = ["free", "open", "paid"].map(insert).to_vec();
    let request = ExecuteTransactionInput { transact_statements, ..ExecuteTransactionInput::default() };
    let canceled = server.service.execute::<call::ExecuteTransaction>(&caller(), request).await.unwrap_err();
    assert!(canceled.to_string().ends_with("[ThrottlingError, None, ProvisionedThroughputExceeded]"), "{canceled}");

    use BatchStatementErrorCodeEnum::{ProvisionedThroughputExceeded, ThrottlingError};
    let codes = server.batch(&[
        "INSERT INTO \"paid\" VALUE {'pk': 'b', 'sk': 1}",
        "INSERT INTO \"free\" VALUE {'pk': 'b', 'sk': 1}",
        "INSERT INTO \"open\" VALUE {'pk': 'b', 'sk': 1}",
    ]);
    assert_eq!(codes.await, [Some(ProvisionedThroughputExceeded), Some(ThrottlingError), None]);
    let select = "SELECT * FROM \"paid\" WHERE pk = 'a' AND sk = 1";
    assert_eq!(server.batch(&[select]).await, [Some(ProvisionedThroughputExceeded)]);
    let request = ExecuteStatementInput { statement: select.to_owned(), ..ExecuteStatementInput::default() };
    let refused = server.service.execute::<call::ExecuteStatement>(&caller(), request).await.unwrap_err();
    check(&refused, "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);

    // Without a maximum nothing is bounded.
    let on_demand_throughput = maxima(-1, -1);
    let request = UpdateTableInput { table_name: "free".to_owned(), on_demand_throughput, ..Default::default() };
    server.service.execute::<call::UpdateTable>(&caller(), request).await.unwrap();
    for _ in 0..9 {
        server.put("free", row(1, &[])).await.unwrap();
    }
}

/// It has read its items, and may show them.
#[tokio::test]
async fn a_canceled_transaction_consumes_its_items() {
    let server = Server::with_paid((1, 10), (10, 10)).await;
    server.put("paid", row(1, &[("large", s(&"x".repeat(4_000)))])).await.unwrap();
    let check = ConditionCheck {
        table_name: "paid".to_owned(),
        key: row(1, &[]),
        condition_expression: "attribute_not_exists(pk)".to_owned(),
        return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld),
        ..ConditionCheck::default()
    };
    let put = Put { table_name: "paid".to_owned(), item: row(2, &[]), ..Put::default() };
    let items = vec![
        TransactWriteItem { condition_check: Some(check.into()), ..TransactWriteItem::default() },
        TransactWriteItem { put: Some(put.into()), ..TransactWriteItem::default() },
    ];
    let canceled = async || {
        let request = TransactWriteItemsInput { transact_items: items.clone(), ..TransactWriteItemsInput::default() };
        server.service.execute::<call::TransactWriteItems>(&caller(), request).await.unwrap_err().to_string()
    };
    // Six units are left of ten, and each takes four and one.
    for expected in
        ["[ConditionalCheckFailed, None]", "[ConditionalCheckFailed, None]", "[ProvisionedThroughputExceeded,"]
    {
        let canceled = canceled().await;
        assert!(canceled.contains(expected), "{canceled}");
    }
    server.hand.advance_ms(500);
    assert!(canceled().await.contains("[ConditionalCheckFailed, None]"));
}

#[tokio::test]
async fn a_page_ends_with_the_last_unit() {
    let server = Server::with_paid((2, 1_000), (10, 1_000)).await;
    for sk in 0..10 {
        server.put("paid", row(sk, &[("v", s(&"x".repeat(4_000)))])).await.unwrap();
    }
    let first = server.query(None, None).await.unwrap();
    // Two units are 16 KB of an eventually consistent page; the item that crosses them is its last one.
    assert_eq!((first.count, first.last_evaluated_key.is_some()), (Some(5), true));
    check(&server.query(None, None).await.unwrap_err(), "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    server.hand.advance_ms(5_000);
    let second = server.query(None, first.last_evaluated_key).await.unwrap();
    assert_eq!((second.count, second.last_evaluated_key), (Some(5), None));
    // The parts of a statement: what was read is returned.
    while server.get("paid", 1).await.is_ok() {}
    server.hand.advance_ms(500);
    let statement = "SELECT sk FROM \"paid\" WHERE pk IN ['x', 'y', 'z']".to_owned();
    let request = ExecuteStatementInput { statement, ..ExecuteStatementInput::default() };
    let answer = server.service.execute::<call::ExecuteStatement>(&caller(), request.clone()).await.unwrap();
    assert!(answer.next_token.is_some());
    let request = ExecuteStatementInput { next_token: answer.next_token, ..request };
    let refused = server.service.execute::<call::ExecuteStatement>(&caller(), request.clone()).await.unwrap_err();
    check(&refused, "TableReadProvisionedThroughputExceeded", ARN, TABLE_TEXT);
    server.hand.advance_ms(5_000);
    let answer = server.service.execute::<call::ExecuteStatement>(&caller(), request).await.unwrap();
    assert_eq!((answer.next_token, answer.items), (None, Some(Vec::new())));
}

#[tokio::test]
async fn buckets_outlive_changes_of_the_table_and_are_shared_by_nodes() {
    let server = Server::with_paid((1, 1), (10, 10)).await;
    server.put("paid", row(1, &[("v", s(&"x".repeat(9_000)))])).await.unwrap();
    let change = async |write: i64| {
        let provisioned_throughput = units(1, write);
        let request = UpdateTableInput { table_name: "paid".to_owned(), provisioned_throughput, ..Default::default() };
        server.service.execute::<call::UpdateTable>(&caller(), request).await.unwrap();
    };
    change(10).await;
    server.put("paid", row(1, &[])).await.unwrap_err();
    server.hand.advance_ms(1_000);
    server.put("paid", row(1, &[])).await.unwrap();
    // Of two nodes each has the half.
    server.hand.advance_ms(60_000);
    server.service.throttle.as_ref().unwrap().set_nodes(2);
    let mut done = 0;
    server.get("paid", 1).await.unwrap();
    while server.get("paid", 1).await.is_ok() {
        done += 1;
        assert!(done < 100);
    }
    server.hand.advance_ms(2_000);
    assert!(server.get("paid", 1).await.is_ok() && server.get("paid", 1).await.is_err());
}

/// Deletions by time to live consume nothing, and wait for nothing.
#[tokio::test]
async fn background_work_is_not_bounded() {
    let server = Server::with_paid((10, 1), (10, 1)).await;
    let time_to_live_specification = TimeToLiveSpecification { enabled: true, attribute_name: "ttl".to_owned() };
    let request = UpdateTimeToLiveInput { table_name: "paid".to_owned(), time_to_live_specification };
    server.service.execute::<call::UpdateTimeToLive>(&caller(), request).await.unwrap();
    server.put("paid", row(1, &[("ttl", n("500")), ("g", s("a"))])).await.unwrap();
    server.put("paid", row(2, &[])).await.unwrap_err();
    assert_eq!(server.service.sweep_expired().await, jobs::Ran::Done);
    assert!(!server.get("paid", 1).await.unwrap());
    server.hand.advance_ms(1);
    server.put("paid", row(2, &[])).await.unwrap();
}

#[tokio::test]
async fn nothing_is_enforced_unless_asked() {
    let server = Server::open(false).await;
    let mut paid = table("paid");
    (paid.billing_mode, paid.provisioned_throughput, paid.global_secondary_indexes) = (None, units(1, 1), None);
    paid.attribute_definitions.as_mut().unwrap().truncate(2);
    server.create(paid).await;
    for sk in 0..50 {
        server.put("paid", row(sk, &[])).await.unwrap();
        server.get("paid", sk).await.unwrap();
    }
    assert_eq!(server.service.throttle_stats(), None);
}

#[test]
fn limits_have_places_of_their_own() {
    let places: Vec<usize> = Limit::all().map(Limit::place).collect();
    assert_eq!(places, (0..LIMITS).collect::<Vec<_>>());
}
