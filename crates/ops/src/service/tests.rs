//! Operations on the engine in memory, as a client sees them: pages, batches, tokens, and a random history against a
//! simple model.

mod damage;
mod history;
mod tombstones;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::*;
use base::Clock;
use expr::{ExpressionKind, Placeholders};
use model::{AttributeValue, Attributes};
use storage::{Batch, Consistency, Decision, KeyUse, Memory, Mode, OpId, Reads, Transaction};
use tables::fixture::{item, n, s};
use tables::rows::{self, TokenKind};

use super::{Service, Settings};
use crate::change::{Action, Change};
use crate::consumed::Consumed;
use crate::fingerprint;
use crate::tests::catalog::{attribute, caller, key, open, put, simple};
use crate::transaction::{TransactionAction, TransactionDone};
use crate::write::OnConditionFailure;

/// A table with the keys `pk` (S) and `sk` (N).
async fn with_range(service: &Service, name: &str) {
    let request = CreateTableInput {
        attribute_definitions: Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::N),
        ]),
        key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
        ..simple(name)
    };
    service.create_table(&caller(), request).await.unwrap();
}

fn put_request(table: &str, entries: Attributes) -> PutItemInput {
    PutItemInput { table_name: table.to_owned(), item: entries, ..PutItemInput::default() }
}

fn query(table: &str, pk: &str) -> QueryInput {
    QueryInput {
        table_name: table.to_owned(),
        key_condition_expression: Some("pk = :p".to_owned()),
        expression_attribute_values: Some(item(&[(":p", s(pk))])),
        ..QueryInput::default()
    }
}

/// A write with a condition that does not hold consumes as much as a write of the stored item. Source: Developer Guide,
/// "DynamoDB read and write operations". The answer is an exception, which has no member for it.
#[tokio::test]
async fn a_failed_condition_is_charged() {
    let service = open(&Memory::new()).await;
    with_range(&service, "met").await;
    put(&service, "met", &[("pk", s("a")), ("sk", n("1")), ("v", s(&"v".repeat(3000)))]).await;
    let table = service.catalog.table(&caller(), "met").await.unwrap();
    for (sort, text, units) in [("1", "attribute_not_exists(v)", 3.0), ("2", "attribute_exists(v)", 1.0)] {
        let mut placeholders = Placeholders::new(None, None).unwrap();
        let condition = expr::Condition::parse(ExpressionKind::Condition, text, &mut placeholders).unwrap();
        let key = item(&[("pk", s("a")), ("sk", n(sort))]);
        let change = Change::of_key(&service.secret, Arc::clone(&table), key, Some(condition), Action::Delete).unwrap();
        let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Total), None);
        service.write(&change, OnConditionFailure::Hide, "met", &mut consumed).await.unwrap_err();
        assert_eq!(consumed.single().unwrap().capacity_units, Some(units));
    }
}

/// A transaction or a batch reads up to a hundred items of 400 KB; it does not hold them until it is durable.
#[tokio::test]
async fn many_changes_keep_no_items() {
    let service = open(&Memory::new()).await;
    with_range(&service, "many").await;
    put(&service, "many", &[("pk", s("a")), ("sk", n("1"))]).await;
    let table = service.catalog.table(&caller(), "many").await.unwrap();
    let change = || {
        let key = item(&[("pk", s("a")), ("sk", n("1"))]);
        Change::of_key(&service.secret, Arc::clone(&table), key, None, Action::Check).unwrap()
    };
    let consumed = &mut Consumed::new(None, None);
    let alone = service.write(&change(), OnConditionFailure::Hide, "many", consumed).await.unwrap();
    assert!(alone.old.is_some());
    let together = service.write_each(&[change()], &["many"], consumed).await.unwrap();
    let table_name = "many".to_owned();
    let action = TransactionAction { table_name, change: change(), on_failure: OnConditionFailure::Hide };
    let TransactionDone::Made(made) = service.transact(None, &[action], consumed).await.unwrap() else {
        panic!("no token")
    };
    for done in together.into_iter().flatten().chain(made) {
        assert!(done.old.is_none() && done.new.is_none(), "{done:?}");
        assert!(done.charge.table > 0.0);
    }
}

