//! The hot requests, and the tables that they are about.

use api::Operation;

pub(crate) const MEMORY: &str = "memory";
pub(crate) const EMBEDDED: &str = "embedded";
/// The embedded engine, with all that it keeps sealed.
pub(crate) const SEALED: &str = "sealed";
pub(crate) const ENGINES: [&str; 3] = [MEMORY, EMBEDDED, SEALED];

/// With a partition key only; items of 1 KB.
const ITEMS: &str = "items";
const ITEMS_COUNT: u64 = 200;
const VALUE_BYTES: usize = 1024;
/// With a sort key; one partition of smaller items.
const ROWS: &str = "rows";
const ROWS_COUNT: u64 = 100;
const ROW_VALUE_BYTES: usize = 150;
/// The most that BatchWriteItem takes.
const BATCH_WRITE_ITEMS: u64 = 25;

pub(crate) struct Request {
    /// As the table and the record call it: without blanks.
    pub(crate) name: &'static str,
    pub(crate) operation: Operation,
    /// The body of request number so and so.
    pub(crate) body: fn(u64) -> String,
    /// A shorter answer is not the one that is meant.
    pub(crate) answer_bytes_min: usize,
}

pub(crate) const REQUESTS: [Request; 7] = [
    Request { name: "GetItem-1KB", operation: Operation::GetItem, body: get_item, answer_bytes_min: VALUE_BYTES },
    Request { name: "PutItem-1KB", operation: Operation::PutItem, body: put_item, answer_bytes_min: 0 },
    Request { name: "UpdateItem-ADD", operation: Operation::UpdateItem, body: update_item, answer_bytes_min: 0 },
    Request {
        name: "Query-100",
        operation: Operation::Query,
        body: query,
        answer_bytes_min: ROW_VALUE_BYTES * ROWS_COUNT as usize,
    },
    Request {
        name: "BatchGetItem-100",
        operation: Operation::BatchGetItem,
        body: batch_get_item,
        answer_bytes_min: VALUE_BYTES * 100,
    },
    Request {
        name: "BatchWriteItem-25",
        operation: Operation::BatchWriteItem,
        body: batch_write_item,
        answer_bytes_min: 0,
    },
    Request {
        name: "TransactWriteItems-4",
        operation: Operation::TransactWriteItems,
        body: transact_write_items,
        answer_bytes_min: 0,
    },
];

pub(crate) fn named(name: &str) -> Result<&'static Request, String> {
    REQUESTS.iter().find(|request| request.name == name).ok_or_else(|| format!("there is no request {name}"))
}

/// Names and definitions.
pub(crate) fn tables() -> [(&'static str, String); 2] {
    let items = format!(
        r#"{{"TableName":"{ITEMS}","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}}],"KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}}]}}"#
    );
    let rows = format!(
        r#"{{"TableName":"{ROWS}","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{{"AttributeName":"pk","AttributeType":"S"}},{{"AttributeName":"sk","AttributeType":"N"}}],"KeySchema":[{{"AttributeName":"pk","KeyType":"HASH"}},{{"AttributeName":"sk","KeyType":"RANGE"}}]}}"#
    );
    [(ITEMS, items), (ROWS, rows)]
}

/// The requests that fill them.
pub(crate) fn rows() -> impl Iterator<Item = (Operation, String)> {
    let items = (0..ITEMS_COUNT).map(put_item);
    let rows = (0..ROWS_COUNT).map(|row| {
        format!(
            r#"{{"TableName":"{ROWS}","Item":{{"pk":{{"S":"p"}},"sk":{{"N":"{}"}},"v":{{"S":"{}"}}}}}}"#,
            100 + row,
            value(row, ROW_VALUE_BYTES)
        )
    });
    items.chain(rows).map(|body| (Operation::PutItem, body))
}

fn get_item(at: u64) -> String {
    format!(r#"{{"TableName":"{ITEMS}","Key":{}}}"#, key(at))
}

fn put_item(at: u64) -> String {
    format!(r#"{{"TableName":"{ITEMS}","Item":{}}}"#, item(at))
}

fn update_item(at: u64) -> String {
    format!(
        r#"{{"TableName":"{ITEMS}","Key":{},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}}}}"#,
        key(at)
    )
}

fn query(_: u64) -> String {
    format!(
        r#"{{"TableName":"{ROWS}","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{{":pk":{{"S":"p"}}}}}}"#
    )
}

fn batch_get_item(at: u64) -> String {
    format!(r#"{{"RequestItems":{{"{ITEMS}":{{"Keys":[{}]}}}}}}"#, list(at, 100, key))
}

fn batch_write_item(at: u64) -> String {
    let put = |at| format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, item(at));
    format!(r#"{{"RequestItems":{{"{ITEMS}":[{}]}}}}"#, list(at, BATCH_WRITE_ITEMS, put))
}

/// With a token that is new each time, as the SDKs send it.
fn transact_write_items(at: u64) -> String {
    let put = |at| format!(r#"{{"Put":{{"TableName":"{ITEMS}","Item":{}}}}}"#, item(at));
    format!(r#"{{"ClientRequestToken":"token-{at:030}","TransactItems":[{}]}}"#, list(at, 4, put))
}

/// Neighbours from number `at` on, with commas between.
fn list(at: u64, count: u64, one: impl Fn(u64) -> String) -> String {
    (at..at + count).map(one).collect::<Vec<String>>().join(",")
}

fn key(at: u64) -> String {
    format!(r#"{{"pk":{{"S":"k{:010}"}}}}"#, at % ITEMS_COUNT)
}

fn item(at: u64) -> String {
    format!(r#"{{"pk":{{"S":"k{:010}"}},"v":{{"S":"{}"}}}}"#, at % ITEMS_COUNT, value(at, VALUE_BYTES))
}

/// Letters and digits in which nothing needs escaping, other ones for each item.
fn value(at: u64, size: usize) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut state = at.wrapping_add(1);
    let letters = (0..size).map(|_| {
        // Knuth's constants; the upper bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 59) as usize])
    });
    letters.collect()
}
