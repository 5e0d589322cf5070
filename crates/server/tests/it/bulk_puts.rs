//! Bulk puts of real servers: kills while items are put, encryption at rest, and two servers over one PostgreSQL. Each record has a condition
//! that it meets once.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::strong_key;
use crate::test_server::{TestServer, TestServerBuilder};

const ITEMS: usize = 20_000;
const OBJECTS: usize = 4;
/// Each of so many items is there twice, and each of so many has no key.
const TWICE_EVERY: usize = 100;
const BAD_EVERY: usize = 1000;

/// A server whose bucket has the items in a few objects, and a bucket for the report.
fn with_items(server: TestServerBuilder) -> TestServerBuilder {
    let bucket = server.path("objects/bucket/in");
    fs::create_dir_all(&bucket).expect("a folder");
    fs::create_dir_all(server.path("objects/reports")).expect("a folder");
    for object in 0..OBJECTS {
        let mut lines = String::new();
        for at in (object..ITEMS).step_by(OBJECTS) {
            let record = format!(
                "{{\"Item\":{{\"pk\":{{\"S\":\"{at}\"}},\"g\":{{\"S\":\"x\"}}}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}}"
            );
            for _ in 0..1 + usize::from(at % TWICE_EVERY == 0) {
                let _ = writeln!(lines, "{record}");
            }
            if at % BAD_EVERY == 0 {
                lines.push_str("{\"Item\":{\"v\":{\"N\":\"1\"}}}\n");
            }
        }
        fs::write(bucket.join(format!("{object}.json")), lines).expect("an object");
    }
    server.file("--s3-endpoint", "objects")
}

fn start(client: &mut Client) -> String {
    let body = json!({"TableName": "Tab", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]});
    client.ask("CreateTable", body);
    client.until_not(("DescribeTable", &json!({"TableName": "Tab"})), "Table", ("TableStatus", "CREATING"));
    begin(client)
}

fn begin(client: &mut Client) -> String {
    let body = json!({"TableName": "Tab", "ClientToken": "once",
        "InputS3Configuration": {"S3Bucket": "bucket", "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"S3Bucket": "reports", "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]}});
    let begun = client.ask("StartBulkPutItems", body);
    begun["BulkOperationDescription"]["BulkOperationArn"].as_str().expect("an ARN").to_owned()
}

fn until_not(client: &mut Client, arn: &str, status: &str) -> Value {
    let body = json!({"BulkOperationArn": arn});
    let described = "BulkOperationDescription";
    client.until_not(("DescribeBulkOperation", &body), described, ("BulkOperationStatus", status))
}

/// Everything is there once, and counted and reported once.
fn check(server: &TestServerBuilder, client: &mut Client, arn: &str) {
    let ended = until_not(client, arn, "IN_PROGRESS");
    let (twice, errors) = (ITEMS / TWICE_EVERY, ITEMS / BAD_EVERY);
    assert_eq!(ended["BulkOperationStatus"], "COMPLETED_WITH_ERRORS", "{ended}");
    assert_eq!(ended["ProcessedItemCount"], ITEMS + twice + errors, "{ended}");
    assert_eq!(ended["FailedItemCount"], errors, "{ended}");
    assert_eq!(ended["ProcessedInputBytes"], ended["TotalInputBytes"], "{ended}");
    for index in [None, Some("by_g")] {
        assert_eq!(client.count("Tab", index), ITEMS, "{index:?}");
    }
    let id = arn.rsplit_once('/').expect("an id").1;
    let folder = server.path("objects/reports/AWSDynamoDB").join(id);
    let summary = fs::read(folder.join("manifest-summary.json")).expect("a manifest");
    let summary: Value = serde_json::from_slice(&summary).expect("JSON");
    assert_eq!(summary["conditionCheckFailureCount"], twice, "{summary}");
    let files = fs::read_to_string(folder.join("manifest-files.json")).expect("a manifest");
    let reported = |output_type: &str| -> u64 {
        let files = files.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        files.filter(|file| file["outputType"] == output_type).filter_map(|file| file["itemCount"].as_u64()).sum()
    };
    assert_eq!((reported("CONDITION_CHECK_FAILURE"), reported("ERROR")), (twice as u64, errors as u64));
}

/// The server is killed again and again while it puts items.
fn survives_kills(server: &TestServerBuilder) {
    let running = server.start();
    let mut client = running.client();
    let arn = start(&mut client);
    drop((client, running));
    for lived_ms in [50, 100, 150, 250, 400] {
        server.start_and_kill(Duration::from_millis(lived_ms));
    }
    let running = server.start();
    let mut client = running.client();
    check(server, &mut client, &arn);
    drop(client);
    assert!(running.stop().success());
}

#[test]
fn a_bulk_put_survives_kills() {
    survives_kills(&with_items(TestServer::on_data("data")));
}

#[test]
fn an_encrypted_bulk_put_survives_kills() {
    survives_kills(&with_items(TestServer::on_data("data").write("key", strong_key(7))).master_key("key"));
}

/// One server is killed in the middle, and the other one goes on.
#[test]
fn a_bulk_put_over_two_servers_is_continued_by_the_other() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let first = with_items(TestServer::on_database(&url).flag("--node-lease-ms", "600"));
    let second =
        TestServer::on_database(&url).flag("--node-lease-ms", "600").flag("--s3-endpoint", first.path("objects"));
    let (a, b) = (first.start(), second.start());
    let (mut on_a, mut on_b) = (a.client(), b.client());
    let arn = start(&mut on_a);
    assert_eq!(begin(&mut on_b), arn, "the token's operation");
    drop((on_a, a));
    check(&first, &mut on_b, &arn);
}

/// One server begins the operation, and the other one cancels it.
#[test]
fn a_bulk_put_is_cancelled_by_another_server() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let first = with_items(TestServer::on_database(&url));
    let second = TestServer::on_database(&url).flag("--s3-endpoint", first.path("objects"));
    let (a, b) = (first.start(), second.start());
    let (mut on_a, mut on_b) = (a.client(), b.client());
    let arn = start(&mut on_a);
    let cancelled = on_b.ask("CancelBulkOperation", json!({"BulkOperationArn": arn}));
    assert_eq!(cancelled["BulkOperationStatus"], "CANCELLING");
    let described = until_not(&mut on_b, &arn, "CANCELLING");
    assert_eq!(described["BulkOperationStatus"], "CANCELLED");
    let put = on_b.count("Tab", None);
    assert!(put as u64 <= described["ProcessedItemCount"].as_u64().expect("a count"), "{put}: {described}");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(on_b.count("Tab", None), put, "nothing is put after the end");
}