#[tokio::test]
async fn a_page_ends_with_the_item_that_crosses_a_megabyte() {
    let service = open(&Memory::new()).await;
    with_range(&service, "pages").await;
    for sk in 0..5 {
        put(&service, "pages", &[("pk", s("a")), ("sk", n(&sk.to_string())), ("v", s(&"x".repeat(399_000)))]).await;
    }
    let mut request = query("pages", "a");
    let mut counts = Vec::new();
    loop {
        let page = service.query(&caller(), request.clone()).await.unwrap();
        counts.push(page.count.unwrap());
        match page.last_evaluated_key {
            Some(last) => request.exclusive_start_key = Some(last),
            None => break,
        }
    }
    assert_eq!(counts, [3, 2]);
}

#[tokio::test]
async fn a_limit_that_is_reached_leaves_a_key_and_the_next_page_is_empty() {
    let service = open(&Memory::new()).await;
    with_range(&service, "pages").await;
    for sk in ["1", "2"] {
        put(&service, "pages", &[("pk", s("a")), ("sk", n(sk))]).await;
    }
    let mut request = QueryInput { limit: Some(2), ..query("pages", "a") };
    let page = service.query(&caller(), request.clone()).await.unwrap();
    assert_eq!(page.last_evaluated_key, Some(item(&[("pk", s("a")), ("sk", n("2"))])));
    request.exclusive_start_key = page.last_evaluated_key;
    let page = service.query(&caller(), request).await.unwrap();
    assert_eq!((page.count, page.last_evaluated_key), (Some(0), None));
}

#[tokio::test]
async fn segments_share_a_table_out() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("segments")).await.unwrap();
    for at in 0..50 {
        put(&service, "segments", &[("pk", s(&format!("item {at}")))]).await;
    }
    let mut seen = BTreeSet::new();
    for segment in 0..7 {
        let request = ScanInput {
            table_name: "segments".to_owned(),
            segment: Some(segment),
            total_segments: Some(7),
            ..ScanInput::default()
        };
        for found in service.scan(&caller(), request).await.unwrap().items.unwrap() {
            assert!(seen.insert(format!("{:?}", found.into_attributes())), "in two segments");
        }
    }
    assert_eq!(seen.len(), 50);
}

#[tokio::test]
async fn what_does_not_fit_a_batch_comes_back_as_keys() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("batch")).await.unwrap();
    let keys: Vec<Attributes> = (0..50).map(|at| item(&[("pk", s(&format!("{at:02}")))])).collect();
    for key in &keys {
        let mut whole = key.clone();
        whole.insert("v".to_owned(), s(&"x".repeat(390_000)));
        service.put_item(&caller(), put_request("batch", whole)).await.unwrap();
    }
    let asked = KeysAndAttributes {
        keys: keys.clone(),
        projection_expression: Some("pk".to_owned()),
        consistent_read: Some(true),
        ..KeysAndAttributes::default()
    };
    let mut left = BTreeMap::from([("batch".to_owned(), asked)]);
    let mut found = Vec::new();
    let mut rounds = 0;
    while !left.is_empty() {
        let request = BatchGetItemInput { request_items: left, return_consumed_capacity: None };
        let output = service.batch_get_item(&caller(), request).await.unwrap();
        found.extend(output.responses.unwrap().remove("batch").unwrap().into_iter().map(|item| item.into_attributes()));
        left = output.unprocessed_keys.unwrap();
        if let Some(rest) = left.get("batch") {
            assert_eq!(rest.projection_expression.as_deref(), Some("pk"));
            assert_eq!(rest.consistent_read, Some(true));
        }
        rounds += 1;
    }
    assert_eq!((found, rounds), (keys, 2));
}

