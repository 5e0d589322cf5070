//! Kinesis streaming destinations over real sockets: what arrives, whatever fails, and that nothing is missing after a
//! server was killed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::kinesis_fake::{Kinesis, Record, STREAM};
use crate::program::PATIENCE;
use crate::test_server::TestServer;

const ITEMS: usize = 7;
/// Between two kills.
const CHANGES: usize = 60;
/// Each item's changes go one after the other, and every other call fails.
const DELIVERED: Duration = PATIENCE;

fn refused(client: &mut Client, operation: &str, body: Value) -> String {
    let answer = client.call(operation, &body.to_string());
    assert_eq!(answer.status, 400, "{operation} {body}");
    answer.json()["message"].as_str().expect("a message").to_owned()
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn make_table(client: &mut Client) {
    let table = json!({"TableName": "Counted", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
    client.ask("CreateTable", table);
}

fn destination(stream_arn: &str) -> Value {
    json!({"TableName": "Counted", "StreamArn": stream_arn})
}

fn wait_for(client: &mut Client, status: &str) -> Value {
    let described = json!({"TableName": "Counted"});
    until(status, || {
        let found = client.ask("DescribeKinesisStreamingDestination", described.clone());
        let own = found["KinesisDataStreamDestinations"].as_array().and_then(|all| all.last()).cloned()?;
        (own["DestinationStatus"] == status).then_some(own)
    })
}

fn enable(client: &mut Client) {
    let answer = client.ask("EnableKinesisStreamingDestination", destination(STREAM));
    assert_eq!(answer["DestinationStatus"], "ENABLING");
    wait_for(client, "ACTIVE");
}

/// Each of the items counts how often it was written.
fn write(client: &mut Client, from: usize, to: usize) {
    for at in from..to {
        let key = format!("item {}", at % ITEMS);
        let update = json!({"TableName": "Counted", "Key": {"k": {"S": key}},
            "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}});
        client.ask("UpdateItem", update);
    }
}

fn number(image: &Value) -> usize {
    image["n"]["N"].as_str().map_or(0, |text| text.parse().expect("a number"))
}

/// How far each item has come, if no change was left out and all came in their order.
fn newest(records: &[Record]) -> BTreeMap<String, usize> {
    let mut newest: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for record in records {
        let change = &record.data["dynamodb"];
        let item = change["Keys"]["k"]["S"].as_str().expect("a key").to_owned();
        let (old, new) = (number(&change["OldImage"]), number(&change["NewImage"]));
        assert_eq!(new, old + 1);
        let last = newest.entry(item.clone()).or_default();
        assert!(new <= *last + 1, "change {new} of {item} came after {last}");
        *last = new.max(*last);
        assert_eq!(keys.entry(item).or_insert_with(|| record.partition_key.clone()), &record.partition_key);
    }
    newest
}

fn all_arrive(kinesis: &Kinesis, written: usize) {
    let times = |item: usize| (written + ITEMS - 1 - item) / ITEMS;
    let expected: BTreeMap<String, usize> = (0..ITEMS).map(|item| (format!("item {item}"), times(item))).collect();
    let deadline = Instant::now() + DELIVERED;
    loop {
        let found = newest(&kinesis.records());
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?} came of {expected:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn metric(client: &mut Client, series: &str) -> f64 {
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let page = client.response().text();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.unwrap_or_else(|| panic!("no {series} in\n{page}")).trim().parse().expect("a number")
}

#[test]
fn a_record_has_the_images_of_its_change() {
    let kinesis = Kinesis::start();
    let server = TestServer::in_memory().flag("--region", "eu-west-3").kinesis(&kinesis.url).start();
    let mut client = server.client();
    make_table(&mut client);
    client.ask("PutItem", json!({"TableName": "Counted", "Item": {"k": {"S": "before"}}}));
    enable(&mut client);
    let item = json!({"k": {"S": "a"}, "l": {"L": [{"B": "AAE="}, {"N": "1.5"}]}, "s": {"S": "é\"\n"}});
    client.ask("PutItem", json!({"TableName": "Counted", "Item": item}));
    client.ask("DeleteItem", json!({"TableName": "Counted", "Key": {"k": {"S": "a"}}}));
    let records = until("both changes", || Some(kinesis.records()).filter(|records| records.len() == 2));
    let mut made = records[0].data.clone();
    let made_ms = made["dynamodb"]["ApproximateCreationDateTime"].take().as_u64().expect("a time");
    assert!(made_ms > 1_700_000_000_000 && made_ms < 10_000_000_000_000, "{made_ms}");
    let id = made["eventID"].take().as_str().expect("an id").to_owned();
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    let expected = json!({
        "awsRegion": "eu-west-3", "eventID": null, "eventName": "INSERT", "userIdentity": null,
        "recordFormat": "application/json", "tableName": "Counted",
        "dynamodb": {
            "ApproximateCreationDateTime": null, "ApproximateCreationDateTimePrecision": "MILLISECOND",
            "Keys": {"k": {"S": "a"}}, "NewImage": item, "SizeBytes": 20,
        },
        "eventSource": "aws:dynamodb",
    });
    assert_eq!(made, expected);
    let gone = &records[1].data;
    assert_eq!((&gone["eventName"], &gone["dynamodb"]["OldImage"]), (&json!("REMOVE"), &item));
    assert_eq!(gone["dynamodb"].get("NewImage"), None);
    assert_eq!(records[0].partition_key, records[1].partition_key);
    assert_eq!(kinesis.header("x-amz-target"), "Kinesis_20131202.PutRecords");
    assert_eq!(kinesis.header("content-type"), "application/x-amz-json-1.1");
    let authorization = kinesis.header("authorization");
    assert!(authorization.contains("/us-east-1/kinesis/aws4_request"), "{authorization}");
}

#[test]
fn a_destination_is_enabled_changed_and_disabled() {
    let kinesis = Kinesis::start();
    let server = TestServer::in_memory().kinesis(&kinesis.url).start();
    let mut client = server.client();
    make_table(&mut client);
    let nowhere = format!("{STREAM}-that-is-not-there");
    client.ask("EnableKinesisStreamingDestination", destination(&nowhere));
    let failed = wait_for(&mut client, "ENABLE_FAILED");
    let why = failed["DestinationStatusDescription"].as_str().expect("a description");
    assert!(why.contains("ResourceNotFoundException"), "{why}");
    enable(&mut client);
    write(&mut client, 0, 1);
    let mut update = destination(STREAM);
    update["UpdateKinesisStreamingConfiguration"] = json!({"ApproximateCreationDateTimePrecision": "MICROSECOND"});
    until("the first change", || (kinesis.records().len() == 1).then_some(()));
    client.ask("UpdateKinesisStreamingDestination", update);
    let finer = until("a finer time", || {
        write(&mut client, 0, 1);
        let last = kinesis.records().pop()?.data["dynamodb"].clone();
        (last["ApproximateCreationDateTimePrecision"] == "MICROSECOND").then_some(last)
    });
    assert!(finer["ApproximateCreationDateTime"].as_u64() > Some(1_700_000_000_000_000));
    client.ask("DisableKinesisStreamingDestination", destination(STREAM));
    // The first one is still described as it failed.
    until("the end", || {
        let found = client.ask("DescribeKinesisStreamingDestination", json!({"TableName": "Counted"}));
        (found["KinesisDataStreamDestinations"][1]["DestinationStatus"] == "DISABLED").then_some(())
    });
    let said = refused(&mut client, "DisableKinesisStreamingDestination", destination(STREAM));
    assert!(said.contains("must be ACTIVE to perform DISABLE"), "{said}");
    write(&mut client, 1, 3);
    enable(&mut client);
    write(&mut client, 3, 4);
    let has = |item: &str| kinesis.records().iter().any(|record| record.data["dynamodb"]["Keys"]["k"]["S"] == item);
    until("the newest change", || has("item 3").then_some(()));
    assert!(!has("item 1") && !has("item 2"), "they were written while it was disabled");
}

#[test]
fn without_an_endpoint_the_flag_is_named() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client);
    let said = refused(&mut client, "EnableKinesisStreamingDestination", destination(STREAM));
    assert!(said.contains("--kinesis-endpoint") && said.contains("STATOR_KINESIS_ENDPOINT"), "{said}");
}

#[test]
fn a_server_that_has_lost_its_endpoint_says_so() {
    let kinesis = Kinesis::start();
    let without = TestServer::on_data("data");
    let with = without.clone().kinesis(&kinesis.url);
    let server = with.start();
    make_table(&mut server.client());
    enable(&mut server.client());
    assert!(server.stop().success());
    let server = without.start();
    let warned = server.said.iter().any(|line| line.contains("without --kinesis-endpoint nothing is delivered"));
    assert!(warned, "{:?}", server.said);
    write(&mut server.client(), 0, ITEMS);
    assert!(server.stop().success());
    assert!(kinesis.records().is_empty());
    let _server = with.start();
    all_arrive(&kinesis, ITEMS);
}

/// Throttled, refused in part, cut off, with and without effect: and the server killed in between, while its shards are
/// rolled and split all the time.
#[test]
fn nothing_is_missing_whatever_fails() {
    let kinesis = Kinesis::moody(7);
    let shards = ["--stream-shard-hours", "1s", "--stream-shard-writes", "20"];
    let node = TestServer::on_data("data").kinesis(&kinesis.url).flags(shards);
    let server = node.start();
    let mut client = server.client();
    make_table(&mut client);
    enable(&mut client);
    let mut written = 0;
    let mut server = Some(server);
    for round in 0..4 {
        let mut client = server.as_ref().expect("a server").client();
        write(&mut client, written, written + CHANGES);
        written += CHANGES;
        if round == 3 {
            break;
        }
        let old = server.take().expect("a server");
        old.signal("-KILL");
        old.wait();
        server = Some(node.start());
    }
    all_arrive(&kinesis, written);
    assert!(kinesis.failures() > 0);
    let server = server.expect("a server");
    let mut client = server.client();
    until("the end of the lag", || {
        (metric(&mut client, "stator_delivery_lag_seconds{to=\"kinesis\"}") == 0.0).then_some(())
    });
    assert!(metric(&mut client, "stator_delivered_changes_total{to=\"kinesis\"}") >= 60.0);
    assert_eq!(metric(&mut client, "stator_delivery_lost_changes_total{to=\"kinesis\"}"), 0.0);
    let begun = Instant::now();
    assert!(server.stop().success());
    assert!(begun.elapsed() < PATIENCE, "it ends");
}

/// The node that delivers is killed: another one takes over.
#[test]
fn another_node_takes_over() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let kinesis = Kinesis::moody(11);
    let node = || TestServer::on_database(&url).flag("--node-lease-ms", "600").kinesis(&kinesis.url).start();
    let (first, second) = (node(), node());
    make_table(&mut first.client());
    enable(&mut first.client());
    write(&mut first.client(), 0, 40);
    write(&mut second.client(), 40, 80);
    first.signal("-KILL");
    first.wait();
    write(&mut second.client(), 80, 120);
    all_arrive(&kinesis, 120);
}
