//! The whole server is killed under load, again and again on the same folder. What was acknowledged must be there, what
//! was not may or may not be, a transaction is there whole or not at all, and the index agrees with its table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::client::Client;
use crate::test_server::{TestServer, TestServerBuilder};

const ROUNDS: u64 = 3;
const WRITERS: u64 = 6;
/// Acknowledged steps, of all writers together, after which the server is killed.
const STEPS_A_ROUND: u64 = 400;

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"owner","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-owner","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"owner","KeyType":"HASH"},{"AttributeName":"pk","KeyType":"RANGE"}]}]}"#;

/// What one writer knows. Every write is counted when it is sent and again when it is acknowledged.
#[derive(Default)]
struct Ledger {
    puts: BTreeSet<u64>,
    sent: u64,
    added: u64,
    added_to_all: u64,
    paired: u64,
}

#[test]
fn killed_under_load() {
    kill_under_load(&TestServer::on_data("data"));
}

/// The same with encryption at rest.
#[test]
fn killed_under_load_with_a_key() {
    kill_under_load(&TestServer::on_data("data").write("key", crate::program::strong_key(7)).master_key("key"));
}

fn kill_under_load(node: &TestServerBuilder) {
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(|_| Ledger::default()).collect();
    let mut server = node.start();
    let created = server.client().call("CreateTable", TABLE);
    assert_eq!(created.status, 200, "{}", created.text());
    for _ in 0..ROUNDS {
        let acknowledged = AtomicU64::new(0);
        thread::scope(|scope| {
            for (writer, ledger) in (0..).zip(&mut ledgers) {
                let (client, acknowledged) = (server.client(), &acknowledged);
                scope.spawn(move || write_until_killed(client, writer, ledger, acknowledged));
            }
            while acknowledged.load(Ordering::Relaxed) < STEPS_A_ROUND {
                thread::yield_now();
            }
            server.signal("-KILL");
        });
        server.wait();
        server = node.start();
        check(&mut server.client(), &ledgers);
    }
    assert_eq!(server.stop().code(), Some(0));
}

/// Puts an item, adds to the writer's own counter and to one shared by all, and writes a pair in a transaction; over
/// and over, until the server is killed.
fn write_until_killed(mut client: Client, writer: u64, ledger: &mut Ledger, acknowledged: &AtomicU64) {
    loop {
        ledger.sent += 1;
        let step = ledger.sent;
        if !accepted(&mut client, "PutItem", &put(format!("put#{writer}#{step}"), writer, step)) {
            return;
        }
        ledger.puts.insert(step);
        if !accepted(&mut client, "UpdateItem", &add(format!("counter#{writer}"))) {
            return;
        }
        ledger.added += 1;
        let transaction = json!({"TransactItems": [
            {"Put": put(format!("left#{writer}#{step}"), writer, step)},
            {"Put": put(format!("right#{writer}#{step}"), writer, step)},
            {"Update": set(format!("left-last#{writer}"), step)},
            {"Update": set(format!("right-last#{writer}"), step)},
        ]});
        if !accepted(&mut client, "TransactWriteItems", &transaction) {
            return;
        }
        ledger.paired = step;
        acknowledged.fetch_add(1, Ordering::Relaxed);
        if !accepted(&mut client, "UpdateItem", &add("counter#all".to_owned())) {
            return;
        }
        ledger.added_to_all += 1;
    }
}

fn put(pk: String, writer: u64, step: u64) -> Value {
    let item = json!({"pk": {"S": pk}, "owner": {"S": format!("{writer}")}, "step": {"N": step.to_string()}});
    json!({"TableName": "tab", "Item": item})
}

fn add(pk: String) -> Value {
    json!({"TableName": "tab", "Key": {"pk": {"S": pk}}, "UpdateExpression": "ADD step :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}}})
}

fn set(pk: String, step: u64) -> Value {
    json!({"TableName": "tab", "Key": {"pk": {"S": pk}}, "UpdateExpression": "SET step = :step",
        "ExpressionAttributeValues": {":step": {"N": step.to_string()}}})
}

/// Whether the server acknowledged; anything but an acknowledgement or its death is a failure.
fn accepted(client: &mut Client, operation: &str, body: &Value) -> bool {
    let response = client.try_call(operation, &body.to_string());
    if let Some(response) = &response {
        assert_eq!(response.status, 200, "{operation} {body}: {}", response.text());
    }
    response.is_some()
}

fn check(client: &mut Client, ledgers: &[Ledger]) {
    let items = scan(client, json!({"TableName": "tab", "ConsistentRead": true}));
    let step = |pk: &str| items.get(pk).copied().unwrap_or_default();
    for (writer, ledger) in ledgers.iter().enumerate() {
        for put in &ledger.puts {
            assert_eq!(items.get(&format!("put#{writer}#{put}")), Some(put), "an acknowledged PutItem");
        }
        // At most one write a round was sent and not acknowledged.
        let counter = step(&format!("counter#{writer}"));
        assert!((ledger.added..=ledger.added + ROUNDS).contains(&counter), "{counter} of {}", ledger.added);
        let last = step(&format!("left-last#{writer}"));
        assert!((ledger.paired..=ledger.sent).contains(&last), "{last} of {}..{}", ledger.paired, ledger.sent);
        assert_eq!(last, step(&format!("right-last#{writer}")), "two updates of one transaction");
        for pair in 1..=ledger.sent {
            let left = items.contains_key(&format!("left#{writer}#{pair}"));
            assert_eq!(left, items.contains_key(&format!("right#{writer}#{pair}")), "two puts of one transaction");
        }
    }
    let added: u64 = ledgers.iter().map(|ledger| ledger.added_to_all).sum();
    let counter = step("counter#all");
    assert!((added..=added + WRITERS * ROUNDS).contains(&counter), "{counter} of {added} by all");

    let indexed = scan(client, json!({"TableName": "tab", "IndexName": "by-owner"}));
    let owned = |pk: &str| ["put#", "left#", "right#"].iter().any(|prefix| pk.starts_with(prefix));
    let expected: BTreeMap<String, u64> = items.into_iter().filter(|(pk, _)| owned(pk)).collect();
    assert_eq!(indexed, expected, "the index agrees with its table");
}

/// All items of a table or an index: `pk` to `step`.
fn scan(client: &mut Client, mut request: Value) -> BTreeMap<String, u64> {
    let mut items = BTreeMap::new();
    loop {
        let response = client.call("Scan", &request.to_string());
        assert_eq!(response.status, 200, "{}", response.text());
        let page = response.json();
        for item in page["Items"].as_array().expect("Items") {
            let pk = item["pk"]["S"].as_str().expect("pk").to_owned();
            let step = item["step"]["N"].as_str().expect("step").parse().expect("a number");
            assert_eq!(items.insert(pk, step), None, "an item stands once");
        }
        match page.get("LastEvaluatedKey") {
            Some(key) => request["ExclusiveStartKey"] = key.clone(),
            None => return items,
        }
    }
}