/// An operation that reads a large item, or returns one in a refusal, reserves memory for its answer; a small one does not.
#[tokio::test]
async fn large_items_are_part_of_the_memory_for_answers() {
    use std::time::Duration;

    use crate::allowance::{Allowance, MemoryBudget, Peer};

    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("large")).await.unwrap();
    put(&service, "large", &[("pk", s("small"))]).await;
    put(&service, "large", &[("pk", s("large")), ("x", s(&"x".repeat(390 * 1024)))]).await;
    let key = |pk: &str| item(&[("pk", s(pk))]);
    let name = || "large".to_owned();
    let peer = Peer::of(std::net::Ipv4Addr::LOCALHOST.into());
    for (pk, is_counted) in [("small", false), ("large", true)] {
        for operation in ["GetItem", "BatchGetItem", "TransactGetItems", "Query", "ExecuteStatement", "canceled"] {
            let memory = MemoryBudget::new(64 << 20, Duration::ZERO);
            let allowance = Allowance::new(&memory, peer);
            let statement = format!("SELECT * FROM large WHERE pk = '{pk}'");
            let done = async {
                match operation {
                    "GetItem" => {
                        let asked = GetItemInput { table_name: name(), key: key(pk), ..GetItemInput::default() };
                        service.get_item(&caller(), asked).await.map(drop)
                    }
                    "BatchGetItem" => {
                        let keys = KeysAndAttributes { keys: vec![key(pk)], ..KeysAndAttributes::default() };
                        let request_items = BTreeMap::from([(name(), keys)]);
                        let asked = BatchGetItemInput { request_items, ..BatchGetItemInput::default() };
                        service.batch_get_item(&caller(), asked).await.map(drop)
                    }
                    "TransactGetItems" => {
                        let get = Get { table_name: name(), key: key(pk), ..Get::default() };
                        let transact_items = vec![TransactGetItem { get }];
                        let asked = TransactGetItemsInput { transact_items, ..TransactGetItemsInput::default() };
                        service.transact_get_items(&caller(), asked).await.map(drop)
                    }
                    "Query" => service.query(&caller(), query("large", pk)).await.map(drop),
                    "ExecuteStatement" => {
                        let asked = ExecuteStatementInput { statement, ..ExecuteStatementInput::default() };
                        service.execute_statement(&caller(), asked).await.map(drop)
                    }
                    _ => {
                        let check = ConditionCheck {
                            table_name: name(),
                            key: key(pk),
                            condition_expression: "attribute_not_exists(pk)".to_owned(),
                            return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld),
                            ..ConditionCheck::default()
                        };
                        let transact_items = vec![TransactWriteItem {
                            condition_check: Some(Box::new(check)),
                            ..TransactWriteItem::default()
                        }];
                        let asked = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
                        let refused = service.transact_write_items(&caller(), asked).await;
                        assert!(matches!(refused, Err(Exception::TransactionCanceled { .. })), "{refused:?}");
                        Ok(())
                    }
                }
            };
            assert_eq!(allowance.scope(done).await, Ok(()), "{operation}");
            assert_eq!(memory.bytes_used() > 0, is_counted, "{operation} {pk}");
        }
    }
}

fn increment(token: Option<&str>, by: &str) -> TransactWriteItemsInput {
    let update = Update {
        table_name: "tokens".to_owned(),
        key: item(&[("pk", s("a"))]),
        update_expression: "ADD n :n".to_owned(),
        expression_attribute_values: Some(item(&[(":n", n(by))])),
        ..Update::default()
    };
    TransactWriteItemsInput {
        client_request_token: token.map(str::to_owned),
        transact_items: vec![TransactWriteItem { update: Some(Box::new(update)), ..TransactWriteItem::default() }],
        ..TransactWriteItemsInput::default()
    }
}

async fn count(service: &Service) -> Option<AttributeValue> {
    let request =
        GetItemInput { table_name: "tokens".to_owned(), key: item(&[("pk", s("a"))]), ..GetItemInput::default() };
    let item = service.get_item(&caller(), request).await.unwrap().item?;
    item.into_attributes().remove("n")
}

