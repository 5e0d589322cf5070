//! Reads everything after a kill, and compares it with what the ledgers say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ledger::{Ledger, SHARED};
use super::stream::Follower;
use super::tables::{self, Index};
use crate::client::Client;

/// The items of one partition, by sort key.
type Partition = BTreeMap<String, Value>;

pub(super) fn check(client: &mut Client, ledgers: &mut [Ledger], follower: &mut Follower) {
    for ledger in &mut *ledgers {
        repeat_doubtful(client, ledger);
    }
    let table = partitions(client);
    let claims = table.get("claims").cloned().unwrap_or_default();
    for ledger in &mut *ledgers {
        let there = table.get(&ledger.pk()).cloned().unwrap_or_default();
        ledger.resolve(&there, &claims);
        assert_eq!(there, ledger.items, "the items of {}", ledger.pk());
    }
    check_shared(&table, ledgers);
    let claimed: Partition = ledgers.iter().flat_map(|ledger| ledger.claims.clone()).collect();
    assert_eq!(claims, claimed, "items that one writer was the first to put");
    check_indexes(client, &table);
    follower.check(client, table.values().flat_map(Partition::values));

    for ledger in &*ledgers {
        repeat_acknowledged(client, ledger);
    }
    assert_eq!(partitions(client), table, "repeated transactions change nothing");
}

/// A transaction without an answer that has a token can be sent again, and has then happened once.
fn repeat_doubtful(client: &mut Client, ledger: &mut Ledger) {
    let Some(body) = ledger.doubt.as_ref().and_then(|doubt| doubt.tokened.clone()) else { return };
    for _ in 0..2 {
        let response = client.call("TransactWriteItems", &body.to_string());
        assert_eq!(response.status, 200, "{body}: {}", response.text());
    }
    ledger.resolve_as_done();
}

/// A token that was acknowledged is known, and to other parameters as well.
fn repeat_acknowledged(client: &mut Client, ledger: &Ledger) {
    let Some(mut body) = ledger.tokened.last().cloned() else { return };
    let response = client.call("TransactWriteItems", &body.to_string());
    assert_eq!(response.status, 200, "{body}: {}", response.text());
    let key = json!({"pk": {"S": "never"}, "sk": {"S": "never"}});
    body["TransactItems"] = json!([{"Put": {"TableName": "main", "Item": key}}]);
    let response = client.call("TransactWriteItems", &body.to_string());
    assert!(response.text().contains("IdempotentParameterMismatchException"), "{}", response.text());
}

fn check_shared(table: &BTreeMap<String, Partition>, ledgers: &[Ledger]) {
    for counter in 0..SHARED {
        let item = table.get("shared").and_then(|shared| shared.get(&counter.to_string()));
        let there: u64 = item.map_or(0, |item| item["n"]["N"].as_str().expect("n").parse().expect("a number"));
        let added: u64 = ledgers.iter().map(|ledger| ledger.shared[counter as usize]).sum();
        assert_eq!(there, added, "shared counter {counter}");
    }
}

/// The table by partition and sort key.
fn partitions(client: &mut Client) -> BTreeMap<String, Partition> {
    let mut table: BTreeMap<String, Partition> = BTreeMap::new();
    for item in scan(client, json!({"TableName": "main", "ConsistentRead": true})) {
        let [pk, sk] = ["pk", "sk"].map(|name| item[name]["S"].as_str().expect("a key").to_owned());
        assert_eq!(table.entry(pk).or_default().insert(sk, item), None, "an item stands once");
    }
    table
}

/// Every index holds what its table says, and the counts are right.
fn check_indexes(client: &mut Client, table: &BTreeMap<String, Partition>) {
    let description = tables::settled(client, "main").expect("the table");
    let items: Vec<&Value> = table.values().flat_map(Partition::values).collect();
    assert_eq!(description["ItemCount"], json!(items.len()), "the table's count");
    for index in tables::indexes(&description) {
        let mut expected: Vec<String> = items.iter().filter_map(|item| index.row(item)).collect();
        let found = scan(client, json!({"TableName": "main", "IndexName": index.name}));
        let mut found: Vec<String> = found.iter().map(Value::to_string).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "index {} agrees with its table", index.name);
        let Index { name, item_count, .. } = index;
        assert_eq!(item_count, found.len() as u64, "the count of index {name}");
    }
}

pub(super) fn scan(client: &mut Client, mut request: Value) -> Vec<Value> {
    let mut items = Vec::new();
    loop {
        let response = client.call("Scan", &request.to_string());
        assert_eq!(response.status, 200, "{}", response.text());
        let mut page = response.json();
        items.append(page["Items"].as_array_mut().expect("Items"));
        match page.get("LastEvaluatedKey") {
            Some(key) => request["ExclusiveStartKey"] = key.clone(),
            None => return items,
        }
    }
}