#[tokio::test]
async fn a_token_is_remembered_for_ten_minutes_and_by_the_next_server() {
    let engine = Memory::new();
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let settings = Settings { endpoint: String::new(), ..Settings::default() };
    let start = || Service::open(engine.clone(), settings.clone(), clock.clone());
    let service = start().await.unwrap();
    service.create_table(&caller(), simple("tokens")).await.unwrap();
    let run = async |service: &Arc<Service>, token, by| {
        service.transact_write_items(&caller(), increment(token, by)).await.map(|_| ())
    };
    run(&service, Some("one"), "1").await.unwrap();
    run(&service, Some("one"), "1").await.unwrap();
    assert_eq!(run(&service, Some("one"), "2").await, Err(Exception::IdempotentParameterMismatch));
    assert_eq!(count(&service).await, Some(n("1")));

    drop(service);
    let service = start().await.unwrap();
    hand.advance_ms(10 * 60 * 1000 - 1);
    run(&service, Some("one"), "1").await.unwrap();
    assert_eq!(count(&service).await, Some(n("1")));

    hand.advance_ms(1);
    run(&service, Some("one"), "1").await.unwrap();
    run(&service, None, "1").await.unwrap();
    assert_eq!(count(&service).await, Some(n("3")));
}

/// A token belongs to its region: the tables of another region are others, so the same token writes there again.
#[tokio::test]
async fn tokens_are_of_an_account_and_region() {
    let (clock, _) = Clock::manual(1_700_000_000_000);
    let service = Service::open(Memory::new(), Settings::default(), clock).await.unwrap();
    let callers = ["us-east-1", "eu-west-1"].map(|region| auth::Caller { region: region.to_owned(), ..caller() });
    let callers = callers.map(|caller| auth::Caller { account: "111122223333".to_owned(), ..caller });
    for caller in &callers {
        service.create_table(caller, simple("tokens")).await.unwrap();
        service.transact_write_items(caller, increment(Some("one"), "1")).await.unwrap();
    }
    for caller in &callers {
        let key = item(&[("pk", s("a"))]);
        let asked = GetItemInput { table_name: "tokens".to_owned(), key, ..GetItemInput::default() };
        assert!(service.get_item(caller, asked).await.unwrap().item.is_some(), "{}", caller.region);
    }
}

/// Nodes of two versions read each other's tokens in this format.
#[test]
fn a_tokens_row_is_found_by_every_version() {
    let key = rows::token(TokenKind::ExecuteTransaction, &caller(), "one");
    assert_eq!(&key.bytes[..], b"\0\0\0\0\0\0\0\0K\x04000000000000\0us-east-1\0one");
}

/// A server of another version has computed the fingerprint in its own way.
#[tokio::test]
async fn a_token_is_known_to_the_next_version() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("tokens")).await.unwrap();
    service.transact_write_items(&caller(), increment(Some("one"), "1")).await.unwrap();
    let key = rows::token(TokenKind::TransactWriteItems, &caller(), "one");
    let keys = [KeyUse::write(key.clone())];
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        let mut row = reads.values[0].clone().unwrap().to_vec();
        row[..16].fill(7);
        row[16] = fingerprint::VERSION + 1;
        batch.put(key.clone(), row);
        Decision::Commit
    };
    service
        .engine
        .transact(Transaction { op: OpId([7; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .unwrap();

    service.transact_write_items(&caller(), increment(Some("one"), "1")).await.unwrap();
    assert_eq!(count(&service).await, Some(n("1")), "an honest retry");
    let mut other = increment(Some("one"), "1");
    let mut second = other.transact_items.clone();
    second[0].update.as_mut().unwrap().key = item(&[("pk", s("b"))]);
    other.transact_items.extend(second);
    let refused = service.transact_write_items(&caller(), other).await.unwrap_err();
    assert_eq!(refused, Exception::IdempotentParameterMismatch);
}

#[tokio::test]
async fn expired_tokens_are_swept_away() {
    let engine = Memory::new();
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let settings = Settings { endpoint: String::new(), ..Settings::default() };
    let service = Service::open(engine.clone(), settings, clock).await.unwrap();
    service.create_table(&caller(), simple("tokens")).await.unwrap();
    for token in ["one", "two"] {
        service.transact_write_items(&caller(), increment(Some(token), "1")).await.unwrap();
        hand.advance_ms(1000);
    }
    hand.advance_ms(10 * 60 * 1000 - 1500);
    service.sweep_due_tokens().await;
    assert_eq!(service.tokens.len(), 1, "only the first was due");
    assert_eq!(crate::tokens::Tokens::load(engine.as_ref()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_select_goes_on_where_its_token_says() {
    let service = open(&Memory::new()).await;
    with_range(&service, "pages").await;
    for pk in ["a", "b", "c"] {
        for sk in ["1", "2", "3"] {
            put(&service, "pages", &[("pk", s(pk)), ("sk", n(sk))]).await;
        }
    }
    let mut request = ExecuteStatementInput {
        statement: "SELECT sk FROM pages WHERE pk IN ['c', 'a'] AND sk > 1".to_owned(),
        limit: Some(1),
        ..ExecuteStatementInput::default()
    };
    let mut found = Vec::new();
    loop {
        let output = service.execute_statement(&caller(), request.clone()).await.unwrap();
        found.extend(output.items.unwrap().into_iter().filter_map(|item| item.into_attributes().remove("sk")));
        match output.next_token {
            Some(token) => request.next_token = Some(token),
            None => break,
        }
    }
    assert_eq!(found, [n("2"), n("3"), n("2"), n("3")]);
    request.statement.push(' ');
    assert!(service.execute_statement(&caller(), request).await.is_err(), "a token of another statement");
}

#[tokio::test]
async fn a_batch_that_is_refused_writes_nothing() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("batch")).await.unwrap();
    let put = |key: &str, value| WriteRequest {
        put_request: Some(Box::new(PutRequest { item: item(&[(key, value)]) })),
        delete_request: None,
    };
    for bad in [put("pk", n("1")), put("other", s("x")), put("pk", s("good"))] {
        let request = BatchWriteItemInput {
            request_items: BTreeMap::from([("batch".to_owned(), vec![put("pk", s("good")), bad])]),
            ..BatchWriteItemInput::default()
        };
        service.batch_write_item(&caller(), request).await.unwrap_err();
    }
    let request = ScanInput { table_name: "batch".to_owned(), ..ScanInput::default() };
    assert_eq!(service.scan(&caller(), request).await.unwrap().count, Some(0));
}

#[tokio::test]
async fn databases_of_older_formats_are_brought_here_and_newer_ones_left_alone() {
    use storage::Engine;

    use crate::service::database_secret;

    let memory = storage::Memory::new();
    let key = rows::database_settings();
    let write = async |row: &str| {
        let mut decide = |_: &Reads, batch: &mut Batch| {
            batch.put(key.clone(), row.to_owned().into_bytes());
            Decision::Commit
        };
        let keys = [KeyUse::write(key.clone())];
        memory
            .transact(Transaction { op: OpId([7; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
            .await
            .unwrap();
    };
    let secret = database_secret(&*memory).await.unwrap();
    let row = memory.get(&key, Consistency::Strong).await.unwrap().unwrap();
    let text = String::from_utf8(row.to_vec()).unwrap();
    assert!(text.contains("\"format\":2"), "{text}");
    write(&text.replace("\"format\":2", "\"format\":1")).await;
    assert_eq!(database_secret(&*memory).await.unwrap(), secret);
    assert_eq!(memory.get(&key, Consistency::Strong).await.unwrap().unwrap(), row);
    for format in [0, 4] {
        let other = text.replace("\"format\":2", &format!("\"format\":{format}"));
        write(&other).await;
        let refusal = database_secret(&*memory).await.unwrap_err().to_string();
        assert_eq!(refusal, format!("the database has format {format}, and this program knows 3"));
        assert_eq!(memory.get(&key, Consistency::Strong).await.unwrap().unwrap(), other.as_bytes());
    }
}
